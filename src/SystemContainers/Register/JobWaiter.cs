using SystemContainers.Linux;
using SystemContainers.Register.SdBus;

namespace SystemContainers.Register;

/// <summary>Queues a job of systemd and waits for its result, by the JobRemoved signal.</summary>
sealed class JobWaiter(Bus bus)
{
    private const string ManagerPath = "/org/freedesktop/systemd1";
    private const string Manager = "org.freedesktop.systemd1.Manager";

    private bool _matching;

    /// <summary>Calls StartUnit, StopUnit or RestartUnit in mode "replace".</summary>
    /// <returns>done, canceled, timeout, failed, dependency, skipped, invalid, assert, unsupported, collected, once (systemd's own words).</returns>
    /// <exception cref="DBusException">systemd refused, or the connection was lost.</exception>
    public string Run(string method, string unit, CancellationToken cancellation)
    {
        // Before the call: a quick job is over before its reply is read.
        if (!_matching)
        {
            bus.Match("org.freedesktop.systemd1", ManagerPath, Manager, "JobRemoved");
            bus.Match("org.freedesktop.DBus.Local", null, "org.freedesktop.DBus.Local", "Disconnected");
            _matching = true;
        }

        FaultPoint.Pass(method);
        using Message call = bus.NewCall(ManagerPath, Manager, method).Append(unit).Append("replace");
        using Message reply = bus.Call(call, TimeSpan.FromSeconds(30));
        string job = reply.ReadString('o');
        while (true)
        {
            using Message signal = bus.WaitForMessage(cancellation);
            if (signal.IsSignal("org.freedesktop.DBus.Local", "Disconnected"))
            {
                throw new DBusException(method, "", "systemd closed the connection");
            }

            if (!signal.IsSignal(Manager, "JobRemoved"))
            {
                continue;
            }

            // uoss: id, job, unit, result.
            _ = signal.ReadUInt32();
            if (signal.ReadString('o') == job)
            {
                _ = signal.ReadString();
                return signal.ReadString();
            }
        }
    }
}
