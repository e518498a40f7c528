// SPDX-License-Identifier: Apache-2.0

using static SystemContainers.Lint.Json.SpecShape;

namespace SystemContainers.Lint.Json;

/// <summary>The shape of config.json: OCI runtime-spec 1.2, config.md and config-linux.md, a member a line.</summary>
static class RuntimeSpecShape
{
    private static readonly SpecShape s_capabilities = List(OneOf("CAP_*"));

    private static readonly SpecShape s_idMappings = List(
        Object(("containerID!", UInt), ("hostID!", UInt), ("size!", UInt))
    );

    private static readonly SpecShape s_process = Object(
        ("terminal", Flag),
        ("consoleSize", Object(("height!", UInt), ("width!", UInt))),
        ("cwd!", AbsolutePath),
        ("env", Texts),
        ("args", Texts),
        ("commandLine", Text),
        ("rlimits", List(Object(("type!", OneOf("RLIMIT_*")), ("soft!", ULong), ("hard!", ULong)))),
        ("apparmorProfile", Text),
        (
            "capabilities",
            Object(
                ("bounding", s_capabilities),
                ("effective", s_capabilities),
                ("inheritable", s_capabilities),
                ("permitted", s_capabilities),
                ("ambient", s_capabilities)
            )
        ),
        ("noNewPrivileges", Flag),
        ("oomScoreAdj", Number(-1000, 1000)),
        (
            "scheduler",
            Object(
                (
                    "policy!",
                    OneOf(
                        "SCHED_OTHER",
                        "SCHED_FIFO",
                        "SCHED_RR",
                        "SCHED_BATCH",
                        "SCHED_ISO",
                        "SCHED_IDLE",
                        "SCHED_DEADLINE"
                    )
                ),
                ("nice", Number(-20, 19)),
                ("priority", Int),
                ("flags", List(OneOf("SCHED_FLAG_*"))),
                ("runtime", ULong),
                ("deadline", ULong),
                ("period", ULong)
            )
        ),
        ("selinuxLabel", Text),
        (
            "ioPriority",
            Object(
                ("class!", OneOf("IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE")),
                ("priority", Number(0, 7))
            )
        ),
        ("execCPUAffinity", Object(("initial", Text), ("final", Text))),
        (
            "user",
            Object(("uid", UInt), ("gid", UInt), ("umask", UInt), ("additionalGids", List(UInt)), ("username", Text))
        )
    );

    private static readonly SpecShape s_mount = Object(
        ("destination!", AbsolutePath),
        ("source", Text),
        ("type", Text),
        ("options", Texts),
        ("uidMappings", s_idMappings),
        ("gidMappings", s_idMappings)
    );

    private static readonly SpecShape s_hooks = List(
        Object(("path!", AbsolutePath), ("args", Texts), ("env", Texts), ("timeout", Number(1, int.MaxValue)))
    );

    private static readonly SpecShape s_perDevice = List(Object(("major", Long), ("minor", Long), ("rate", ULong)));

    private static readonly SpecShape s_resources = Object(
        (
            "devices",
            List(
                Object(
                    ("allow!", Flag),
                    ("type", OneOf("a", "b", "c")),
                    ("major", Long),
                    ("minor", Long),
                    ("access", Text)
                )
            )
        ),
        (
            "memory",
            Object(
                ("limit", Long),
                ("reservation", Long),
                ("swap", Long),
                ("kernel", Long),
                ("kernelTCP", Long),
                ("swappiness", ULong),
                ("disableOOMKiller", Flag),
                ("useHierarchy", Flag),
                ("checkBeforeUpdate", Flag)
            )
        ),
        (
            "cpu",
            Object(
                ("shares", ULong),
                ("quota", Long),
                ("burst", ULong),
                ("period", ULong),
                ("realtimeRuntime", Long),
                ("realtimePeriod", ULong),
                ("cpus", Text),
                ("mems", Text),
                ("idle", Long)
            )
        ),
        ("pids", Object(("limit!", Long))),
        (
            "blockIO",
            Object(
                ("weight", Number(0, ushort.MaxValue)),
                ("leafWeight", Number(0, ushort.MaxValue)),
                (
                    "weightDevice",
                    List(
                        Object(
                            ("major", Long),
                            ("minor", Long),
                            ("weight", Number(0, ushort.MaxValue)),
                            ("leafWeight", Number(0, ushort.MaxValue))
                        )
                    )
                ),
                ("throttleReadBpsDevice", s_perDevice),
                ("throttleWriteBpsDevice", s_perDevice),
                ("throttleReadIOPSDevice", s_perDevice),
                ("throttleWriteIOPSDevice", s_perDevice)
            )
        ),
        ("hugepageLimits", List(Object(("pageSize!", Text), ("limit!", ULong)))),
        ("network", Object(("classID", UInt), ("priorities", List(Object(("name!", Text), ("priority!", UInt)))))),
        ("rdma", Map(Object(("hcaHandles", UInt), ("hcaObjects", UInt)))),
        ("unified", Map(Text))
    );

    private static readonly SpecShape s_action = OneOf(
        "SCMP_ACT_KILL",
        "SCMP_ACT_KILL_PROCESS",
        "SCMP_ACT_KILL_THREAD",
        "SCMP_ACT_TRAP",
        "SCMP_ACT_ERRNO",
        "SCMP_ACT_TRACE",
        "SCMP_ACT_ALLOW",
        "SCMP_ACT_LOG",
        "SCMP_ACT_NOTIFY"
    );

    private static readonly SpecShape s_seccomp = Object(
        ("defaultAction!", s_action),
        ("defaultErrnoRet", UInt),
        ("architectures", List(OneOf("SCMP_ARCH_*"))),
        ("flags", List(OneOf("SECCOMP_FILTER_FLAG_*"))),
        ("listenerPath", AbsolutePath),
        ("listenerMetadata", Text),
        (
            "syscalls",
            List(
                Object(
                    ("names!", Texts),
                    ("action!", s_action),
                    ("errnoRet", UInt),
                    (
                        "args",
                        List(
                            Object(
                                ("index!", Number(0, 5)),
                                ("value!", ULong),
                                ("valueTwo", ULong),
                                (
                                    "op!",
                                    OneOf(
                                        "SCMP_CMP_NE",
                                        "SCMP_CMP_LT",
                                        "SCMP_CMP_LE",
                                        "SCMP_CMP_EQ",
                                        "SCMP_CMP_GE",
                                        "SCMP_CMP_GT",
                                        "SCMP_CMP_MASKED_EQ"
                                    )
                                )
                            )
                        )
                    )
                )
            )
        )
    );

    private static readonly SpecShape s_linux = Object(
        (
            "namespaces",
            List(
                Object(
                    ("type!", OneOf("pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time")),
                    ("path", AbsolutePath)
                )
            )
        ),
        ("uidMappings", s_idMappings),
        ("gidMappings", s_idMappings),
        ("timeOffsets", Map(Object(("secs", Long), ("nanosecs", UInt)))),
        (
            "devices",
            List(
                Object(
                    ("type!", OneOf("c", "b", "u", "p")),
                    ("path!", AbsolutePath),
                    ("major", Long),
                    ("minor", Long),
                    ("fileMode", UInt),
                    ("uid", UInt),
                    ("gid", UInt)
                )
            )
        ),
        ("cgroupsPath", Text),
        (
            "rootfsPropagation",
            OneOf("shared", "slave", "private", "unbindable", "rshared", "rslave", "rprivate", "runbindable")
        ),
        ("resources", s_resources),
        ("intelRdt", Any),
        ("sysctl", Map(Text)),
        ("seccomp", s_seccomp),
        ("maskedPaths", List(AbsolutePath)),
        ("readonlyPaths", List(AbsolutePath)),
        ("mountLabel", Text),
        ("personality", Object(("domain!", OneOf("LINUX", "LINUX32")), ("flags", Texts)))
    );

    public static SpecShape Document { get; } =
        Object(
            ("ociVersion!", Text),
            ("root!", Object(("path!", Text), ("readonly", Flag))),
            ("process!", s_process),
            ("mounts", List(s_mount)),
            ("hostname", Text),
            ("domainname", Text),
            (
                "hooks",
                Object(
                    ("prestart", s_hooks),
                    ("createRuntime", s_hooks),
                    ("createContainer", s_hooks),
                    ("startContainer", s_hooks),
                    ("poststart", s_hooks),
                    ("poststop", s_hooks)
                )
            ),
            ("annotations", Map(Text)),
            ("linux", s_linux),
            ("solaris", Any),
            ("windows", Any),
            ("vm", Any),
            ("zos", Any),
            ("freebsd", Any)
        );
}
