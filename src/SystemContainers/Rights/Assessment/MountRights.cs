// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Bundle;
using SystemContainers.Network;
using SystemContainers.Runtime;
using SystemContainers.Templates;

namespace SystemContainers.Rights.Assessment;

/// <summary>What the mounts of a config.json show of the host (runtime-spec: config.md, "Mounts";
/// mount_namespaces(7)).</summary>
static class MountRights
{
    private const string ListenInside = "/.sysctr-listen";

    // Made anew for each container, and nothing of the host's in them.
    private static readonly string[] s_ownTypes = ["proc", "sysfs", "tmpfs", "devpts", "mqueue", "ramfs"];

    private static readonly string[] s_kernelTypes =
    [
        "debugfs",
        "tracefs",
        "securityfs",
        "bpf",
        "configfs",
        "fusectl",
        "hugetlbfs",
        "binfmt_misc",
        "efivarfs",
        "pstore",
        "selinuxfs",
        "resctrl",
        "rpc_pipefs",
        "nfsd",
        "devtmpfs",
    ];

    // What the host shows to every program anyway.
    private static readonly string[] s_harmless =
    [
        "/etc/resolv.conf",
        "/etc/hosts",
        "/etc/hostname",
        "/etc/localtime",
        "/etc/timezone",
        "/etc/os-release",
        "/usr/lib/os-release",
        "/etc/machine-id",
        "/etc/redhat-release",
        "/etc/debian_version",
        "/usr/share/zoneinfo",
        "/etc/adjtime",
        "/etc/protocols",
        "/etc/services",
    ];

    private static readonly string[] s_sockets =
    [
        "/run/docker.sock",
        "/run/docker",
        "/run/containerd",
        "/run/crio",
        "/run/podman",
        "/run/dbus",
        "/run/systemd",
        "/run/libvirt",
        "/run/snapd.socket",
        "/run/lxd",
        "/run/incus",
        "/run/buildkit",
        "/run/udev",
        "/run/cri-dockerd.sock",
        "/run/dockershim.sock",
        "/run/frakti.sock",
        "/run/nscd",
        "/run/sssd",
        "/run/acpid.socket",
    ];

    private static readonly string[] s_noSockets =
    [
        "/run/systemd/notify",
        "/run/systemd/journal",
        "/run/systemd/resolve",
    ];

    // Published ones: flannel writes docker's options there.
    private static readonly string[] s_engineDropIns =
    [
        .. UnitRights.Engines.Select(u => $"/etc/systemd/system/{u}.d"),
    ];

    // Places that hold dangerous ones, which the published docker, kubelet and net-snmp have for writing.
    private static readonly string[] s_told = ["/run", "/home", "/var/lib", "/dev", "/sys", "/proc", "/tmp"];

    /// <summary>The rights, in no order.</summary>
    public static IEnumerable<Right> Of(RightsSubject subject, JsonElement root)
    {
        foreach (JsonElement mount in root.All("mounts").Items())
        {
            string[] options = [.. mount.All("options").Items().Strings()];
            bool write = mount
                .All("options")
                .Select(o => new[] { o }.Items().Strings().ToArray())
                .DefaultIfEmpty([])
                .Any(IsWritable);
            string[] types = [.. mount.All("type").Strings().Where(t => t.Length > 0)];
            if (
                types.Contains("bind", StringComparer.Ordinal)
                || options.Contains("bind")
                || options.Contains("rbind")
                || types.Length == 0
                || types.Contains("none", StringComparer.Ordinal)
            )
            {
                foreach (
                    string source in mount
                        .All("source")
                        .Strings()
                        .Where(s =>
                            write
                                ? s != NotifySocket.PathOf(subject.Name)
                                : !IsOurs(subject, s, mount) && !MountedTrees.IsIn(subject.Destination, s)
                        )
                )
                {
                    foreach (Right right in Bind(subject, source, options, write))
                    {
                        yield return right;
                    }
                }

                continue;
            }

            foreach (string type in types.Except(s_ownTypes, StringComparer.Ordinal))
            {
                bool isCgroup = type is "cgroup" or "cgroup2";
                if (!isCgroup || write)
                {
                    yield return isCgroup || s_kernelTypes.Contains(type, StringComparer.Ordinal)
                        ? new Right("kernel-filesystem", type)
                        : new Right(
                            "mount-filesystem",
                            subject.Masked(
                                $"{type} {string.Join('+', mount.All("source").Strings())} {string.Join(',', options)}"
                            )
                        );
                }
            }
        }

        foreach (
            string propagation in root.All("linux")
                .All("rootfsPropagation")
                .Strings()
                .Where(p => p is "shared" or "rshared")
        )
        {
            yield return new Right("mount-propagation", $"{propagation} /");
        }
    }

    private static IEnumerable<Right> Bind(RightsSubject subject, string source, string[] options, bool write)
    {
        if (!source.StartsWith('/'))
        {
            // Below the bundle, where the deployment's own files are.
            if (!HostPath.LeadsUpwards(source))
            {
                yield break;
            }

            source = $"{subject.Destination}/{source}";
        }

        string normal = HostPlaces.Normal(source);
        if (normal == subject.Destination || HostPath.IsBelow(normal, subject.Destination))
        {
            yield break;
        }

        if (!write && IsHarmless(normal))
        {
            // Whatever it is a link to on this host.
            yield break;
        }

        Right[] rights = [.. subject.NamesOf(source).Select(name => OfPath(subject, name, write)).OfType<Right>()];
        foreach (Right right in rights)
        {
            yield return right;
        }

        if (options.Any(o => o is "shared" or "rshared") && rights.Length > 0)
        {
            yield return new Right("mount-propagation", normal);
        }
    }

    /// <summary>The right to a place of the host; null for none.</summary>
    private static Right? OfPath(RightsSubject subject, string path, bool write)
    {
        string suffix = write ? Right.Write : "";
        if (path == "/")
        {
            return new Right("bind-root" + suffix, path);
        }

        if (!write && IsHarmless(path))
        {
            return null;
        }

        if (write && s_engineDropIns.Contains(path, StringComparer.Ordinal))
        {
            return new Right("bind-drop-ins-write", path);
        }

        bool isHome =
            HostPlaces.IsHome(path, subject.Home)
            && (path == "/home" || path == "/root" || path == subject.Home || HostPath.Parts(path) is ["home", _]);
        if (
            write
            && HostPlaces.HoldsDangerous(path, subject.Home)
            && !isHome
            && !s_told.Contains(path, StringComparer.Ordinal)
        )
        {
            return new Right("bind-system-write", path);
        }

        return subject.IsOwn(path) ? null
            : s_sockets.Any(s => IsAt(path, s)) && !s_noSockets.Any(s => IsAt(path, s))
                ? new Right("bind-control-socket", path)
            : IsAt(path, "/dev") ? new Right("bind-dev", path)
            : HostPlaces.IsHome(path, subject.Home) ? Of("home")
            : IsAt(path, "/run")
                ? path == "/run/systemd/notify" ? null
                    : Of("run")
            : IsAt(path, "/proc") ? Of("proc")
            : IsAt(path, "/sys") ? Of("sys")
            : IsAt(path, "/etc") ? Of("config")
            : IsAt(path, "/usr") || IsAt(path, "/boot") || IsAt(path, "/efi") ? Of("system")
            : IsAt(path, "/var") ? Of("state")
            : Of("data");

        Right Of(string area) => new($"bind-{area}{suffix}", path);
    }

    private static bool IsHarmless(string path) => s_harmless.Any(h => IsAt(path, h));

    private static bool IsAt(string path, string directory) => path == directory || HostPath.IsBelow(path, directory);

    /// <summary>Whether the last word about it is not that it may only be read.</summary>
    private static bool IsWritable(string[] options) =>
        options.LastOrDefault(o => o is "ro" or "rw" or "rro" or "rrw") is not ("ro" or "rro");

    /// <summary>What sysctr adds itself, to be read: sysctr-listen, the socket for the payload's notifications, and
    /// files of names. Attack: an image's own config.json binds the host's sysctr-listen to write to it, and what it
    /// writes is copied into the next containers.</summary>
    private static bool IsOurs(RightsSubject subject, string source, JsonElement mount) =>
        source == NotifySocket.PathOf(subject.Name)
        || NameFiles.IsPath(source)
        || (
            source == subject.ListenHelper
            && source.Length > 0
            && mount.All("destination").Strings().All(d => d == ListenInside)
        );
}
