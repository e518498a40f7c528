using SystemContainers.Errors;
using SystemContainers.Register.SdBus;

namespace SystemContainers.Register;

/// <summary>The running systemd over D-Bus (org.freedesktop.systemd1(5)).</summary>
sealed class SystemdBus(Bus bus) : ISystemdManager
{
    private const string ManagerPath = "/org/freedesktop/systemd1";
    private const string Manager = "org.freedesktop.systemd1.Manager";
    private const string Unit = "org.freedesktop.systemd1.Unit";
    private const string Service = "org.freedesktop.systemd1.Service";

    private const string NoSuchUnit = "org.freedesktop.systemd1.NoSuchUnit";

    private static readonly TimeSpan s_quick = TimeSpan.FromSeconds(30);

    /// <summary>A reload runs generators and reads every unit; a busy host with a thousand of them takes its time.</summary>
    private static readonly TimeSpan s_reload = TimeSpan.FromMinutes(5);

    private readonly JobWaiter _jobs = new(bus);

    public bool IsBooted => true;

    public int Version => field != 0 ? field : field = SystemdManager.ParseVersion("systemd " + Property(ManagerPath, Manager, "Version", "s", m => m.ReadString()));

    public void Reload(CancellationToken cancellation) => Do(() =>
    {
        using Message call = bus.NewCall(ManagerPath, Manager, "Reload");
        bus.Call(call, s_reload).Dispose();
    });

    public void Enable(IReadOnlyList<string> units, CancellationToken cancellation) => Do(() =>
    {
        using Message call = bus.NewCall(ManagerPath, Manager, "EnableUnitFiles");
        call.Append(units).Append(false).Append(false);
        bus.Call(call, s_quick).Dispose();
        Reload(cancellation);
    });

    public void Disable(IReadOnlyList<string> units, CancellationToken cancellation) => Do(() =>
    {
        foreach (string unit in units)
        {
            DisableOne(unit);
        }
    });

    public void Start(string unit, CancellationToken cancellation) => Run("StartUnit", "starting", unit, cancellation);

    public void Restart(string unit, CancellationToken cancellation) => Run("RestartUnit", "restarting", unit, cancellation);

    public void Stop(string unit, CancellationToken cancellation)
    {
        if (GetStatus(unit) is { LoadState: "not-found", ActiveState: "inactive" })
        {
            return;
        }

        Run("StopUnit", "stopping", unit, cancellation);
    }

    public void ResetFailed(string unit, CancellationToken cancellation)
    {
        try
        {
            using Message call = bus.NewCall(ManagerPath, Manager, "ResetFailedUnit").Append(unit);
            bus.Call(call, s_quick).Dispose();
        }
        catch (DBusException e) when (e.ErrorName == NoSuchUnit)
        {
            // A unit that is not loaded has not failed either.
        }
    }

    public UnitStatus GetStatus(string unit) => Do(() =>
    {
        string path = UnitPath(unit);
        bool service = unit.EndsWith(".service", StringComparison.Ordinal);
        return new UnitStatus(
            unit,
            Text("LoadState"),
            Text("ActiveState"),
            Text("SubState"),
            Text("UnitFileState"),
            Text("FragmentPath"),
            service ? Property(path, Service, "Result", "s", m => m.ReadString()) : "",
            service ? Property(path, Service, "MainPID", "u", m => m.ReadUInt32()) : 0,
            service ? Property(path, Service, "ExecMainCode", "i", m => m.ReadInt32()) : 0,
            service ? Property(path, Service, "ExecMainStatus", "i", m => m.ReadInt32()) : 0);

        string Text(string property) => Property(path, Unit, property, "s", m => m.ReadString());
    });

    public void Dispose() => bus.Dispose();

    private void Run(string method, string doing, string unit, CancellationToken cancellation)
    {
        string result = Do(() => _jobs.Run(method, unit, cancellation));
        if (result != "done")
        {
            throw UnitFailure.Of(doing, unit, result, this);
        }

        // A condition that does not hold gives "done" too, and so does Type=simple whatever becomes of it.
        if (method != "StopUnit" && GetStatus(unit) is { ActiveState: "failed" or "inactive" } status &&
            status.Result is not ("success" or ""))
        {
            throw UnitFailure.Of(doing, unit, "failed", this);
        }
    }

    /// <summary>One at a time: systemd does none of a call when one is not there.</summary>
    private void DisableOne(string unit)
    {
        try
        {
            using Message call = bus.NewCall(ManagerPath, Manager, "DisableUnitFiles");
            call.Append([unit]).Append(false);
            bus.Call(call, s_quick).Dispose();
        }
        catch (DBusException e) when (e.ErrorName is NoSuchUnit or "org.freedesktop.DBus.Error.FileNotFound" or "System.Error.ENOENT")
        {
            // Without its file it is enabled by nothing: the links go before the file does.
        }
    }

    private string UnitPath(string unit)
    {
        using Message call = bus.NewCall(ManagerPath, Manager, "LoadUnit").Append(unit);
        using Message reply = bus.Call(call, s_quick);
        return reply.ReadString('o');
    }

    private T Property<T>(string path, string @interface, string name, string type, Func<Message, T> read)
    {
        using Message call = bus.NewCall(path, "org.freedesktop.DBus.Properties", "Get").Append(@interface).Append(name);
        using Message reply = bus.Call(call, s_quick);
        return read(reply.EnterVariant(type));
    }

    private static void Do(Action action) => Do(() =>
    {
        action();
        return true;
    });

    private static T Do<T>(Func<T> function)
    {
        try
        {
            return function();
        }
        catch (DBusException e)
        {
            throw new SysctrException(ErrorKind.Unit, $"asking systemd, {e.Message}", inner: e);
        }
    }
}
