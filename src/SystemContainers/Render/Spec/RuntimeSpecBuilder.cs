// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Bundle;
using SystemContainers.Bundle.RuntimeSpec;
using SystemContainers.Errors;
using SystemContainers.Network;
using SystemContainers.Oci;
using SystemContainers.Render.Request;
using SystemContainers.Settings;
using SystemContainers.Templates;

namespace SystemContainers.Render.Spec;

/// <summary>
/// config.json for an image that brings none: what podman would give an unprivileged container, on the host's network where nothing else is said, with a root
/// file system that is read-only. Limits are systemd's business and are left out.
/// </summary>
static class RuntimeSpecBuilder
{

    // Kernel interfaces that leak the host or let a container act on it (the same set as podman's and docker's).
    private static readonly string[] s_maskedPaths =
    [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
        "/proc/timer_list", "/proc/timer_stats", "/sys/dev/block", "/sys/devices/virtual/powercap", "/sys/firmware",
        "/sys/fs/selinux",
    ];

    private static readonly string[] s_readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    /// <summary>The document's bytes.</summary>
    /// <exception cref="SysctrException">Template: the image says nothing that could be run, or names a user that it does not have.</exception>
    /// <param name="request">The container.</param>
    /// <param name="volumes">What it keeps on the host.</param>
    /// <param name="changes">Where a persistent root keeps what was written to it.</param>
    /// <param name="health">What to check while it runs; null for nothing.</param>
    public static byte[] Build(RenderRequest request, IReadOnlyList<Volume> volumes, string changes, PeriodicCheck? health) =>
        JsonSerializer.SerializeToUtf8Bytes(Config(request, volumes, changes, health), RuntimeJson.Default.RuntimeConfig);

    private static RuntimeConfig Config(RenderRequest request, IReadOnlyList<Volume> volumes, string changes, PeriodicCheck? health)
    {
        SpecSettings settings = request.Settings.Spec;
        NetworkRequest network = NetworkRequest.For(settings, request.Name, request.Host.UserIds is not null);
        ImageRunConfig run = request.Image.Run ?? new ImageRunConfig();
        string[] arguments = [.. run.Entrypoint ?? [], .. run.Cmd ?? []];
        if (arguments.Length == 0 && FindDefault(request.Files) is { } script)
        {
            arguments = [script];
        }

        if (arguments.Length == 0)
        {
            throw new SysctrException(
                ErrorKind.Template,
                $"making config.json for {request.ImageName}: the image has neither an entry point nor a command",
                "the image's author has to give it one, or a /exports/config.json");
        }

        ImageUser user = ImageUser.Find(run.User, request.Files);
        string[] capabilities = [.. settings.ChangesCapabilities
            ? settings.Capabilities(Capabilities.ContainerDefaults, [.. request.Host.Capabilities])
            : Capabilities.ContainerDefaults.Where(request.Host.Capabilities.Contains)];

        // As podman does: only root has them at once; anybody else gets those that were asked for by name, and the bounding set says what setuid files may add.
        string[] effective = user.Uid == 0 ? capabilities : [.. settings.CapAdd.Intersect(capabilities, StringComparer.Ordinal)];
        string[]? ambient = user.Uid == 0 || effective.Length == 0 ? null : effective;
        return new RuntimeConfig(
            "1.0.2",
            new ProcessConfig(
                Terminal: false,
                new UserConfig(user.Uid, user.Gid, user.Groups),
                settings.Init ? [InitProgram.Inside, "--", .. arguments] : arguments,
                Environment(run.Env ?? [], user),
                HostPath.Absolute(run.WorkingDir ?? "/"),
                new CapabilityConfig(capabilities, effective, effective, ambient, ambient),
                [.. settings.Ulimits.Select(u => new RlimitConfig(u.Type, u.Hard, u.Soft))],
                NoNewPrivileges: !settings.Security.NewPrivileges),
            new RootConfig("rootfs", Readonly: true),
            Mounts(request, settings, volumes),
            new LinuxConfig(
                [
                    new("pid"), new("ipc"), new("mount"), new("cgroup"),
                    .. network.HostName is null ? [] : (NamespaceConfig[])[new("uts")],
                    .. network.Mode == NetworkMode.Host ? [] : (NamespaceConfig[])[new("network", network.Mode == NetworkMode.Namespace ? network.Of : null)],
                ],
                Resources(settings),
                [.. Unmasked(s_maskedPaths, settings.Security), .. settings.Security.Mask],
                [.. Unmasked(s_readonlyPaths, settings.Security)],
                settings.Security.Unconfined ? null : SeccompFilter.For(request.Host, capabilities),
                Sysctls(settings, network)),
            network.HostName,
            Annotations(settings, network, changes, health, NeedsLogPipe(request, arguments)));
    }

    /// <summary>What runs once writes into a pipe of its caller's, which has a path.</summary>
    private static bool NeedsLogPipe(RenderRequest request, IReadOnlyList<string> arguments) =>
        !request.MayWriteRoot && (request.Settings.Spec.LogPipe ?? LogPaths.Find(request.Files, arguments, request.Image.Run?.Env) is not null);

    private static SortedDictionary<string, string> Annotations(SpecSettings settings, NetworkRequest network, string changes, PeriodicCheck? health, bool pipe)
    {
        SortedDictionary<string, string> annotations = new(StringComparer.Ordinal) { [StartAnnotations.Environment] = "unit" };
        Add(StartAnnotations.Devices, settings.Devices);
        Add(StartAnnotations.Secrets, settings.Secrets);
        Add(StartAnnotations.Health, health is null ? [] : [health.ToJson()]);
        Add(NetworkRequest.Annotation, network.IsPlain ? [] : [network.ToJson()]);
        Add(StartAnnotations.Log, pipe ? ["pipe"] : []);
        Add(StartAnnotations.Writable, settings.Writable is { } writable ? [writable == "persistent" ? changes : writable] : []);
        return annotations;

        void Add(string name, IReadOnlyList<string> lines)
        {
            if (lines.Count > 0)
            {
                annotations[name] = string.Join('\n', lines);
            }
        }
    }

    /// <summary>As podman's default (containers.conf(5), default_sysctls): whose network it is may ping without a capability.</summary>
    private static Dictionary<string, string>? Sysctls(SpecSettings settings, NetworkRequest network)
    {
        const string ping = "net.ipv4.ping_group_range";
        if (network.Mode == NetworkMode.Host && settings.Sysctls.Keys.FirstOrDefault(n => n.Replace('/', '.').StartsWith("net.", StringComparison.Ordinal)) is { } hosts)
        {
            throw new SysctrException(ErrorKind.Usage, $"reading --sysctl={hosts}: it would be the host's, whose network the container has", "give it one of its own by --network, or set it in sysctl.d(5)");
        }

        bool makes = network.Mode is NetworkMode.None or NetworkMode.Bridge or NetworkMode.Pasta;
        Dictionary<string, string> all = new(settings.Sysctls, StringComparer.Ordinal);
        if (makes && !all.ContainsKey(ping))
        {
            all[ping] = "0 0";
        }

        return all.Count == 0 ? null : all;
    }

    private static ResourcesConfig Resources(SpecSettings settings)
    {
        const long period = 100_000;
        bool cpu = settings.Cpus is not null || settings.CpuShares is not null || settings.CpusetCpus is not null;
        return new ResourcesConfig(
            [new DeviceRule(Allow: false, "rwm")],
            settings.Memory is null && settings.MemoryReservation is null ? null : new MemoryConfig(settings.Memory, settings.MemoryReservation),
            cpu ? new CpuConfig(settings.CpuShares, settings.Cpus is { } count ? (long)(count * period) : null, settings.Cpus is null ? null : period, settings.CpusetCpus) : null,
            settings.PidsLimit is { } pids ? new PidsConfig(pids) : null);
    }

    private static IEnumerable<string> Unmasked(string[] paths, SecuritySetting security) =>
        security.Unmask.Contains("ALL", StringComparer.Ordinal) ? [] : paths.Except(security.Unmask, StringComparer.Ordinal);

    /// <summary>The old tool's configuration for an image without one ran <c>run.sh</c>; its path, where the image has it.</summary>
    private static string? FindDefault(IImageFiles files) =>
        ImageProgram.DefaultPath["PATH=".Length..].Split(':').Select(d => d + "/run.sh").FirstOrDefault(f => files.Find(f)?.Kind == ImageFileKind.Regular);

    /// <summary>The image's variables, the last of a name winning, with PATH and HOME where it has none.</summary>
    private static string[] Environment(IReadOnlyList<string> given, ImageUser user)
    {
        Dictionary<string, string> byName = new(StringComparer.Ordinal);
        List<string> names = [];
        foreach (string entry in (IEnumerable<string>)[ImageProgram.DefaultPath, $"HOME={user.Home}", .. given])
        {
            string name = entry.Split('=', 2)[0];
            if (name.Length == 0 || entry.Contains('\0', StringComparison.Ordinal))
            {
                continue;
            }

            if (!byName.ContainsKey(name))
            {
                names.Add(name);
            }

            byName[name] = entry.Contains('=', StringComparison.Ordinal) ? entry : entry + "=";
        }

        return [.. names.Select(n => byName[n])];
    }

    private static MountConfig[] Mounts(RenderRequest request, SpecSettings settings, IReadOnlyList<Volume> volumes)
    {
        MountConfig[] asked =
        [
            .. settings.Tmpfs.Select(t => (t.CopyUp, Mount: new MountConfig(t.Destination, "tmpfs", "tmpfs", t.Options))).Select(t => t.CopyUp ? CopiedUp(t.Mount) : t.Mount),
            .. settings.Init ? [InitProgram.Mount(request.Host)] : (MountConfig[])[],
            .. settings.Volumes.Where(v => v.IsHostPath).Select(v => new MountConfig(v.Destination, "bind", v.Source!, v.MountOptions)),
            .. volumes.Select(v => new MountConfig(v.Destination, "bind", v.Source, OptionsOf(v))),
            .. Zone(request.Host, settings),
        ];

        // What is asked for stands in for what is there without asking; of two, one is mounted in the other.
        return
        [
            .. Usual(request, settings.ShmSize).Where(u => !asked.Any(a => a.Destination == u.Destination)).Select(CopiedUp),
            .. asked.OrderBy(a => a.Destination, StringComparer.Ordinal),
        ];

        // What the image has there is where its programs look for it: both runtimes copy it into the new file system, owners and modes and all.
        MountConfig CopiedUp(MountConfig mount) => mount.Type == "tmpfs" && mount.Destination != "/dev" && request.Files.List(mount.Destination).Count > 0
            ? mount with { Options = [.. mount.Options, "tmpcopyup"] }
            : mount;

        IReadOnlyList<string> OptionsOf(Volume volume) =>
            settings.Volumes.FirstOrDefault(v => v.Destination == volume.Destination)?.MountOptions ?? ["rbind", "rw", "nosuid", "nodev"];
    }

    /// <summary>As podman does it, by the host's file over the image's, and not by <c>TZ</c>: most images have no zones by name.</summary>
    private static IEnumerable<MountConfig> Zone(HostFacts host, SpecSettings settings)
    {
        if (settings.TimeZone is not { } zone)
        {
            return [];
        }

        string file = zone == "local" ? "/etc/localtime" : "/usr/share/zoneinfo/" + zone;
        return host.IsDirectory(file) == false
            ? [new MountConfig("/etc/localtime", "bind", file, ["bind", "ro", "nosuid", "noexec", "nodev"])]
            : throw new SysctrException(ErrorKind.Host, $"setting the time zone {zone}: the host has no {file}", "install tzdata, or name a zone that 'timedatectl list-timezones' shows");
    }

    private static MountConfig[] Usual(RenderRequest request, long? shmBytes) =>
    [
        new("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
        new("/dev", "tmpfs", "tmpfs", ["nosuid", "noexec", "strictatime", "mode=755", "size=65536k"]),
        new("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
        new("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
        new("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", shmBytes is { } bytes ? $"size={bytes}" : "size=65536k"]),
        // A new one and no recursive bind of the host's, whose inner mounts (debugfs, bpf) would stay writable.
        new("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
        new("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"]),
        new("/run", "tmpfs", "tmpfs", ["nosuid", "nodev", "strictatime", "mode=755"]),
        new("/tmp", "tmpfs", "tmpfs", ["nosuid", "nodev", "strictatime", "mode=1777"]),
        new("/var/tmp", "tmpfs", "tmpfs", ["nosuid", "nodev", "strictatime", "mode=1777"]),
        .. NameFiles.Of(request.RunDirectory, request.Name).Select(f => new MountConfig(f.Destination, "bind", f.Source, ["bind", "ro", "nosuid", "noexec", "nodev"])),
    ];
}
