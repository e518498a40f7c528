// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;

namespace SystemContainers.Runtime.UserNetworks;

/// <summary>Who sent a datagram, and to which address of the host: the answer has to come from there, or the sender
/// takes it for somebody else's. As the kernel has told it (ip(7) and ipv6(7), IP_PKTINFO and IPV6_PKTINFO).</summary>
/// <param name="Socket">The descriptor that it came to.</param>
/// <param name="Name">The first half of the sender's sockaddr.</param>
/// <param name="NameEnd">The second half, of IPv6.</param>
/// <param name="NameLength">How long that is.</param>
/// <param name="Local">The host's address; of IPv4 the first four bytes of it; 0 where the kernel did not say.</param>
[StructLayout(LayoutKind.Auto)]
readonly record struct DatagramPeer(int Socket, UInt128 Name, UInt128 NameEnd, int NameLength, UInt128 Local)
{
    /// <summary>Room for a sockaddr_in6, in whole halves.</summary>
    public const int NameBytes = 32;

    /// <summary>Room for the one message beside a datagram: a header of 16 bytes (cmsghdr(3), on 64-bit Linux) and an
    /// in6_pktinfo, aligned.</summary>
    public const int ControlBytes = Header + 24;

    private const int Header = 16;
    private const int Ipv4 = 0; // SOL_IP
    private const int Ipv6 = 41; // SOL_IPV6
    private const int Ipv4Information = 8; // IP_PKTINFO: an index, the local address, the one in the datagram
    private const int Ipv6Information = 50; // IPV6_PKTINFO: an address and an index

    /// <summary>Reads what recvmsg(2) has left.</summary>
    /// <param name="socket">The descriptor.</param>
    /// <param name="name">msg_name, of <see cref="NameBytes"/>, with zeros behind its end.</param>
    /// <param name="nameLength">msg_namelen.</param>
    /// <param name="control">msg_control, as long as msg_controllen says.</param>
    public static DatagramPeer Read(int socket, ReadOnlySpan<byte> name, int nameLength, ReadOnlySpan<byte> control)
    {
        Span<byte> local = stackalloc byte[16];
        local.Clear();
        if (control.Length >= Header)
        {
            (int level, int type) = (MemoryMarshal.Read<int>(control[8..]), MemoryMarshal.Read<int>(control[12..]));
            if ((level, type) == (Ipv4, Ipv4Information) && control.Length >= Header + 12)
            {
                control.Slice(Header + 4, 4).CopyTo(local);
            }
            else if ((level, type) == (Ipv6, Ipv6Information) && control.Length >= Header + 20)
            {
                control.Slice(Header, 16).CopyTo(local);
            }
        }

        return new(
            socket,
            MemoryMarshal.Read<UInt128>(name),
            MemoryMarshal.Read<UInt128>(name[16..]),
            nameLength,
            MemoryMarshal.Read<UInt128>(local)
        );
    }

    /// <summary>Writes what sendmsg(2) needs for an answer.</summary>
    /// <param name="name">For msg_name, of <see cref="NameBytes"/>.</param>
    /// <param name="control">For msg_control, of <see cref="ControlBytes"/>.</param>
    /// <returns>msg_controllen.</returns>
    public int Write(Span<byte> name, Span<byte> control)
    {
        MemoryMarshal.Write(name, Name);
        MemoryMarshal.Write(name[16..], NameEnd);
        control.Clear();
        if (Local == 0)
        {
            return 0;
        }

        bool four = NameLength <= 16;
        MemoryMarshal.Write(control, (nint)(Header + (four ? 12 : 20)));
        MemoryMarshal.Write(control[8..], four ? Ipv4 : Ipv6);
        MemoryMarshal.Write(control[12..], four ? Ipv4Information : Ipv6Information);
        Span<byte> local = stackalloc byte[16];
        MemoryMarshal.Write(local, Local);

        // No index of an interface: where it is needed, a link-local sender's address has it.
        local[..(four ? 4 : 16)].CopyTo(control[(four ? Header + 4 : Header)..]);
        return Header + (four ? 16 : 24);
    }
}
