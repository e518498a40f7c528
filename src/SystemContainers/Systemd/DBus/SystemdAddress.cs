// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Native;
using SystemContainers.Linux.Users;

namespace SystemContainers.Systemd.DBus;

/// <summary>Where a systemd answers to D-Bus: on a message bus, or at a socket of its own, with nothing in
/// between.</summary>
/// <param name="Address">Of a bus (D-Bus Specification, "Server Addresses"); else the path of systemd's own
/// socket.</param>
/// <param name="Uid">Who we are to the other side, which is outside of any user namespace that we are in.</param>
sealed record SystemdAddress(string Address, uint Uid)
{
    public bool IsOwnSocket => Address.StartsWith('/');

    /// <summary>The system's bus (D-Bus Specification, "System message bus").</summary>
    internal const string SystemBus = "/run/dbus/system_bus_socket";

    /// <summary>systemd's own socket: for root alone, and there as long as systemd runs. systemctl uses it
    /// too.</summary>
    private const string SystemSocket = "/run/systemd/private";

    /// <summary>The addresses of a systemd, in the order in which to try them.</summary>
    /// <param name="user">Whose systemd; null for the system's.</param>
    public static IReadOnlyList<SystemdAddress> Of(HostUser? user)
    {
        if (user is not null)
        {
            return
            [
                new(
                    Variable("DBUS_SESSION_BUS_ADDRESS") ?? OfSocket(Path.Join(user.RuntimeDirectory, "bus")),
                    user.Uid
                ),
                new(Path.Join(user.RuntimeDirectory, "systemd/private"), user.Uid),
            ];
        }

        uint uid = Libc.geteuid();
        SystemdAddress bus = new(Variable("DBUS_SYSTEM_BUS_ADDRESS") ?? OfSocket(SystemBus), uid);
        return uid == 0 ? [bus, new(SystemSocket, uid)] : [bus];
    }

    private static string OfSocket(string path) =>
        "unix:path=" + string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
