// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Errors;
using SystemContainers.Network;
using SystemContainers.Settings;

namespace SystemContainers.Runtime.UserNetworks;

/// <summary>
/// Published ports of a user's container on networks by name: for each a socket of the user's systemd on the host, and
/// a service that systemd starts when somebody comes, systemd-socket-proxyd(8) inside the container's network. They are
/// there while the container's unit is, and a minute after the last connection nothing runs for them.
/// </summary>
static class PortSockets
{
    /// <summary>With two sockets and two pipes a connection, and the hard limit that systemd gives.</summary>
    private const int MaxConnections = 4096;

    private const int FilesOfConnection = 8;

    private const string IdleTime = "1min";

    /// <summary>Listens; those that an earlier start has left gave way.</summary>
    /// <param name="record">The container's network.</param>
    /// <param name="ports">With numbers.</param>
    /// <param name="holder">The process that holds the user's networks.</param>
    /// <param name="unit">The container's.</param>
    /// <exception cref="SysctrException">Conflict: one can't be had.</exception>
    public static void Open(NetworkRecord record, IReadOnlyList<PublishedPort> ports, int holder, string unit)
    {
        int number = 0;
        foreach (PublishedPort port in ports)
        {
            for (int offset = 0; offset < port.Range; offset++, number++)
            {
                Open(record, port, offset, holder, unit, Name(record.Id, Text(number)));
            }
        }
    }

    /// <summary>Takes a container's away; whether there were any does not matter.</summary>
    public static void Close(string id) => CompanionUnits.Stop(Name(id, "*") + ".socket", Name(id, "*") + ".service");

    /// <summary>Where it listens, in the words of systemd.socket(5).</summary>
    internal static string Listen(PublishedPort port, int offset) =>
        (
            port.HostIp.Length == 0 ? ""
            : port.HostIp.Contains(':', StringComparison.Ordinal) ? $"[{port.HostIp}]:"
            : port.HostIp + ":"
        ) + Text(port.HostPort + offset);

    /// <summary>The command that leads from the host to a port in a container's network.</summary>
    internal static IReadOnlyList<string> Command(NetworkRecord record, int port, int holder)
    {
        string address = record.Addresses.First();
        return
        [
            "/usr/bin/env",
            "nsenter",
            $"--user=/proc/{Text(holder)}/ns/user",
            $"--net={UserNetwork.Seen(record, holder)}",
            "--preserve-credentials",
            "--",
            NetworkPrograms.SocketProxy,
            $"--connections-max={Text(MaxConnections)}",
            $"--exit-idle-time={IdleTime}",
            $"{(address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address)}:{Text(port)}",
        ];
    }

    private static void Open(NetworkRecord record, PublishedPort port, int offset, int holder, string unit, string name)
    {
        string[] options =
        [
            $"--unit={name}",
            $"--description=Port {Listen(port, offset)} of the container {record.Id}",
            $"--socket-property=ListenStream={Listen(port, offset)}",
            // 0.0.0.0 and [::] may be published beside each other, whatever the host says of both at once
            // (net.ipv6.bindv6only).
            $"--socket-property=BindIPv6Only={(port.HostIp.Contains(':', StringComparison.Ordinal) ? "ipv6-only" : "both")}",
            // The user's manager is there before the host has its addresses.
            .. port.HostIp.Length > 0 ? ["--socket-property=FreeBind=yes"] : Array.Empty<string>(),
            "--socket-property=TriggerLimitIntervalSec=0",
            "--property=StartLimitIntervalSec=0",
            "--socket-property=DefaultDependencies=no",
            // Not BindsTo=, by which a restart of the unit would open it again before its network is there.
            $"--socket-property=StopPropagatedFrom={unit}",
            "--socket-property=Backlog=4096",
            "--socket-property=NoDelay=yes",
            "--property=DefaultDependencies=no",
            $"--property=StopPropagatedFrom={unit}",
            $"--property=LimitNOFILE={Text(MaxConnections * FilesOfConnection)}",
            .. CompanionUnits.SpeakingFor(unit, record.Id),
        ];
        IReadOnlyList<string> command = Command(record, port.ContainerPort + offset, holder);
        if (CompanionUnits.Run(options, command) != 0)
        {
            // A unit that failed keeps its name.
            CompanionUnits.Stop(name + ".socket", name + ".service");
            if (CompanionUnits.Run(options, command) != 0)
            {
                throw new SysctrException(
                    ErrorKind.Conflict,
                    $"publishing port {port} for {record.Id}: the user's systemd can't listen at {Listen(port, offset)}",
                    $"'journalctl --user -u {name}.socket' says why"
                );
            }
        }
    }

    private static string Name(string id, string number) => $"sysctr-port:{id}:{number}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
