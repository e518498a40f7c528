// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Yaml;

namespace SystemContainers.Conversion.Compose;

/// <summary>
/// Puts what two files say of one thing together (compose-spec, "Merge and override"): mappings entry by entry, lists one behind the other, other values the nearer one. <c>!reset</c> takes
/// an entry away, and <c>!override</c> puts one in the place of the other.
/// </summary>
static class ComposeMerge
{
    /// <summary>The tag of what is not to be there.</summary>
    public const string Reset = "!reset";

    /// <summary>The tag of what stands in the place of the other.</summary>
    public const string Override = "!override";

    /// <summary>Lists that say one thing as a whole.</summary>
    private static readonly string[] s_whole = ["command", "entrypoint", "test"];

    /// <summary>Lists of NAME=VALUE, or mappings that say the same.</summary>
    private static readonly string[] s_pairs = ["environment", "labels", "annotations", "sysctls", "extra_hosts", "depends_on", "networks"];

    /// <summary>Both, where the nearer one counts first.</summary>
    public static YamlMap Of(YamlMap far, YamlMap near)
    {
        List<(YamlScalar Key, YamlNode Value)> entries = [.. far.Entries];
        foreach ((YamlScalar key, YamlNode value) in near.Entries)
        {
            if (value.Tag is not null)
            {
                entries.RemoveAll(e => e.Key.Text == key.Text);
                entries.AddRange(value.Tag == Reset ? [] : [(key, value with { Tag = null })]);
                continue;
            }

            int at = entries.FindIndex(e => e.Key.Text == key.Text);
            if (at < 0)
            {
                entries.Add((key, value));
            }
            else
            {
                entries[at] = (key, Merged(key.Text, entries[at].Value, value));
            }
        }

        return new YamlMap(near.Source, near.Line, entries);
    }

    private static YamlNode Merged(string key, YamlNode far, YamlNode near)
    {
        if (s_pairs.Contains(key, StringComparer.Ordinal) && far is YamlMap or YamlList && near is YamlMap or YamlList)
        {
            (far, near) = (AsMap(far), AsMap(near));
        }

        return (far, near) switch
        {
            (YamlMap one, YamlMap other) => Of(one, other),
            (YamlList one, YamlList other) when key == "volumes" => new YamlList(
                other.Source, other.Line, [.. one.Items.Where(o => Target(o) is not { } target || !other.Items.Any(n => Target(n) == target)), .. other.Items]),
            (YamlList one, YamlList other) when !s_whole.Contains(key, StringComparer.Ordinal) => new YamlList(other.Source, other.Line, [.. one.Items, .. other.Items]),
            _ => near,
        };
    }

    private static YamlNode AsMap(YamlNode node) => node is not YamlList list || list.Items.Any(i => i is not YamlScalar) ? node :
        new YamlMap(list.Source, list.Line, [.. list.Items.Cast<YamlScalar>().Select(Pair).GroupBy(p => p.Key.Text, StringComparer.Ordinal).Select(g => g.Last())]);

    private static (YamlScalar Key, YamlNode Value) Pair(YamlScalar item)
    {
        string[] halves = item.Text.Split('=', 2);
        return (item with { Text = halves[0] }, halves.Length == 2 ? item with { Text = halves[1], IsPlain = false } : item with { Text = "", IsPlain = true });
    }

    /// <summary>What has a tag and nothing to be put together with.</summary>
    public static YamlNode Settled(YamlNode node) => node switch
    {
        YamlMap map => new YamlMap(map.Source, map.Line, [.. map.Entries.Where(e => e.Value.Tag != Reset).Select(e => (e.Key, Settled(e.Value)))]),
        YamlList list => new YamlList(list.Source, list.Line, [.. list.Items.Where(i => i.Tag != Reset).Select(Settled)]),
        _ => node,
    };

    /// <summary>Where in the container a volume is; one file's volume there stands in the place of another's.</summary>
    private static string? Target(YamlNode volume) => volume switch
    {
        YamlScalar { Text: var text } => text.Split(':') is [_, { Length: > 0 } target, ..] ? target : text,
        YamlMap map => ComposeValues.Text(map.Find("target")),
        _ => null,
    };
}
