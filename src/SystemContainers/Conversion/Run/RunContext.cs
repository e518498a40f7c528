// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Conversion.Run;

/// <summary>What a container's options mean where they are from.</summary>
sealed record RunContext
{
    /// <summary>What relative paths are relative to; absolute.</summary>
    public required string Directory { get; init; }

    /// <summary>Values for variables that are named without one.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();
}
