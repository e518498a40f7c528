// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux;
using Tmds.DBus.Protocol;

namespace SystemContainers.Systemd.DBus;

/// <summary>Queues jobs of systemd and waits for their results, by the JobRemoved signal.</summary>
static class JobWaiter
{
    private const string Done = "done";
    private const string Mode = "replace";
    private const string Many = "EnqueueUnitJobMany";
    private const int FirstWithMany = 262;

    /// <summary>
    /// Queues a job in mode "replace" for every unit before it waits for the first: systemd orders jobs that are in its
    /// queue together, and runs side by side what has no order. Neighbours of one type are one message,
    /// EnqueueUnitJobMany of systemd 262, and one transaction of systemd; an older one gets StartUnit, StopUnit or
    /// RestartUnit for each.
    /// </summary>
    /// <param name="jobs">
    /// Types (start, stop, restart) and units, in an order in which each could run alone: a job may have ended before
    /// the next one is queued.
    /// </param>
    /// <param name="cancellation">Ends the wait, not the jobs.</param>
    /// <returns>
    /// The first that did not end as "done", as soon as it has, with its result: canceled, timeout, failed, dependency,
    /// skipped, invalid, assert, unsupported, collected, once (systemd's own words). Null where all are done.
    /// </returns>
    /// <exception cref="SysctrException">Unit: systemd refused, or the connection was lost.</exception>
    public static async Task<(string Unit, string Result)?> RunAsync(
        SystemdConnection connection,
        IEnumerable<(JobType Type, string Unit)> jobs,
        CancellationToken cancellation
    )
    {
        using SignalQueue signals = await connection.ListenAsync(cancellation);
        HashSet<string> open = new(StringComparer.Ordinal);
        foreach ((JobType type, List<string> units) in Runs(jobs))
        {
            if (units.Count > 1 && await TryQueueAsync(connection, type, units, cancellation) is { } queued)
            {
                open.UnionWith(queued);
                continue;
            }

            foreach (string unit in units)
            {
                open.Add(await QueueAsync(connection, type, unit, cancellation));
            }
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

    /// <summary>The units of each row of jobs of one type.</summary>
    private static List<(JobType Type, List<string> Units)> Runs(IEnumerable<(JobType Type, string Unit)> jobs)
    {
        List<(JobType Type, List<string> Units)> runs = [];
        foreach ((JobType type, string unit) in jobs)
        {
            if (runs.Count == 0 || runs[^1].Type != type)
            {
                runs.Add((type, []));
            }

            runs[^1].Units.Add(unit);
        }

        return runs;
    }

    /// <returns>The paths of the jobs; null where systemd has no such method.</returns>
    private static async Task<IReadOnlyList<string>?> TryQueueAsync(
        SystemdConnection connection,
        JobType type,
        List<string> units,
        CancellationToken cancellation
    )
    {
        if (connection.Version < FirstWithMany)
        {
            return null;
        }

        cancellation.ThrowIfCancellationRequested();
        FaultPoint.Pass(Many);
        try
        {
            return await connection.CallAsync(
                Many,
                "assst",
                (ref MessageWriter writer) =>
                {
                    writer.WriteArray(units);
                    writer.WriteString(type.ToString().ToLowerInvariant());
                    writer.WriteString(Mode);
                    writer.WriteUInt64(0);
                },
                static (reply, _) => ReadJobs(reply.GetBodyReader()),
                SystemdConnection.Quick,
                cancellation
            );
        }
        catch (SysctrException e)
            when (e.InnerException is DBusErrorReplyException { ErrorName: "org.freedesktop.DBus.Error.UnknownMethod" })
        {
            // A release candidate, or a build without it.
            return null;
        }
    }

    /// <summary>Reads a(uosos): id and path of a job, name and path of its unit, its type.</summary>
    private static List<string> ReadJobs(Reader reader)
    {
        List<string> paths = [];
        ArrayEnd end = reader.ReadArrayStart(DBusType.Struct);
        while (reader.HasNext(end))
        {
            reader.AlignStruct();
            _ = reader.ReadUInt32();
            paths.Add(reader.ReadObjectPathAsString());
            _ = reader.ReadString();
            _ = reader.ReadObjectPathAsString();
            _ = reader.ReadString();
        }

        return paths;
    }

    /// <returns>The job's path; of a job that was there already and does as well, that one's.</returns>
    private static async Task<string> QueueAsync(
        SystemdConnection connection,
        JobType type,
        string unit,
        CancellationToken cancellation
    )
    {
        cancellation.ThrowIfCancellationRequested();
        string method = type + "Unit";
        FaultPoint.Pass(method);
        return await connection.CallAsync(
            method,
            "ss",
            (ref MessageWriter writer) =>
            {
                writer.WriteString(unit);
                writer.WriteString(Mode);
            },
            static (reply, _) => reply.GetBodyReader().ReadObjectPathAsString(),
            SystemdConnection.Quick,
            cancellation
        );
    }
}
