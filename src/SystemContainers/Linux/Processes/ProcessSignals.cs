// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Processes;

/// <summary>Signals of this process, by number (signal(7)).</summary>
static class ProcessSignals
{
    public static int HangUp => Libc.SIGHUP;

    public static int Interrupt => Libc.SIGINT;

    public static int Terminate => Libc.SIGTERM;

    /// <summary>Holds back from the calling thread, and from programs that it starts meanwhile for as long as they run,
    /// what a terminal, systemd or a supervisor sends to all processes of a group at once.</summary>
    /// <returns>Lets this thread have them again; to be disposed of by it.</returns>
    public static IDisposable HoldBack()
    {
        sigset_t set = Libc.SignalSet(Libc.SIGHUP, Libc.SIGINT, Libc.SIGQUIT, Libc.SIGTERM, Libc.SIGTSTP);
        int errno = Libc.pthread_sigmask(Libc.SIG_BLOCK, set, out sigset_t before);
        return errno == 0 ? new Held(before) : throw new LinuxException("pthread_sigmask", "signals", errno);
    }

    private sealed class Held(sigset_t before) : IDisposable
    {
        public void Dispose() => _ = Libc.pthread_sigmask(Libc.SIG_SETMASK, before, out _);
    }

    /// <summary>Whether whoever started this process wants it to ignore a signal (SigIgn of proc_pid_status(5)); false
    /// where that can't be read.</summary>
    public static bool IsIgnored(int signal)
    {
        const string field = "SigIgn:";
        try
        {
            string? line = File.ReadLines("/proc/self/status")
                .FirstOrDefault(l => l.StartsWith(field, StringComparison.Ordinal));
            return line is not null
                && ulong.TryParse(
                    line.AsSpan(field.Length).Trim(),
                    NumberStyles.AllowHexSpecifier,
                    CultureInfo.InvariantCulture,
                    out ulong mask
                )
                && (mask >> (signal - 1) & 1) == 1;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Ends this process at once, whatever its threads do (_exit(2)).</summary>
    public static void Exit(int status) => Libc._exit(status);
}
