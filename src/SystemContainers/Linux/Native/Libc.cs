using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace SystemContainers.Linux.Native;

/// <summary>
/// libc in the shapes that this project uses: open files are handles, names are zero-terminated bytes, errno is what
/// <see cref="System.Runtime.InteropServices.Marshal.GetLastPInvokeError"/> says, and failure is the call's own value. A file a header.
/// Calls, structures and numbers are those of Tmds.LibC; what it lacks is in Libc.Own.cs.
/// </summary>
static unsafe partial class Libc
{
    internal static int SIGHUP => LibC.SIGHUP;
    internal static int SIGINT => LibC.SIGINT;
    internal static int SIGTERM => LibC.SIGTERM;
    internal static int SIGILL => LibC.SIGILL;
    internal static int SIGTRAP => LibC.SIGTRAP;
    internal static int SIGBUS => LibC.SIGBUS;
    internal static int SIGFPE => LibC.SIGFPE;
    internal static int SIGSEGV => LibC.SIGSEGV;
    internal static int SIGPIPE => LibC.SIGPIPE;
    internal static int SIGKILL => LibC.SIGKILL;
    internal static int SIG_SETMASK => LibC.SIG_SETMASK;

    internal static int sigfillset(sigset_t* set) => LibC.sigfillset(set);

    internal static int sigdelset(sigset_t* set, int signal) => LibC.sigdelset(set, signal);

    internal static int pthread_sigmask(int how, sigset_t* set, sigset_t* before) => LibC.pthread_sigmask(how, set, before);

    /// <param name="pid">A process, or negative a process group.</param>
    /// <param name="signal">Its number.</param>
    internal static int kill(int pid, int signal) => LibC.kill(pid, signal);

    private static SafeFileHandle Own(int descriptor) => new(descriptor, ownsHandle: true);
}
