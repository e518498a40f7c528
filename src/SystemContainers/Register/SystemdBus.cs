using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Register.SdBus;

namespace SystemContainers.Register;

/// <summary>The running systemd over D-Bus (org.freedesktop.systemd1(5)).</summary>
sealed class SystemdBus : ISystemdManager
{
    private const string ManagerPath = "/org/freedesktop/systemd1";
    private const string Manager = "org.freedesktop.systemd1.Manager";
    private const string Unit = "org.freedesktop.systemd1.Unit";
    private const string Service = "org.freedesktop.systemd1.Service";

    private const string NoSuchUnit = "org.freedesktop.systemd1.NoSuchUnit";

    /// <summary>The properties of a unit that name those who are stopped with it (systemd.unit(5), "Mapping of unit properties to their inverses").</summary>
    private static readonly string[] s_stoppedWith = ["RequiredBy", "RequisiteOf", "BoundBy", "ConsistsOf"];

    private static readonly TimeSpan s_quick = TimeSpan.FromSeconds(30);

    /// <summary>A reload runs generators and reads every unit; a busy host with a thousand of them takes its time.</summary>
    private static readonly TimeSpan s_reload = TimeSpan.FromMinutes(5);

    /// <summary>A payload that is not meant to say when it is ready has this long to die of what is wrong with it.</summary>
    private static readonly TimeSpan s_settle = TimeSpan.FromMilliseconds(500);

    private readonly Bus _bus;
    private readonly JobWaiter _jobs;

    private SystemdBus(Bus bus)
    {
        _bus = bus;
        _jobs = new JobWaiter(bus);
    }

    /// <summary>Connects.</summary>
    /// <exception cref="DBusException">Nobody answers.</exception>
    public static SystemdBus Open()
    {
        Bus bus = Bus.Open(user: false);
        try
        {
            // At once, for the daemon hangs up on those who take their time to introduce themselves, and a pull takes minutes.
            SystemdBus systemd = new(bus);
            systemd.Version = SystemdManager.ParseVersion("systemd " + systemd.Property(ManagerPath, Manager, "Version", "s", m => m.ReadString()));
            return systemd;
        }
        catch
        {
            bus.Dispose();
            throw;
        }
    }

    public bool IsBooted => true;

    public int Version { get; private set; }


    public void Reload(CancellationToken cancellation) => Do(() =>
    {
        FaultPoint.Pass("Reload");
        using Message call = _bus.NewCall(ManagerPath, Manager, "Reload");
        _bus.Call(call, s_reload).Dispose();
    });

    public void Enable(IReadOnlyList<string> units, CancellationToken cancellation) => Do(() =>
    {
        FaultPoint.Pass("EnableUnitFiles");
        using Message call = _bus.NewCall(ManagerPath, Manager, "EnableUnitFiles");
        call.Append(units).Append(false).Append(false);
        _bus.Call(call, s_quick).Dispose();
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
            FaultPoint.Pass("ResetFailedUnit");
            using Message call = _bus.NewCall(ManagerPath, Manager, "ResetFailedUnit").Append(unit);
            _bus.Call(call, s_quick).Dispose();
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

    public IReadOnlyList<string> RunningDependents(IReadOnlyList<string> units)
    {
        HashSet<string> seen = new(units, StringComparer.Ordinal);
        Queue<string> open = new(units);
        List<string> running = [];
        while (open.TryDequeue(out string? unit))
        {
            foreach (string dependent in Do(() => StoppedWith(unit)).Where(seen.Add))
            {
                open.Enqueue(dependent);
                if (GetStatus(dependent).ActiveState is "active" or "activating" or "reloading")
                {
                    running.Add(dependent);
                }
            }
        }

        return running;
    }

    public void Dispose() => _bus.Dispose();

    private void Run(string method, string doing, string unit, CancellationToken cancellation)
    {
        string result = Do(() => _jobs.Run(method, unit, cancellation));
        if (result != "done")
        {
            throw UnitFailure.Of(doing, unit, result, this);
        }

        if (method != "StopUnit")
        {
            Settle(doing, unit, cancellation);
        }
    }

    /// <summary>
    /// Started is what systemd calls a process that exists. One that dies of its first line would be told as a success.
    /// </summary>
    /// <exception cref="SysctrException">Unit: it has ended, or ended and been started again.</exception>
    private void Settle(string doing, string unit, CancellationToken cancellation)
    {
        if (!unit.EndsWith(".service", StringComparison.Ordinal))
        {
            return;
        }

        string path = Do(() => UnitPath(unit));
        bool needsNoTime = Do(() => Property(path, Service, "Type", "s", m => m.ReadString())) is "oneshot";
        long deadline = Environment.TickCount64 + (needsNoTime ? 0 : (long)s_settle.TotalMilliseconds);
        while (true)
        {
            // A condition that does not hold gives "inactive" with "success"; so does a payload that has done its work.
            UnitStatus status = GetStatus(unit);
            if (status.Result is not ("success" or "") || Do(() => Property(path, Service, "NRestarts", "u", m => m.ReadUInt32())) > 0)
            {
                throw UnitFailure.Of(doing, unit, "failed", this);
            }

            if (status.ActiveState != "active" || Environment.TickCount64 >= deadline)
            {
                return;
            }

            cancellation.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(25));
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>One at a time: systemd does none of a call when one is not there.</summary>
    private void DisableOne(string unit)
    {
        try
        {
            FaultPoint.Pass("DisableUnitFiles");
            using Message call = _bus.NewCall(ManagerPath, Manager, "DisableUnitFiles");
            call.Append([unit]).Append(false);
            _bus.Call(call, s_quick).Dispose();
        }
        catch (DBusException e) when (e.ErrorName is NoSuchUnit or "org.freedesktop.DBus.Error.FileNotFound" or "System.Error.ENOENT")
        {
            // Without its file it is enabled by nothing: the links go before the file does.
        }
    }

    private string UnitPath(string unit)
    {
        using Message call = _bus.NewCall(ManagerPath, Manager, "LoadUnit").Append(unit);
        using Message reply = _bus.Call(call, s_quick);
        return reply.ReadString('o');
    }

    private string[] StoppedWith(string unit)
    {
        string path = UnitPath(unit);
        return [.. s_stoppedWith.SelectMany(property => Property(path, Unit, property, "as", m => m.ReadStrings()))];
    }

    private T Property<T>(string path, string @interface, string name, string type, Func<Message, T> read)
    {
        using Message call = _bus.NewCall(path, "org.freedesktop.DBus.Properties", "Get").Append(@interface).Append(name);
        using Message reply = _bus.Call(call, s_quick);
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
