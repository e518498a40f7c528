// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using SystemContainers.Errors;
using SystemContainers.Settings;

namespace SystemContainers.Network;

/// <summary>
/// Published ports against those that are taken. The rules of the firewall would hide a service that listens on the
/// host without a word, so a port that somebody has is refused; podman does the same by listening itself, for which it
/// has a process that stays.
/// </summary>
static class HostPorts
{
    private const int Attempts = 100;

    /// <summary>The ports with numbers: those that were left to us get one that is free.</summary>
    /// <param name="ports">As asked for.</param>
    /// <param name="others">Containers that run.</param>
    /// <param name="id">Whose they will be.</param>
    /// <param name="awaitsAddress">Whether whoever listens can do so before the host has the address.</param>
    /// <exception cref="SysctrException">Conflict: says which port, and whose it is where that is a
    /// container.</exception>
    public static IReadOnlyList<PublishedPort> Claim(
        IReadOnlyList<PublishedPort> ports,
        IReadOnlyCollection<NetworkRecord> others,
        string id,
        bool awaitsAddress = false
    )
    {
        List<PublishedPort> claimed = [];
        foreach (PublishedPort port in ports)
        {
            claimed.Add(port.HostPort == 0 ? port with { HostPort = Free(port, others) } : port);
            PublishedPort here = claimed[^1];
            if (others.FirstOrDefault(o => o.Input.PortMappings.Any(p => p.Overlaps(here))) is { } other)
            {
                throw Taken(here, id, $"the container {other.Id} has it", $"stop {other.Id}, or publish another port");
            }

            for (int offset = 0; offset < here.Range; offset++)
            {
                if (
                    !IsFree(here, here.HostPort + offset, out SocketError error)
                    && !(awaitsAddress && error == SocketError.AddressNotAvailable)
                )
                {
                    throw error == SocketError.AccessDenied
                        ? Taken(
                            here,
                            id,
                            "a user may not listen there",
                            "publish a port from 1024 on, or let the administrator set sysctl net.ipv4.ip_unprivileged_port_start"
                        )
                    : error == SocketError.AddressNotAvailable
                        ? Taken(
                            here,
                            id,
                            $"the host does not have the address {here.HostIp}",
                            "publish it at an address of the host, or at all"
                        )
                    : Taken(
                        here,
                        id,
                        "something on the host listens there",
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"'ss -lnp sport = {here.HostPort + offset}' shows what; stop it, or publish another port"
                        )
                    );
                }
            }
        }

        return claimed;
    }

    private static SysctrException Taken(PublishedPort port, string id, string why, string hint) =>
        new(ErrorKind.Conflict, $"publishing port {port} for {id}: {why}", hint);

    private static ushort Free(PublishedPort port, IReadOnlyCollection<NetworkRecord> others)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            // What the kernel would give a client (ip(7), ip_local_port_range), less its upper half, where clients are
            // many.
            PublishedPort tried = port with
            {
                HostPort = (ushort)Random.Shared.Next(32_768, 49_152),
            };
            if (
                !others.Any(o => o.Input.PortMappings.Any(p => p.Overlaps(tried)))
                && IsFree(tried, tried.HostPort, out _)
            )
            {
                return tried.HostPort;
            }
        }

        throw new SysctrException(
            ErrorKind.Host,
            "looking for a free port: a hundred are taken",
            "name one with --publish"
        );
    }

    /// <summary>Whether nobody listens there: bound for a moment. SCTP has no socket here, and is taken as it
    /// is.</summary>
    private static bool IsFree(PublishedPort port, int number, out SocketError error)
    {
        error = SocketError.Success;
        if (port.Protocol == "sctp")
        {
            return true;
        }

        bool udp = port.Protocol == "udp";
        try
        {
            IPAddress address = port.HostIp.Length == 0 ? IPAddress.Any : IPAddress.Parse(port.HostIp);
            using Socket socket = new(
                address.AddressFamily,
                udp ? SocketType.Dgram : SocketType.Stream,
                udp ? ProtocolType.Udp : ProtocolType.Tcp
            );
            socket.Bind(new IPEndPoint(address, number));
            if (!udp)
            {
                socket.Listen(1);
            }

            return true;
        }
        catch (SocketException e)
        {
            error = e.SocketErrorCode;
            return error
                is not (SocketError.AddressAlreadyInUse or SocketError.AddressNotAvailable or SocketError.AccessDenied);
        }
    }
}
