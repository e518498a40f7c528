// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;
using SystemContainers.Requests;
using SystemContainers.SystemdText;

namespace SystemContainers.Quadlet;

/// <summary>A container that a file declares.</summary>
/// <param name="Unit">The file.</param>
/// <param name="Request">What it asks for; its name is the container's.</param>
sealed record ContainerDeclaration(QuadletUnit Unit, InstallRequest Request)
{
    public string Name => Request.Name!;

    /// <summary>Where the file names the image.</summary>
    public required QuadletPlace ImagePlace { get; init; }

    /// <summary>Lines that somebody wrote for the unit; those that sysctr adds are in the request too.</summary>
    public required IReadOnlyList<UnitLine> OwnLines { get; init; }

    /// <summary>Directories and files of the host that it mounts, absolute as the host sees them.</summary>
    public required IReadOnlyList<QuadletValue> HostSources { get; init; }

    /// <summary>Where it says what its options are.</summary>
    public required SaidSettings Said { get; init; }

    /// <summary>Names of units that it starts after.</summary>
    public required IReadOnlyList<QuadletValue> After { get; init; }

    /// <summary>Names of units that start after it.</summary>
    public required IReadOnlyList<QuadletValue> Before { get; init; }

    /// <summary>Whether something else that the files declare starts it: the pod that it is in, which is
    /// enabled.</summary>
    public bool IsStartedByAnother { get; init; }

    /// <summary>Whether it starts at boot, and with the apply that makes it, and nobody has to ask for it.</summary>
    public bool StartsItself => IsStartedByAnother || Unit.Has("Install");

    /// <summary>How long it has to stay up; null for the host's setting.</summary>
    public TimeSpan? Settle { get; init; }
}
