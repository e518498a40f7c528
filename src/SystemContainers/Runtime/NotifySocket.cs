// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;

namespace SystemContainers.Runtime;

/// <summary>
/// The socket that a payload of the system's manager speaks to instead of systemd's own: a unit of its own, there while
/// the container's is, that starts <see cref="NotifyFilter"/> when something comes. Made by systemd-run(1), which
/// speaks to systemd without D-Bus, so also early at boot.
/// </summary>
static class NotifySocket
{
    /// <summary>Where it is for a container, in a directory that nobody but root enters.</summary>
    /// <param name="id">The runtime's name for the container.</param>
    public static string PathOf(string id) => $"/run/sysctr/{id}/notify";

    /// <summary>Whether a path is that of some container.</summary>
    public static bool IsPath(string? path) =>
        path is not null
        && path.StartsWith("/run/sysctr/", StringComparison.Ordinal)
        && path.EndsWith("/notify", StringComparison.Ordinal);

    /// <summary>Makes the socket; one that an earlier start has left gives way.</summary>
    /// <param name="id">The runtime's name for the container.</param>
    /// <param name="filter">The words that start the filter.</param>
    /// <exception cref="SysctrException">Host: systemd does not make it.</exception>
    public static void Start(string id, IReadOnlyList<string> filter)
    {
        if (File.Exists(PathOf(id)))
        {
            Stop(id);
        }

        string[] options =
        [
            $"--unit={Unit(id)}",
            $"--description=Notifications of the container {id}",
            $"--socket-property=ListenDatagram={PathOf(id)}",
            "--socket-property=SocketMode=0666",
            "--socket-property=PassCredentials=yes",
            "--socket-property=DefaultDependencies=no",
            "--socket-property=TriggerLimitIntervalSec=0",
            "--socket-property=RemoveOnStop=yes",
            "--property=DefaultDependencies=no",
            "--property=StartLimitIntervalSec=0",
            // A line in the journal for each sign of life would be too many.
            "--socket-property=LogLevelMax=warning",
            "--property=LogLevelMax=warning",
            // It reads what hostile payloads write.
            "--property=CapabilityBoundingSet=CAP_SYS_ADMIN",
            "--property=NoNewPrivileges=yes",
            "--property=RestrictAddressFamilies=AF_UNIX",
            "--property=DevicePolicy=closed",
            "--property=MemoryMax=128M",
            "--property=CPUWeight=10",
        ];
        if (CompanionUnits.Run(options, filter) != 0)
        {
            // A unit that failed keeps its name.
            Stop(id);
            if (CompanionUnits.Run(options, filter) != 0)
            {
                throw new SysctrException(
                    ErrorKind.Host,
                    $"starting {id}: systemd does not make {PathOf(id)} for its notifications",
                    $"'journalctl -u {Unit(id)}.socket' says why"
                );
            }
        }
    }

    /// <summary>Takes the socket away; whether there was one does not matter.</summary>
    public static void Stop(string id) => CompanionUnits.Stop(Unit(id) + ".socket", Unit(id) + ".service");

    private static string Unit(string id) => $"sysctr-notify-{id}";
}
