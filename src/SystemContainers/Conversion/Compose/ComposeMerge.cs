// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Yaml;

namespace SystemContainers.Conversion.Compose;

/// <summary>
/// Puts what two files say of one thing together (compose-spec, "Merge and override"): mappings entry by entry, lists
/// one behind the other, other values the nearer one. <c>!reset</c> takes an entry away, and <c>!override</c> puts one
/// in the place of the other.
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
    private static readonly string[] s_pairs =
    [
        "environment",
        "labels",
        "annotations",
        "sysctls",
        "depends_on",
        "networks",
    ];

    /// <summary>Lists of a service that may be written as one text.</summary>
    private static readonly string[] s_texts = ["env_file", "label_file", "dns", "dns_search", "dns_opt", "tmpfs"];

    /// <summary>How far below the root the keys of a service are.</summary>
    private const int ServiceDepth = 2;

    private const int Elsewhere = int.MinValue;

    /// <summary>Both files, where the nearer one counts first.</summary>
    public static YamlMap Of(YamlMap far, YamlMap near) => Of(far, near, 0);

    /// <summary>The same of two services.</summary>
    public static YamlMap OfService(YamlMap far, YamlMap near) => Of(far, near, ServiceDepth);

    /// <param name="far">The one that counts less.</param>
    /// <param name="near">The other one.</param>
    /// <param name="depth">How many keys lead to them: their names mean something where they are a service's alone, and
    /// not where they are those of variables.</param>
    private static YamlMap Of(YamlMap far, YamlMap near, int depth)
    {
        // What is taken away leaves a gap, so that the places of the others stay.
        List<(YamlScalar Key, YamlNode Value)?> entries = [.. far.Entries];
        Dictionary<string, int> places = new(StringComparer.Ordinal);
        foreach ((int i, (YamlScalar key, _)) in far.Entries.Index())
        {
            places[key.Text] = i;
        }

        foreach ((YamlScalar key, YamlNode value) in near.Entries)
        {
            bool isThere = places.TryGetValue(key.Text, out int at);
            if (isThere && value.Tag is null)
            {
                entries[at] = (key, Merged(key.Text, entries[at]!.Value.Value, value, depth));
                continue;
            }

            if (isThere)
            {
                entries[at] = null;
                places.Remove(key.Text);
            }

            if (value.Tag != Reset)
            {
                places[key.Text] = entries.Count;
                entries.Add((key, value with { Tag = null }));
            }
        }

        return new YamlMap(near.Source, near.Line, [.. entries.OfType<(YamlScalar, YamlNode)>()]);
    }

    /// <summary>What is not among others.</summary>
    private static IEnumerable<YamlNode> Without(IReadOnlyList<YamlNode> items, IReadOnlyList<YamlNode> others)
    {
        HashSet<(string?, string, bool)> texts = [.. others.OfType<YamlScalar>().Select(Said)];
        YamlNode[] rest = [.. others.Where(o => o is not YamlScalar)];
        return items.Where(i => i is YamlScalar text ? !texts.Contains(Said(text)) : !rest.Any(i.IsSameAs));

        static (string?, string, bool) Said(YamlScalar text) => (text.Tag, text.Text, text.IsPlain);
    }

    private static YamlNode Merged(string key, YamlNode far, YamlNode near, int depth)
    {
        bool isService = depth == ServiceDepth;
        int below = depth == 0 && key != "services" ? Elsewhere : depth + 1;
        if (s_pairs.Contains(key, StringComparer.Ordinal) && far is YamlMap or YamlList && near is YamlMap or YamlList)
        {
            (far, near) = (AsMap(far), AsMap(near));
        }
        else if (isService && s_texts.Contains(key, StringComparer.Ordinal))
        {
            (far, near) = (AsList(far), AsList(near));
            if (far is YamlList early && near is YamlList late)
            {
                return new YamlList(late.Source, late.Line, [.. Without(early.Items, late.Items), .. late.Items]);
            }
        }
        else if (isService && key == "extra_hosts")
        {
            (far, near) = (HostsAsMap(far), HostsAsMap(near));
            if (far is YamlMap hosts && near is YamlMap nearer)
            {
                HashSet<string> named = [.. nearer.Entries.Select(e => e.Key.Text)];

                // The addresses of a host are named together.
                return new YamlMap(
                    nearer.Source,
                    nearer.Line,
                    [.. hosts.Entries.Where(h => !named.Contains(h.Key.Text)), .. nearer.Entries]
                );
            }
        }

        return (far, near) switch
        {
            // The options of one driver say nothing to another.
            (YamlMap one, YamlMap other)
                when isService
                    && key == "logging"
                    && ComposeValues.Text(one.Find("driver")) is { } before
                    && ComposeValues.Text(other.Find("driver")) is { } after
                    && before != after => other,
            (YamlMap one, YamlMap other) => Of(one, other, below),
            (YamlList one, YamlList other) when !s_whole.Contains(key, StringComparer.Ordinal) => new YamlList(
                other.Source,
                other.Line,
                [
                    .. one.Items.Where(o =>
                        !isService
                        || Identity(key, o) is not { } same
                        || !other.Items.Any(n => Identity(key, n) == same)
                    ),
                    .. other.Items,
                ]
            ),
            _ => near,
        };
    }

    /// <summary>What one entry of a service's list is known by, so that the nearer one stands in the place of the other
    /// (compose-spec, "Unique resources"); null where all of them count.</summary>
    private static string? Identity(string key, YamlNode item) =>
        key switch
        {
            "volumes" => Target(item),
            "ports" => Port(item),
            "secrets" => Granted(item, "/run/secrets/"),
            "configs" => Granted(item, "/"),
            _ => null,
        };

    /// <summary>Its address, its ports and its protocol, in one form for both ways to write it.</summary>
    private static string? Port(YamlNode port)
    {
        if (port is YamlScalar { Text: var text })
        {
            int slash = text.IndexOf('/', StringComparison.Ordinal);
            (text, string protocol) = slash < 0 ? (text, "tcp") : (text[..slash], text[(slash + 1)..]);
            string[] parts = text.Split(':');
            return PortKey(string.Join(':', parts.SkipLast(2)), parts.Length > 1 ? parts[^2] : "", parts[^1], protocol);
        }

        return port is YamlMap map && ComposeValues.Text(map.Find("target")) is { } target
            ? PortKey(
                ComposeValues.Text(map.Find("host_ip")) ?? "",
                ComposeValues.Text(map.Find("published")) ?? "",
                target,
                ComposeValues.Text(map.Find("protocol")) ?? "tcp"
            )
            : null;
    }

    private static string PortKey(string address, string published, string target, string protocol) =>
        $"{(address is "0.0.0.0" ? "" : address.Trim('[', ']'))}|{published}|{target}|{protocol}";

    /// <summary>Where in the container a secret or a configuration is.</summary>
    private static string? Granted(YamlNode item, string directory) =>
        item switch
        {
            YamlScalar { Text: var source } => directory + source,
            YamlMap map => (ComposeValues.Text(map.Find("target")) ?? ComposeValues.Text(map.Find("source")))
                is { } place
                ? place.StartsWith('/')
                    ? place
                    : directory + place
                : null,
            _ => null,
        };

    private static YamlNode AsList(YamlNode node) =>
        node is YamlScalar scalar ? new YamlList(node.Source, node.Line, scalar.IsNull ? [] : [scalar]) : node;

    /// <summary>HOST=ADDRESS and HOST:ADDRESS as a mapping from each host to its addresses.</summary>
    private static YamlNode HostsAsMap(YamlNode node) =>
        node is not YamlList list
        || list.Items.Any(i => i is not YamlScalar { Text: var t } || t.IndexOfAny([':', '=']) < 0)
            ? node
            : new YamlMap(
                list.Source,
                list.Line,
                [
                    .. list
                        .Items.Cast<YamlScalar>()
                        .GroupBy(i => i.Text[..i.Text.IndexOfAny([':', '='])], StringComparer.Ordinal)
                        .Select(g =>
                            (
                                g.First() with
                                {
                                    Text = g.Key,
                                },
                                (YamlNode)
                                    new YamlList(
                                        list.Source,
                                        g.First().Line,
                                        [
                                            .. g.Select(i =>
                                                i with
                                                {
                                                    Text = i.Text[(g.Key.Length + 1)..],
                                                    IsPlain = false,
                                                }
                                            ),
                                        ]
                                    )
                            )
                        ),
                ]
            );

    private static YamlNode AsMap(YamlNode node) =>
        node is not YamlList list || list.Items.Any(i => i is not YamlScalar)
            ? node
            : new YamlMap(
                list.Source,
                list.Line,
                [
                    .. list
                        .Items.Cast<YamlScalar>()
                        .Select(Pair)
                        .GroupBy(p => p.Key.Text, StringComparer.Ordinal)
                        .Select(g => g.Last()),
                ]
            );

    private static (YamlScalar Key, YamlNode Value) Pair(YamlScalar item)
    {
        string[] halves = item.Text.Split('=', 2);
        return (
            item with
            {
                Text = halves[0],
            },
            halves.Length == 2
                ? item with
                {
                    Text = halves[1],
                    IsPlain = false,
                }
                : item with
                {
                    Text = "",
                    IsPlain = true,
                }
        );
    }

    /// <summary>What has a tag and nothing to be put together with.</summary>
    public static YamlNode Settled(YamlNode node) =>
        node switch
        {
            YamlMap map => new YamlMap(
                map.Source,
                map.Line,
                [.. map.Entries.Where(e => e.Value.Tag != Reset).Select(e => (e.Key, Settled(e.Value)))]
            ),
            YamlList list => new YamlList(
                list.Source,
                list.Line,
                [.. list.Items.Where(i => i.Tag != Reset).Select(Settled)]
            ),
            _ => node,
        };

    /// <summary>Where in the container a volume is; one file's volume there stands in the place of another's.</summary>
    private static string? Target(YamlNode volume) =>
        volume switch
        {
            YamlScalar { Text: var text } => text.Split(':') is [_, { Length: > 0 } target, ..] ? target : text,
            YamlMap map => ComposeValues.Text(map.Find("target")),
            _ => null,
        };
}
