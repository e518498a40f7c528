// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Cdi;
using SystemContainers.Settings.Ids;

namespace SystemContainers.Settings;

/// <summary>What settings change of a config.json that sysctr writes, read once.</summary>
sealed record SpecSettings
{
    private const string KeptGroups = "keep-groups";

    /// <summary>Mounts of the host's directories and of named volumes, in the order in which they were given, each on a
    /// place of its own.</summary>
    public IReadOnlyList<VolumeSetting> Volumes { get; private init; } = [];

    /// <summary>Mounts of memory.</summary>
    public IReadOnlyList<TmpfsSetting> Tmpfs { get; private init; } = [];

    /// <summary>Mounts of other images' files.</summary>
    public IReadOnlyList<MountSetting> Images { get; private init; } = [];

    /// <summary>Devices of the host by their paths, as they were written.</summary>
    public IReadOnlyList<string> Devices { get; private init; } = [];

    /// <summary>Those that a specification describes, by their names (<see cref="CdiName"/>).</summary>
    public IReadOnlyList<string> NamedDevices { get; private init; } = [];

    /// <summary>Secrets, as they were written.</summary>
    public IReadOnlyList<string> Secrets { get; private init; } = [];

    /// <summary>A value of <see cref="Writable"/>: over the checkout, into a directory that outlives a run.</summary>
    public const string Persistent = "persistent";

    /// <summary>A value of <see cref="Writable"/>: into the root file system itself, which is somebody's directory and
    /// not a checkout.</summary>
    public const string Direct = "direct";

    /// <summary><c>volatile</c>, <c>persistent</c>; null: the root is read-only.</summary>
    public string? Writable { get; private init; }

    /// <summary>Whether standard output and error are a FIFO; null: where the image needs it.</summary>
    public bool? LogPipe { get; private init; }

    /// <summary>Further annotations of config.json.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; private init; } = new Dictionary<string, string>();

    /// <summary>Further groups of the payload, by name or number.</summary>
    public IReadOnlyList<string> Groups { get; private init; } = [];

    /// <summary>Whether it has the groups that its user's systemd has (podman-run(1), <c>--group-add
    /// keep-groups</c>).</summary>
    public bool KeepsGroups { get; private init; }

    /// <summary>Whether the host's proxies are the payload's.</summary>
    public bool HttpProxy { get; private init; } = true;

    /// <summary>Whether all variables of the host's systemd are the payload's.</summary>
    public bool EnvHost { get; private init; }

    /// <summary>Whether /run, /tmp and /var/tmp are memory.</summary>
    public bool UsualTmpfs { get; private init; } = true;

    /// <summary>Whether nothing of what keeps a payload from the host is there (podman-run(1), --privileged).</summary>
    public bool Privileged { get; private init; }

    /// <summary><c>host</c>, <c>none</c> (no /dev/shm); null: an IPC namespace of its own.</summary>
    public string? Ipc { get; private init; }

    /// <summary>Whether it sees the host's processes.</summary>
    public bool HostPids { get; private init; }

    /// <summary>Whether it has the host's name as it changes: true; a UTS namespace of its own: false; null: where the
    /// rest asks for one.</summary>
    public bool? HostUts { get; private init; }

    /// <summary>Whether it sees the host's control groups.</summary>
    public bool HostCgroups { get; private init; }

    /// <summary>What becomes of volumes that the image declares: <c>ignore</c>, <c>tmpfs</c>; null: they are kept on
    /// the host.</summary>
    public string? ImageVolume { get; private init; }

    /// <summary>Devices that it may use, as <c>--device-cgroup-rule</c> says it.</summary>
    public IReadOnlyList<string> DeviceRules { get; private init; } = [];

    /// <summary>proc_pid_oom_score_adj(5); null for the unit's.</summary>
    public int? OomScoreAdj { get; private init; }

    /// <summary>umask(2); null for the unit's.</summary>
    public uint? Umask { get; private init; }

    /// <summary><c>true</c>: made for systemd where the command is one; <c>always</c>; <c>false</c>.</summary>
    public string Systemd { get; private init; } = "true";

    /// <summary>Whether an init comes before the payload.</summary>
    public bool Init { get; private init; }

    /// <summary>Capabilities to add, by their full names, or <c>ALL</c>.</summary>
    public IReadOnlyList<string> CapAdd { get; private init; } = [];

    /// <summary>Capabilities to take away.</summary>
    public IReadOnlyList<string> CapDrop { get; private init; } = [];

    /// <summary>Limits of processes.</summary>
    public IReadOnlyList<UlimitSetting> Ulimits { get; private init; } = [];

    /// <summary>Kernel parameters.</summary>
    public IReadOnlyDictionary<string, string> Sysctls { get; private init; } = new Dictionary<string, string>();

    /// <summary>Bytes of /dev/shm; 0 for no limit, null for the default.</summary>
    public long? ShmSize { get; private init; }

    /// <summary>Null: the host's.</summary>
    public string? HostName { get; private init; }

    /// <summary>Networks, ports, names and name servers.</summary>
    public NetworkSettings Network { get; private init; } = new();

    /// <summary>Whose users it has.</summary>
    public UserNamespaceSetting UserNamespace { get; private init; } = new(UserNamespaceMode.Host);

    /// <summary><c>Europe/Paris</c>, <c>local</c>; null: what the image has.</summary>
    public string? TimeZone { get; private init; }

    /// <summary>Rights that are given or hidden.</summary>
    public SecuritySetting Security { get; private init; } = new();

    /// <summary>Bytes; null for no limit.</summary>
    public long? Memory { get; private init; }

    /// <summary>Bytes; null for none.</summary>
    public long? MemoryReservation { get; private init; }

    /// <summary>Processes; null for no limit.</summary>
    public long? PidsLimit { get; private init; }

    /// <summary>Processors; null for no limit.</summary>
    public decimal? Cpus { get; private init; }

    /// <summary>2 to 262144; null for the default.</summary>
    public long? CpuShares { get; private init; }

    /// <summary>Such as <c>0-3</c>; null for all.</summary>
    public string? CpusetCpus { get; private init; }

    /// <summary>Whether the capabilities are others than the default.</summary>
    public bool ChangesCapabilities => CapAdd.Count + CapDrop.Count > 0;

    /// <summary>Reads them; <see cref="ContainerSettings.Check"/> has passed them.</summary>
    public static SpecSettings Of(ContainerSettings settings)
    {
        MountSetting[] mounts = [.. settings.All("mount").Select(MountSetting.Parse)];
        return new SpecSettings
        {
            Volumes =
            [
                .. settings.All("volume").Select(VolumeSetting.Parse),
                .. mounts.Select(m => m.Volume).OfType<VolumeSetting>(),
            ],
            Tmpfs =
            [
                .. settings.All("tmpfs").Select(TmpfsSetting.Parse),
                .. mounts.Select(m => m.Tmpfs).OfType<TmpfsSetting>(),
            ],
            Images = [.. mounts.Where(m => m.Image is not null)],
            Devices = [.. settings.All("device").Where(d => !CdiName.IsName(d))],
            NamedDevices = [.. settings.All("device").Where(CdiName.IsName)],
            LogPipe = settings.One("log-pipe") is { } pipe and not "auto" ? pipe == "yes" : null,
            Writable = (
                settings.One("writable")
                ?? (settings.One("read-only") is { } only && !SettingOptions.Flag(only) ? "volatile" : "no")
            )
                is var writable
                    and not "no"
                ? writable
                : null,
            Secrets = settings.All("secret"),
            Annotations = Pairs("annotation"),
            Groups = [.. settings.All("group-add").Where(g => g != KeptGroups)],
            KeepsGroups = settings.All("group-add").Contains(KeptGroups, StringComparer.Ordinal),
            HttpProxy = Flag("http-proxy", usually: true),
            EnvHost = Flag("env-host", usually: false),
            UsualTmpfs = Flag("read-only-tmpfs", usually: true),
            Privileged = Flag("privileged", usually: false),
            Ipc = settings.One("ipc") is { } ipc and not ("private" or "shareable") ? ipc : null,
            HostPids = settings.One("pid") == "host",
            HostUts = settings.One("uts") is { } uts ? uts == "host" : null,
            HostCgroups = settings.One("cgroupns") == "host",
            ImageVolume = settings.One("image-volume") is { } images and ("ignore" or "tmpfs") ? images : null,
            DeviceRules = settings.All("device-cgroup-rule"),
            OomScoreAdj = settings.One("oom-score-adj") is { } score ? (int)Quantity.Whole(score, -1000, 1000) : null,
            Umask = settings.One("umask") is { } umask ? Quantity.Octal(umask) : null,
            Systemd =
                settings.One("systemd") is not { } systemd ? "true"
                : systemd == "always" ? systemd
                : SettingOptions.Flag(systemd) ? "true"
                : "false",
            Init = Flag("init", usually: false),
            CapAdd = [.. settings.All("cap-add").Select(SettingOptions.CapabilityName)],
            CapDrop = [.. settings.All("cap-drop").Select(SettingOptions.CapabilityName)],
            Ulimits = [.. settings.All("ulimit").Select(UlimitSetting.Parse)],
            Sysctls = Pairs("sysctl"),
            ShmSize = settings.One("shm-size") is { } shm ? Quantity.Bytes(shm, least: 0) : null,
            HostName = settings.One("hostname"),
            Network = NetworkSettings.Of(settings),
            UserNamespace = UserNamespaceSetting.Of(
                settings.One("userns"),
                settings.All("uidmap"),
                settings.All("gidmap"),
                settings.One("subuidname"),
                settings.One("subgidname")
            ),
            TimeZone = settings.One("tz"),
            Security = SecuritySetting.Parse(settings.All("security-opt")),
            Memory = Limit("memory"),
            MemoryReservation = Limit("memory-reservation"),
            PidsLimit =
                settings.One("pids-limit") is { } pids && Quantity.Whole(pids, -1, int.MaxValue) is > 0 and var limit
                    ? limit
                    : null,
            Cpus = settings.One("cpus") is { } cpus && Quantity.Processors(cpus) is > 0 and var count ? count : null,
            CpuShares =
                settings.One("cpu-shares") is { } shares && SettingOptions.Shares(shares) is > 0 and var share
                    ? share
                    : null,
            CpusetCpus = settings.One("cpuset-cpus"),
        };

        long? Limit(string name) =>
            settings.One(name) is { } size && Quantity.Bytes(size, least: 0) is > 0 and var bytes ? bytes : null;

        bool Flag(string name, bool usually) => settings.One(name) is { } value ? SettingOptions.Flag(value) : usually;

        // Of one name the last counts, also among those that were given together.
        Dictionary<string, string> Pairs(string name)
        {
            Dictionary<string, string> pairs = new(StringComparer.Ordinal);
            foreach (string pair in settings.All(name))
            {
                pairs[EnvironmentSetting.NameOf(pair)] = EnvironmentSetting.ValueOf(pair);
            }

            return pairs;
        }
    }

    /// <summary>The capabilities of a container.</summary>
    /// <param name="usual">Those that one has without being asked.</param>
    public IReadOnlyList<string> Capabilities(IEnumerable<string> usual, IReadOnlyCollection<string> host)
    {
        // As podman has it: all are taken away, or given, before single ones are given, or taken away.
        IEnumerable<string> all =
            CapDrop.Contains("ALL", StringComparer.Ordinal) ? []
            : CapAdd.Contains("ALL", StringComparer.Ordinal) ? host
            : usual;
        HashSet<string> has = [.. all];
        has.UnionWith(CapAdd.Where(c => c != "ALL"));
        has.ExceptWith(CapDrop);
        return [.. host.Where(has.Contains)];
    }
}
