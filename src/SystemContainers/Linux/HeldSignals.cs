using SystemContainers.Linux.Native;

namespace SystemContainers.Linux;

/// <summary>
/// Keeps signals from this thread until disposed of, on the same thread: for a library whose calls give up when one comes in between
/// (EINTR), as sd-bus's do. Another thread takes those that are for the process, such as the end of a child; those of faults come as ever.
/// </summary>
/// <remarks>Not over an await, and not over the start of a process, which would inherit it.</remarks>
readonly unsafe ref struct HeldSignals : IDisposable
{
    private static readonly int[] s_faults = [Libc.SIGILL, Libc.SIGTRAP, Libc.SIGBUS, Libc.SIGFPE, Libc.SIGSEGV];

    private readonly sigset_t _before;

    public HeldSignals()
    {
        // With numbers that there are, none of these can fail.
        sigset_t all;
        _ = Libc.sigfillset(&all);
        foreach (int signal in s_faults)
        {
            _ = Libc.sigdelset(&all, signal);
        }

        sigset_t before;
        _ = Libc.pthread_sigmask(Libc.SIG_SETMASK, &all, &before);
        _before = before;
    }

    public void Dispose()
    {
        sigset_t before = _before;
        _ = Libc.pthread_sigmask(Libc.SIG_SETMASK, &before, null);
    }
}
