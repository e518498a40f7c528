// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Templates;

namespace SystemContainers.Bundle;

/// <summary>Paths of a host that come with its boot, or with a service: that they are not there now says nothing of
/// when a container starts.</summary>
static class BootPaths
{
    private static readonly string[] s_running = ["/run"];

    private static readonly string[] s_any = ["/dev", "/proc", "/run", "/sys"];

    /// <summary>Directories of /dev (others of its names are devices).</summary>
    private static readonly string[] s_directories =
    [
        "/dev/block",
        "/dev/bus",
        "/dev/bus/usb",
        "/dev/char",
        "/dev/disk",
        "/dev/dri",
        "/dev/hugepages",
        "/dev/input",
        "/dev/mapper",
        "/dev/mqueue",
        "/dev/net",
        "/dev/pts",
        "/dev/shm",
        "/dev/snd",
    ];

    /// <summary>Whether a path may be there later.</summary>
    /// <param name="path">Absolute.</param>
    /// <param name="isOffline">The host does not run: none of what its kernel shows is there.</param>
    public static bool MayCome(string path, bool isOffline)
    {
        string place = HostPath.WithoutVarRun(path);
        return (isOffline ? s_any : s_running).Any(d => (isOffline && place == d) || HostPath.IsBelow(place, d));
    }

    /// <summary>Sockets and files of /run whose names do not tell.</summary>
    private static readonly string[] s_files =
    [
        "/run/initctl",
        "/run/machine-id",
        "/run/motd.dynamic",
        "/run/nologin",
        "/run/reboot-required",
        "/run/systemd/journal/dev-log",
        "/run/systemd/journal/stdout",
        "/run/systemd/journal/syslog",
        "/run/systemd/notify",
        "/run/systemd/private",
        "/run/udev/control",
        "/run/utmp",
        "/run/uuidd/request",
        "/run/xtables.lock",
    ];

    /// <summary>The same of a user's directory there, by the path below it.</summary>
    private static readonly string[] s_userFiles =
    [
        "bus",
        "keyring/control",
        "pipewire-0",
        "pulse/native",
        "systemd/notify",
        "systemd/private",
        "wayland-0",
        "wayland-1",
    ];

    /// <summary>Whether what comes there is rather a file or a socket than a directory: of what every kernel shows this
    /// one knows, and of the rest its name tells.</summary>
    public static bool LooksLikeFile(string path)
    {
        string place = HostPath.WithoutVarRun(path);
        return HostPath.IsBelow(place, "/dev") ? !s_directories.Contains(place, StringComparer.Ordinal)
            : HostPath.IsBelow(place, "/proc") || HostPath.IsBelow(place, "/sys") ? File.Exists(place)
            : HostPath.IsBelow(place, "/run") && IsFileOfRun(place);
    }

    private static bool IsFileOfRun(string place)
    {
        string name = Path.GetFileName(place);
        return s_files.Contains(place, StringComparer.Ordinal)
            || Path.GetExtension(name) is ".comm" or ".conf" or ".env" or ".fifo" or ".json" or ".lock" or ".pid"
            // system_bus_socket, docker.sock, libvirt-sock.
            || name.EndsWith("socket", StringComparison.Ordinal)
            || name.EndsWith("sock", StringComparison.Ordinal)
            // Of varlink, GnuPG and PostgreSQL.
            || name.StartsWith("io.systemd.", StringComparison.Ordinal)
            || name.StartsWith("S.gpg-agent", StringComparison.Ordinal)
            || name.StartsWith(".s.PGSQL.", StringComparison.Ordinal)
            || (
                place.Split('/', 5) is ["", "run", "user", _, var below]
                && s_userFiles.Contains(below, StringComparer.Ordinal)
            );
    }
}
