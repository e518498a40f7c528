// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Yaml;

/// <summary>A sequence.</summary>
/// <param name="Source">Its file.</param>
/// <param name="Line">From 1.</param>
/// <param name="Items">In order.</param>
sealed record YamlList(YamlSource Source, int Line, IReadOnlyList<YamlNode> Items) : YamlNode(Source, Line)
{
    /// <inheritdoc/>
    public override long Size { get; } = 1 + Items.Sum(i => i.Size);
}
