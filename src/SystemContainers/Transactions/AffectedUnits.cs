// SPDX-License-Identifier: Apache-2.0

using SystemContainers.State;
using SystemContainers.Systemd;

namespace SystemContainers.Transactions;

/// <summary>
/// The units that a transaction stops and starts. All of its containers go in one step each way, so that systemd's own
/// dependencies give the order among them.
/// </summary>
sealed class AffectedUnits(ISystemdManager systemd)
{
    /// <summary>
    /// What has to stop before files change: services that ran, for they run from the old deployment; sockets, timers
    /// and paths only where they change or go, so that nobody who connects is turned away.
    /// </summary>
    public static IEnumerable<string> Stopped(ContainerChange change) =>
        change.Running.Where(u => IsService(u) || IsChanged(change, u));

    /// <summary>What ran and is still there, sockets first; what came new to a container that ran; and of a new
    /// container what it is to start.</summary>
    public static IReadOnlyList<string> Started(ContainerChange change) =>
        change.Before is null ? change.Started
        : change.After is null || change.Running.Count == 0 ? []
        :
        [
            .. change.After!.RunnableUnits.Where(u =>
                change.Running.Contains(u, StringComparer.Ordinal)
                || (
                    change.After.Enabled.Contains(u, StringComparer.Ordinal)
                    && !change.Before!.UnitNames.Contains(u, StringComparer.Ordinal)
                )
            ),
        ];

    /// <summary>Stops what runs from old deployments.</summary>
    public Task StopAsync(IEnumerable<ContainerChange> changes, CancellationToken cancellation) =>
        systemd.StopTogetherAsync([.. changes.SelectMany(Stopped)], cancellation);

    /// <summary>Starts new deployments of what ran, and with them the units of others that were stopped by their
    /// dependencies.</summary>
    public Task StartAsync(IReadOnlyList<ContainerChange> changes, CancellationToken cancellation) =>
        StartAsync([.. changes.SelectMany(Started)], changes, cancellation);

    /// <summary>Stops whatever may run from new deployments, or has to give way to the old files.</summary>
    public Task StopNewAsync(IReadOnlyList<ContainerChange> changes) =>
        systemd.StopTogetherAsync(
            [
                .. changes
                    .Where(c => c.After is not null)
                    .SelectMany(c =>
                        Stopped(c)
                            .Concat(
                                c.After!.RunnableUnits.Where(u =>
                                    IsService(u) || !c.Before!.UnitNames.Contains(u, StringComparer.Ordinal)
                                )
                            )
                    ),
            ],
            CancellationToken.None
        );

    /// <summary>Starts what ran before, after all is as it was.</summary>
    public async Task StartOldAsync(IReadOnlyList<ContainerChange> changes)
    {
        string[] units = [.. changes.SelectMany(c => c.Running.Reverse())];
        await StartAsync(units, changes, CancellationToken.None);
        await systemd.SettleAsync(units, UnitHealth.Briefly, mayEnd: true, CancellationToken.None);
    }

    /// <summary>Restart, not start: a connection may have started a service anew while its files changed.</summary>
    private Task StartAsync(string[] units, IReadOnlyList<ContainerChange> changes, CancellationToken cancellation)
    {
        // What is part of the transaction itself has been started, or was meant to stay stopped.
        IEnumerable<string> own = changes.SelectMany(c =>
            (c.Before?.RunnableUnits ?? []).Concat(c.After?.RunnableUnits ?? [])
        );
        IEnumerable<string> dependents = changes.SelectMany(c => c.Dependents).Except(own, StringComparer.Ordinal);
        return systemd.StartTogetherAsync([.. units, .. dependents], anew: [.. units.Where(IsService)], cancellation);
    }

    private static bool IsChanged(ContainerChange change, string unit)
    {
        InstalledFile? old = change.Before!.Units.FirstOrDefault(f => Path.GetFileName(f.Path) == unit);
        return change.After?.Units.FirstOrDefault(f => Path.GetFileName(f.Path) == unit)?.Sha256 != old?.Sha256;
    }

    private static bool IsService(string unit) => unit.EndsWith(".service", StringComparison.Ordinal);
}
