// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Cdi;

/// <summary>A mount that a container gets (SPEC.md, "OCI Edits", <c>mounts</c>).</summary>
/// <param name="HostPath">Its source.</param>
/// <param name="ContainerPath">Its destination.</param>
/// <param name="Type">Of the file system; null where nothing is said.</param>
/// <param name="Options">As the OCI runtime-spec has them.</param>
sealed record CdiMount(string HostPath, string ContainerPath, string? Type, IReadOnlyList<string> Options)
{
    /// <summary>Whether it shows a file or directory of the host's. What says neither type nor option has nothing else
    /// that it could be.</summary>
    public bool IsBind => Type is "bind" or null || Options.Any(o => o is "bind" or "rbind");
}
