using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Users;
using SystemContainers.Register.SdBus;

namespace SystemContainers.Register;

/// <summary>The running systemd over D-Bus (org.freedesktop.systemd1(5)).</summary>
sealed class SystemdBus : ISystemdManager
{
    private const string ManagerPath = "/org/freedesktop/systemd1";
    private const string Manager = "org.freedesktop.systemd1.Manager";
    private const string Unit = "org.freedesktop.systemd1.Unit";
    private const string Service = "org.freedesktop.systemd1.Service";

    private const string StartUnit = "StartUnit";
    private const string RestartUnit = "RestartUnit";
    private const string NoSuchUnit = "org.freedesktop.systemd1.NoSuchUnit";

    /// <summary>The properties of a unit that name those who are stopped with it (systemd.unit(5), "Mapping of unit properties to their inverses").</summary>
    private static readonly string[] s_stoppedWith = ["RequiredBy", "RequisiteOf", "BoundBy", "ConsistsOf"];

    private static readonly TimeSpan s_quick = TimeSpan.FromSeconds(30);

    /// <summary>A reload runs generators and reads every unit; a busy host with a thousand of them takes its time.</summary>
    private static readonly TimeSpan s_reload = TimeSpan.FromMinutes(5);

    private readonly Bus _bus;
    private readonly JobWaiter _jobs;
    private readonly UnitSettling _settling;

    private SystemdBus(Bus bus, HostUser? user)
    {
        _bus = bus;
        User = user;
        _jobs = new JobWaiter(bus);
        _settling = new UnitSettling(this);
    }

    /// <summary>Connects.</summary>
    /// <param name="user">Whose systemd; null for the system's.</param>
    /// <exception cref="DBusException">Nobody answers.</exception>
    public static SystemdBus Open(HostUser? user)
    {
        // Inside the user's namespace too: sd-bus leaves it to the other side to say who it is, from the socket's credentials (systemd 247).
        Bus bus = Bus.Open(user is not null);
        try
        {
            // At once, for the daemon hangs up on those who take their time to introduce themselves, and a pull takes minutes.
            SystemdBus systemd = new(bus, user);
            systemd.Version = SystemdManager.ParseVersion("systemd " + systemd.Property(ManagerPath, Manager, "Version", "s", m => m.ReadString()));
            return systemd;
        }
        catch
        {
            bus.Dispose();
            throw;
        }
    }

    /// <summary>Whose systemd it is; null for the system's.</summary>
    internal HostUser? User { get; }

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
    });

    public void Disable(IReadOnlyList<string> units, CancellationToken cancellation) => Do(() =>
    {
        foreach (string unit in units)
        {
            DisableOne(unit);
        }
    });

    public void Start(string unit, CancellationToken cancellation)
    {
        Run("starting", [(StartUnit, unit)], cancellation);
        Settle([unit], UnitSettling.Briefly, mayEnd: true, cancellation);
    }

    public void Restart(string unit, CancellationToken cancellation)
    {
        Run("restarting", [(RestartUnit, unit)], cancellation);
        Settle([unit], UnitSettling.Briefly, mayEnd: true, cancellation);
    }

    public void StartTogether(IReadOnlyList<string> units, IReadOnlyList<string> anew, CancellationToken cancellation) =>
        Run("starting", UnitOrder.Starting([.. units.Distinct(StringComparer.Ordinal)], GetAfter).Select(u => (anew.Contains(u, StringComparer.Ordinal) ? RestartUnit : StartUnit, u)), cancellation);

    public void Settle(IReadOnlyList<string> units, TimeSpan time, bool mayEnd, CancellationToken cancellation) =>
        _settling.Await(units, time, mayEnd, cancellation);

    public void Stop(string unit, CancellationToken cancellation) => StopTogether([unit], cancellation);

    public void StopTogether(IReadOnlyList<string> units, CancellationToken cancellation)
    {
        string[] there = [.. units.Distinct(StringComparer.Ordinal).Where(u => GetStatus(u) is not { LoadState: "not-found", ActiveState: "inactive" })];
        Run("stopping", UnitOrder.Stopping(there, GetAfter).Select(u => ("StopUnit", u)), cancellation);
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
        bool service = IsService(unit);
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

    public IReadOnlyList<string> GetAfter(string unit) => Do(() => Property(UnitPath(unit), Unit, "After", "as", m => m.ReadStrings()));

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

    /// <summary>What matters of a service while it settles.</summary>
    internal UnitRun GetRun(string unit) => Do(() =>
    {
        string path = UnitPath(unit);
        return new UnitRun(
            Property(path, Unit, "ActiveState", "s", m => m.ReadString()),
            Property(path, Service, "Result", "s", m => m.ReadString()),
            Property(path, Service, "NRestarts", "u", m => m.ReadUInt32()),
            Property(path, Service, "Type", "s", m => m.ReadString()),
            Property(path, Unit, "TriggeredBy", "as", m => m.ReadStrings()).Count > 0);
    });

    internal static bool IsService(string unit) => unit.EndsWith(".service", StringComparison.Ordinal);

    private void Run(string doing, IEnumerable<(string Method, string Unit)> jobs, CancellationToken cancellation)
    {
        if (Do(() => _jobs.Run(jobs, cancellation)) is var (unit, result))
        {
            throw UnitFailure.Of(doing, unit, result, this);
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
            // systemd writes links and files itself, and its disk is ours.
            bool disk = e.ErrorName is "System.Error.ENOSPC" or "System.Error.EDQUOT" or "System.Error.EROFS" or "System.Error.EIO";
            throw new SysctrException(disk ? ErrorKind.Storage : ErrorKind.Unit, $"asking systemd, {e.Message}", inner: e);
        }
    }
}
