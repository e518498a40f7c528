using SystemContainers.Linux;
using SystemContainers.Register.SdBus;

namespace SystemContainers.Register;

/// <summary>Queues jobs of systemd and waits for their results, by the JobRemoved signal.</summary>
sealed class JobWaiter(Bus bus)
{
    private const string Done = "done";
    private const string ManagerPath = "/org/freedesktop/systemd1";
    private const string Manager = "org.freedesktop.systemd1.Manager";

    private bool _matching;

    /// <summary>
    /// Calls StartUnit, StopUnit or RestartUnit in mode "replace" for every unit before it waits for the first: systemd orders jobs
    /// that are in its queue together, and runs side by side what has no order.
    /// </summary>
    /// <param name="jobs">In an order in which each could run alone: a job may have ended before the next one is queued.</param>
    /// <param name="cancellation">Ends the wait, not the jobs.</param>
    /// <returns>
    /// The first that did not end as "done", as soon as it has, with its result: canceled, timeout, failed, dependency, skipped, invalid,
    /// assert, unsupported, collected, once (systemd's own words). Null where all are done.
    /// </returns>
    /// <exception cref="DBusException">systemd refused, or the connection was lost.</exception>
    public (string Unit, string Result)? Run(IEnumerable<(string Method, string Unit)> jobs, CancellationToken cancellation)
    {
        // Before the calls: a quick job is over before its reply is read.
        if (!_matching)
        {
            bus.Match("org.freedesktop.systemd1", ManagerPath, Manager, "JobRemoved");
            bus.Match("org.freedesktop.DBus.Local", null, "org.freedesktop.DBus.Local", "Disconnected");
            _matching = true;
        }

        HashSet<string> open = [.. jobs.Select(j => Queue(j.Method, j.Unit))];
        while (open.Count > 0)
        {
            using Message signal = bus.WaitForMessage(cancellation);
            if (signal.IsSignal("org.freedesktop.DBus.Local", "Disconnected"))
            {
                throw new DBusException("waiting for jobs", "", "systemd closed the connection");
            }

            if (!signal.IsSignal(Manager, "JobRemoved"))
            {
                continue;
            }

            // uoss: id, job, unit, result.
            _ = signal.ReadUInt32();
            if (open.Remove(signal.ReadString('o')))
            {
                string unit = signal.ReadString();
                string result = signal.ReadString();
                if (result != Done)
                {
                    return (unit, result);
                }
            }
        }

        return null;
    }

    /// <returns>The job's path; of a job that was there already and does as well, that one's.</returns>
    private string Queue(string method, string unit)
    {
        FaultPoint.Pass(method);
        using Message call = bus.NewCall(ManagerPath, Manager, method).Append(unit).Append("replace");
        using Message reply = bus.Call(call, TimeSpan.FromSeconds(30));
        return reply.ReadString('o');
    }
}
