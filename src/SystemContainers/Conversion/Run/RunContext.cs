// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Conversion.Run;

/// <summary>What a container's options mean where they are from.</summary>
sealed record RunContext
{
    /// <summary>What relative paths are relative to; absolute.</summary>
    public required string Directory { get; init; }

    /// <summary>The image by its whole name, where somebody knows what a short one came to; null for nobody.</summary>
    public string? Image { get; init; }

    /// <summary>Values for variables that are named without one.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();
}
