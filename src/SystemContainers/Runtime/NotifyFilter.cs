// SPDX-License-Identifier: Apache-2.0

using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using SystemContainers.Linux.Native;

namespace SystemContainers.Runtime;

/// <summary>
/// <c>sysctr launch notify</c>: passes what a payload says of itself on to systemd, and nothing else. systemd starts it
/// when a datagram comes to the payload's own socket, descriptor 3, and it leaves as soon as no further one follows, so
/// that nothing stays.
/// </summary>
/// <param name="manager">systemd's own socket.</param>
/// <param name="pidFile">Where the runtime has written the payload's process id.</param>
/// <param name="cgroup">The container's unit, below the root of the control groups.</param>
sealed unsafe class NotifyFilter(string manager, string pidFile, string cgroup)
{
    private const int Descriptor = 3;

    /// <summary>How long it waits for a further datagram.</summary>
    private const int IdleMilliseconds = 300;

    /// <summary>
    /// So many datagrams a second go on. A payload that sends more waits, as it would for a systemd that is busy: the
    /// filter works for it outside of its limits, and systemd for everybody.
    /// </summary>
    private const int MostPerSecond = 100;

    private int _count;
    private long _since = Environment.TickCount64;

    /// <summary>The words of the call.</summary>
    public static string[] Command(string tool, string manager, string pidFile, string cgroup) =>
        [tool, "launch", "notify", manager, pidFile, cgroup];

    /// <summary>Works until nothing more comes.</summary>
    /// <returns>Exit status for systemd.</returns>
    public int Run()
    {
        byte[] buffer = new byte[NotifyMessage.MaxBytes + 1];
        pollfd ready = new() { fd = Descriptor, events = Libc.POLLIN };
        while (Libc.poll(&ready, 1, IdleMilliseconds) > 0 && (ready.revents & Libc.POLLIN) != 0)
        {
            if (Receive(buffer, out int sender) is { } message && IsOurs(sender))
            {
                Send(message, MainProcess() ?? sender);
            }

            Pace();
        }

        return 0;
    }

    /// <summary>One datagram. There is room for the sender's credentials alone, so that the kernel lets no descriptor
    /// in (and closes it, which is what who waits at a barrier waits for).</summary>
    private static string? Receive(byte[] buffer, out int sender)
    {
        Libc.credentials_message credentials = default;
        fixed (byte* data = buffer)
        {
            iovec vector = new() { iov_base = data, iov_len = buffer.Length };
            msghdr message = new()
            {
                msg_iov = &vector,
                msg_iovlen = 1,
                msg_control = &credentials,
                msg_controllen = (uint)sizeof(Libc.credentials_message),
            };
            nint length = Libc.recvmsg(Descriptor, &message, Libc.MSG_CMSG_CLOEXEC);
            bool known =
                length >= 0
                && message.msg_controllen >= Libc.credentials_message.Size
                && credentials.Header.cmsg_level == Libc.SOL_SOCKET
                && credentials.Header.cmsg_type == Libc.SCM_CREDENTIALS;
            sender = known ? credentials.Sender.pid : 0;
            return known && (message.msg_flags & Libc.MSG_TRUNC) == 0
                ? NotifyMessage.Admit(buffer.AsSpan(0, (int)length))
                : null;
        }
    }

    /// <summary>Of the unit, or gone already: nobody but the container and the host's root gets to the
    /// socket.</summary>
    private bool IsOurs(int process)
    {
        string? group = process > 0 ? UnitCgroup.OfProcess(process) : "";
        return group is null || IsBelow(group);
    }

    private bool IsBelow(string? group) =>
        group is not null && (group == cgroup || group.StartsWith(cgroup + "/", StringComparison.Ordinal));

    private int? MainProcess() => ReadPid() is { } process && IsBelow(UnitCgroup.OfProcess(process)) ? process : null;

    private int? ReadPid()
    {
        try
        {
            return int.TryParse(File.ReadAllText(pidFile), out int process) && process > 1 ? process : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>As the payload's main process, whose word counts whatever NotifyAccess= says; root may send in
    /// another's name (unix(7), SCM_CREDENTIALS).</summary>
    private void Send(string text, int process)
    {
        using Socket client = Notify.Connect(manager);
        Libc.credentials_message credentials = new()
        {
            Header = new Tmds.Linux.cmsghdr
            {
                cmsg_len = Libc.credentials_message.Size,
                cmsg_level = Libc.SOL_SOCKET,
                cmsg_type = Libc.SCM_CREDENTIALS,
            },
            Sender = new Tmds.Linux.ucred
            {
                pid = process,
                uid = Libc.geteuid(),
                gid = Libc.getegid(),
            },
        };
        if (!Notify.TrySend(client, Encoding.UTF8.GetBytes(text), credentials))
        {
            // A process that has ended meanwhile is nobody to speak for.
            LaunchLog.Error($"sending to {manager}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        }
    }

    private void Pace()
    {
        long passed = Environment.TickCount64 - _since;
        if (passed < 1000 && ++_count >= MostPerSecond)
        {
            Thread.Sleep((int)(1000 - passed));
            passed = 1000;
        }

        if (passed >= 1000)
        {
            (_since, _count) = (Environment.TickCount64, 0);
        }
    }
}
