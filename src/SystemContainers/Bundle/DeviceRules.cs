// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json.Nodes;

namespace SystemContainers.Bundle;

/// <summary>
/// What <c>linux.resources.devices</c> of a config.json lets the payload do with devices (runtime-spec,
/// config-linux.md, "Allowed Device list"), as systemd says it: DevicePolicy= and DeviceAllow=
/// (systemd.resource-control(5)). Never more than the document states; where systemd has no words for a rule,
/// <see cref="Unsaid"/> names it.
/// </summary>
sealed class DeviceRules
{
    private const string All = "rwm";

    /// <summary>Access by what it is for; a major or minor of null is every one.</summary>
    private readonly Dictionary<(char Type, long? Major, long? Minor), string> _allowed = [];

    private readonly List<string> _unsaid = [];

    /// <summary>Devices by their paths or groups, which only the start knows the numbers of.</summary>
    private readonly List<string> _named = [];

    private DeviceRules() { }

    /// <summary>Rules that systemd has no words for, such as a range without one device of it.</summary>
    public IReadOnlyList<string> Unsaid => _unsaid;

    /// <summary>The document forbids nothing.</summary>
    public bool AllowsAll => Of(('c', null, null)) == All && Of(('b', null, null)) == All;

    /// <summary>
    /// Lines for [Service]. <c>closed</c> has what every container is given (null, zero, full, random, urandom, tty,
    /// ptmx and the pseudo terminals), which is also what runtimes add to every list. Lines of the template's own give
    /// way.
    /// </summary>
    public IEnumerable<string> Lines =>
        AllowsAll
            ? []
            :
            [
                "DevicePolicy=closed",
                "DeviceAllow=",
                .. _allowed
                    .Where(a => a.Value.Length > 0)
                    .OrderBy(a => a.Key)
                    .Select(a => $"DeviceAllow={Specifier(a.Key)} {a.Value}"),
                .. _named.Select(n => "DeviceAllow=" + n),
            ];

    /// <summary>Reads the rules of a document.</summary>
    /// <param name="linux">Its <c>linux</c>.</param>
    /// <param name="widens">
    /// Something else (runc's own cgroup) holds a rule that systemd has no words for, so that the unit may allow more;
    /// else the unit allows less, and the rule is among <see cref="Unsaid"/>.
    /// </param>
    /// <exception cref="Errors.SysctrException">Template: the list is not of the right shape.</exception>
    public static DeviceRules Read(JsonObject linux, bool widens)
    {
        DeviceRules rules = new();
        SpecReader reader = new("linux");
        SpecReader.Place resources = reader.Object(linux, "resources");
        if (resources.Node?["devices"] is null)
        {
            // Without a list runtimes allow nobody to open more than closed has, and anybody to make a node.
            rules.Allow(('c', null, null), "m");
            rules.Allow(('b', null, null), "m");
        }

        foreach (SpecReader.Place rule in reader.Objects(resources, "devices"))
        {
            rules.Apply(rule, widens);
        }

        foreach (SpecReader.Place device in reader.Objects(new SpecReader.Place(linux, "linux"), "devices"))
        {
            // The runtime makes them from inside of the unit. Whether the payload may open them is what the list says.
            if (
                Types(device.Text("type")) is [var type]
                && device.Number("major") is { } major
                && device.Number("minor") is { } minor
            )
            {
                rules.Allow((type, major, minor), "m");
            }
        }

        return rules;
    }

    /// <summary>Allows a device by its path or group (systemd.resource-control(5)).</summary>
    /// <param name="specifier">An absolute path, or such as <c>char-drm</c>.</param>
    /// <param name="access">Of <c>rwm</c>; making the node is for the runtime, and always there.</param>
    public void AllowNamed(string specifier, string access) =>
        _named.Add($"{SystemdText.CommandLine.Unexpanded(specifier)} {Ordered(access + "m")}");

    /// <summary>Allows whatever a start finds: devices of which it alone knows the numbers. For a payload that is kept
    /// to the nodes that it was given by something else.</summary>
    public void AllowAny()
    {
        _named.Add("char-* rwm");
        _named.Add("block-* rwm");
    }

    private void Apply(SpecReader.Place rule, bool widens)
    {
        char[] types = Types(rule.Text("type") ?? "a");
        long? major = Any(rule.Number("major"));
        long? minor = Any(rule.Number("minor"));
        string access = Ordered(rule.Text("access") ?? "");
        bool allow = rule.Flag("allow");
        if (!allow && types.Length > 1)
        {
            // To runc, and so to the kernel's first form of the list, a rule for all types is for all devices.
            _allowed.Clear();
            return;
        }

        foreach (char type in types)
        {
            if (!allow)
            {
                Deny((type, major, minor), access.Length > 0 ? access : All, rule.Name, widens);
            }
            else if (major is null && minor is not null)
            {
                if (widens)
                {
                    Allow((type, null, null), access);
                }
                else
                {
                    _unsaid.Add($"{rule.Name} allows one minor number of every major");
                }
            }
            else
            {
                Allow((type, major, minor), access);
            }
        }
    }

    private void Allow((char Type, long? Major, long? Minor) device, string access) =>
        _allowed[device] = Ordered(Of(device) + access);

    private void Deny((char Type, long? Major, long? Minor) denied, string access, string name, bool widens)
    {
        foreach (((char Type, long? Major, long? Minor) device, string has) in _allowed.ToArray())
        {
            bool meets =
                device.Type == denied.Type && Meet(device.Major, denied.Major) && Meet(device.Minor, denied.Minor);
            if (!meets || !has.Any(access.Contains))
            {
                continue;
            }

            if (Covers(denied.Major, device.Major) && Covers(denied.Minor, device.Minor))
            {
                _allowed[device] = new string([.. has.Where(c => !access.Contains(c, StringComparison.Ordinal))]);
            }
            else if (!widens)
            {
                _unsaid.Add($"{name} denies a part of what an earlier one allows");
            }
        }
    }

    private string Of((char Type, long? Major, long? Minor) device) => _allowed.GetValueOrDefault(device, "");

    private static bool Meet(long? a, long? b) => a is null || b is null || a == b;

    private static bool Covers(long? wide, long? narrow) => wide is null || wide == narrow;

    /// <summary>-1 is runc's word for all of them.</summary>
    private static long? Any(long? number) => number < 0 ? null : number;

    private static char[] Types(string? type) =>
        type switch
        {
            "a" or "" => ['c', 'b'],
            "c" or "u" => ['c'],
            "b" => ['b'],
            _ => [],
        };

    private static string Ordered(string access) =>
        new([.. All.Where(c => access.Contains(c, StringComparison.Ordinal))]);

    /// <summary>Numbers are taken without a look at /proc/devices or at nodes (bpf_devices_allow_list_device in
    /// src/core/bpf-devices.c).</summary>
    private static string Specifier((char Type, long? Major, long? Minor) device)
    {
        string kind = device.Type == 'c' ? "char" : "block";
        return device switch
        {
            (_, null, _) => kind + "-*",
            (_, { } major, null) => string.Create(CultureInfo.InvariantCulture, $"{kind}-{major}"),
            (_, { } major, { } minor) => string.Create(CultureInfo.InvariantCulture, $"/dev/{kind}/{major}:{minor}"),
        };
    }
}
