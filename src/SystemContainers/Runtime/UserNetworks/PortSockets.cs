// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Errors;
using SystemContainers.Network;
using SystemContainers.Settings;

namespace SystemContainers.Runtime.UserNetworks;

/// <summary>
/// Published ports of a user's container on networks by name: for each a socket of the user's systemd on the host, and
/// a service that systemd starts when somebody comes, systemd-socket-proxyd(8) inside the container's network, or
/// <see cref="DatagramRelay"/>. They are there while the container's unit is, and a minute or two after the last that
/// came nothing runs for them.
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
            if (port.Protocol == "udp")
            {
                // One for all of a range, which for media has hundreds.
                Open(
                    record,
                    port,
                    [.. Enumerable.Range(0, port.Range).Select(o => Listen(port, o))],
                    DatagramCommand(record, port.ContainerPort, holder),
                    unit,
                    Name(record.Id, Text(number++))
                );
                continue;
            }

            for (int offset = 0; offset < port.Range; offset++)
            {
                Open(
                    record,
                    port,
                    [Listen(port, offset)],
                    Command(record, port.ContainerPort + offset, holder),
                    unit,
                    Name(record.Id, Text(number++))
                );
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
            .. Inside(record, holder),
            NetworkPrograms.SocketProxy,
            $"--connections-max={Text(MaxConnections)}",
            $"--exit-idle-time={IdleTime}",
            $"{(address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address)}:{Text(port)}",
        ];
    }

    /// <summary>The same for datagrams, to a port and those after it, as many as there are sockets.</summary>
    internal static IReadOnlyList<string> DatagramCommand(NetworkRecord record, int port, int holder) =>
        [
            .. Inside(record, holder),
            Environment.ProcessPath!,
            "launch",
            DatagramRelay.Verb,
            record.Addresses.First(),
            Text(port),
        ];

    /// <summary>In front of a command: in the container's network, with the sockets from outside.</summary>
    private static string[] Inside(NetworkRecord record, int holder) =>
        [
            "/usr/bin/env",
            "nsenter",
            $"--user=/proc/{Text(holder)}/ns/user",
            $"--net={UserNetwork.Seen(record, holder)}",
            "--preserve-credentials",
            "--",
        ];

    private static void Open(
        NetworkRecord record,
        PublishedPort port,
        IReadOnlyList<string> places,
        IReadOnlyList<string> command,
        string unit,
        string name
    )
    {
        bool datagrams = port.Protocol == "udp";
        string at = places.Count == 1 ? places[0] : $"{places[0]} to {places[^1]}";
        string[] options =
        [
            $"--unit={name}",
            $"--description=Port {at}{(datagrams ? "/udp" : "")} of the container {record.Id}",
            .. places.Select(p => $"--socket-property=Listen{(datagrams ? "Datagram" : "Stream")}={p}"),
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
            .. datagrams ? Array.Empty<string>() : ["--socket-property=Backlog=4096", "--socket-property=NoDelay=yes"],
            "--property=DefaultDependencies=no",
            $"--property=StopPropagatedFrom={unit}",
            $"--property=LimitNOFILE={Text(MaxConnections * FilesOfConnection)}",
            .. CompanionUnits.SpeakingFor(unit, record.Id),
        ];
        if (CompanionUnits.Run(options, command) != 0)
        {
            // A unit that failed keeps its name.
            CompanionUnits.Stop(name + ".socket", name + ".service");
            if (CompanionUnits.Run(options, command) != 0)
            {
                throw new SysctrException(
                    ErrorKind.Conflict,
                    $"publishing port {port} for {record.Id}: the user's systemd can't listen at {at}",
                    $"'journalctl --user -u {name}.socket' says why"
                );
            }
        }
    }

    private static string Name(string id, string number) => $"sysctr-port:{id}:{number}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
