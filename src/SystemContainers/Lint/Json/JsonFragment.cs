// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Templates;

namespace SystemContainers.Lint.Json;

/// <summary>
/// Variables that stand in config.json for JSON and not for a text, <c>"args": ["/bin/run" $MORE]</c>: what has to be
/// there for the rest to parse.
/// </summary>
static class JsonFragment
{
    /// <summary>The least that can stand at an index of a template; null where it is inside a string, or no
    /// JSON.</summary>
    public static string? At(ExportFile file, int index)
    {
        if (!file.Path.Contains("config.json", StringComparison.Ordinal) || InString(file.Text, index))
        {
            return null;
        }

        char before = file.Text[..index].AsSpan().TrimEnd(" \t\r\n{") is [.., char last] ? last : '\0';
        return before switch
        {
            ':' => "1",
            ',' => "\"lint\"",
            _ => "",
        };
    }

    // A string of JSON ends on its line.
    private static bool InString(string text, int index)
    {
        bool inside = false;
        for (int i = text.LastIndexOf('\n', Math.Max(0, index - 1)) + 1; i < index; i++)
        {
            if (text[i] == '\\' && inside)
            {
                i++;
            }
            else if (text[i] == '"')
            {
                inside = !inside;
            }
        }

        return inside;
    }
}
