// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace SystemContainers.Conversion.Compose;

/// <summary>Variables in values of a compose file: <c>$NAME</c>, <c>${NAME}</c>, and with <c>:-</c>, <c>-</c>,
/// <c>:?</c>, <c>?</c>, <c>:+</c>, <c>+</c> behind the name; <c>$$</c> is a dollar sign.</summary>
static class Interpolation
{
    private const int MaxDepth = 16;

    /// <summary>Expands a value.</summary>
    /// <param name="text">As it stands there.</param>
    /// <param name="lookup">The value of a variable; null for none.</param>
    /// <param name="missing">Told of a variable that has none, and is empty then.</param>
    /// <exception cref="FormatException">It is malformed, or a variable is demanded that has no value.</exception>
    public static string Expand(string text, Func<string, string?> lookup, Action<string> missing) =>
        Expand(text, lookup, missing, 0);

    private static string Expand(string text, Func<string, string?> lookup, Action<string> missing, int depth)
    {
        if (!text.Contains('$', StringComparison.Ordinal))
        {
            return text;
        }

        StringBuilder result = new();
        for (int i = 0; i < text.Length; i++)
        {
            char next = i + 1 < text.Length ? text[i + 1] : ' ';
            if (text[i] != '$')
            {
                result.Append(text[i]);
            }
            else if (next == '$')
            {
                result.Append('$');
                i++;
            }
            else if (next == '{')
            {
                int end = Close(text, i + 2);
                result.Append(Braced(text[(i + 2)..end], lookup, missing, depth));
                i = end;
            }
            else if (IsFirst(next))
            {
                int end = i + 2;
                while (end < text.Length && IsNext(text[end]))
                {
                    end++;
                }

                result.Append(Value(text[(i + 1)..end], lookup, missing));
                i = end - 1;
            }
            else
            {
                throw new FormatException("a dollar sign begins the name of a variable; $$ is a dollar sign");
            }
        }

        return result.ToString();
    }

    private static string Braced(string text, Func<string, string?> lookup, Action<string> missing, int depth)
    {
        int end = 0;
        while (end < text.Length && (end == 0 ? IsFirst(text[end]) : IsNext(text[end])))
        {
            end++;
        }

        string name = text[..end];
        string rest = text[end..];
        if (name.Length == 0 || depth > MaxDepth)
        {
            throw new FormatException($"${{{text}}} is no variable");
        }

        bool emptyCounts = rest.StartsWith(':');
        string word = emptyCounts ? rest[1..] : rest;
        string? value = lookup(name);
        bool isThere = value is not null && !(emptyCounts && value.Length == 0);
        return word switch
        {
            "" when !emptyCounts => Value(name, lookup, missing),
            ['-', .. var fallback] => isThere ? value! : Expand(fallback, lookup, missing, depth + 1),
            ['+', .. var other] => isThere ? Expand(other, lookup, missing, depth + 1) : "",
            ['?', .. var why] => isThere
                ? value!
                : throw new FormatException($"{name} has to be set{(why.Length > 0 ? ": " + why : "")}"),
            _ => throw new FormatException($"${{{text}}} is no variable"),
        };
    }

    private static string Value(string name, Func<string, string?> lookup, Action<string> missing)
    {
        if (lookup(name) is { } value)
        {
            return value;
        }

        missing(name);
        return "";
    }

    /// <summary>Where a variable ends: at the brace that closes its own, for the word behind its name may have further
    /// ones, as JSON has. Where not all are closed it is the last brace, as compose has it.</summary>
    private static int Close(string text, int begin)
    {
        int open = 1;
        int last = -1;
        for (int i = begin; i < text.Length; i++)
        {
            if (text[i] == '{')
            {
                open++;
            }
            else if (text[i] == '}')
            {
                last = i;
                open--;
            }

            if (open == 0)
            {
                return i;
            }
        }

        return last >= 0 ? last : throw new FormatException("${ is not closed by }");
    }

    private static bool IsFirst(char c) => char.IsAsciiLetter(c) || c == '_';

    private static bool IsNext(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';
}
