using System.Text.Json;
using SystemContainers.Bundle;
using SystemContainers.Bundle.RuntimeSpec;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Render.Request;
using SystemContainers.Templates;

namespace SystemContainers.Render.Spec;

/// <summary>
/// config.json for an image that brings none: what podman would give an unprivileged container on the host's network, with a root
/// file system that is read-only. Limits are systemd's business and are left out.
/// </summary>
static class RuntimeSpecBuilder
{
    private const string DefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

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
    public static byte[] Build(RenderRequest request, IReadOnlyList<Volume> volumes) =>
        JsonSerializer.SerializeToUtf8Bytes(Config(request, volumes), RuntimeJson.Default.RuntimeConfig);

    private static RuntimeConfig Config(RenderRequest request, IReadOnlyList<Volume> volumes)
    {
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
        string[] capabilities = [.. Capabilities.ContainerDefaults.Where(request.Host.Capabilities.Contains)];
        // As podman does: only root has them at once; anybody else gets none, and the bounding set says what setuid files may add.
        string[] effective = user.Uid == 0 ? capabilities : [];
        return new RuntimeConfig(
            "1.0.2",
            new ProcessConfig(
                Terminal: false,
                new UserConfig(user.Uid, user.Gid, user.Groups),
                arguments,
                Environment(run.Env ?? [], user),
                HostPath.Absolute(run.WorkingDir ?? "/"),
                new CapabilityConfig(capabilities, effective, effective),
                [],
                NoNewPrivileges: true),
            new RootConfig("rootfs", Readonly: true),
            Mounts(request.Host, volumes),
            new LinuxConfig(
                [new("pid"), new("ipc"), new("mount"), new("cgroup")],
                new ResourcesConfig([new DeviceRule(Allow: false, "rwm")]),
                s_maskedPaths,
                s_readonlyPaths,
                SeccompFilter.For(request.Host, capabilities)));
    }

    /// <summary>The old tool's configuration for an image without one ran <c>run.sh</c>; its path, where the image has it.</summary>
    private static string? FindDefault(IImageFiles files) =>
        DefaultPath["PATH=".Length..].Split(':').Select(d => d + "/run.sh").FirstOrDefault(f => files.Find(f)?.Kind == ImageFileKind.Regular);

    /// <summary>The image's variables, the last of a name winning, with PATH and HOME where it has none.</summary>
    private static string[] Environment(IReadOnlyList<string> given, ImageUser user)
    {
        Dictionary<string, string> byName = new(StringComparer.Ordinal);
        List<string> names = [];
        foreach (string entry in (IEnumerable<string>)[DefaultPath, $"HOME={user.Home}", .. given])
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

    private static MountConfig[] Mounts(HostFacts host, IReadOnlyList<Volume> volumes) =>
    [
        new("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
        new("/dev", "tmpfs", "tmpfs", ["nosuid", "noexec", "strictatime", "mode=755", "size=65536k"]),
        new("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
        new("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
        new("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
        // A new one and no recursive bind of the host's, whose inner mounts (debugfs, bpf) would stay writable.
        new("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
        new("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"]),
        new("/run", "tmpfs", "tmpfs", ["nosuid", "nodev", "strictatime", "mode=755"]),
        new("/tmp", "tmpfs", "tmpfs", ["nosuid", "nodev", "strictatime", "mode=1777"]),
        .. from file in (string[])["/etc/resolv.conf", "/etc/hosts"]
           where host.IsDirectory(file) == false
           select new MountConfig(file, "bind", file, ["bind", "ro", "nosuid", "noexec", "nodev"]),
        .. volumes.Select(v => new MountConfig(v.Destination, "bind", v.Source, ["rbind", "rw", "nosuid", "nodev"])),
    ];
}
