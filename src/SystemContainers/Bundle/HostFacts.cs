// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Users;

namespace SystemContainers.Bundle;

/// <summary>What of the host a rendered container depends on; a plain value, so that rendering is a pure
/// function.</summary>
sealed partial record HostFacts
{
    /// <summary>The bounding set's capabilities by name (<c>CAP_CHOWN</c>), in the kernel's order
    /// (capabilities(7)).</summary>
    public required IReadOnlyList<string> Capabilities { get; init; }

    /// <summary>
    /// The most that a process of this host can have of a resource, by names such as <c>RLIMIT_NOFILE</c>
    /// (setrlimit(2)); those that are not there have no end.
    /// </summary>
    public IReadOnlyDictionary<string, ulong> HardLimits { get; init; } = new Dictionary<string, ulong>();

    /// <summary>The host's own seccomp profile; null where there is none, and then the built-in one is
    /// applied.</summary>
    public SeccompFile? SeccompProfile { get; init; }

    /// <summary>The kernel filters system calls. Where it can't, the built-in profile is left out, for a runtime would
    /// refuse it.</summary>
    public bool HasSeccomp { get; init; } = true;

    /// <summary>HOST_UID.</summary>
    public uint Uid { get; init; }

    /// <summary>HOST_GID.</summary>
    public uint Gid { get; init; }

    /// <summary>The ids of a user's containers as the host has them; null where they are the host's own.</summary>
    public IdMap? UserIds { get; init; }

    /// <summary>A user's home; null where the containers are the system's.</summary>
    public string? Home { get; init; }

    /// <summary>Major and minor version of the running kernel.</summary>
    public required Version Kernel { get; init; }

    /// <summary>SELinux is on: a process can be given a label.</summary>
    public bool HasSelinux { get; init; }

    /// <summary>AppArmor is on: a process can be given a profile.</summary>
    public bool HasAppArmor { get; init; }

    /// <summary>Whether AppArmor has a profile of that name; true where nobody knows.</summary>
    public Func<string, bool> HasAppArmorProfile { get; init; } = static _ => true;

    /// <summary>Reads a seccomp profile of the host; throws where there is none.</summary>
    public Func<string, SeccompFile> ReadSeccomp { get; init; } = static path => SeccompFile.Read("/", path);

    /// <summary>The processor in Go's names, <c>amd64</c>, <c>arm64</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The controllers of control groups that the manager of the units has (cgroups(7)); null where nobody
    /// knows, as for a host that does not run.</summary>
    public IReadOnlyCollection<string>? Controllers { get; init; }

    /// <summary>What stands at an absolute path of the host: true for a directory, false for anything else, null for
    /// nothing.</summary>
    public Func<string, bool?> IsDirectory { get; init; } = static _ => null;

    /// <summary>Why a secret of that name can't be used on the host; null where it can, or where nobody
    /// knows.</summary>
    public Func<string, Errors.SysctrException?> SecretFault { get; init; } = static _ => null;

    /// <summary>Why the host would not give a container the devices that its configuration names
    /// (<see cref="StartAnnotations.NamedDevices"/>) if it started now; null where it would, or nobody looks.</summary>
    public Func<RuntimeConfigFile, Errors.SysctrException?> DeviceFault { get; init; } = static _ => null;

    /// <summary>Whether it is a system below a directory, which does not run.</summary>
    public bool IsOffline { get; init; }

    /// <summary>Whether a directory of the host, links followed, belongs to root, and nobody else may make names in
    /// it.</summary>
    public Func<string, bool> IsRootsAlone { get; init; } = static _ => true;

    /// <summary>Whether a path of the host is a symbolic link.</summary>
    public Func<string, bool> IsLink { get; init; } = static _ => false;
}
