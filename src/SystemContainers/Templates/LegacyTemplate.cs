// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace SystemContainers.Templates;

/// <summary>
/// Python's <c>string.Template</c> to the letter (Python library reference, "Template strings"): <c>$NAME</c>,
/// <c>${NAME}</c>, <c>$$</c>; names are ASCII <c>[_a-zA-Z][_a-zA-Z0-9]*</c>, taken as long as possible; any other
/// <c>$</c> is an error. Values are inserted as they are and not looked at again.
/// </summary>
static class LegacyTemplate
{
    /// <summary>The variables that the text mentions, in ordinal order.</summary>
    /// <exception cref="Errors.SysctrException">Template: there is a <c>$</c> that begins no placeholder.</exception>
    public static IReadOnlyList<string> Variables(string path, string text)
    {
        SortedSet<string> names = new(StringComparer.Ordinal);
        for (int at = NextDollar(text, 0); at >= 0;)
        {
            Placeholder placeholder = ReadPlaceholder(path, text, at);
            if (placeholder.Name is { } name)
            {
                names.Add(name);
            }

            at = NextDollar(text, placeholder.End);
        }

        return [.. names];
    }

    /// <summary>The text with every placeholder replaced by its value.</summary>
    /// <exception cref="Errors.SysctrException">Template: a <c>$</c> that begins no placeholder, a variable without a
    /// value, or more than <see cref="RenderBudget.MaxCharacters"/>.</exception>
    public static string Render(string path, string text, IReadOnlyDictionary<string, string> values)
    {
        StringBuilder result = new(text.Length);
        int from = 0;
        for (int at = NextDollar(text, 0); at >= 0;)
        {
            Placeholder placeholder = ReadPlaceholder(path, text, at);
            string? value = placeholder.Name is null ? "$" : values.GetValueOrDefault(placeholder.Name);
            if (value is null)
            {
                throw TemplateErrors.Unset(TextPosition.Of(text, at).In(path), placeholder.Name!);
            }

            result.Append(text, from, at - from).Append(value);
            if (result.Length > RenderBudget.MaxCharacters)
            {
                throw RenderBudget.TooLong(path);
            }

            from = placeholder.End;
            at = NextDollar(text, from);
        }

        return result.Append(text, from, text.Length - from).ToString();
    }

    private static int NextDollar(string text, int from) => text.IndexOf('$', from);

    /// <summary>What begins at the dollar at <paramref name="at"/>; without a name it stands for a dollar.</summary>
    private static Placeholder ReadPlaceholder(string path, string text, int at)
    {
        int start = at + 1;
        if (start < text.Length && text[start] == '$')
        {
            return new Placeholder(null, start + 1);
        }

        bool braced = start < text.Length && text[start] == '{';
        start += braced ? 1 : 0;
        int end = start;
        while (end < text.Length && (IsNameStart(text[end]) || (end > start && char.IsAsciiDigit(text[end]))))
        {
            end++;
        }

        if (end == start || (braced && (end == text.Length || text[end] != '}')))
        {
            throw TemplateErrors.At(
                TextPosition.Of(text, at).In(path),
                "'$' begins neither $NAME nor ${NAME}",
                "a dollar sign that is meant as text is written $$"
            );
        }

        return new Placeholder(text[start..end], end + (braced ? 1 : 0));
    }

    private static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c == '_';

    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
    private readonly record struct Placeholder(string? Name, int End);
}
