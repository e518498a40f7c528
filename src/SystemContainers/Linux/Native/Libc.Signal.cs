using System.Runtime.InteropServices;

namespace SystemContainers.Linux.Native;

/// <summary>signal.h.</summary>
static unsafe partial class Libc
{
    internal const int SIGHUP = 1;
    internal const int SIGINT = 2;
    internal const int SIGTERM = 15;
    internal const int SIGILL = 4;
    internal const int SIGTRAP = 5;
    internal const int SIGBUS = 7;
    internal const int SIGFPE = 8;
    internal const int SIGSEGV = 11;
    internal const int SIGPIPE = 13;
    internal const int SIG_SETMASK = 2;
    internal const nint SIG_DFL = 0;

    [LibraryImport(Library)]
    internal static partial nint signal(int number, nint handler);

    [LibraryImport(Library)]
    internal static partial int sigfillset(sigset_t* set);

    [LibraryImport(Library)]
    internal static partial int sigdelset(sigset_t* set, int signal);

    [LibraryImport(Library)]
    internal static partial int pthread_sigmask(int how, sigset_t* set, sigset_t* before);

    /// <summary>1024 bits, in glibc and musl.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct sigset_t
    {
        internal fixed ulong Bits[16];
    }
}
