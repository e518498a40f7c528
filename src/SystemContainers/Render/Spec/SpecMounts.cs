// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Bundle.RuntimeSpec;
using SystemContainers.Errors;
using SystemContainers.Network;
using SystemContainers.Render.Request;
using SystemContainers.Settings;
using SystemContainers.Templates;

namespace SystemContainers.Render.Spec;

/// <summary>The mounts of a config.json that we write: what every container has, and what was asked for.</summary>
static class SpecMounts
{
    /// <summary>Further memory of a container with a systemd, as podman has it.</summary>
    private static readonly MountConfig[] s_systemds =
    [
        new("/run/lock", "tmpfs", "tmpfs", ["nosuid", "nodev"]),
        new("/var/log/journal", "tmpfs", "tmpfs", ["nosuid", "nodev"]),
    ];

    /// <summary>All of them, parents before what is in them.</summary>
    /// <param name="request">The container.</param>
    /// <param name="settings">What was asked for of it.</param>
    /// <param name="volumes">What it keeps on the host.</param>
    /// <param name="systemd">Whether a systemd runs in it.</param>
    /// <exception cref="SysctrException">Host: the host lacks what is asked for.</exception>
    public static MountConfig[] Of(
        RenderRequest request,
        SpecSettings settings,
        IReadOnlyList<Volume> volumes,
        bool systemd
    )
    {
        MountConfig[] asked =
        [
            .. settings
                .Tmpfs.Select(t => (t.CopyUp, Mount: new MountConfig(t.Destination, "tmpfs", "tmpfs", t.Options)))
                .Select(t => t.CopyUp ? CopiedUp(t.Mount) : t.Mount),
            .. settings.Init ? [InitProgram.Mount(request.Host)] : (MountConfig[])[],
            .. settings
                .Volumes.Where(v => v.IsHostPath)
                .Select(v => new MountConfig(v.Destination, "bind", v.Source!, v.MountOptions)),
            .. volumes.Select(v => new MountConfig(v.Destination, "bind", v.Source, OptionsOf(v))),
            .. request.ImageMounts.Select(m => new MountConfig(
                m.Destination,
                "bind",
                m.Source,
                // As in the root, set-user-ID programs have their rights; a user's file system may not have them.
                ["bind", "ro", "nodev", .. request.Host.UserIds is null ? (string[])[] : ["nosuid"], "rprivate"]
            )),
            .. Zone(request.Host, settings),
        ];

        // Those that the image declares, where they are to be memory.
        string[] declared =
            settings.ImageVolume == "tmpfs"
                ? [.. (request.Image.Run?.Volumes?.Keys ?? []).Select(HostPath.Absolute)]
                : [];
        asked =
        [
            .. asked,
            .. declared
                .Where(d => !asked.Any(a => a.Destination == d))
                .Select(d => CopiedUp(new MountConfig(d, "tmpfs", "tmpfs", ["nosuid", "nodev"]))),
        ];

        // What is asked for stands in for what is there without asking; of two, one is mounted in the other.
        return
        [
            .. Usual(request, settings, systemd)
                .Select(Allowed)
                .Where(u => !asked.Any(a => a.Destination == u.Destination))
                .Select(CopiedUp),
            .. asked.OrderBy(a => a.Destination, StringComparer.Ordinal),
        ];

        // The kernel takes no owner that the namespace does not have.
        MountConfig Allowed(MountConfig mount) =>
            request.UserMap is { } map && mount.Type == "devpts" && !map.HasGid(5)
                ? mount with
                {
                    Options = [.. mount.Options.Where(o => o != "gid=5")],
                }
                : mount;

        // What the image has there is where its programs look for it: both runtimes copy it into the new file system,
        // owners and modes and all.
        MountConfig CopiedUp(MountConfig mount) =>
            mount.Type == "tmpfs" && mount.Destination != "/dev" && request.Files.List(mount.Destination).Count > 0
                ? mount with
                {
                    Options = [.. mount.Options, "tmpcopyup"],
                }
                : mount;

        IReadOnlyList<string> OptionsOf(Volume volume) =>
            settings.Volumes.FirstOrDefault(v => v.Destination == volume.Destination)?.MountOptions
            ?? ["rbind", "rw", "nosuid", "nodev"];
    }

    /// <summary>As podman does it, by the host's file over the image's, and not by <c>TZ</c>: most images have no zones
    /// by name.</summary>
    private static IEnumerable<MountConfig> Zone(HostFacts host, SpecSettings settings)
    {
        if (settings.TimeZone is not { } zone)
        {
            return [];
        }

        string file = zone == "local" ? "/etc/localtime" : "/usr/share/zoneinfo/" + zone;
        return host.IsDirectory(file) == false
            ? [new MountConfig("/etc/localtime", "bind", file, ["bind", "ro", "nosuid", "noexec", "nodev"])]
            : throw new SysctrException(
                ErrorKind.Host,
                $"setting the time zone {zone}: the host has no {file}",
                "install tzdata, or name a zone that 'timedatectl list-timezones' shows"
            );
    }

    private static MountConfig[] Usual(RenderRequest request, SpecSettings settings, bool systemd)
    {
        // All of it read-only: nothing can be written but what is mounted for that.
        string[] closed = settings is { UsualTmpfs: false, Writable: null } ? ["ro"] : [];
        string kernel = settings.Privileged ? "rw" : "ro";
        string groups =
            settings.Privileged || systemd || settings.Security.Unmask.Any(u => u is "ALL" or "/sys/fs/cgroup")
                ? "rw"
                : "ro";
        bool shared = settings.Ipc == "host";
        return
        [
            new("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
            new("/dev", "tmpfs", "tmpfs", ["nosuid", "noexec", "strictatime", "mode=755", "size=65536k", .. closed]),
            new(
                "/dev/pts",
                "devpts",
                "devpts",
                ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]
            ),
            new("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
            .. settings.Ipc == "none" ? (MountConfig[])[]
            : shared ? [new("/dev/shm", "bind", "/dev/shm", ["rbind", "rw", "nosuid", "noexec", "nodev"])]
            :
            [
                new(
                    "/dev/shm",
                    "tmpfs",
                    "shm",
                    [
                        "nosuid",
                        "noexec",
                        "nodev",
                        "mode=1777",
                        settings.ShmSize is { } bytes ? $"size={bytes}" : "size=65536k",
                        .. closed,
                    ]
                ),
            ],
            // A new one and no recursive bind of the host's, whose inner mounts (debugfs, bpf) would stay writable.
            new("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", kernel]),
            new("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", groups]),
            .. settings.UsualTmpfs || systemd
                ?
                [
                    new("/run", "tmpfs", "tmpfs", ["nosuid", "nodev", "strictatime", "mode=755"]),
                    new("/tmp", "tmpfs", "tmpfs", ["nosuid", "nodev", "strictatime", "mode=1777"]),
                    new("/var/tmp", "tmpfs", "tmpfs", ["nosuid", "nodev", "strictatime", "mode=1777"]),
                ]
                : (MountConfig[])[],
            .. systemd ? s_systemds : [],
            .. NameFiles
                .Of(request.RunDirectory, request.Name)
                .Select(f => new MountConfig(
                    f.Destination,
                    "bind",
                    f.Source,
                    ["bind", "ro", "nosuid", "noexec", "nodev"]
                )),
        ];
    }
}
