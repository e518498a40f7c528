// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Requests;
using SystemContainers.Runtime;
using SystemContainers.State;
using SystemContainers.Systemd;
using SystemContainers.Target;

namespace SystemContainers.Transactions.Health;

/// <summary>
/// Decides whether containers that systemd has started are well: their units stay up for a while, and then the image's
/// own check holds within its time. Until all of it has, the units are watched.
/// </summary>
sealed class HealthWatch(Host host, StartPolicy policy)
{
    /// <summary>Waits until all are well.</summary>
    /// <param name="started">Containers, and the units of each that were started.</param>
    /// <param name="mayEnd">One that has ended with success is well too.</param>
    /// <returns>How each of them is.</returns>
    /// <exception cref="SysctrException">Unit: one is not, with the reason and the journal's last lines.</exception>
    public async Task<StartOutcome> AwaitAsync(
        IReadOnlyList<(ContainerRecord Container, IReadOnlyList<string> Units)> started,
        bool mayEnd,
        CancellationToken cancellation
    )
    {
        string[] units = [.. started.SelectMany(s => s.Units)];
        await host.Systemd.SettleAsync(
            units,
            policy.Settle ?? SysctrConfiguration.Load(host.Paths).Settle,
            mayEnd,
            cancellation
        );
        ContainerRecord[] services =
        [
            .. started
                .Where(s => s.Units.Contains(s.Container.MainUnit, StringComparer.Ordinal))
                .Select(s => s.Container),
        ];
        (ContainerRecord Container, UnitState State)[] found = await StatesAsync(services, cancellation);
        ContainerRecord[] checkedOnes =
        [
            .. found
                .Where(f =>
                    !policy.WithoutHealthCheck
                    && f.Container.Health is not null
                    && (!mayEnd || f.State.ActiveState == "active")
                )
                .Select(f => f.Container),
        ];
        if (checkedOnes.Length > 0)
        {
            await CheckAsync(checkedOnes, units, mayEnd, cancellation);

            // It may have taken its time, and others may have ended meanwhile.
            found = await StatesAsync(services, cancellation);
        }

        return new StartOutcome(
            [.. checkedOnes.Select(c => c.Name)],
            [.. found.Where(f => f.State.ActiveState is "inactive" or "deactivating").Select(f => f.Container.Name)],
            [.. started.Select(s => s.Container).Except(services).Select(c => c.Name)]
        );
    }

    private async Task<(ContainerRecord Container, UnitState State)[]> StatesAsync(
        ContainerRecord[] services,
        CancellationToken cancellation
    ) => [.. services.Zip(await host.Systemd.GetStatesAsync([.. services.Select(c => c.MainUnit)], cancellation))];

    private async Task CheckAsync(
        ContainerRecord[] containers,
        string[] units,
        bool mayEnd,
        CancellationToken cancellation
    )
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task all = Task.WhenAll(containers.Select(c => UntilWellAsync(c, ending.Token)));
        Task up = host.Systemd.SettleAsync(units, Timeout.InfiniteTimeSpan, mayEnd, ending.Token);
        try
        {
            if (await Task.WhenAny(all, up) == up)
            {
                // One is not up any more, or none of them is left to watch.
                await up;
            }

            await all;
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(all, up)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private async Task UntilWellAsync(ContainerRecord container, CancellationToken cancellation)
    {
        HealthCheck check = container.Health!;
        OciRuntime runtime = OciRuntime.Find(container.Runtime, "/");
        TimeProvider clock = host.Options.Clock;
        long begin = clock.GetTimestamp();
        string reason = "";
        while (true)
        {
            double left = Math.Max(0.1, check.Timeout - clock.GetElapsedTime(begin).TotalSeconds);
            string? why = await HealthProbe.RunAsync(
                check,
                runtime,
                container.Name,
                ContainerProcess.ConfigOf(
                    container.Name,
                    host.User,
                    host.Deployment(container.Name, container.Deployment).ConfigFile
                ),
                host.User,
                TimeSpan.FromSeconds(Math.Min(check.Attempt, left)),
                cancellation
            );
            if (why is null)
            {
                return;
            }

            // That the end has cut an attempt short tells less than what the one before it found.
            reason = reason.Length == 0 || left >= Math.Min(check.Attempt, 1) ? why : reason;
            if (clock.GetElapsedTime(begin).TotalSeconds + check.Interval >= check.Timeout)
            {
                throw await UnitFailure.UnhealthyAsync(container.MainUnit, reason, check.Timeout, host.User);
            }

            await Task.Delay(TimeSpan.FromSeconds(check.Interval), clock, cancellation);
        }
    }
}
