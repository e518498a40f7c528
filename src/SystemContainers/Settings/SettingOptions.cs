// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Linux;
using SystemContainers.Oci;
using SystemContainers.Settings.Health;
using SystemContainers.Settings.Ids;
using static SystemContainers.Settings.SettingPlace;

namespace SystemContainers.Settings;

/// <summary>The options of podman-run(1) that sysctr has. Those that are not here it does not know, and says
/// so.</summary>
static class SettingOptions
{
    private const long MostSeconds = 86_400;

    private const string Mounts = "mounts";

    private const string Capabilities = "capabilities";

    private const string AllCapabilities = "ALL";

    private const string CapabilityPrefix = "CAP_";

    private static readonly Dictionary<string, SettingOption> s_byName = All()
        .ToDictionary(o => o.Name, StringComparer.Ordinal);

    /// <summary>In the order in which help shows them.</summary>
    public static IReadOnlyCollection<SettingOption> InOrder => s_byName.Values;

    /// <summary>The option of a name without dashes; null where there is none.</summary>
    public static SettingOption? Find(string name) => s_byName.GetValueOrDefault(name);

    private static SettingOption[] All() =>
        [
            new(
                "env",
                "NAME=VALUE",
                "Set a variable of the payload's environment; NAME alone takes the caller's value."
            )
            {
                Letter = 'e',
                IsList = true,
                Key = EnvironmentSetting.NameOf,
                Check = EnvironmentSetting.Check,
            },
            new(
                "volume",
                "[SOURCE:]DIR[:OPTIONS]",
                "Mount a directory of the host, or a volume by its name, on DIR of the container."
            )
            {
                Letter = 'v',
                IsList = true,
                Key = VolumeSetting.Key,
                Subject = Mounts,
                Check = VolumeSetting.Parse,
            },
            new(
                "mount",
                "type=TYPE,...",
                "Mount a directory (bind), a volume, a tmpfs or the files of another image, as podman-run(1) writes it."
            )
            {
                IsList = true,
                Key = MountSetting.Key,
                Subject = Mounts,
                Check = MountSetting.Parse,
            },
            new("tmpfs", "DIR[:OPTIONS]", "Mount a tmpfs on DIR of the container.")
            {
                IsList = true,
                Key = TmpfsSetting.Key,
                Subject = Mounts,
                Check = TmpfsSetting.Parse,
            },
            new(
                "device",
                "SOURCE[:DIR][:rwm]|VENDOR/CLASS=NAME",
                "Give a device of the host, by the number that it has when the container starts, or one that a specification of CDI describes."
            )
            {
                IsList = true,
                Key = DeviceSetting.Key,
                Subject = "devices",
                Check = DeviceSetting.Check,
            },
            new(
                "device-cgroup-rule",
                "RULE",
                "Let the payload use devices by their numbers, such as 'c 189:* rwm'; it has no nodes for them by that."
            )
            {
                IsList = true,
                HasCommas = true,
                Check = value => DeviceSetting.ParseRule(value),
            },
            new(
                "image-volume",
                "bind|tmpfs|ignore",
                "What becomes of the volumes that the image declares: kept on the host, in memory, or nothing."
            )
            {
                Check = value => OneOf(value, "anonymous", "bind", "tmpfs", "ignore"),
            },
            new("annotation", "NAME=VALUE", "An annotation of config.json, for the runtime and its hooks.")
            {
                IsList = true,
                Key = EnvironmentSetting.NameOf,
                Check = Annotation,
            },
            new(
                "secret",
                "NAME[,type=TYPE,...]",
                "Give the file NAME of /etc/sysctr/secrets.d, or the unit's credential NAME, as /run/secrets/NAME; with type=env,target=VARIABLE as a variable."
            )
            {
                IsList = true,
                Key = SecretSetting.Key,
                Subject = "secrets",
                Check = SecretSetting.Parse,
            },
            new(
                "writable",
                "volatile|persistent|direct|no",
                "Let the payload write to its root: in memory until it ends, or kept in its state directory over restarts and updates; direct is into the directory of --rootfs itself. The default is no."
            )
            {
                Check = Writable,
            },
            new("read-only", "true|false", "False is --writable volatile.")
            {
                IsFlag = true,
                Check = value => Flag(value),
            },
            new(
                "read-only-tmpfs",
                "true|false",
                "False leaves out the memory on /run, /tmp and /var/tmp that begins with what the image has there."
            )
            {
                IsFlag = true,
                Check = value => Flag(value),
            },
            new(
                "log-pipe",
                "auto|yes|no",
                "Whether standard output and error are a FIFO with a reader, for a payload that opens /dev/stdout; auto (the default) looks for links and settings that do."
            )
            {
                Check = value =>
                    value is "auto" or "yes" or "no" ? value : throw new FormatException("it is auto, yes or no"),
            },
            new(
                "user",
                "USER[:GROUP]",
                "Run the payload as this user of the image, by name or number. As a word of its own --user is the calling user's containers: write -u, or --user=USER."
            )
            {
                Letter = 'u',
                Check = value => value.Length > 0 ? value : throw new FormatException("it names nobody"),
            },
            new("umask", "MASK", "The payload's umask, such as 0077.") { Check = value => Quantity.Octal(value) },
            new(
                "group-add",
                "GROUP[,...]",
                "A further group of the payload, by its number or by its name in the image; keep-groups for those of the user whose container it is."
            )
            {
                IsList = true,
                HasCommas = true,
                Check = Group,
            },
            new(
                "env-host",
                "true|false",
                "Pass on the variables that the host's systemd gives its units, under what the image and --env say."
            )
            {
                IsFlag = true,
                Check = value => Flag(value),
            },
            new(
                "http-proxy",
                "true|false",
                "Whether the host's proxies (http_proxy, https_proxy, ftp_proxy, no_proxy) are the payload's, too; they are unless it is false."
            )
            {
                IsFlag = true,
                Check = value => Flag(value),
            },
            new("workdir", "DIR", "Start in this directory of the container.")
            {
                Letter = 'w',
                Check = VolumeSetting.Absolute,
            },
            new(
                "entrypoint",
                "COMMAND",
                "Start this instead of the image's entry point: one word, or a JSON array of strings. The image's own command is left out then."
            )
            {
                Check = Words,
            },
            new(
                "init",
                "true|false",
                "Start a small init that forwards signals and takes in orphans (catatonit, docker-init or tini-static of the host)."
            )
            {
                IsFlag = true,
                Check = value => Flag(value),
            },
            new(
                "systemd",
                "true|always|false",
                "Whether the container is made for a systemd inside of it: where its command is one (true), always, or not."
            )
            {
                Check = value => value == "always" || Flag(value),
            },
            new("hostname", "NAME", "Give the container a host name of its own.") { Check = HostName },
            new(
                "network",
                "NETWORK",
                "Its network: host (as without the option), none, bridge, a network by name, ns:PATH or container:NAME; a user's also pasta. Options follow a colon."
            )
            {
                IsList = true,
                IsWhole = true,
                Check = NetworkSetting.Parse,
            },
            new(
                "publish",
                "[[IP:][PORT]:]PORT[/PROTOCOL]",
                "Let a port of the host lead to one of the container, which gets a network of its own (bridge) where --network says none."
            )
            {
                Letter = 'p',
                IsList = true,
                HasCommas = true,
                CountsTogether = true,
                Key = PublishedPort.Key,
                Check = PublishedPort.Parse,
            },
            new("network-alias", "NAME", "A further name by which others on its networks find it.")
            {
                IsList = true,
                HasCommas = true,
                IsWhole = true,
                Check = NetworkSetting.Alias,
            },
            new("ip", "ADDRESS", "Its IPv4 address on its network.")
            {
                Check = value => NetworkSettings.CheckAddress(value, six: false),
            },
            new("ip6", "ADDRESS", "Its IPv6 address on its network.")
            {
                Check = value => NetworkSettings.CheckAddress(value, six: true),
            },
            new("mac-address", "ADDRESS", "The address of its device.") { Check = NetworkSetting.MacAddress },
            new("add-host", "NAME:ADDRESS", "A line for its /etc/hosts; host-gateway stands for the host's address.")
            {
                IsList = true,
                CountsTogether = true,
                HasCommas = true,
                Key = value => value.Split(':', 2)[0],
                Check = NetworkSettings.CheckHost,
            },
            new("dns", "ADDRESS", "A name server for its /etc/resolv.conf, instead of the host's.")
            {
                IsList = true,
                HasCommas = true,
                IsWhole = true,
                Check = NetworkSettings.CheckServer,
            },
            new(
                "dns-search",
                "DOMAIN",
                "A search domain for its /etc/resolv.conf, instead of the host's; a dot for none."
            )
            {
                IsList = true,
                HasCommas = true,
                IsWhole = true,
                Check = NetworkSettings.CheckWord,
            },
            new("dns-option", "OPTION", "An option for its /etc/resolv.conf, such as ndots:2.")
            {
                IsList = true,
                HasCommas = true,
                IsWhole = true,
                Check = NetworkSettings.CheckWord,
            },
            new(
                "userns",
                "host|auto|keep-id|private",
                "A user namespace of its own: of ids that no other container has (auto), of the host's ids (keep-id), or of maps (private). Options follow a colon: auto:size=65536."
            )
            {
                Check = UserNamespaceSetting.ParseMode,
            },
            new(
                "uidmap",
                "INSIDE:OUTSIDE[:COUNT]",
                "Users of its user namespace are these of the host; of groups too where --gidmap is not said."
            )
            {
                IsList = true,
                HasCommas = true,
                IsWhole = true,
                Check = IdMapSetting.Parse,
            },
            new("gidmap", "INSIDE:OUTSIDE[:COUNT]", "The same of groups.")
            {
                IsList = true,
                HasCommas = true,
                IsWhole = true,
                Check = IdMapSetting.Parse,
            },
            new("subuidname", "NAME", "Its users are the subordinate ones that /etc/subuid has for NAME.")
            {
                Check = UserNamespaceSetting.SubordinateName,
            },
            new("subgidname", "NAME", "Its groups are the subordinate ones that /etc/subgid has for NAME.")
            {
                Check = UserNamespaceSetting.SubordinateName,
            },
            new("cap-add", "CAPABILITY[,...]", "Give a capability that containers do not have, or all.")
            {
                IsList = true,
                HasCommas = true,
                Key = CapabilityName,
                Subject = Capabilities,
                Check = Capability,
            },
            new("cap-drop", "CAPABILITY[,...]", "Take a capability away, or all.")
            {
                IsList = true,
                HasCommas = true,
                Key = CapabilityName,
                Subject = Capabilities,
                Check = Capability,
            },
            new("ulimit", "NAME=SOFT[:HARD]", "A limit of setrlimit(2).")
            {
                IsList = true,
                HasCommas = true,
                Key = UlimitSetting.Key,
                Check = UlimitSetting.Parse,
            },
            new(
                "sysctl",
                "NAME=VALUE",
                "A kernel parameter of the container's IPC namespace, or of its network where it has one of its own."
            )
            {
                IsList = true,
                HasCommas = true,
                Key = EnvironmentSetting.NameOf,
                Check = Sysctl,
            },
            new("shm-size", "SIZE", "Size of /dev/shm; 64m otherwise, and 0 for no limit.")
            {
                Check = value => Quantity.Bytes(value, least: 0),
            },
            new(
                "security-opt",
                "OPTION",
                "no-new-privileges=false, seccomp=unconfined|PROFILE, apparmor=unconfined|NAME, label=..., mask=PATH, unmask=PATH."
            )
            {
                IsList = true,
                Key = SecuritySetting.Key,
                Check = value => SecuritySetting.Parse([value]),
            },
            new(
                "privileged",
                "true|false",
                "Take away what keeps the payload from the host: all capabilities and devices, no filter of system calls, nothing hidden or read-only."
            )
            {
                IsFlag = true,
                Check = value => Flag(value),
            },
            new(
                "ipc",
                "MODE",
                "Its IPC namespace and /dev/shm: private (as without the option), host, none (no /dev/shm), shareable (as private)."
            )
            {
                Check = value => OneOf(value, "private", "host", "none", "shareable"),
            },
            new("pid", "private|host", "Whether it sees the host's processes.")
            {
                Check = value => OneOf(value, "private", "host"),
            },
            new("uts", "private|host", "Whether its host name is its own; the host's as it changes otherwise.")
            {
                Check = value => OneOf(value, "private", "host"),
            },
            new("cgroupns", "private|host", "Whether it sees the host's control groups.")
            {
                Check = value => OneOf(value, "private", "host"),
            },
            new(
                "oom-score-adj",
                "NUMBER",
                "How soon the kernel ends it when memory runs out: -1000 for never, 1000 for first."
            )
            {
                Check = value => Quantity.Whole(value, -1000, 1000),
            },
            new("memory", "SIZE", "The most memory that it may use; the unit's MemoryMax=.")
            {
                Letter = 'm',
                Check = value => Quantity.Bytes(value, least: 0),
            },
            new("memory-reservation", "SIZE", "Memory that is not taken from it lightly; the unit's MemoryLow=.")
            {
                Check = value => Quantity.Bytes(value, least: 0),
            },
            new("pids-limit", "NUMBER", "The most processes and threads; the unit's TasksMax=. -1 for no limit.")
            {
                Check = value => Quantity.Whole(value, -1, 1 << 22),
            },
            new("cpus", "NUMBER", "The most processors' time; the unit's CPUQuota=.")
            {
                Check = value => Quantity.Processors(value),
            },
            new("cpu-shares", "NUMBER", "Its share of busy processors; the unit's CPUWeight=.")
            {
                Check = value => Shares(value),
            },
            new("cpuset-cpus", "LIST", "The processors that it may use, such as 0-3; the unit's AllowedCPUs=.")
            {
                Check = CpuList,
            },
            new("tz", "ZONE", "The time zone, such as Europe/Paris; local for the host's.") { Check = TimeZone },
            new("stop-signal", "SIGNAL", "The signal that stops it, instead of the image's.")
            {
                Place = Unit,
                Check = Signal,
            },
            new("stop-timeout", "SECONDS", "How long it may take to stop before it is killed; 30 otherwise.")
            {
                Place = Unit,
                Check = value => Quantity.Whole(value, 0, MostSeconds),
            },
            new("label", "NAME=VALUE", "A label, as if the image had it.")
            {
                Letter = 'l',
                IsList = true,
                Key = EnvironmentSetting.NameOf,
                Place = Any,
                Check = EnvironmentSetting.Check,
            },
            new(
                "health-cmd",
                "COMMAND",
                "How to find out inside whether it is well: a line for the shell, a JSON array of strings, or none; CMD and CMD-SHELL may stand in front. It is done every 30 seconds while it runs."
            )
            {
                Place = Any,
                Check = value => HealthCommand.Parse(value),
            },
            new("health-start-period", "DURATION", "How long it may need to come up.")
            {
                Place = Any,
                Check = value => Quantity.Duration(value),
            },
            new(
                "health-interval",
                "DURATION|disable",
                "Check it again and again while it runs, with so much time in between; 30s or the image's otherwise."
            )
            {
                Check = value => Interval(value),
            },
            new(
                "health-retries",
                "NUMBER",
                "So many failed checks in a row make it unhealthy; 3 or the image's otherwise."
            )
            {
                Check = value => Quantity.Whole(value, 1, 1000),
            },
            new(
                "health-on-failure",
                "none|kill|restart|stop",
                "What is done with an unhealthy container; none, the default, says it in the journal."
            )
            {
                Check = value =>
                    value is "none" or "kill" or "restart" or "stop"
                        ? value
                        : throw new FormatException("it is none, kill, restart or stop"),
            },
            new(
                "health-startup-cmd",
                "COMMAND",
                "A check, as --health-cmd has it, that has to hold before the other one counts."
            )
            {
                Check = value => HealthCommand.Parse(value),
            },
            new(
                "health-startup-interval",
                "DURATION|disable",
                "The time in between of the check at the start; 30s otherwise."
            )
            {
                Check = value => Interval(value),
            },
            new(
                "health-startup-retries",
                "NUMBER",
                "So many of its failures restart the container; 0, the default, for never."
            )
            {
                Check = value => Quantity.Whole(value, 0, 1000),
            },
            new("health-startup-success", "NUMBER", "How often it has to hold; once otherwise.")
            {
                Check = value => Quantity.Whole(value, 0, 1000),
            },
            new("health-startup-timeout", "DURATION", "How long it may take each time; 30s otherwise.")
            {
                Check = value => Limit(value),
            },
            new(
                "sdnotify",
                "container|healthy|conmon|ignore",
                "When its unit is ready: when the payload says so itself, when its health check holds, or when it has started (conmon, ignore)."
            )
            {
                Place = Unit,
                Check = value =>
                    value is "container" or "healthy" or "conmon" or "ignore"
                        ? value
                        : throw new FormatException("it is container, healthy, conmon or ignore"),
            },
            new("health-timeout", "DURATION", "How long one check may take; 30s or the image's otherwise.")
            {
                Place = Any,
                Check = value => Limit(value),
            },
        ];

    /// <summary>As podman's command line has flags: alone, or <c>=true</c>, <c>=false</c> in the words of Go's
    /// strconv.ParseBool, and in systemd's.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static bool Flag(string value) =>
        value switch
        {
            "true" or "True" or "TRUE" or "t" or "T" or "1" or "yes" or "on" => true,
            "false" or "False" or "FALSE" or "f" or "F" or "0" or "no" or "off" => false,
            _ => throw new FormatException("it is a boolean: true, false"),
        };

    /// <summary>Shares of processors; 0 is as without them.</summary>
    internal static long Shares(string value) => value == "0" ? 0 : Quantity.Whole(value, 2, 262_144);

    private static TimeSpan Interval(string value) =>
        value == "disable" ? TimeSpan.Zero
        : Quantity.Duration(value) is var time && (time == TimeSpan.Zero || time >= TimeSpan.FromSeconds(1)) ? time
        : throw new FormatException("it is a second at least");

    /// <summary>A time within which nothing can be done is none.</summary>
    private static TimeSpan Limit(string value) =>
        Quantity.Duration(value) is var time && time > TimeSpan.Zero
            ? time
            : throw new FormatException("it is more than nothing");

    private static string OneOf(string value, params ReadOnlySpan<string> words)
    {
        foreach (string word in words)
        {
            if (value == word)
            {
                return value;
            }
        }

        throw new FormatException(
            $"it is {string.Join(", ", words.ToArray())}{(value.Contains(':', StringComparison.Ordinal) ? "; other containers' and paths can't be had" : "")}"
        );
    }

    private static string Annotation(string text) =>
        EnvironmentSetting.Check(text).StartsWith("io.sysctr.", StringComparison.Ordinal)
            ? throw new FormatException("what begins with io.sysctr. is sysctr's own")
            : text;

    private static string Group(string name) =>
        name.Length > 0 && !name.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c == ':')
            ? name
            : throw new FormatException($"'{name}' is no group");

    private static string Writable(string value) =>
        value is "volatile" or SpecSettings.Persistent or SpecSettings.Direct or "no"
            ? value
            : throw new FormatException("it is volatile, persistent, direct or no");

    private static string Signal(string value) =>
        value.Length == 0
            ? throw new FormatException("it is empty")
            : StopSignal.Find(value)
                ?? throw new FormatException("signal(7) has no such signal; write SIGTERM, TERM or 15");

    /// <summary>A JSON array of strings, or one word; none for an empty text.</summary>
    /// <exception cref="FormatException">It begins as a list and is none.</exception>
    public static IReadOnlyList<string> Words(string text)
    {
        if (!text.StartsWith('['))
        {
            return text.Length == 0 ? [] : [text];
        }

        try
        {
            using JsonDocument list = JsonDocument.Parse(text);
            return
            [
                .. list
                    .RootElement.EnumerateArray()
                    .Select(w =>
                        w.ValueKind == JsonValueKind.String
                            ? w.GetString()!
                            : throw new FormatException("one of its items is no string")
                    ),
            ];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException("it begins as a JSON array of strings and is none", e);
        }
    }

    /// <summary><c>CAP_NET_ADMIN</c> for <c>net_admin</c>; <c>ALL</c>. Whether there is such a capability is not
    /// looked at.</summary>
    public static string CapabilityName(string text)
    {
        string name = text.ToUpperInvariant();
        return name == AllCapabilities || name.StartsWith(CapabilityPrefix, StringComparison.Ordinal)
            ? name
            : CapabilityPrefix + name;
    }

    private static string Capability(string text)
    {
        string name = CapabilityName(text);
        return name == AllCapabilities || CapabilityNames.All.Contains(name, StringComparer.Ordinal)
            ? name
            : throw new FormatException($"'{text}' is no name of a capability (capabilities(7))");
    }

    /// <summary>Whether a kernel parameter belongs to the IPC namespace or to the network; whether that is the
    /// container's own, the rest of the settings says.</summary>
    private static string Sysctl(string text)
    {
        string name = EnvironmentSetting.NameOf(text).Replace('/', '.');
        return !text.Contains('=', StringComparison.Ordinal) ? throw new FormatException("it is NAME=VALUE")
            : name.StartsWith("fs.mqueue.", StringComparison.Ordinal)
            || name.StartsWith("kernel.shm", StringComparison.Ordinal)
            || name.StartsWith("kernel.msg", StringComparison.Ordinal)
            || name == "kernel.sem"
            || name.StartsWith("net.", StringComparison.Ordinal)
                ? text
            : throw new FormatException(
                $"{name} would be the host's: the container has fs.mqueue.*, kernel.msg*, kernel.sem, kernel.shm* and net.* of its own; set it in sysctl.d(5)"
            );
    }

    private static string HostName(string text) =>
        text.Length is > 0 and <= 64
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_')
        && !text.StartsWith('-')
        && !text.StartsWith('.')
            ? text
            : throw new FormatException($"'{text}' is no host name");

    private static string CpuList(string text) =>
        text.Length > 0 && text.All(c => char.IsAsciiDigit(c) || c is ',' or '-')
            ? text
            : throw new FormatException($"'{text}' is no list of numbers, such as 0-3,8");

    private static string TimeZone(string text) =>
        text.Length > 0
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '+' or '-')
        && !text.StartsWith('/')
        && !text.EndsWith('/')
            ? text
            : throw new FormatException($"'{text}' is no time zone, such as Europe/Paris");
}
