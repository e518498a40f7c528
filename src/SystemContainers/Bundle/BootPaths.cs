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

    /// <summary>Whether what comes there is rather a file or a socket than a directory, by its name.</summary>
    public static bool LooksLikeFile(string path) =>
        HostPath.WithoutVarRun(path) is var place
        && (
            HostPath.IsBelow(place, "/dev")
                ? !s_directories.Contains(place, StringComparer.Ordinal)
                : HostPath.IsBelow(place, "/run") && Path.GetExtension(place) is ".sock" or ".socket" or ".pid"
        );
}
