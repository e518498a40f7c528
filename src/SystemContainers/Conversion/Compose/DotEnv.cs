// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace SystemContainers.Conversion.Compose;

/// <summary>Reads files of variables as compose does: <c>.env</c>, and <c>env_file</c>. Quotes are taken away, comments
/// left out, variables expanded but between single quotes.</summary>
static class DotEnv
{
    /// <summary>The variables in order; one without an equals sign has no value.</summary>
    /// <param name="text">The file.</param>
    /// <param name="lookup">Variables from elsewhere; those of the file count for what follows them.</param>
    /// <exception cref="FormatException">A line is none; the message has its number.</exception>
    public static IReadOnlyList<(string Name, string? Value)> Parse(string text, Func<string, string?> lookup)
    {
        List<(string Name, string? Value)> variables = [];
        string[] lines = text.TrimStart('\ufeff').Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
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

            if (equals < 0)
            {
                variables.Add((name, null));
                continue;
            }

            string rest = line[(equals + 1)..].TrimStart();
            if (rest is ['"' or '\'', ..])
            {
                // A quoted value may go on in the next lines.
                int begin = i;
                int end;
                while ((end = Close(rest)) < 0)
                {
                    rest +=
                        ++i < lines.Length
                            ? "\n" + lines[i]
                            : throw new FormatException(
                                $"line {begin + 1}: the quotation mark {rest[0]} is not closed"
                            );
                }

                variables.Add((name, rest[0] == '\'' ? rest[1..end] : Expanded(Unescaped(rest[1..end]))));
            }
            else
            {
                int comment = rest.IndexOf(" #", StringComparison.Ordinal);
                variables.Add((name, Expanded((comment < 0 ? rest : rest[..comment]).TrimEnd())));
            }
        }

        return variables;

        string Expanded(string value) =>
            Interpolation.Expand(value, n => variables.FindLast(v => v.Name == n).Value ?? lookup(n), static _ => { });
    }

    /// <summary>Where the quotation mark at the beginning closes; -1 for not in this line.</summary>
    private static int Close(string text)
    {
        for (int i = 1; i < text.Length; i++)
        {
            if (text[i] == '\\' && text[0] == '"')
            {
                i++;
            }
            else if (text[i] == text[0])
            {
                return i;
            }
        }

        return -1;
    }

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

            _ = text[++i] switch
            {
                'n' => result.Append('\n'),
                'r' => result.Append('\r'),
                't' => result.Append('\t'),
                '$' => result.Append("$$"),
                var c => result.Append(c),
            };
        }

        return result.ToString();
    }
}
