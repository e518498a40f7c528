// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Processes;

/// <summary>Copies between descriptors for <see cref="BorderRelay"/>, each on a thread of its own.</summary>
static unsafe class StreamCopy
{
    private const int PollMilliseconds = 100;

    /// <summary>More than a pipe holds: who is left behind may write for ever.</summary>
    private const int MostAfterEnd = 1 << 20;

    /// <summary>Copies until the other side has closed it; after the command's end only what is there, for somebody
    /// left behind may keep it open.</summary>
    public static void Output(int from, int to, ManualResetEventSlim ended)
    {
        byte* buffer = stackalloc byte[1 << 15];
        for (int late = 0; late < MostAfterEnd;)
        {
            bool over = ended.IsSet;
            pollfd ready = new() { fd = from, events = Libc.POLLIN };
            if (Libc.poll(&ready, 1, PollMilliseconds) <= 0)
            {
                if (over)
                {
                    return;
                }

                continue;
            }

            nint count = Libc.read(from, buffer, 1 << 15);
            if (count <= 0 || !WriteAll(to, buffer, count))
            {
                return;
            }

            late += over ? (int)count : 0;
        }
    }

    /// <summary>Copies this process's input until it ends, or nobody takes it any more.</summary>
    /// <param name="ended">When it is set nothing more is read: the descriptor may be somebody else's then.</param>
    public static void Input(int to, ManualResetEventSlim ended)
    {
        byte* buffer = stackalloc byte[1 << 15];
        while (true)
        {
            pollfd ready = new() { fd = 0, events = Libc.POLLIN };
            int happened = Libc.poll(&ready, 1, -1);
            if (ended.IsSet)
            {
                return;
            }

            if (happened <= 0)
            {
                continue;
            }

            if (Libc.isatty(0) == 1 && Libc.tcgetpgrp(0) != Libc.getpgrp())
            {
                // In the background: reading would stop the whole process (SIGTTIN), and the input is not for it.
                Thread.Sleep(PollMilliseconds);
                continue;
            }

            nint count = Libc.read(0, buffer, 1 << 15);
            if (count <= 0 || !WriteAll(to, buffer, count))
            {
                return;
            }
        }
    }

    /// <returns>False where nobody reads any more.</returns>
    private static bool WriteAll(int to, byte* data, nint count)
    {
        for (nint done = 0; done < count;)
        {
            nint written = Libc.write(to, data + done, (nuint)(count - done));
            if (written < 0 && Marshal.GetLastPInvokeError() is Errno.EAGAIN)
            {
                // Somebody else has made the caller's stream one that does not wait.
                Thread.Sleep(1);
            }
            else if (written < 0 && Marshal.GetLastPInvokeError() is not Errno.EINTR)
            {
                return false;
            }
            else
            {
                done += Math.Max(written, 0);
            }
        }

        return true;
    }
}
