// SPDX-License-Identifier: Apache-2.0

using static SystemContainers.Quadlet.KeyForm;

namespace SystemContainers.Quadlet;

/// <summary>The keys of [Container] and [X-Sysctr]: the one table of what is taken, by which option, and what is
/// refused and why.</summary>
static class ContainerKeys
{
    /// <summary>The section that podman's generator reads.</summary>
    public const string Container = "Container";

    /// <summary>The section that is ours; podman passes it on, and systemd passes over it.</summary>
    public const string Ours = "X-Sysctr";

    private const string InJournal = "what checks find stands in the journal";

    private static readonly Dictionary<string, QuadletKey> s_container = All()
        .ToDictionary(k => k.Name, StringComparer.Ordinal);

    private static readonly Dictionary<string, QuadletKey> s_ours = OwnKeys()
        .ToDictionary(k => k.Name, StringComparer.Ordinal);

    /// <summary>The keys of [Container], by name.</summary>
    public static IReadOnlyDictionary<string, QuadletKey> OfContainer => s_container;

    /// <summary>The keys of [X-Sysctr], by name.</summary>
    public static IReadOnlyDictionary<string, QuadletKey> OfSysctr => s_ours;

    private static QuadletKey[] All() =>
        [
            new("AddCapability", Words) { Option = "cap-add" },
            new("AddDevice", Words)
            {
                Option = "device",
                Read = (reader, values) => reader.Devices(values),
                Remark = "With a dash in front only where the host has the device when the file is applied.",
            },
            new("AddHost", Each) { Option = "add-host" },
            new("Annotation", Arguments) { Option = "annotation" },
            new("AppArmor", One) { Option = "security-opt", Value = value => $"apparmor={value}" },
            new("AutoUpdate", One)
            {
                Read = (reader, values) => reader.AutoUpdate(values),
                Remark =
                    "registry: 'sysctr auto-update' and its timer. local is refused: sysctr does not follow a local store's names.",
            },
            new("CgroupsMode", One)
            {
                Read = (reader, values) => reader.CgroupsMode(values),
                Remark =
                    "split, enabled and no-conmon are what sysctr does anyway: the payload is in the unit's own control group.",
            },
            new("ContainerName", One)
            {
                Read = (reader, values) => reader.FurtherName(values),
                Remark = "A container is called as its unit. On a network of its own this is a further name of it.",
            },
            new("ContainersConfModule", Each)
            {
                Refused = "podman's containers.conf has no counterpart: write the settings of the module as keys",
            },
            new("DNS", Each) { Option = "dns" },
            new("DNSOption", Each) { Option = "dns-option" },
            new("DNSSearch", Each) { Option = "dns-search" },
            new("DropCapability", Words) { Option = "cap-drop" },
            new("Entrypoint", One) { Option = "entrypoint", Read = (reader, values) => reader.Entrypoint(values) },
            new("Environment", Arguments)
            {
                Option = "env",
                Read = (reader, values) => reader.Environment(values),
                Remark = "NAME without a value takes that of [Service] or of systemd.",
            },
            new("EnvironmentFile", Arguments)
            {
                Option = "env",
                Read = (reader, values) => reader.EnvironmentFiles(values),
                Remark = "Read when the file is applied; apply it again after a change.",
            },
            new("EnvironmentHost", Switch) { Option = "env-host" },
            new("Exec", Command)
            {
                Option = Settings.ContainerSettings.Command,
                Read = (reader, values) => reader.Exec(values),
            },
            new("ExposeHostPort", Each)
            {
                Idle = "it opens nothing by itself, neither here nor in podman; PublishPort= does",
            },
            new("GIDMap", Words) { Option = "gidmap" },
            new("GlobalArgs", Arguments)
            {
                Refused = "there is no podman to give them to: write what they set as keys, or leave them out",
            },
            new("Group", One) { Read = (_, _) => { }, Remark = "Goes with User=." },
            new("GroupAdd", Each)
            {
                Option = "group-add",
                Read = (reader, values) => reader.Groups(values),
                Remark = "keep-groups is for a user's container with crun; a unit of the system has no further groups, so that it changes nothing.",
            },
            new("HealthCmd", One) { Option = "health-cmd" },
            new("HealthInterval", One) { Option = "health-interval" },
            new("HealthLogDestination", One) { Idle = InJournal },
            new("HealthMaxLogCount", One) { Idle = InJournal },
            new("HealthMaxLogSize", One) { Idle = InJournal },
            new("HealthOnFailure", One) { Option = "health-on-failure" },
            new("HealthRetries", One) { Option = "health-retries" },
            new("HealthStartPeriod", One) { Option = "health-start-period" },
            new("HealthStartupCmd", One) { Option = "health-startup-cmd" },
            new("HealthStartupInterval", One) { Option = "health-startup-interval" },
            new("HealthStartupRetries", One) { Option = "health-startup-retries" },
            new("HealthStartupSuccess", One) { Option = "health-startup-success" },
            new("HealthStartupTimeout", One) { Option = "health-startup-timeout" },
            new("HealthTimeout", One) { Option = "health-timeout" },
            new("HostName", One) { Option = "hostname" },
            new("HttpProxy", Switch) { Option = "http-proxy" },
            new("IP", One) { Option = "ip" },
            new("IP6", One) { Option = "ip6" },
            new("Image", One)
            {
                Read = (reader, values) => reader.Image(values),
                Remark = "As 'install' takes it, or the name of an .image file.",
            },
            new("Label", Arguments) { Option = "label", Read = (reader, values) => reader.Labels(values) },
            new("LogDriver", One)
            {
                Read = (reader, values) => reader.LogDriver(values),
                Remark = "journald and passthrough: what a payload writes is in the journal. Others are refused.",
            },
            new("LogOpt", Words)
            {
                Read = (reader, values) => reader.LogOptions(values),
                Remark =
                    "tag= is SyslogIdentifier= of the unit. What podman's journald driver has no use for changes nothing; label= is LogExtraFields= of it.",
            },
            new("Mask", Arguments) { Option = "security-opt", Value = value => $"mask={value}" },
            new("Memory", One) { Option = "memory" },
            new("Mount", Arguments) { Option = "mount", Read = (reader, values) => reader.Mounts(values) },
            new("Network", Each) { Option = "network", Read = (reader, values) => reader.Networks(values) },
            new("NetworkAlias", Each) { Option = "network-alias" },
            new("NoNewPrivileges", Switch)
            {
                Option = "security-opt",
                Read = (reader, values) => reader.NoNewPrivileges(values),
                Remark = "Without it set-user-ID programs of the image work, as in podman.",
            },
            new("Notify", One)
            {
                Read = (reader, values) => reader.Notify(values),
                Remark =
                    "yes: the payload tells systemd when it is ready. healthy: it is ready when its health check holds.",
            },
            new("PidsLimit", One)
            {
                Option = "pids-limit",
                Value = value => int.TryParse(value, out int most) && most > 1 << 22 ? "-1" : value,
                Remark = "More than the kernel has is no limit.",
            },
            new("Pod", One) { Read = (reader, values) => reader.Pod(values), Remark = "The name of a .pod file." },
            new("PodmanArgs", Arguments)
            {
                Read = (reader, values) => PodmanArguments.Read(reader, values),
                Remark =
                    "Each has to be an option that 'sysctr install' has, say what a key says (--env-file, --log-opt, --pull), or be podman's own affair (--rm, --replace, --sig-proxy, -d). -i and -t are refused: a unit has no terminal.",
            },
            new("PublishPort", Each) { Option = "publish" },
            new("Pull", One)
            {
                Read = (reader, values) => reader.Pull(values),
                Remark = "When apply asks the registry; a start never does. newer is always.",
            },
            new("ReadOnly", Switch) { Option = "read-only", Read = (reader, values) => reader.ReadOnly(values) },
            new("ReadOnlyTmpfs", Switch) { Option = "read-only-tmpfs" },
            new("ReloadCmd", Command)
            {
                Read = (reader, values) => reader.ReloadCommand(values),
                Remark = "The unit's ExecReload=, by 'sysctr exec'.",
            },
            new("ReloadSignal", One)
            {
                Read = (reader, values) => reader.ReloadSignal(values),
                Remark = "The unit's ExecReload=.",
            },
            new("RemapGid", Words) { Read = (_, _) => { }, Remark = "Goes with RemapUsers=." },
            new("RemapUid", Words) { Read = (_, _) => { }, Remark = "Goes with RemapUsers=." },
            new("RemapUidSize", One) { Read = (_, _) => { }, Remark = "Goes with RemapUsers=auto." },
            new("RemapUsers", One) { Read = (_, _) => { }, Remark = "The older way to say UserNS= and maps." },
            new("Retry", One) { Idle = "sysctr tries a fetch again by itself, and goes on where it broke off" },
            new("RetryDelay", One) { Idle = "sysctr tries a fetch again by itself, and goes on where it broke off" },
            new("Rootfs", One)
            {
                Read = (reader, values) => reader.Rootfs(values),
                Remark =
                    "In the place of Image=: a directory of the host, and :O behind it for one that forgets what is written.",
            },
            new("RunInit", Switch) { Option = "init", Value = value => value },
            new("SeccompProfile", One) { Option = "security-opt", Value = value => $"seccomp={value}" },
            new("Secret", Arguments) { Option = "secret" },
            new("SecurityLabelDisable", Switch)
            {
                Option = "security-opt",
                Value = value => value == "true" ? "label=disable" : null,
            },
            new("SecurityLabelFileType", One) { Option = "security-opt", Value = value => $"label=filetype:{value}" },
            new("SecurityLabelLevel", One) { Option = "security-opt", Value = value => $"label=level:{value}" },
            new("SecurityLabelNested", Switch)
            {
                Option = "security-opt",
                Value = value => value == "true" ? "label=nested" : null,
            },
            new("SecurityLabelType", One) { Option = "security-opt", Value = value => $"label=type:{value}" },
            new("ServiceName", One)
            {
                Read = (reader, values) => reader.Name(values),
                Remark = "The container is called so.",
            },
            new("ShmSize", One) { Option = "shm-size" },
            new("StartWithPod", Switch)
            {
                Read = (reader, values) => reader.StartWithPod(values),
                Remark = "Goes with Pod=.",
            },
            new("StopSignal", One) { Option = "stop-signal" },
            new("StopTimeout", One) { Option = "stop-timeout" },
            new("SubGIDMap", One) { Option = "subgidname" },
            new("SubUIDMap", One) { Option = "subuidname" },
            new("Sysctl", Words) { Option = "sysctl" },
            new("Timezone", One) { Option = "tz" },
            new("Tmpfs", Each) { Option = "tmpfs" },
            new("UIDMap", Words) { Option = "uidmap" },
            new("Ulimit", Each) { Option = "ulimit" },
            new("Unmask", Arguments)
            {
                Option = "security-opt",
                Value = value => $"unmask={(value is "all" ? "ALL" : value)}",
            },
            new("User", One) { Option = "user", Read = (_, _) => { } },
            new("UserNS", One)
            {
                Option = "userns",
                Remark = "Of a user's container keep-id, with uid=, gid= and size=; auto and maps are the system's.",
            },
            new("VolatileTmp", Switch)
            {
                Option = "tmpfs",
                Read = (_, _) => { },
                Remark = "Without ReadOnly=yes a tmpfs of 512M on /tmp.",
            },
            new("Volume", Each)
            {
                Option = "volume",
                Read = (reader, values) => reader.Volumes(values),
                Remark = "Also the name of a .volume file. A path that begins with a dot is relative to the file.",
            },
            new("WorkingDir", One) { Option = "workdir" },
        ];

    private static QuadletKey[] OwnKeys() =>
        [
            new("Checkout", One)
            {
                Read = (reader, values) => reader.Checkout(values),
                Remark = "auto, composefs or hardlinks, as --checkout.",
            },
            new("Grant", Words)
            {
                Read = (reader, values) => reader.Grant(values),
                Remark = "Rights on the host that the image may have, as --grant.",
            },
            new("HostFiles", Switch)
            {
                Read = (reader, values) => reader.HostFiles(values),
                Remark = "no leaves the files out that the image has for the host, as --system-package=absent.",
            },
            new("Keep", One)
            {
                Read = (reader, values) => reader.Keep(values),
                Remark = "How many deployments stay, in the place of keep in sysctr.toml.",
            },
            new("Name", One)
            {
                Read = (reader, values) => reader.Name(values),
                Remark = "What the container is called, and its unit.",
            },
            new("Runtime", One)
            {
                Read = (reader, values) => reader.Runtime(values),
                Remark = "runc or crun, or a path.",
            },
            new("Set", Arguments)
            {
                Read = (reader, values) => reader.Set(values),
                Remark = "NAME=VALUE of an image that has templates, as --set.",
            },
            new("Settle", One)
            {
                Read = (reader, values) => reader.Settle(values),
                Remark =
                    "Seconds that it has to stay up after a start; of several containers of one call the most counts.",
            },
            new("Writable", One) { Option = "writable" },
        ];
}
