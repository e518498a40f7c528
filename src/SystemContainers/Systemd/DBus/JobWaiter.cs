// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux;
using Tmds.DBus.Protocol;

namespace SystemContainers.Systemd.DBus;

/// <summary>Queues jobs of systemd and waits for their results, by the JobRemoved signal.</summary>
static class JobWaiter
{
    private const string Done = "done";

    /// <summary>
    /// Calls StartUnit, StopUnit or RestartUnit in mode "replace" for every unit before it waits for the first: systemd orders jobs
    /// that are in its queue together, and runs side by side what has no order.
    /// </summary>
    /// <param name="connection">To systemd.</param>
    /// <param name="jobs">In an order in which each could run alone: a job may have ended before the next one is queued.</param>
    /// <param name="cancellation">Ends the wait, not the jobs.</param>
    /// <returns>
    /// The first that did not end as "done", as soon as it has, with its result: canceled, timeout, failed, dependency, skipped, invalid,
    /// assert, unsupported, collected, once (systemd's own words). Null where all are done.
    /// </returns>
    /// <exception cref="Errors.SysctrException">Unit: systemd refused, or the connection was lost.</exception>
    public static async Task<(string Unit, string Result)?> RunAsync(
        SystemdConnection connection, IEnumerable<(string Method, string Unit)> jobs, CancellationToken cancellation)
    {
        using SignalQueue signals = await connection.ListenAsync(cancellation);
        HashSet<string> open = new(StringComparer.Ordinal);
        foreach ((string method, string unit) in jobs)
        {
            open.Add(await QueueAsync(connection, method, unit, cancellation));
        }

        while (open.Count > 0)
        {
            SystemdSignal signal = await signals.ReadAsync(cancellation);
            if (signal.JobResult is { } result && open.Remove(signal.Path) && result != Done)
            {
                return (signal.Unit, result);
            }
        }

        return null;
    }

    /// <returns>The job's path; of a job that was there already and does as well, that one's.</returns>
    private static async Task<string> QueueAsync(SystemdConnection connection, string method, string unit, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        FaultPoint.Pass(method);
        return await connection.CallAsync(
            method, "ss",
            (ref MessageWriter writer) =>
            {
                writer.WriteString(unit);
                writer.WriteString("replace");
            },
            static (reply, _) => reply.GetBodyReader().ReadObjectPathAsString(),
            SystemdConnection.Quick, cancellation);
    }
}
