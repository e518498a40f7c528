// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Users;
using Tmds.DBus.Protocol;

namespace SystemContainers.Systemd.DBus;

/// <summary>
/// The running systemd over D-Bus (org.freedesktop.systemd1(5)). Connects with the first call, and anew where the
/// connection was lost between two: a pull takes minutes, and a bus may be restarted meanwhile.
/// </summary>
/// <param name="user">Whose systemd; null for the system's.</param>
/// <param name="addresses">Where it answers, in the order in which to try; null for where it should.</param>
/// <param name="clock">What waits for a unit go by; null for the system's.</param>
sealed class SystemdBus(HostUser? user, IReadOnlyList<SystemdAddress>? addresses = null, TimeProvider? clock = null)
    : ISystemdManager
{
    private const string Unit = "org.freedesktop.systemd1.Unit";
    private const string NoSuchUnit = "org.freedesktop.systemd1.NoSuchUnit";

    /// <summary>The properties of a unit that name those who are stopped with it (systemd.unit(5), "Mapping of unit
    /// properties to their inverses").</summary>
    private static readonly string[] s_stoppedWith = ["RequiredBy", "RequisiteOf", "BoundBy", "ConsistsOf"];

    /// <summary>A reload runs generators and reads every unit; a busy host with a thousand of them takes its
    /// time.</summary>
    private static readonly TimeSpan s_reload = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim _connecting = new(1);
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private SystemdConnection? _connection;

    public bool IsBooted => true;

    /// <summary>Why the bus does not answer, where systemd's own socket does; null where it is the bus that answered,
    /// and before the first call.</summary>
    public string? BusFailure { get; private set; }

    public async Task<int> GetVersionAsync(CancellationToken cancellation) =>
        (await ConnectAsync(cancellation)).Version;

    public async Task<IReadOnlyDictionary<string, string>> GetEnvironmentAsync(CancellationToken cancellation)
    {
        VariantValue all = await (await ConnectAsync(cancellation)).GetAsync(
            SystemdConnection.ManagerPath,
            SystemdConnection.Manager,
            "Environment",
            cancellation
        );
        Dictionary<string, string> variables = new(StringComparer.Ordinal);
        foreach (string[] pair in all.GetArray<string>().Select(v => v.Split('=', 2)).Where(p => p.Length == 2))
        {
            variables[pair[0]] = pair[1];
        }

        return variables;
    }

    public async Task ReloadAsync(CancellationToken cancellation)
    {
        SystemdConnection connection = await ConnectAsync(cancellation);
        FaultPoint.Pass("Reload");
        await connection.CallAsync("Reload", null, null, s_reload, cancellation);
    }

    public async Task EnableAsync(IReadOnlyList<string> units, CancellationToken cancellation)
    {
        SystemdConnection connection = await ConnectAsync(cancellation);
        FaultPoint.Pass("EnableUnitFiles");
        await connection.CallAsync(
            "EnableUnitFiles",
            "asbb",
            (ref MessageWriter writer) =>
            {
                writer.WriteArray(units);
                writer.WriteBool(false);
                writer.WriteBool(false);
            },
            SystemdConnection.Quick,
            cancellation
        );
    }

    public async Task DisableAsync(IReadOnlyList<string> units, CancellationToken cancellation)
    {
        SystemdConnection connection = await ConnectAsync(cancellation);
        foreach (string unit in units)
        {
            await DisableAsync(connection, unit, cancellation);
        }
    }

    public async Task StartAsync(string unit, CancellationToken cancellation)
    {
        await RunAsync("starting", [(JobType.Start, unit)], cancellation);
        await SettleAsync([unit], UnitHealth.Briefly, mayEnd: true, cancellation);
    }

    public async Task RestartAsync(string unit, CancellationToken cancellation)
    {
        await RunAsync("restarting", [(JobType.Restart, unit)], cancellation);
        await SettleAsync([unit], UnitHealth.Briefly, mayEnd: true, cancellation);
    }

    public async Task StartTogetherAsync(
        IReadOnlyList<string> units,
        IReadOnlyList<string> anew,
        CancellationToken cancellation
    )
    {
        string[] distinct = [.. units.Distinct(StringComparer.Ordinal)];
        Func<string, IEnumerable<string>> after = await OrderAsync(distinct, cancellation);
        await RunAsync(
            "starting",
            [
                .. UnitOrder
                    .Starting(distinct, after)
                    .Select(u => (anew.Contains(u, StringComparer.Ordinal) ? JobType.Restart : JobType.Start, u)),
            ],
            cancellation
        );
    }

    public async Task SettleAsync(
        IReadOnlyList<string> units,
        TimeSpan time,
        bool mayEnd,
        CancellationToken cancellation
    )
    {
        if (
            await UnitSettling.AwaitAsync(
                ListenAsync,
                GetStatusAsync,
                units.Where(UnitOrder.IsService),
                time,
                mayEnd,
                _clock,
                cancellation
            )
            is var (unit, result)
        )
        {
            throw await UnitFailure.OfAsync("starting", unit, result, user);
        }
    }

    public Task StopAsync(string unit, CancellationToken cancellation) => StopTogetherAsync([unit], cancellation);

    public async Task StopTogetherAsync(IReadOnlyList<string> units, CancellationToken cancellation)
    {
        string[] there =
        [
            .. (await GetStatesAsync([.. units.Distinct(StringComparer.Ordinal)], cancellation))
                .Where(u => u is not { LoadState: "not-found", ActiveState: "inactive" })
                .Select(u => u.Name),
        ];
        Func<string, IEnumerable<string>> after = await OrderAsync(there, cancellation);
        await RunAsync("stopping", [.. UnitOrder.Stopping(there, after).Select(u => (JobType.Stop, u))], cancellation);
    }

    public async Task ResetFailedAsync(string unit, CancellationToken cancellation)
    {
        SystemdConnection connection = await ConnectAsync(cancellation);
        try
        {
            FaultPoint.Pass("ResetFailedUnit");
            await connection.CallAsync(
                "ResetFailedUnit",
                "s",
                (ref MessageWriter writer) => writer.WriteString(unit),
                SystemdConnection.Quick,
                cancellation
            );
        }
        catch (SysctrException e) when (ErrorName(e) == NoSuchUnit)
        {
            // A unit that is not loaded has not failed either.
        }
    }

    public async Task<UnitStatus> GetStatusAsync(string unit, CancellationToken cancellation)
    {
        Dictionary<string, VariantValue> all = await (await ConnectAsync(cancellation)).GetAllAsync(
            SystemdConnection.PathOf(unit),
            cancellation
        );
        return new UnitStatus
        {
            Name = unit,
            LoadState = Text("LoadState"),
            ActiveState = Text("ActiveState"),
            SubState = Text("SubState"),
            UnitFileState = Text("UnitFileState"),
            Type = Text("Type"),
            Result = Text("Result"),
            MainPid = Number("MainPID"),
            ExecMainStatus =
                all.TryGetValue("ExecMainStatus", out VariantValue status) && status.Type == VariantValueType.Int32
                    ? status.GetInt32()
                    : 0,
            Restarts = Number("NRestarts"),
            IsTriggered = Words(all, "TriggeredBy").Length > 0,
        };

        string Text(string name) =>
            all.TryGetValue(name, out VariantValue value) && value.Type == VariantValueType.String
                ? value.GetString()
                : "";

        uint Number(string name) =>
            all.TryGetValue(name, out VariantValue value) && value.Type == VariantValueType.UInt32
                ? value.GetUInt32()
                : 0;
    }

    public Task<UnitStatus> GetSettledStatusAsync(string unit, TimeSpan patience, CancellationToken cancellation) =>
        UnitSettling.LookAsync(ListenAsync, GetStatusAsync, unit, patience, _clock, cancellation);

    public async Task<IReadOnlyList<UnitState>> GetStatesAsync(
        IReadOnlyList<string> units,
        CancellationToken cancellation
    )
    {
        if (units.Count == 0)
        {
            return [];
        }

        List<UnitState> states = await (await ConnectAsync(cancellation)).CallAsync(
            "ListUnitsByNames",
            "as",
            (ref MessageWriter writer) => writer.WriteArray(units),
            static (reply, _) => ReadUnits(reply.GetBodyReader()),
            SystemdConnection.Quick,
            cancellation
        );

        // systemd calls a unit by its first name; what was asked for may be an alias.
        return states.Count == units.Count
            ? [.. states.Zip(units, (state, unit) => state with { Name = unit })]
            : throw new SysctrException(
                ErrorKind.Unit,
                $"asking systemd, ListUnitsByNames: it told of {states.Count} of {units.Count} units"
            );
    }

    public async Task<IReadOnlyDictionary<string, string>> GetFileStatesAsync(
        IReadOnlyList<string> units,
        CancellationToken cancellation
    )
    {
        if (units.Count == 0)
        {
            return new Dictionary<string, string>();
        }

        // Patterns of fnmatch(3); of what it gives a meaning to, a unit's name can have the backslash alone.
        string[] patterns = [.. units.Select(u => u.Replace(@"\", @"\\", StringComparison.Ordinal))];
        return await (await ConnectAsync(cancellation)).CallAsync(
            "ListUnitFilesByPatterns",
            "asas",
            (ref MessageWriter writer) =>
            {
                writer.WriteArray(Array.Empty<string>());
                writer.WriteArray(patterns);
            },
            static (reply, _) => ReadFiles(reply.GetBodyReader()),
            SystemdConnection.Quick,
            cancellation
        );
    }

    public async Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> GetAfterAsync(
        IReadOnlyList<string> units,
        CancellationToken cancellation
    )
    {
        SystemdConnection connection = await ConnectAsync(cancellation);
        VariantValue[] after = await Task.WhenAll(
            units.Select(u => connection.GetAsync(SystemdConnection.PathOf(u), Unit, "After", cancellation))
        );
        return units
            .Zip(after)
            .ToDictionary(
                u => u.First,
                u => (IReadOnlyList<string>)u.Second.GetArray<string>(),
                StringComparer.Ordinal
            );
    }

    public async Task<IReadOnlyList<string>> GetRunningDependentsAsync(
        IReadOnlyList<string> units,
        CancellationToken cancellation
    )
    {
        SystemdConnection connection = await ConnectAsync(cancellation);
        HashSet<string> seen = new(units, StringComparer.Ordinal);
        List<string> found = [];
        IReadOnlyList<string> open = units;
        while (open.Count > 0)
        {
            Dictionary<string, VariantValue>[] all = await Task.WhenAll(
                open.Select(u => connection.GetAllAsync(SystemdConnection.PathOf(u), cancellation))
            );
            open =
            [
                .. all.SelectMany(unit => s_stoppedWith.SelectMany(property => Words(unit, property))).Where(seen.Add),
            ];
            found.AddRange(open);
        }

        return [.. (await GetStatesAsync(found, cancellation)).Where(u => u.IsUp).Select(u => u.Name)];
    }

    public void Dispose()
    {
        _connection?.Dispose();
        _connecting.Dispose();
    }

    private async Task<SystemdConnection> ConnectAsync(CancellationToken cancellation)
    {
        await _connecting.WaitAsync(cancellation);
        try
        {
            if (_connection is { IsLost: true })
            {
                _connection.Dispose();
                _connection = null;
            }

            return _connection ??= await OpenAsync(cancellation);
        }
        finally
        {
            _connecting.Release();
        }
    }

    private async Task<SignalQueue> ListenAsync(CancellationToken cancellation) =>
        await (await ConnectAsync(cancellation)).ListenAsync(cancellation);

    private async Task<SystemdConnection> OpenAsync(CancellationToken cancellation)
    {
        SysctrException? first = null;
        foreach (SystemdAddress address in addresses ?? SystemdAddress.Of(user))
        {
            try
            {
                SystemdConnection connection = await SystemdConnection.OpenAsync(address, cancellation);
                BusFailure = first is null ? null : Why(first);
                return connection;
            }
            catch (SysctrException e)
            {
                first ??= e;
            }
        }

        // A bus is what one would mend.
        throw user is null
            ? new SysctrException(
                ErrorKind.Host,
                $"connecting to systemd: {Why(first!)}",
                "is dbus.service running?",
                first
            )
            : new SysctrException(
                ErrorKind.Host,
                $"connecting to the systemd of {user.Name}, on the bus below {user.RuntimeDirectory}: {Why(first!)}",
                user.Lingers
                    ? $"'systemctl status user@{user.Uid}.service' tells whether it runs"
                    : $"'loginctl enable-linger {user.Name}' as root starts it, now and at boot; su and sudo do not",
                first
            );

        static string Why(SysctrException e) => e.InnerException is DBusExceptionBase inner ? inner.Message : e.Message;
    }

    private async Task RunAsync(
        string doing,
        IReadOnlyList<(JobType Type, string Unit)> jobs,
        CancellationToken cancellation
    )
    {
        if (
            jobs.Count > 0
            && await JobWaiter.RunAsync(await ConnectAsync(cancellation), jobs, cancellation) is var (unit, result)
        )
        {
            throw await UnitFailure.OfAsync(doing, await GetStatusAsync(unit, cancellation), result, user);
        }
    }

    /// <summary>The order of units to <see cref="UnitOrder"/>; a single one needs no asking.</summary>
    private async Task<Func<string, IEnumerable<string>>> OrderAsync(string[] units, CancellationToken cancellation)
    {
        IReadOnlyDictionary<string, IReadOnlyList<string>>? after =
            units.Length > 1 ? await GetAfterAsync(units, cancellation) : null;
        return unit => after?[unit] ?? [];
    }

    /// <summary>One at a time: systemd does none of a call when one is not there.</summary>
    private static async Task DisableAsync(SystemdConnection connection, string unit, CancellationToken cancellation)
    {
        try
        {
            FaultPoint.Pass("DisableUnitFiles");
            await connection.CallAsync(
                "DisableUnitFiles",
                "asb",
                (ref MessageWriter writer) =>
                {
                    writer.WriteArray(new[] { unit });
                    writer.WriteBool(false);
                },
                SystemdConnection.Quick,
                cancellation
            );
        }
        catch (SysctrException e)
            when (ErrorName(e) is NoSuchUnit or "org.freedesktop.DBus.Error.FileNotFound" or "System.Error.ENOENT")
        {
            // Without its file it is enabled by nothing: the links go before the file does.
        }
    }

    /// <summary>Reads a(ssssssouso): name, description, load, active and sub state, and what we have no use
    /// for.</summary>
    private static List<UnitState> ReadUnits(Reader reader)
    {
        List<UnitState> units = [];
        ArrayEnd end = reader.ReadArrayStart(DBusType.Struct);
        while (reader.HasNext(end))
        {
            reader.AlignStruct();
            string name = reader.ReadString();
            _ = reader.ReadString();
            units.Add(new UnitState(name, reader.ReadString(), reader.ReadString(), reader.ReadString()));
            _ = reader.ReadString();
            _ = reader.ReadObjectPathAsString();
            _ = reader.ReadUInt32();
            _ = reader.ReadString();
            _ = reader.ReadObjectPathAsString();
        }

        return units;
    }

    /// <summary>Reads a(ss): path of a unit file, and its state.</summary>
    private static Dictionary<string, string> ReadFiles(Reader reader)
    {
        Dictionary<string, string> files = new(StringComparer.Ordinal);
        ArrayEnd end = reader.ReadArrayStart(DBusType.Struct);
        while (reader.HasNext(end))
        {
            reader.AlignStruct();
            string name = Path.GetFileName(reader.ReadString());
            files[name] = reader.ReadString();
        }

        return files;
    }

    private static string[] Words(Dictionary<string, VariantValue> properties, string name) =>
        properties.TryGetValue(name, out VariantValue value) && value.Type == VariantValueType.Array
            ? value.GetArray<string>()
            : [];

    private static string? ErrorName(SysctrException e) => (e.InnerException as DBusErrorReplyException)?.ErrorName;
}
