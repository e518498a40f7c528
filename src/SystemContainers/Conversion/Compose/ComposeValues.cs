// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Yaml;

namespace SystemContainers.Conversion.Compose;

/// <summary>Values in the ways in which compose files write them.</summary>
static class ComposeValues
{
    /// <summary>A text; null for none.</summary>
    public static string? Text(YamlNode? node) => node is YamlScalar { IsNull: false } scalar ? scalar.Text : null;

    /// <summary>Whether it says yes, in the words of YAML 1.1, which compose takes.</summary>
    public static bool IsYes(YamlNode? node) =>
        node switch
        {
            YamlScalar scalar => scalar.Text.ToLowerInvariant() is "true" or "yes" or "on" or "y" or "1",

            // external: {name: NAME} of old files.
            YamlMap { Entries.Count: > 0 } => true,
            _ => false,
        };

    /// <summary>Whether it says no in the same words, or nothing.</summary>
    public static bool IsNo(YamlNode? node) =>
        node is null or YamlScalar { IsNull: true } or YamlScalar { Text: "" } or YamlMap { Entries.Count: 0 }
        || (node is YamlScalar scalar && scalar.Text.ToLowerInvariant() is "false" or "no" or "off" or "n" or "0");

    /// <summary>A text, or a list of some, each with its place; null where it is neither.</summary>
    public static IReadOnlyList<(string Text, YamlNode At)>? Texts(YamlNode node) =>
        node switch
        {
            YamlScalar { IsNull: true } => [],
            YamlScalar scalar => [(scalar.Text, scalar)],
            YamlList list when list.Items.All(i => i is YamlScalar) =>
            [
                .. list.Items.Cast<YamlScalar>().Select(s => (s.Text, (YamlNode)s)),
            ],
            _ => null,
        };

    /// <summary>A mapping, or a list of NAME=VALUE; null as a value where there is none.</summary>
    public static IEnumerable<(string Name, string? Value, YamlNode At)> Pairs(YamlNode node)
    {
        foreach ((YamlScalar key, YamlNode value) in (node as YamlMap)?.Entries ?? [])
        {
            yield return (key.Text, Text(value), value);
        }

        foreach (YamlScalar item in (node as YamlList)?.Items.OfType<YamlScalar>() ?? [])
        {
            string[] halves = item.Text.Split('=', 2);
            yield return (halves[0], halves.Length == 2 ? halves[1] : null, item);
        }
    }
}
