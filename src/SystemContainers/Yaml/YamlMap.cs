// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Yaml;

/// <summary>A mapping whose keys are texts, each there once.</summary>
/// <param name="Source">Its file.</param>
/// <param name="Line">From 1.</param>
/// <param name="Entries">In order.</param>
sealed record YamlMap(YamlSource Source, int Line, IReadOnlyList<(YamlScalar Key, YamlNode Value)> Entries)
    : YamlNode(Source, Line)
{
    /// <inheritdoc/>
    public override long Size { get; } = 1 + Entries.Sum(e => 1 + e.Value.Size);

    /// <summary>The value of a key; null where it is not there.</summary>
    public YamlNode? Find(string key) => Entries.FirstOrDefault(e => e.Key.Text == key).Value;
}
