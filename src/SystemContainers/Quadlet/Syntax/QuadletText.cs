// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Quadlet.Syntax;

/// <summary>
/// Reads the lines of a file as podman's generator does: systemd.syntax(7), but that a line which ends in a backslash
/// is joined to the next without a blank of its own, and that empty lines and comments between the two do not end it.
/// </summary>
static class QuadletText
{
    private static readonly char[] s_blanks = [' ', '\t', '\r', '\v', '\f'];

    /// <summary>The assignments in order; what is none is a fault.</summary>
    /// <param name="file">As messages name it.</param>
    /// <param name="faults">Gets what can't be read.</param>
    public static IReadOnlyList<QuadletLine> Parse(string file, string text, QuadletFaults faults)
    {
        List<QuadletLine> lines = [];
        string? section = null;
        string pending = "";
        int begun = 0;
        string[] raw = text.TrimStart('\ufeff').Split('\n');
        for (int i = 0; i < raw.Length; i++)
        {
            string line = raw[i].Trim(s_blanks);
            if (line is "" or ['#' or ';', ..])
            {
                continue;
            }

            begun = pending.Length == 0 ? i + 1 : begun;
            if (line is [.., '\\'])
            {
                pending += line[..^1];

                // A backslash and nothing behind it: as if it were not there.
                if (raw[(i + 1)..].Any(next => next.Trim(s_blanks) is not ("" or ['#' or ';', ..])))
                {
                    continue;
                }

                line = "";
            }

            Read(
                new QuadletValue((pending + line).Trim(s_blanks), new QuadletPlace(file, begun)),
                ref section,
                lines,
                faults
            );
            pending = "";
        }

        return lines;
    }

    private static void Read(QuadletValue line, ref string? section, List<QuadletLine> lines, QuadletFaults faults)
    {
        string text = line.Text;
        if (text is ['[', .., ']'])
        {
            section = text[1..^1];
            if (section.Length == 0 || section.Any(c => char.IsControl(c) || c is '[' or ']'))
            {
                faults.Add(line.Place, $"'{text}' is no name of a section");
            }
        }
        else if (
            text.Contains('\0', StringComparison.Ordinal)
            || text.IndexOf('=', StringComparison.Ordinal) is var equals && equals <= 0
        )
        {
            faults.Add(line.Place, $"'{Shown(text)}' is neither a section, nor KEY=VALUE, nor a comment");
        }
        else if (section is null)
        {
            faults.Add(
                line.Place,
                $"{text[..equals].TrimEnd(s_blanks)}= stands before the first section",
                "begin the file with [Container], or what it is"
            );
        }
        else
        {
            lines.Add(
                new QuadletLine(
                    section,
                    text[..equals].TrimEnd(s_blanks),
                    line with
                    {
                        Text = text[(equals + 1)..].TrimStart(s_blanks),
                    }
                )
            );
        }
    }

    private static string Shown(string text) => new([.. text.Take(80).Select(c => char.IsControl(c) ? '?' : c)]);
}
