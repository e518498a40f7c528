// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Exports;
using SystemContainers.Linux.Users;
using SystemContainers.Oci;
using SystemContainers.Reference;
using SystemContainers.Settings;
using SystemContainers.SystemdText;
using SystemContainers.Templates;

namespace SystemContainers.Render.Request;

/// <summary>All that rendering a container depends on; the same request gives the same result, byte by byte.</summary>
sealed record RenderRequest
{
    /// <summary>The container's name: NAME, and the main unit's without its suffix.</summary>
    public required string Name { get; init; }

    /// <summary>Absolute path of the deployment, which holds rootfs/ and config.json: DESTDIR.</summary>
    public required string DestinationDirectory { get; init; }

    /// <summary>Full reference of the image: IMAGE_NAME.</summary>
    public required string ImageName { get; init; }

    /// <summary>It is a pod: its unit makes a network for others, and nothing of it is run.</summary>
    public bool IsPod => ImageName == ImageReference.Pod;

    /// <summary>Digest of the image's configuration: IMAGE_ID.</summary>
    public required Digest ImageId { get; init; }

    /// <summary>The image's configuration, for the default unit and config.json; what <see cref="Settings"/> change of
    /// it is changed.</summary>
    public required ImageConfig Image { get; init; }

    /// <summary>The ids of its user namespace; null where it has the host's users.</summary>
    public IdMap? UserMap { get; init; }

    /// <summary>The image's files, for /etc/passwd, /etc/group and the owners of volumes.</summary>
    public required IImageFiles Files { get; init; }

    /// <summary>What <see cref="ImageExports.Read"/> gave for <see cref="Files"/>.</summary>
    public required ImageExports Exports { get; init; }

    /// <summary>EXEC_START and its siblings; they may depend on <see cref="PidFile"/> and
    /// <see cref="ImageExports.Mentions"/>.</summary>
    public UnitCommandLines Commands { get; init; } = new("");

    /// <summary>Absolute path of the OCI runtime: RUNTIME.</summary>
    public required string RuntimePath { get; init; }

    /// <summary>Absolute path of this tool: ATOMIC.</summary>
    public required string ToolPath { get; init; }

    /// <summary>An identifier that the container keeps for its life: UUID.</summary>
    public required string Uuid { get; init; }

    /// <summary>What of the host the result depends on.</summary>
    public required HostFacts Host { get; init; }

    /// <summary>What the user set; an empty text empties a default.</summary>
    public IReadOnlyDictionary<string, string> Set { get; init; } = new Dictionary<string, string>();

    /// <summary>What the user set by options; for units and configurations that sysctr writes.</summary>
    public ContainerSettings Settings { get; init; } = ContainerSettings.None;

    /// <summary>Files of other images that <see cref="Settings"/> ask for.</summary>
    public IReadOnlyList<ImageMount> ImageMounts { get; init; } = [];

    /// <summary>Lines that a file declares for the main unit.</summary>
    public IReadOnlyList<UnitLine> UnitLines { get; init; } = [];

    /// <summary>Further lines for [Service] of the default unit, such as <c>Delegate=yes</c>; what running in the
    /// unit's cgroup needs.</summary>
    public IReadOnlyList<string> ServiceLines { get; init; } = [];

    /// <summary>The same, from the config.json that the container gets: what it limits.</summary>
    public Func<RuntimeConfigFile, IEnumerable<string>> LimitLines { get; init; } = static _ => [];

    /// <summary>config.json may ask for a root that the payload writes to: whoever runs it gives it one of its
    /// own.</summary>
    public bool MayWriteRoot { get; init; }

    /// <summary>RUN_DIRECTORY.</summary>
    public string RunDirectory { get; init; } = "/run";

    /// <summary>STATE_DIRECTORY.</summary>
    public string StateDirectory { get; init; } = "/var/lib";

    /// <summary>CONF_DIRECTORY.</summary>
    public string ConfDirectory { get; init; } = "/etc";

    /// <summary>
    /// <see cref="RenderedContainer.GeneratedDirectories"/> of the deployment that this one replaces: they are there
    /// because of us, so that they still need their lines.
    /// </summary>
    public IReadOnlyList<string> GeneratedBefore { get; init; } = [];

    /// <summary>The tmpfiles lines of the deployment that this one replaces; empty for none.</summary>
    public string TmpfilesBefore { get; init; } = "";

    /// <summary>What the image's templates may cost together.</summary>
    public RenderBudget Budget { get; init; } = new();

    /// <summary>PIDFILE: where the runtime has to write the payload's process id. Known before <see cref="Commands"/>
    /// is.</summary>
    public string PidFile => TemplateValues.PidFile(this);
}
