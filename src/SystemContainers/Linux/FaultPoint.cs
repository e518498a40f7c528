// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux;

/// <summary>
/// Marks every step that changes state, so that tests can break each of them. <c>SYSCTR_FAULT</c> says which
/// (tests/README.md): <c>kill:N</c> ends this process before its Nth step, as a power cut would, <c>kill:CALL</c>
/// before its first of that name; <c>enospc:N</c>, <c>eio:N</c> and <c>denied:N</c> let the Nth step fail; <c>int:N</c>
/// and <c>term:N</c> send this process SIGINT or SIGTERM there, <c>again:N</c> SIGINT there and at the step after it;
/// <c>trace:FILE</c> writes a line for each. Without the variable a step costs a comparison and a count.
/// </summary>
static class FaultPoint
{
    private static readonly FaultPlan? s_plan = FaultPlan.Parse(Environment.GetEnvironmentVariable("SYSCTR_FAULT"));

    private static int s_passed;

    /// <summary>How many steps this process has begun: 0 means that it has changed nothing.</summary>
    public static int Passed => Volatile.Read(ref s_passed);

    /// <summary>Stands right before a step.</summary>
    /// <param name="call">The system call, or the call of systemd, that follows.</param>
    /// <exception cref="LinuxException">It is to fail.</exception>
    /// <exception cref="UnauthorizedAccessException">It is to fail as what System.IO is not permitted does.</exception>
    public static void Pass(string call)
    {
        Interlocked.Increment(ref s_passed);
        s_plan?.Pass(call);
    }

    private sealed class FaultPlan(string what, string argument)
    {
        private const int SignalTime = 20;

        private readonly Lock _lock = new();
        private readonly int _at = int.TryParse(argument, out int at) ? at : 0;
        private int _passed;

        public static FaultPlan? Parse(string? text) =>
            text?.Split(':', 2) is [string what, string argument] ? new FaultPlan(what, argument) : null;

        public void Pass(string call)
        {
            // One step at a time, so that nothing is done beside the one that breaks.
            lock (_lock)
            {
                int number = ++_passed;
                if (what == "trace")
                {
                    File.AppendAllText(argument, $"{number} {call}\n");
                }
                else if (number == _at || (_at == 0 && call == argument) || (what == "again" && number == _at + 1))
                {
                    Break($"{call} (SYSCTR_FAULT={what}:{argument})");
                }
            }
        }

        private void Break(string call)
        {
            switch (what)
            {
                case "kill":
                    using (Process self = Process.GetCurrentProcess())
                    {
                        self.Kill();
                    }

                    Thread.Sleep(Timeout.Infinite);
                    break;
                case "int" or "term" or "again":
                    _ = Libc.kill(Environment.ProcessId, what == "term" ? Libc.SIGTERM : Libc.SIGINT);

                    // Signals are handled on a thread of their own: it has to have seen this one before the step goes
                    // on.
                    Thread.Sleep(SignalTime);
                    break;
                case "enospc":
                    throw new LinuxException("step", call, Errno.ENOSPC);
                case "eio":
                    throw new LinuxException("step", call, Errno.EIO);
                case "denied":
                    throw new UnauthorizedAccessException($"step {call}: denied");
            }
        }
    }
}
