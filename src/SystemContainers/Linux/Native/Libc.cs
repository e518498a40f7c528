// SPDX-License-Identifier: Apache-2.0

// Structures of the kernel and libc, as Tmds.LibC lays them out for each processor.
global using epoll_event = Tmds.Linux.epoll_event;
global using iovec = Tmds.Linux.iovec;
global using msghdr = Tmds.Linux.msghdr;
global using open_how = Tmds.Linux.open_how;
global using pollfd = Tmds.Linux.pollfd;
global using sigset_t = Tmds.Linux.sigset_t;
global using statvfs_t = Tmds.Linux.statvfs;
global using statx_t = Tmds.Linux.statx;
global using termios = Tmds.Linux.termios;
global using timespec = Tmds.Linux.timespec;
global using winsize = Tmds.Linux.winsize;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace SystemContainers.Linux.Native;

/// <summary>
/// libc in the shapes that this project uses: open files are handles, names are zero-terminated bytes, errno is what
/// <see cref="System.Runtime.InteropServices.Marshal.GetLastPInvokeError"/> says, and failure is the call's own value.
/// A file a header. Calls, structures and numbers are those of Tmds.LibC; what it lacks is in Libc.Own.cs.
/// </summary>
static unsafe partial class Libc
{
    internal static int SIGHUP => LibC.SIGHUP;
    internal static int SIGINT => LibC.SIGINT;
    internal static int SIGQUIT => LibC.SIGQUIT;
    internal static int SIGTERM => LibC.SIGTERM;
    internal static int SIGTSTP => LibC.SIGTSTP;
    internal static int SIGPIPE => LibC.SIGPIPE;
    internal static int SIGKILL => LibC.SIGKILL;
    internal static int SIG_BLOCK => LibC.SIG_BLOCK;
    internal static int SIG_SETMASK => LibC.SIG_SETMASK;
    internal static nint SIG_DFL => (nint)LibC.SIG_DFL;

    /// <returns>0, or an errno.</returns>
    internal static int pthread_sigmask(int how, sigset_t set, out sigset_t before)
    {
        fixed (sigset_t* old = &before)
        {
            return LibC.pthread_sigmask(how, &set, old);
        }
    }

    /// <summary>sigemptyset(3) and sigaddset(3).</summary>
    internal static sigset_t SignalSet(params ReadOnlySpan<int> signals)
    {
        sigset_t set;
        _ = LibC.sigemptyset(&set);
        foreach (int signal in signals)
        {
            _ = LibC.sigaddset(&set, signal);
        }

        return set;
    }

    /// <param name="pid">A process, or negative a process group.</param>
    /// <param name="signal">Its number.</param>
    internal static int kill(int pid, int signal) => LibC.kill(pid, signal);

    private static SafeFileHandle Own(int descriptor) => new(descriptor, ownsHandle: true);
}
