// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
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

    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(20);

    /// <summary>As <see cref="ISystemdManager.SettleAsync"/>.</summary>
    /// <param name="listen">Begins to keep what systemd tells.</param>
    /// <param name="look">Asks for the status of a unit.</param>
    /// <param name="units">Services.</param>
    /// <param name="time">How long.</param>
    /// <param name="mayEnd">One that has ended with success is no failure.</param>
    /// <returns>The first that is not up any more, as it was found, and why in place of a job's result; null where all
    /// are well.</returns>
    public static async Task<(UnitStatus Unit, string Result)?> AwaitAsync(
        Func<CancellationToken, Task<SignalQueue>> listen,
        Func<string, CancellationToken, Task<UnitStatus>> look,
        IEnumerable<string> units,
        TimeSpan time,
        bool mayEnd,
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

        using CancellationTokenSource end = new(time);
        using SignalQueue? signals = time == TimeSpan.Zero ? null : await listen(cancellation);
        string[] changed = [.. watched.Keys];
        while (true)
        {
            foreach (string path in changed.Where(watched.ContainsKey))
            {
                UnitStatus status = await look(watched[path], cancellation);
                if (UnitHealth.Failure(status, mayEnd) is { } failure)
                {
                    await EndAsync(look, status, cancellation);
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

    /// <summary>
    /// Waits for a while until a container's log pipe is gone, which its end reads out: what the payload wrote last may
    /// be on its way to the journal, where the reason is looked for. Without one the journal is looked at at once: the
    /// next life, of Restart=, has nothing to say of this one's end.
    /// </summary>
    private static async Task EndAsync(
        Func<string, CancellationToken, Task<UnitStatus>> look,
        UnitStatus status,
        CancellationToken cancellation
    )
    {
        string pipe = JournalMatches.LogUnit + Path.ChangeExtension(status.Name, ".socket");
        for (
            long began = Stopwatch.GetTimestamp();
            status.ActiveState == "deactivating"
                && (await look(pipe, cancellation)).ActiveState == "active"
                && Stopwatch.GetElapsedTime(began) < s_ending;
            status = await look(status.Name, cancellation)
        )
        {
            await Task.Delay(s_step, cancellation);
        }
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
