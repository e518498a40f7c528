// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace SystemContainers.SystemdText;

/// <summary>A file of EnvironmentFile= (systemd.exec(5)), as src/basic/env-file.c reads it: nearly a shell's
/// assignments, and nothing in them is expanded.</summary>
static class EnvironmentFileText
{
    private const string Blanks = " \t\n\r";

    /// <summary>What a backslash within double quotes takes the meaning of; before anything else it stays.</summary>
    private const string Escapable = "\"\\`$";

    /// <summary>The files that a path with patterns in its last part (glob(7)) names.</summary>
    /// <param name="path">Absolute.</param>
    /// <param name="inside">Where a path of the host is for this process.</param>
    /// <exception cref="FormatException">It has a pattern that is not read here.</exception>
    public static IReadOnlyList<string> Named(string path, Func<string, string> inside)
    {
        string directory = Path.GetDirectoryName(path) ?? "/";
        string name = Path.GetFileName(path);
        if (path.AsSpan().IndexOfAny("*?[") < 0)
        {
            return Path.Exists(inside(path)) ? [path] : [];
        }

        if (directory.AsSpan().IndexOfAny("*?[") >= 0 || name.Contains('[', StringComparison.Ordinal))
        {
            throw new FormatException(
                $"{path} has a pattern that is not read here; there are * and ? in a file's name"
            );
        }

        string here = inside(directory);
        return !Directory.Exists(here)
            ? []
            :
            [
                .. Directory
                    .GetFiles(here)
                    .Select(f => Path.GetFileName(f))
                    .Where(f =>
                        System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(name, f, ignoreCase: false)
                        && (name[0] == '.' || f[0] != '.')
                    )
                    .Order(StringComparer.Ordinal)
                    .Select(f => Path.Join(directory, f)),
            ];
    }

    /// <summary>The assignments in order; lines that are none, and names that no variable can have, are left
    /// out.</summary>
    public static IReadOnlyList<(string Name, string Value)> Parse(string text)
    {
        List<(string Name, string Value)> all = [];
        int at = 0;
        while (at < text.Length)
        {
            char c = text[at];
            if (Blanks.Contains(c, StringComparison.Ordinal))
            {
                at++;
            }
            else if (c is '#' or ';')
            {
                at = EndOfLine(text, at);
            }
            else
            {
                int end = EndOfLine(text, at);
                int equals = text.IndexOf('=', at, end - at);
                if (equals < 0)
                {
                    at = end;
                    continue;
                }

                string name = text[at..equals].TrimEnd(' ', '\t', '\r');
                string value = Value(text, equals + 1, out at);
                if (IsName(name))
                {
                    all.Add((name, value));
                }
            }
        }

        return all;
    }

    private static int EndOfLine(string text, int from) =>
        text.IndexOf('\n', from) is >= 0 and var end ? end : text.Length;

    /// <summary>A value: parts in quotes, which may go over lines, and parts without, whose blanks at the end do not
    /// count.</summary>
    private static string Value(string text, int from, out int end)
    {
        StringBuilder value = new();

        // So much of it is kept whatever follows: blanks behind it are only where more comes.
        int kept = 0;
        bool isBare = false;
        int i = from;
        for (; i < text.Length && text[i] != '\n'; i++)
        {
            char c = text[i];
            if (c == '\\')
            {
                // A line that goes on: neither the backslash nor the line's end is part of it.
                isBare = true;
                if (++i < text.Length && text[i] != '\n')
                {
                    value.Append(text[i]);
                }

                kept = value.Length;
            }
            else if (!isBare && c is '\'' or '"')
            {
                i = Quoted(text, i, value);
                kept = value.Length;
            }
            else if (!Blanks.Contains(c, StringComparison.Ordinal))
            {
                isBare = true;
                value.Append(c);
                kept = value.Length;
            }
            else if (isBare)
            {
                value.Append(c);
            }
        }

        end = i;
        value.Length = kept;
        return value.ToString();
    }

    /// <returns>Where the closing quotation mark is, or the text ends.</returns>
    private static int Quoted(string text, int from, StringBuilder value)
    {
        char quote = text[from];
        int i = from + 1;
        for (; i < text.Length && text[i] != quote; i++)
        {
            if (quote == '"' && text[i] == '\\' && i + 1 < text.Length)
            {
                char next = text[++i];
                if (Escapable.Contains(next, StringComparison.Ordinal))
                {
                    value.Append(next);
                }
                else if (next != '\n')
                {
                    value.Append('\\').Append(next);
                }
            }
            else
            {
                value.Append(text[i]);
            }
        }

        return i;
    }

    private static bool IsName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
