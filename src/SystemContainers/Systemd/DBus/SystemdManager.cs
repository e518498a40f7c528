// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Systemd.DBus;

/// <summary>Finds the systemd of a host.</summary>
static class SystemdManager
{
    /// <summary>The running systemd for the running host, where one is booted (sd_booted(3)), and a user's, which runs
    /// while the user is logged in, or from boot on when lingering; else the files alone. Nothing is asked
    /// yet.</summary>
    /// <param name="isBooting">That systemd is only just starting: it is worked on as if it did not run.</param>
    public static ISystemdManager Of(HostPaths paths, bool isBooting) =>
        isBooting ? new OfflineSystemd(paths)
        : paths.User is not null || (paths.Root == "/" && Directory.Exists("/run/systemd/system"))
            ? new SystemdBus(paths.User)
        : new OfflineSystemd(paths);
}
