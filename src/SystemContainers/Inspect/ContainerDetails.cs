// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Pull.Trust;
using SystemContainers.Rights;
using SystemContainers.State;
using SystemContainers.SystemdText;

namespace SystemContainers.Inspect;

/// <summary>All that is known of a container; the object that <c>sysctr info NAME --json</c> prints.</summary>
sealed record ContainerDetails
{
    public required string Name { get; init; }

    /// <summary>The image as a full reference.</summary>
    public required string Image { get; init; }

    /// <summary>The digest of the image's configuration.</summary>
    public required string ImageId { get; init; }

    /// <summary>The digest of the image's manifest.</summary>
    public required string ManifestDigest { get; init; }

    /// <summary>Other images whose files it mounts.</summary>
    public required IReadOnlyList<MountedImageReport> MountedImages { get; init; }

    /// <summary>Who proved what was required of the image when it was pulled; empty where nothing was, or the store has
    /// no name for it any more.</summary>
    public required IReadOnlyList<ImageProof> Proofs { get; init; }

    /// <summary>Digests of the attestations' manifests that stood beside the image in the index when it was pulled; as
    /// <see cref="Proofs"/>.</summary>
    public required IReadOnlyList<string> Attestations { get; init; }

    /// <summary>What the image says of its whole tree's digest and was found to hold when it was pulled,
    /// <c>ANNOTATION=HEX</c>; null where it says nothing, or the store has no name for it any more.</summary>
    public string? Seal { get; init; }

    /// <summary>The deployment in use, from 0.</summary>
    public required int Deployment { get; init; }

    /// <summary>The bundle: the directory with config.json and rootfs.</summary>
    public required string Directory { get; init; }

    /// <summary>Path of the OCI runtime.</summary>
    public required string Runtime { get; init; }

    /// <summary>The fs-verity digest of the image of its tree, in hexadecimal, where each start mounts that; null where
    /// the tree is on disk.</summary>
    public string? Composefs { get; init; }

    /// <summary>When it was installed.</summary>
    public required DateTimeOffset InstalledAt { get; init; }

    /// <summary>Whether it is updated when nobody asks: disabled, registry.</summary>
    public required AutoUpdatePolicy AutoUpdate { get; init; }

    /// <summary>systemd's ActiveState of the main unit, "unknown" where no systemd answers.</summary>
    public required string State { get; init; }

    /// <summary>systemd's SubState of the main unit.</summary>
    public required string SubState { get; init; }

    /// <summary>The payload's process, 0 where none runs.</summary>
    public required uint MainPid { get; init; }

    /// <summary>systemd's UnitFileState of the main unit, "unknown" where no systemd answers.</summary>
    public required string Enabled { get; init; }

    /// <summary>The files that were put on the host: units, drop-ins, tmpfiles.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>The container's own state directories.</summary>
    public required IReadOnlyList<string> StateDirectories { get; init; }

    /// <summary>What it can do on the host beyond its own container.</summary>
    public required IReadOnlyList<RightReport> Rights { get; init; }

    /// <summary>Classes of rights that somebody granted.</summary>
    public required IReadOnlyList<string> Grants { get; init; }

    /// <summary>The update that waits for a grant; null for none.</summary>
    public HeldUpdate? Held { get; init; }

    /// <summary>The last update that was rolled back because its image was not well; null for none.</summary>
    public FailedUpdate? Failed { get; init; }

    /// <summary>What the user chose with --set.</summary>
    public required IReadOnlyDictionary<string, string> Set { get; init; }

    /// <summary>What the user set by options of podman-run(1), by their names; those behind -- are
    /// <c>command</c>.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Options { get; init; }

    /// <summary>The file that declares it and its lines for the unit; null for a container that a command line
    /// installed.</summary>
    public Declaration? Declared { get; init; }

    /// <summary>Every template variable with its final text.</summary>
    public required IReadOnlyDictionary<string, string> Values { get; init; }

    /// <summary>The image's labels.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }
}
