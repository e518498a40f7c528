// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace SystemContainers.Linux.Processes;

/// <summary>The journal's native protocol: an entry is one datagram (systemd.io, JOURNAL_NATIVE_PROTOCOL).</summary>
static class JournalSocket
{
    private const string Path = "/run/systemd/journal/socket";

    /// <summary>Sends an entry to the journal of the running host; without a journal, nothing happens.</summary>
    /// <param name="fields">Upper-case names with their values.</param>
    /// <returns>Whether the journal took it.</returns>
    public static bool Send(IEnumerable<KeyValuePair<string, string>> fields)
    {
        try
        {
            using Socket client = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            client.SendTo(Encode(fields), new UnixDomainSocketEndPoint(Path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The datagram: <c>NAME=value</c> lines, and for values of several lines the name, a length and the
    /// bytes.</summary>
    internal static byte[] Encode(IEnumerable<KeyValuePair<string, string>> fields)
    {
        using MemoryStream datagram = new();
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        foreach ((string name, string value) in fields)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(value);
            datagram.Write(Encoding.UTF8.GetBytes(name));
            if (bytes.AsSpan().Contains((byte)'\n'))
            {
                datagram.WriteByte((byte)'\n');
                BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)bytes.Length);
                datagram.Write(length);
            }
            else
            {
                datagram.WriteByte((byte)'=');
            }

            datagram.Write(bytes);
            datagram.WriteByte((byte)'\n');
        }

        return datagram.ToArray();
    }
}
