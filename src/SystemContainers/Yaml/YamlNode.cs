// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Yaml;

/// <summary>A value of a YAML document, and where it stands.</summary>
/// <param name="Source">Its file.</param>
/// <param name="Line">From 1.</param>
abstract record YamlNode(YamlSource Source, int Line)
{
    /// <summary>How many values it has in it, itself among them, where what an alias names counts each time.</summary>
    public abstract long Size { get; }

    /// <summary>Its own tag, such as <c>!reset</c>; null for none.</summary>
    public string? Tag { get; init; }

    /// <summary><c>FILE:LINE</c>.</summary>
    public string Place => $"{Source.Shown}:{Line}";

    /// <summary>Whether it says the same, wherever it stands; the order of a mapping says nothing.</summary>
    public bool IsSameAs(YamlNode other) =>
        Tag == other.Tag
        && (this, other) switch
        {
            (YamlScalar one, YamlScalar two) => one.Text == two.Text && one.IsPlain == two.IsPlain,
            (YamlList one, YamlList two) => one.Items.Count == two.Items.Count
                && one.Items.Zip(two.Items).All(p => p.First.IsSameAs(p.Second)),
            (YamlMap one, YamlMap two) => one.Entries.Count == two.Entries.Count
                && one.Entries.All(e => two.Find(e.Key.Text) is { } there && e.Value.IsSameAs(there)),
            _ => false,
        };
}
