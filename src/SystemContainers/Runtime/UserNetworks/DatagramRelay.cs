// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;

namespace SystemContainers.Runtime.UserNetworks;

/// <summary>
/// <c>sysctr launch udp</c>: what systemd-socket-proxyd(8) is for connections, for datagrams, which that can't pass on
/// (nor has any program of systemd's; pasta(1) takes no further ports while it runs). systemd has the sockets, on the
/// host, and starts this in the container's network when something comes. It leaves when nothing has come or gone for
/// a while: nothing stays, and nothing is lost, for what comes meanwhile waits in the sockets.
/// </summary>
sealed unsafe class DatagramRelay : IDisposable
{
    /// <summary>The verb of <c>sysctr launch</c> that becomes it.</summary>
    public const string Verb = "udp";

    /// <summary>The first descriptor that systemd passes (sd_listen_fds(3)).</summary>
    private const int First = 3;

    /// <summary>As docker's and podman's have it; a firewall of Linux keeps a flow for 30 to 120 seconds.</summary>
    private const int IdleMilliseconds = 90_000;

    /// <summary>How many senders it knows at a time; a further one takes the place of who was silent longest.</summary>
    private const int MostFlows = 1024;

    /// <summary>So many from one socket before the others have their turn.</summary>
    private const int Turn = 64;

    private const int SolIp = 0;
    private const int IpPktInfo = 8;
    private const int SolIpv6 = 41;
    private const int Ipv6RecvPktInfo = 49;

    private readonly IPAddress _address;
    private readonly int _port;
    private readonly int _sockets;
    private readonly Dictionary<DatagramPeer, Flow> _flows = [];
    private readonly Dictionary<int, Flow> _byDescriptor = [];
    private readonly SafeFileHandle _ready;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(65_536, pinned: true);

    /// <summary>As systemd-run's words have it: the container's address, and its port for the first socket; each
    /// further socket is for the next port.</summary>
    private DatagramRelay(IPAddress address, int port, int sockets)
    {
        (_address, _port, _sockets) = (address, port, sockets);
        _ready = new SafeFileHandle(Libc.epoll_create1(Libc.EPOLL_CLOEXEC), ownsHandle: true);
        if (_ready.IsInvalid)
        {
            throw LinuxException.Last("epoll_create1", "what is ready");
        }

        for (int socket = First; socket < First + sockets; socket++)
        {
            int on = 1;
            if (Libc.setsockopt(socket, SolIpv6, Ipv6RecvPktInfo, &on, sizeof(int)) != 0)
            {
                _ = Libc.setsockopt(socket, SolIp, IpPktInfo, &on, sizeof(int));
            }

            Await(socket);
        }
    }

    /// <summary>Works until nothing more comes.</summary>
    /// <param name="words">Behind the verb.</param>
    /// <returns>Exit status for systemd.</returns>
    /// <exception cref="SysctrException">Usage: it was not systemd that has called.</exception>
    public static int Run(ReadOnlySpan<string> words)
    {
        if (
            words is not [var address, var port]
            || !int.TryParse(
                Environment.GetEnvironmentVariable("LISTEN_FDS"),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out int sockets
            )
            || sockets == 0
        )
        {
            throw new SysctrException(ErrorKind.Usage, "passing datagrams on: systemd has given no socket");
        }

        using DatagramRelay relay = new(
            IPAddress.Parse(address),
            int.Parse(port, CultureInfo.InvariantCulture),
            sockets
        );
        relay.Work(IdleMilliseconds);
        return 0;
    }

    /// <summary>Ends when nobody is left and nothing waits.</summary>
    private void Work(int idle)
    {
        epoll_event* events = stackalloc epoll_event[Turn];
        long looked = Environment.TickCount64;
        while (true)
        {
            int some = Libc.epoll_wait(_ready, events, Turn, _flows.Count == 0 ? 0 : 1000);
            if (some == 0 && _flows.Count == 0)
            {
                return;
            }

            for (int at = 0; at < some; at++)
            {
                int descriptor = events[at].data.fd;
                if (descriptor < First + _sockets)
                {
                    PassIn(descriptor);
                }
                else if (_byDescriptor.TryGetValue(descriptor, out Flow? flow))
                {
                    PassOut(flow);
                }
            }

            long now = Environment.TickCount64;
            if (now - looked >= 1000)
            {
                looked = now;
                foreach (Flow flow in _flows.Values.Where(f => now - f.Last > idle).ToArray())
                {
                    Forget(flow);
                }
            }
        }
    }

    private void Await(int descriptor)
    {
        epoll_event wanted = new() { events = Libc.EPOLLIN };
        wanted.data.fd = descriptor;
        if (Libc.epoll_ctl(_ready, Libc.EPOLL_CTL_ADD, descriptor, &wanted) != 0)
        {
            throw LinuxException.Last("epoll_ctl", "a socket");
        }
    }

    private void PassIn(int socket)
    {
        Span<byte> name = stackalloc byte[DatagramPeer.NameBytes];
        Span<byte> control = stackalloc byte[DatagramPeer.ControlBytes];
        for (int turn = 0; turn < Turn; turn++)
        {
            name.Clear();
            int length = Receive(socket, name, control, out int nameLength, out int controlLength);
            if (length < 0)
            {
                return;
            }

            DatagramPeer peer = DatagramPeer.Read(socket, name, nameLength, control[..controlLength]);
            if ((_flows.TryGetValue(peer, out Flow? flow) ? flow : Make(peer)) is not { } known)
            {
                return;
            }

            known.Last = Environment.TickCount64;
            known.Inside.Send(_buffer.AsSpan(0, length), SocketFlags.None, out SocketError error);
            if (error == SocketError.ConnectionRefused)
            {
                // Of an earlier one, to which nobody listened; this one was not sent.
                known.Inside.Send(_buffer.AsSpan(0, length), SocketFlags.None, out _);
            }
        }
    }

    private void PassOut(Flow flow)
    {
        Span<byte> name = stackalloc byte[DatagramPeer.NameBytes];
        Span<byte> control = stackalloc byte[DatagramPeer.ControlBytes];
        int controlLength = flow.Peer.Write(name, control);
        for (int turn = 0; turn < Turn; turn++)
        {
            int length = flow.Inside.Receive(_buffer, SocketFlags.None, out SocketError error);
            if (error != SocketError.Success)
            {
                return;
            }

            flow.Last = Environment.TickCount64;

            // What was sent to all of a network is answered from the address that the route has.
            if (!Send(flow.Peer, length, name, control[..controlLength]) && controlLength > 0)
            {
                _ = Send(flow.Peer, length, name, []);
            }
        }
    }

    private int Receive(int socket, Span<byte> name, Span<byte> control, out int nameLength, out int controlLength)
    {
        fixed (byte* data = _buffer)
        fixed (byte* names = name)
        fixed (byte* controls = control)
        {
            iovec vector = new() { iov_base = data, iov_len = _buffer.Length };
            msghdr message = new()
            {
                msg_name = names,
                msg_namelen = name.Length,
                msg_iov = &vector,
                msg_iovlen = 1,
                msg_control = controls,
                msg_controllen = (uint)control.Length,
            };
            nint length = Libc.recvmsg(socket, &message, Libc.MSG_DONTWAIT);
            (nameLength, controlLength) = ((int)message.msg_namelen, (int)message.msg_controllen);
            return (int)length;
        }
    }

    private bool Send(DatagramPeer peer, int length, Span<byte> name, Span<byte> control)
    {
        fixed (byte* data = _buffer)
        fixed (byte* names = name)
        fixed (byte* controls = control)
        {
            iovec vector = new() { iov_base = data, iov_len = length };
            msghdr message = new()
            {
                msg_name = names,
                msg_namelen = peer.NameLength,
                msg_iov = &vector,
                msg_iovlen = 1,
                msg_control = controls,
                msg_controllen = (uint)control.Length,
            };
            return Libc.sendmsg(peer.Socket, &message, Libc.MSG_DONTWAIT | Libc.MSG_NOSIGNAL) >= 0;
        }
    }

    /// <summary>Null where the kernel has no socket to give: the datagram is lost, as any may be.</summary>
    private Flow? Make(DatagramPeer peer)
    {
        if (_flows.Count == MostFlows)
        {
            Forget(_flows.Values.MinBy(f => f.Last)!);
        }

        Socket? inside = null;
        Flow flow;
        try
        {
            inside = new Socket(_address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            inside.Blocking = false;
            inside.Connect(new IPEndPoint(_address, _port + peer.Socket - First));
            flow = new Flow(peer, inside);
            Await(flow.Descriptor);
        }
        catch (Exception e) when (e is SocketException or LinuxException)
        {
            inside?.Dispose();
            return null;
        }

        _flows[peer] = flow;
        return _byDescriptor[flow.Descriptor] = flow;
    }

    private void Forget(Flow flow)
    {
        _flows.Remove(flow.Peer);
        _byDescriptor.Remove(flow.Descriptor);
        flow.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Flow flow in _flows.Values)
        {
            flow.Dispose();
        }

        _ready.Dispose();
    }

    /// <summary>A sender, and the socket that speaks for it in the container's network.</summary>
    private sealed class Flow(DatagramPeer peer, Socket inside) : IDisposable
    {
        public DatagramPeer Peer => peer;

        public Socket Inside => inside;

        /// <summary>When something last came or went.</summary>
        public long Last { get; set; }

        public int Descriptor { get; } = (int)inside.Handle;

        public void Dispose() => inside.Dispose();
    }
}
