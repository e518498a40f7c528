// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Yaml;

/// <summary>A file of YAML.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Shown">As messages name it.</param>
sealed record YamlSource(string Path, string Shown)
{
    /// <summary>What its relative paths are relative to; its own directory where nothing else is said.</summary>
    public string Directory { get; init; } = System.IO.Path.GetDirectoryName(Path)!;
}
