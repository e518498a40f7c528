using System.Diagnostics;

namespace SystemContainers.Linux;

/// <summary>
/// Marks every step that changes state, so that tests can break each of them. <c>SYSCTR_FAULT</c> says which (tests/README.md):
/// <c>kill:N</c> ends this process before its Nth step, as a power cut would; <c>enospc:N</c>, <c>eio:N</c> and <c>denied:N</c> let the
/// Nth step fail; <c>trace:FILE</c> writes a line for each. Without the variable a step costs one comparison.
/// </summary>
static class FaultPoint
{
    private static readonly FaultPlan? s_plan = FaultPlan.Parse(Environment.GetEnvironmentVariable("SYSCTR_FAULT"));

    /// <summary>Stands right before a step.</summary>
    /// <param name="call">The system call, or the call of systemd, that follows.</param>
    /// <exception cref="LinuxException">It is to fail.</exception>
    /// <exception cref="UnauthorizedAccessException">It is to fail as what System.IO is not permitted does.</exception>
    public static void Pass(string call) => s_plan?.Pass(call);

    private sealed class FaultPlan(string what, string argument)
    {
        private readonly Lock _lock = new();
        private readonly int _at = int.TryParse(argument, out int at) ? at : -1;
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
                else if (number == _at)
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
