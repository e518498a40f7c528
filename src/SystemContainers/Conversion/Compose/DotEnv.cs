// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace SystemContainers.Conversion.Compose;

/// <summary>Reads files of variables as compose does: <c>.env</c>, and <c>env_file</c>. Quotes are taken away, comments
/// left out, variables expanded but between single quotes.</summary>
static class DotEnv
{
    /// <summary>The variables in order; one without an equals sign has no value.</summary>
    /// <param name="text">The file.</param>
    /// <param name="lookup">Variables from elsewhere, which count before those of the file.</param>
    /// <exception cref="FormatException">A line is none; the message has its number.</exception>
    public static IReadOnlyList<(string Name, string? Value)> Parse(string text, Func<string, string?> lookup)
    {
        List<(string Name, string? Value)> variables = [];
        Dictionary<string, string?> known = new(StringComparer.Ordinal);
        string[] lines = text.TrimStart('\ufeff').Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            // A value in quotes keeps the blanks at the line's end.
            string line = lines[i].TrimStart();
            if (line is "" or ['#', ..])
            {
                continue;
            }

            line = line.StartsWith("export ", StringComparison.Ordinal) ? line["export ".Length..].TrimStart() : line;
            int equals = line.IndexOfAny(['=', ':']);
            string name = (equals < 0 ? line : line[..equals]).TrimEnd();
            if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-'))
            {
                throw new FormatException($"line {i + 1}: '{name}' is no name of a variable");
            }

            string? value = equals < 0 ? null : Value(line[(equals + 1)..].TrimStart(), ref i);
            variables.Add((name, value));
            known[name] = value;
        }

        return variables;

        string Value(string rest, ref int i)
        {
            if (rest is ['\'', ..])
            {
                return Quoted(lines, rest, ref i);
            }

            if (rest is ['"', ..])
            {
                return Expanded(Unescaped(Quoted(lines, rest, ref i)));
            }

            int comment = rest.IndexOf(" #", StringComparison.Ordinal);
            return Expanded((comment < 0 ? rest : rest[..comment]).TrimEnd());
        }

        string Expanded(string value) =>
            Interpolation.Expand(value, n => lookup(n) ?? known.GetValueOrDefault(n), static _ => { });
    }

    /// <summary>What stands in quotation marks, perhaps of several lines; a backslash goes from before such a mark
    /// alone.</summary>
    /// <param name="lines">The file's.</param>
    /// <param name="rest">What begins with the mark.</param>
    /// <param name="i">The line in which that is; then the one in which it closes.</param>
    private static string Quoted(string[] lines, string rest, ref int i)
    {
        int begin = i;
        StringBuilder value = new();
        for (string text = rest[1..]; ; text = lines[i])
        {
            for (int at = 0; at < text.Length; at++)
            {
                if (text[at] == rest[0])
                {
                    return value.ToString();
                }

                if (text[at] == '\\' && at + 1 < text.Length)
                {
                    at++;
                    _ = text[at] == rest[0] ? value : value.Append('\\');
                }

                value.Append(text[at]);
            }

            i++;
            if (i == lines.Length)
            {
                throw new FormatException($"line {begin + 1}: the quotation mark {rest[0]} is not closed");
            }

            value.Append('\n');
        }
    }

    /// <summary>The escapes that compose knows; a backslash before anything else is one.</summary>
    private static string Unescaped(string text)
    {
        StringBuilder result = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            i++;
            _ = text[i] switch
            {
                'a' => result.Append('\a'),
                'b' => result.Append('\b'),
                'f' => result.Append('\f'),
                'n' => result.Append('\n'),
                'r' => result.Append('\r'),
                't' => result.Append('\t'),
                'v' => result.Append('\v'),
                '$' => result.Append("$$"),
                '"' or '\\' => result.Append(text[i]),
                var other => result.Append('\\').Append(other),
            };
        }

        return result.ToString();
    }
}
