// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using SystemContainers.Templates;

namespace SystemContainers.Lint.Json;

/// <summary>
/// Which line of a template a line of the rendered text comes from. A template's line, with anything in the places of
/// its placeholders, is looked for from where the last one was found onwards, and before that for what a loop repeats.
/// Exact for string.Template with values of one line; in Scriban it may be some lines off behind blocks that swallow
/// line ends.
/// </summary>
sealed partial class LineMap
{
    /// <summary>More pairs of lines are not looked at, the text is taken as it is: the search would take
    /// long.</summary>
    private const long MaxPairs = 20_000_000;

    private readonly int[] _templateLines;
    private readonly bool[] _hasPlaceholder;

    private LineMap(int[] templateLines, bool[] hasPlaceholder)
    {
        _templateLines = templateLines;
        _hasPlaceholder = hasPlaceholder;
    }

    /// <summary>Matches the lines of a text to those of its template.</summary>
    public static LineMap Of(ExportFile template, string rendered)
    {
        string[] source = template.Text.Split('\n');
        string[] lines = rendered.Split('\n');
        if (template.Kind == TemplateKind.Plain || (long)source.Length * lines.Length > MaxPairs)
        {
            return new LineMap([.. Enumerable.Range(0, source.Length)], new bool[source.Length]);
        }

        string[][] patterns = [.. source.Select(line => Pattern(template.Kind, line))];
        int[] found = new int[lines.Length];
        int last = -1;
        for (int i = 0; i < lines.Length; i++)
        {
            int at = Enumerable
                .Range(last + 1, source.Length - last - 1)
                .FirstOrDefault(n => Matches(lines[i], patterns[n]), -1);
            at =
                at >= 0
                    ? at
                    : Enumerable.Range(0, last + 1).Reverse().FirstOrDefault(n => Matches(lines[i], patterns[n]), -1);
            last = at >= 0 ? at : Math.Min(last + 1, source.Length - 1);
            found[i] = last;
        }

        return new LineMap(found, [.. source.Select(line => Placeholder(template.Kind).IsMatch(line))]);
    }

    /// <summary>The place in the template; the column only where the line is in the text as it is in the
    /// template.</summary>
    public TextPosition ToTemplate(TextPosition rendered)
    {
        int line = _templateLines[Math.Clamp(rendered.Line - 1, 0, _templateLines.Length - 1)];
        return new TextPosition(line + 1, _hasPlaceholder[line] ? 1 : rendered.Column);
    }

    /// <summary>The texts of a line between which anything may stand.</summary>
    private static string[] Pattern(TemplateKind kind, string line)
    {
        List<string> texts = [];
        string text = "";
        int from = 0;
        foreach (Match match in Placeholder(kind).Matches(line))
        {
            text += line[from..match.Index];
            from = match.Index + match.Length;

            // What steers writes nothing; what shows may write anything.
            if (!Steering().IsMatch(match.Value))
            {
                texts.Add(text);
                text = "";
            }
        }

        return [.. texts, text + line[from..]];
    }

    private static bool Matches(string line, string[] texts)
    {
        string first = texts[0];
        string last = texts[^1];
        if (texts.Length == 1)
        {
            return line == first;
        }

        if (
            line.Length < first.Length + last.Length
            || !line.StartsWith(first, StringComparison.Ordinal)
            || !line.EndsWith(last, StringComparison.Ordinal)
        )
        {
            return false;
        }

        int from = first.Length;
        int end = line.Length - last.Length;
        foreach (string text in texts[1..^1])
        {
            int at = line.AsSpan(from, end - from).IndexOf(text, StringComparison.Ordinal);
            if (at < 0)
            {
                return false;
            }

            from += at + text.Length;
        }

        return true;
    }

    private static Regex Placeholder(TemplateKind kind) =>
        kind switch
        {
            TemplateKind.Scriban => ScribanCode(),
            TemplateKind.Legacy => LegacyName(),
            _ => Never(),
        };

    [GeneratedRegex(@"\{\{.*?(?:\}\}|$)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex ScribanCode();

    [GeneratedRegex(
        @"\$(?:\$|[_A-Za-z][_A-Za-z0-9]*|\{[_A-Za-z][_A-Za-z0-9]*\})",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex LegacyName();

    [GeneratedRegex(@"\A\b\B", RegexOptions.NonBacktracking)]
    private static partial Regex Never();

    [GeneratedRegex(
        @"\A\{\{[-~]?\s*(?:(?:if|else|end|for|while|case|when|capture|func|with|ret|break|continue)\b|[A-Za-z_]\w*\s*=[^=]|\#)",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Steering();
}
