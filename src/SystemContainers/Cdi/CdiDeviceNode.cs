// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Cdi;

/// <summary>A node that a container gets (SPEC.md, "OCI Edits", <c>deviceNodes</c>).</summary>
/// <param name="Path">In the container.</param>
/// <param name="Access">Of <c>rwm</c>; empty for none.</param>
sealed record CdiDeviceNode(string Path, string HostPath, string Access)
{
    /// <summary>b, c, u or p; null for that of the host's node.</summary>
    public string? Type { get; init; }

    /// <summary>0 for that of the host's node, as the specification's own reader has it.</summary>
    public long Major { get; init; }

    /// <summary>Counts with <see cref="Major"/>.</summary>
    public long Minor { get; init; }

    /// <summary>Null for the runtime's, 0666.</summary>
    public long? FileMode { get; init; }

    /// <summary>Null for the payload's.</summary>
    public long? Uid { get; init; }

    /// <summary>Null for the payload's.</summary>
    public long? Gid { get; init; }

    /// <summary>Whether it says all that a runtime needs to make it, so that the host need not have it.</summary>
    public bool IsWhole => Type is not null && (Major != 0 || Type == "p");
}
