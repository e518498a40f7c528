// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Systemd;

/// <summary>
/// Whether somebody wants a unit to run, and whether it does so well. A service that crashes and is started again by
/// its Restart= passes through every state, and ends as failed when systemd gives it up: what is said of it must not
/// depend on the moment at which it is asked about.
/// </summary>
/// <param name="IsWanted">It runs, is about to, or has run until systemd gave up starting it again.</param>
/// <param name="Trouble">What is wrong with it, in words; null where nothing is.</param>
sealed record UnitWellness(bool IsWanted, string? Trouble)
{
    /// <summary>The clean-up after a crash takes moments; what takes longer is somebody's stop.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <summary>Asks about a unit of a systemd that runs; waits while it is between two lives.</summary>
    public static async Task<UnitWellness> OfAsync(
        ISystemdManager systemd,
        string unit,
        CancellationToken cancellation
    ) => Judge(await systemd.GetSettledStatusAsync(unit, s_patience, cancellation));

    /// <param name="status">What systemd says.</param>
    internal static UnitWellness Judge(UnitStatus status)
    {
        uint restarts = status.Restarts;
        string times = restarts == 1 ? "once" : $"{restarts} times";
        bool failed = status.ActiveState == "failed";
        return new UnitWellness(
            // One that failed without being started again may have been stopped by somebody, and ended badly.
            status.ActiveState
                is "active"
                    or "activating"
                    or "reloading"
                || (failed && restarts > 0),
            failed
                    ? $"{status.Name} had failed ({status.Result})"
                        + (restarts > 0 ? $", after its Restart= had started it again {times}" : "")
                : restarts > 0 ? $"the Restart= of {status.Name} had started it again {times}"
                : null
        );
    }
}
