// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Mounts;

/// <summary>
/// A mount that sysctr made: <c>mounts/ID/info.json</c> of the store; beside it is <c>rootfs/</c> for an image. One
/// without an <see cref="Owner"/> is an element of the array that <c>sysctr mount --json</c> prints.
/// </summary>
/// <param name="Directory">Where it is mounted, absolute and without links.</param>
/// <param name="Kind">Whose files.</param>
/// <param name="Name">The container, or the image's full reference.</param>
/// <param name="Options">As mount(8) got them.</param>
/// <param name="BootId">The boot that it belongs to: no mount outlives one.</param>
/// <param name="Namespace">The mount namespace that it was made in; in another one it need not be seen.</param>
sealed record MountRecord(
    [property: JsonRequired] string Directory,
    [property: JsonRequired] MountKind Kind,
    [property: JsonRequired] string Name,
    [property: JsonRequired] string Options,
    DateTimeOffset MountedAt,
    [property: JsonRequired] string BootId,
    [property: JsonRequired] string Namespace
)
{
    /// <summary>The container's deployment, which stays as long as it is mounted; null for an image.</summary>
    public int? Deployment { get; init; }

    /// <summary>The process that looks at it in a mount namespace of its own, and whose end is its end
    /// (<see cref="Linux.Processes.ProcessMark"/>); null for a mount that stays.</summary>
    public string? Owner { get; init; }
}
