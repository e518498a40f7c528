// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Systemd.Journal;

namespace SystemContainers.Systemd.DBus;

/// <summary>
/// Watches services after their start. systemd reports a service as started once its process exists, or has said that
/// it is ready; one that crashes right after that counts as one that did not start. Looks once, and then again whenever
/// systemd tells that a unit has changed.
/// </summary>
static class UnitSettling
{
    /// <summary>More than a container's log pipe is read out after its end.</summary>
    private static readonly TimeSpan s_ending = TimeSpan.FromSeconds(3);

    private const string Deactivating = "deactivating";

    /// <summary>As <see cref="ISystemdManager.SettleAsync"/>.</summary>
    /// <param name="listen">Begins to keep what systemd tells.</param>
    /// <param name="look">Asks for the status of a unit.</param>
    /// <param name="units">Services.</param>
    /// <param name="time">How long.</param>
    /// <param name="mayEnd">One that has ended with success is no failure.</param>
    /// <param name="clock">What it goes by.</param>
    /// <returns>The first that is not up any more, as it was found, and why in place of a job's result; null where all
    /// are well.</returns>
    public static async Task<(UnitStatus Unit, string Result)?> AwaitAsync(
        Func<CancellationToken, Task<SignalQueue>> listen,
        Func<string, CancellationToken, Task<UnitStatus>> look,
        IEnumerable<string> units,
        TimeSpan time,
        bool mayEnd,
        TimeProvider clock,
        CancellationToken cancellation
    )
    {
        Dictionary<string, string> watched = units
            .Distinct(StringComparer.Ordinal)
            .ToDictionary(SystemdConnection.PathOf, u => u, StringComparer.Ordinal);
        if (watched.Count == 0)
        {
            return null;
        }

        using CancellationTokenSource end = new(time, clock);
        using SignalQueue? signals = time == TimeSpan.Zero ? null : await listen(cancellation);
        string[] changed = [.. watched.Keys];
        while (true)
        {
            foreach (string path in changed.Where(watched.ContainsKey))
            {
                UnitStatus status = await look(watched[path], cancellation);
                if (UnitHealth.Failure(status, mayEnd) is { } failure)
                {
                    if (status.ActiveState == Deactivating)
                    {
                        using SignalQueue? own = signals is null ? await listen(cancellation) : null;
                        await EndAsync(signals ?? own!, look, status.Name, clock, cancellation);
                    }

                    return (status, failure);
                }

                if (UnitHealth.IsOver(status))
                {
                    watched.Remove(path);
                }
            }

            if (watched.Count == 0 || end.IsCancellationRequested || signals is null)
            {
                return null;
            }

            changed = await NextAsync(signals, end.Token, cancellation) is { } signal
                ? [signal.Path]
                : [.. watched.Keys];
        }
    }

    /// <summary>As <see cref="ISystemdManager.GetSettledStatusAsync"/>. Of a unit that is settled, as nearly all are,
    /// it is a single message.</summary>
    /// <param name="listen">Begins to keep what systemd tells.</param>
    /// <param name="look">Asks for the status of a unit.</param>
    /// <param name="unit">Its name.</param>
    /// <param name="patience">How long.</param>
    /// <param name="clock">What that goes by.</param>
    public static async Task<UnitStatus> LookAsync(
        Func<CancellationToken, Task<SignalQueue>> listen,
        Func<string, CancellationToken, Task<UnitStatus>> look,
        string unit,
        TimeSpan patience,
        TimeProvider clock,
        CancellationToken cancellation
    )
    {
        UnitStatus status = await look(unit, cancellation);
        if (status.ActiveState != Deactivating)
        {
            return status;
        }

        using CancellationTokenSource end = new(patience, clock);
        using SignalQueue signals = await listen(cancellation);
        string[] paths = [SystemdConnection.PathOf(unit)];
        do
        {
            // Also after the first look: it may have changed before anything listened.
            status = await look(unit, cancellation);
        } while (status.ActiveState == Deactivating && await HasChangedAsync(signals, paths, end.Token, cancellation));

        return status;
    }

    /// <summary>
    /// Waits for a while until a container's log pipe is gone, which its end reads out: what the payload wrote last may
    /// be on its way to the journal, where the reason is looked for. Without one the journal is looked at at once: the
    /// next life, of Restart=, has nothing to say of this one's end.
    /// </summary>
    private static async Task EndAsync(
        SignalQueue signals,
        Func<string, CancellationToken, Task<UnitStatus>> look,
        string unit,
        TimeProvider clock,
        CancellationToken cancellation
    )
    {
        string pipe = JournalMatches.LogUnit + Path.ChangeExtension(unit, ".socket");
        string[] paths = [SystemdConnection.PathOf(unit), SystemdConnection.PathOf(pipe)];
        using CancellationTokenSource end = new(s_ending, clock);
        while (
            (await look(pipe, cancellation)).ActiveState == "active"
            && (await look(unit, cancellation)).ActiveState == Deactivating
            && await HasChangedAsync(signals, paths, end.Token, cancellation)
        )
        {
            // The condition looks.
        }
    }

    /// <summary>Waits until systemd tells of one of some units; false when the time is over.</summary>
    private static async Task<bool> HasChangedAsync(
        SignalQueue signals,
        string[] paths,
        CancellationToken end,
        CancellationToken cancellation
    )
    {
        while (await NextAsync(signals, end, cancellation) is { } signal)
        {
            if (paths.Contains(signal.Path, StringComparer.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    /// <returns>Null when the time is over: then all are looked at once more.</returns>
    private static async Task<SystemdSignal?> NextAsync(
        SignalQueue signals,
        CancellationToken end,
        CancellationToken cancellation
    )
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(end, cancellation);
        try
        {
            return await signals.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }
}
