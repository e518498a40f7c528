namespace SystemContainers.Register;

/// <summary>
/// Watches services after their start: started is what systemd calls a process that exists, or that said it is ready. One that dies of its
/// first line, or of its tenth, would be told as a success.
/// </summary>
sealed class UnitSettling(SystemdBus systemd)
{
    /// <summary>In place of a job's result: the service ended with success, but was to stay up.</summary>
    public const string Ended = "ended";

    /// <summary>In place of a job's result: Restart= has hidden its end.</summary>
    public const string Restarted = "restarted";

    /// <summary>What a start by hand waits: a payload that is not meant to say when it is ready has this long to die of what is wrong with it.</summary>
    public static readonly TimeSpan Briefly = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(50);

    /// <summary>As <see cref="ISystemdManager.Settle"/>.</summary>
    /// <exception cref="Errors.SysctrException">Unit: one is not up any more.</exception>
    public void Await(IReadOnlyList<string> units, TimeSpan time, bool mayEnd, CancellationToken cancellation)
    {
        List<string> watched = [.. units.Where(SystemdBus.IsService)];
        long deadline = Environment.TickCount64 + (long)time.TotalMilliseconds;
        while (true)
        {
            watched.RemoveAll(unit => HasEnded(unit, mayEnd));
            if (watched.Count == 0 || Environment.TickCount64 >= deadline)
            {
                return;
            }

            cancellation.WaitHandle.WaitOne(s_poll);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <returns>Whether there is nothing left to wait for: it has done its work.</returns>
    private bool HasEnded(string unit, bool mayEnd)
    {
        UnitRun run = systemd.GetRun(unit);
        if (run.Result != "success")
        {
            throw UnitFailure.Of("starting", unit, "failed", systemd);
        }

        if (run.Restarts > 0)
        {
            throw UnitFailure.Of("starting", unit, Restarted, systemd);
        }

        // A condition that does not hold gives "inactive" with "success" too.
        bool up = run.ActiveState is "active" or "reloading" or "activating";
        return up || mayEnd || run.IsTriggered || run.Type == "oneshot"
            ? !up || run.Type == "oneshot"
            : throw UnitFailure.Of("starting", unit, Ended, systemd);
    }
}
