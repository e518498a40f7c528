// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Settings;
using SystemContainers.SystemdText;

namespace SystemContainers.Units;

/// <summary>
/// What <c>linux.resources</c> of a config.json limits, as settings of the unit (systemd.resource-control(5)): there
/// systemd holds it, whatever the runtime does. crun, which leaves the cgroup to systemd, does nothing of it itself;
/// runc repeats it in a cgroup of its own below the unit's.
/// </summary>
sealed partial class UnitLimits
{
    /// <summary>What starting a container takes inside of its unit: sysctr and the runtime are there before the
    /// payload.</summary>
    private const long StartBytes = 32L << 20;

    /// <summary>The same in tasks, for threads count.</summary>
    private const long StartTasks = 64;

    private readonly List<UnitLimit> _limits;
    private readonly RuntimeKind _runtime;

    private UnitLimits(DeviceRules? devices, List<UnitLimit> limits, RuntimeKind runtime)
    {
        Devices = devices;
        _limits = limits;
        _runtime = runtime;
    }

    /// <summary>What the payload may do with devices; null in a user's manager, where the kernel lets nobody do
    /// anything with them.</summary>
    public DeviceRules? Devices { get; }

    /// <summary>All but devices.</summary>
    public IReadOnlyList<UnitLimit> Settings => _limits;

    /// <summary>Reads the limits of a document.</summary>
    /// <param name="document">config.json, which <see cref="Bundle.RuntimeConfigFile.Read"/> has accepted.</param>
    /// <param name="runtime">What carries it out.</param>
    /// <param name="system">Whether the system's manager has the unit; else a user's.</param>
    /// <exception cref="SysctrException">
    /// Template: a value is not of the runtime-spec's type; Host: a limit can be held neither by systemd nor by this
    /// runtime, and so the container is not installed.
    /// </exception>
    public static UnitLimits Of(JsonObject document, RuntimeKind runtime, bool system)
    {
        JsonObject? linux = document["linux"] as JsonObject;
        DeviceRules? devices = system ? DeviceRules.Read(linux ?? [], widens: runtime == RuntimeKind.Runc) : null;
        foreach (
            DeviceSetting device in StartAnnotations
                .Lines(document, StartAnnotations.Devices)
                .Select(DeviceSetting.Parse)
        )
        {
            devices?.AllowNamed(device.Specifier, device.Access);
        }

        if (StartAnnotations.Lines(document, StartAnnotations.NamedDevices) is [var described, ..])
        {
            AllowDescribed(devices, described, document, runtime);
        }

        if (devices?.Unsaid is [var unsaid, ..])
        {
            throw Unheld($"{unsaid}, which systemd has no words for");
        }

        UnitLimits limits = new(devices, [], runtime);
        SpecReader reader = new("linux");
        SpecReader.Place resources = reader.Object(linux, "resources");
        limits.ReadMemory(reader.Object(resources, "memory"));
        limits.ReadCpu(reader.Object(resources, "cpu"));
        if (reader.Object(resources, "pids").Number("limit") is > 0 and { } tasks)
        {
            limits.Add("TasksMax", tasks, "pids", UnitLimitKind.Amount, "linux.resources.pids.limit");
        }

        limits.ReadBlockIo(reader, reader.Object(resources, "blockIO"));
        limits.ReadUnified(reader.Object(resources, "unified"));
        limits.RefuseOthers(reader, resources);
        limits.LeaveRoomToStart();
        return limits;
    }

    /// <summary>Lines for [Service].</summary>
    /// <param name="own">The service that they are for. What it says itself stays where it is as strict, or where it is
    /// a mere share; null for nothing.</param>
    public IEnumerable<string> Lines(UnitText? own) =>
        [
            .. (Devices?.Lines ?? []).Where(_ => !SaysDevices(own)),
            .. _limits
                .Where(l => !Holds(own, l))
                .SelectMany(l =>
                    // Sets of several lines are joined.
                    l.Kind == UnitLimitKind.Set
                    && own?.Find("Service", l.Key) is not null
                        ? [$"{l.Key}=", $"{l.Key}={l.Value}"]
                        : new[] { $"{l.Key}={l.Value}" }
                ),
        ];

    /// <summary>Looks whether the host's control groups have what the limits need.</summary>
    /// <param name="controllers">Those that the manager of the unit has; null where nobody knows.</param>
    /// <returns>Shares that have no effect, one sentence each.</returns>
    /// <exception cref="SysctrException">Host: a limit would not hold.</exception>
    public IReadOnlyList<string> Check(IReadOnlyCollection<string>? controllers)
    {
        if (controllers is null)
        {
            return [];
        }

        UnitLimit[] without = [.. _limits.Where(l => !controllers.Contains(l.Controller))];
        if (without.FirstOrDefault(l => l.Kind != UnitLimitKind.Share) is { } lost)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"checking config.json: {lost.Source} can't be held: control groups have no controller '{lost.Controller}' here",
                $"enable it ('Delegate={lost.Controller}' for user@.service where it is a user's container), or leave the limit out"
            );
        }

        return
        [
            .. without.Select(l =>
                $"{l.Source} has no effect: control groups have no controller '{l.Controller}' here"
            ),
        ];
    }

    private static SysctrException Unheld(string why, string? hint = null) =>
        new(
            ErrorKind.Host,
            $"checking config.json: {why}, so that it would not hold",
            hint ?? "install it with '--runtime runc', which holds it in a control group of its own, or leave it out"
        );

    /// <summary>A default unit made with the same lines.</summary>
    private bool SaysDevices(UnitText? own) =>
        own is not null
        && Devices!
            .Lines.Where(l => !l.EndsWith('='))
            .SequenceEqual(
                [
                    .. own.All("Service", "DevicePolicy").TakeLast(1).Select(v => "DevicePolicy=" + v),
                    .. own.All("Service", "DeviceAllow").Select(v => "DeviceAllow=" + v),
                ],
                StringComparer.Ordinal
            );

    private static bool Holds(UnitText? own, UnitLimit limit)
    {
        if (own?.Find("Service", limit.Key) is not { } value)
        {
            return false;
        }

        return limit.Kind switch
        {
            UnitLimitKind.Share => true,
            UnitLimitKind.Amount => value == limit.Value
                || (AmountOf(value) is { } has && AmountOf(limit.Value) is { } wanted && has <= wanted),
            UnitLimitKind.Set => value == limit.Value,
            _ => own.All("Service", limit.Key).Contains(limit.Value, StringComparer.Ordinal),
        };
    }

    /// <summary>Bytes, tasks or per cent; null for what is of the machine's size (MemoryMax=10%) or for nothing that we
    /// understand.</summary>
    private static decimal? AmountOf(string value)
    {
        decimal unit = value[^1] switch
        {
            'K' => 1L << 10,
            'M' => 1L << 20,
            'G' => 1L << 30,
            'T' => 1L << 40,
            _ => 1,
        };
        string digits = unit > 1 ? value[..^1] : value;
        return decimal.TryParse(
            digits,
            NumberStyles.AllowDecimalPoint,
            CultureInfo.InvariantCulture,
            out decimal number
        )
            ? number * unit
            : null;
    }

    private void Add(string key, long value, string controller, UnitLimitKind kind, string source) =>
        Add(key, value.ToString(CultureInfo.InvariantCulture), controller, kind, source);

    /// <summary>The last word of the document for a setting counts, and <c>unified</c> comes last, as runtimes have
    /// it.</summary>
    private void Add(string key, string value, string controller, UnitLimitKind kind, string source)
    {
        _limits.RemoveAll(l => l.Key == key && (kind != UnitLimitKind.Rate || FirstWord(l.Value) == FirstWord(value)));
        _limits.Add(new UnitLimit(key, value, controller, kind, source));
    }

    private static string FirstWord(string value) => value.Split(' ')[0];

    private void ReadMemory(SpecReader.Place memory)
    {
        long limit = memory.Number("limit") ?? 0;
        if (limit > 0)
        {
            Add("MemoryMax", limit, "memory", UnitLimitKind.Amount, memory.Name + ".limit");
        }

        if (memory.Number("reservation") is > 0 and { } reservation)
        {
            Add("MemoryLow", reservation, "memory", UnitLimitKind.Share, memory.Name + ".reservation");
        }

        if (memory.Number("swap") is > 0 and { } swap)
        {
            if (limit <= 0 || swap < limit)
            {
                throw memory.Wrong("swap", "memory and swap together, and not less than limit");
            }

            Add("MemorySwapMax", swap - limit, "memory", UnitLimitKind.Amount, memory.Name + ".swap");
        }

        foreach (string member in (string[])["kernel", "kernelTCP"])
        {
            if (memory.Number(member) is > 0)
            {
                throw Unheld(
                    $"{memory.Name}.{member} is a limit that control groups of today do not have",
                    "leave it out: limit counts the kernel's memory too"
                );
            }
        }
    }

    private void ReadCpu(SpecReader.Place cpu)
    {
        if (cpu.Number("shares") is > 0 and { } shares)
        {
            // As runc and crun convert the range of control groups v1, 2 to 262144, to that of v2 (runtime-spec: runc's
            // docs/cgroup-v2.md).
            long weight = 1 + ((Math.Clamp(shares, 2, 262_144) - 2) * 9999 / 262_142);
            Add("CPUWeight", weight, "cpu", UnitLimitKind.Share, cpu.Name + ".shares");
        }

        if (cpu.Number("idle") is > 0)
        {
            Add("CPUWeight", "idle", "cpu", UnitLimitKind.Share, cpu.Name + ".idle");
        }

        if (cpu.Number("quota") is > 0 and { } quota)
        {
            AddQuota(quota, cpu.Number("period") is > 0 and { } period ? period : 100_000, cpu.Name + ".quota");
        }

        AddSet("AllowedCPUs", cpu.Text("cpus"), cpu.Name + ".cpus");
        AddSet("AllowedMemoryNodes", cpu.Text("mems"), cpu.Name + ".mems");
        if (cpu.Number("realtimeRuntime") is > 0)
        {
            throw Unheld(
                $"{cpu.Name}.realtimeRuntime is a limit that control groups of today do not have",
                "leave it out"
            );
        }
    }

    /// <summary>Never more than the quota: systemd takes hundredths of a per cent.</summary>
    private void AddQuota(long quota, long period, string source)
    {
        decimal percent = Math.Max(Math.Floor(quota * 10_000m / period) / 100m, 0.01m);
        Add(
            "CPUQuota",
            percent.ToString("0.##", CultureInfo.InvariantCulture) + "%",
            "cpu",
            UnitLimitKind.Amount,
            source
        );
        if (period != 100_000)
        {
            Add("CPUQuotaPeriodSec", $"{period}us", "cpu", UnitLimitKind.Share, source);
        }
    }

    private void AddSet(string key, string? set, string source)
    {
        if (string.IsNullOrWhiteSpace(set))
        {
            return;
        }

        if (set.Trim().Any(c => !char.IsAsciiDigit(c) && c is not (',' or '-')))
        {
            throw Templates.TemplateErrors.At("config.json", $"{source} has to be a list of numbers, such as 0-3,8");
        }

        Add(key, set.Trim(), "cpuset", UnitLimitKind.Set, source);
    }

    private void ReadBlockIo(SpecReader reader, SpecReader.Place io)
    {
        if (io.Number("weight") is > 0 and { } weight)
        {
            Add("IOWeight", IoWeight(weight), "io", UnitLimitKind.Share, io.Name + ".weight");
        }

        foreach (SpecReader.Place device in reader.Objects(io, "weightDevice"))
        {
            if (device.Number("weight") is > 0 and { } own)
            {
                Add("IODeviceWeight", $"{Device(device)} {IoWeight(own)}", "io", UnitLimitKind.Share, device.Name);
            }
        }

        foreach (
            (string member, string key) in (ReadOnlySpan<(string, string)>)
                [
                    ("throttleReadBpsDevice", "IOReadBandwidthMax"),
                    ("throttleWriteBpsDevice", "IOWriteBandwidthMax"),
                    ("throttleReadIOPSDevice", "IOReadIOPSMax"),
                    ("throttleWriteIOPSDevice", "IOWriteIOPSMax"),
                ]
        )
        {
            foreach (SpecReader.Place device in reader.Objects(io, member))
            {
                if (device.Number("rate") is > 0 and { } rate)
                {
                    Add(key, $"{Device(device)} {rate}", "io", UnitLimitKind.Rate, device.Name);
                }
            }
        }
    }

    /// <summary>From the range of control groups v1, 10 to 1000, to that of v2, 1 to 10000.</summary>
    private static long IoWeight(long weight) => 1 + ((Math.Clamp(weight, 10, 1000) - 10) * 9999 / 990);

    private static string Device(SpecReader.Place device) =>
        device.Number("major") is >= 0 and { } major && device.Number("minor") is >= 0 and { } minor
            ? $"/dev/block/{major}:{minor}"
            : throw device.Wrong("major", "a device's, with a minor");

    /// <summary>What neither systemd nor a runtime without a control group of its own can hold.</summary>
    private void RefuseOthers(SpecReader reader, SpecReader.Place resources)
    {
        if (_runtime == RuntimeKind.Crun)
        {
            if (reader.Objects(resources, "hugepageLimits").FirstOrDefault() is { Node: not null } pages)
            {
                throw Unheld($"{pages.Name} is a limit that systemd does not have");
            }

            if (reader.Object(resources, "rdma").Node is { Count: > 0 })
            {
                throw Unheld($"{resources.Name}.rdma is a limit that systemd does not have");
            }
        }

        SpecReader.Place network = reader.Object(resources, "network");
        if (network.Number("classID") is > 0 || reader.Objects(network, "priorities").Any())
        {
            throw Unheld(
                $"{network.Name} is for controllers that control groups of today do not have",
                "leave it out, and filter by the unit's control group (nftables: socket cgroupv2)"
            );
        }
    }

    /// <summary>
    /// sysctr and the runtime themselves have to fit. With runc the unit is a little wider then, and runc's own group
    /// as narrow as the document says; with crun the unit is all there is.
    /// </summary>
    private void LeaveRoomToStart()
    {
        foreach (
            (string key, long room) in (ReadOnlySpan<(string, long)>)
                [("MemoryMax", StartBytes), ("MemoryHigh", StartBytes), ("TasksMax", StartTasks)]
        )
        {
            int at = _limits.FindIndex(l => l.Key == key && AmountOf(l.Value) < room);
            if (at < 0)
            {
                continue;
            }

            if (_runtime == RuntimeKind.Crun)
            {
                throw Unheld(
                    $"{_limits[at].Source} is {_limits[at].Value}, and with crun starting the container takes up to {room} in the same control group"
                );
            }

            _limits[at] = _limits[at] with { Value = room.ToString(CultureInfo.InvariantCulture) };
        }
    }
}
