// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Bundle.RuntimeSpec;

/// <summary>config.json as far as we write it (OCI runtime-spec 1.0.2, config.md and config-linux.md); member names are
/// the specification's in camel case.</summary>
sealed record RuntimeConfig(
    string OciVersion,
    ProcessConfig Process,
    RootConfig Root,
    IReadOnlyList<MountConfig> Mounts,
    LinuxConfig Linux,
    string? Hostname = null,
    IReadOnlyDictionary<string, string>? Annotations = null
);

/// <summary>config.md, "Root".</summary>
sealed record RootConfig(string Path, bool Readonly);

/// <summary>config.md, "Mounts".</summary>
sealed record MountConfig(string Destination, string Type, string Source, IReadOnlyList<string> Options);

/// <summary>config.md, "Process".</summary>
sealed record ProcessConfig(
    bool Terminal,
    UserConfig User,
    IReadOnlyList<string> Args,
    IReadOnlyList<string> Env,
    string Cwd,
    CapabilityConfig Capabilities,
    IReadOnlyList<RlimitConfig> Rlimits,
    bool NoNewPrivileges,
    string? ApparmorProfile = null,
    int? OomScoreAdj = null
);

/// <summary>config.md, "User".</summary>
sealed record UserConfig(uint Uid, uint Gid, IReadOnlyList<uint> AdditionalGids, uint? Umask = null);

/// <summary>config.md, "Linux Process", capabilities.</summary>
sealed record CapabilityConfig(
    IReadOnlyList<string> Bounding,
    IReadOnlyList<string> Effective,
    IReadOnlyList<string> Permitted,
    IReadOnlyList<string>? Inheritable = null,
    IReadOnlyList<string>? Ambient = null
);

/// <summary>config.md, "POSIX process", rlimits.</summary>
sealed record RlimitConfig(string Type, ulong Hard, ulong Soft);

/// <summary>config-linux.md.</summary>
sealed record LinuxConfig(
    IReadOnlyList<NamespaceConfig> Namespaces,
    ResourcesConfig Resources,
    IReadOnlyList<string> MaskedPaths,
    IReadOnlyList<string> ReadonlyPaths,
    SeccompConfig? Seccomp,
    IReadOnlyDictionary<string, string>? Sysctl = null,
    IReadOnlyList<IdMappingConfig>? UidMappings = null,
    IReadOnlyList<IdMappingConfig>? GidMappings = null
);

/// <summary>config-linux.md, "User namespace mappings".</summary>
sealed record IdMappingConfig(
    [property: JsonPropertyName("containerID")] uint ContainerId,
    [property: JsonPropertyName("hostID")] uint HostId,
    uint Size
);

/// <summary>config-linux.md, "Namespaces": a new one of the type, or that of a path.</summary>
sealed record NamespaceConfig(string Type, string? Path = null);

/// <summary>config-linux.md, "Control groups"; the unit gets the same limits, where systemd holds them.</summary>
sealed record ResourcesConfig(
    IReadOnlyList<DeviceRule> Devices,
    MemoryConfig? Memory = null,
    CpuConfig? Cpu = null,
    PidsConfig? Pids = null
);

/// <summary>config-linux.md, "Memory"; bytes.</summary>
sealed record MemoryConfig(long? Limit, long? Reservation);

/// <summary>config-linux.md, "CPU"; quota and period in microseconds.</summary>
sealed record CpuConfig(long? Shares, long? Quota, long? Period, string? Cpus);

/// <summary>config-linux.md, "PIDs".</summary>
sealed record PidsConfig(long Limit);

/// <summary>config-linux.md, "Allowed Device list"; what is null is all of them.</summary>
sealed record DeviceRule(bool Allow, string Access, string? Type = null, long? Major = null, long? Minor = null);

/// <summary>config-linux.md, "Seccomp".</summary>
sealed record SeccompConfig(
    string DefaultAction,
    uint? DefaultErrnoRet,
    IReadOnlyList<string> Architectures,
    IReadOnlyList<SeccompSyscalls> Syscalls,
    IReadOnlyList<string>? Flags = null
);

/// <summary>config-linux.md, "Seccomp", syscalls.</summary>
sealed record SeccompSyscalls(
    IReadOnlyList<string> Names,
    string Action,
    uint? ErrnoRet,
    IReadOnlyList<SeccompArgument>? Args
);

/// <summary>config-linux.md, "Seccomp", args; the second value is for SCMP_CMP_MASKED_EQ alone.</summary>
sealed record SeccompArgument(
    uint Index,
    ulong Value,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] ulong ValueTwo,
    string Op
);
