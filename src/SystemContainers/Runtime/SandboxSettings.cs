// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using SystemContainers.SystemdText;

namespace SystemContainers.Runtime;

/// <summary>
/// The settings of systemd.exec(5) that a unit can't have when an OCI runtime starts in it, of those that
/// systemd-analyze security(1) counts. The runtime makes namespaces, mounts and control groups as root; what confines
/// the payload is config.json. All others hold, for the runtime and the payload (SandboxTests tries each on a host).
/// </summary>
static partial class SandboxSettings
{
    private const string Root = "the runtime needs root; the payload's user is process.user of config.json";
    private const string Groups = "the runtime makes the payload's control group";
    private const string Namespaces = "the runtime makes the payload's namespaces";
    private const string Mounts = "the runtime mounts the payload's root";
    private const string Sockets =
        "sysctr speaks to systemd over AF_UNIX, and the runtime sets a network of the payload's own up over AF_NETLINK";
    private const string Elsewhere = "the runtime and the container are not in that root; the payload's is its image";

    /// <summary>What begins a row of systemd-analyze, and why the setting can't be; what it means in a unit is
    /// <see cref="In"/>'s.</summary>
    private static readonly (string Row, string Reason)[] s_rows =
    [
        ("User=", Root),
        ("DynamicUser=", Root),
        ("SupplementaryGroups=", "the payload's groups are process.user.additionalGids of config.json"),
        ("PrivateUsers=", "the payload's users are of the host's namespace, or of that of config.json"),
        ("ProtectControlGroups=", Groups),
        ("Delegate=", Groups),
        ("NotifyAccess=", "systemd is told which process is the payload by one that is not"),
        ("RestrictNamespaces=", Namespaces),
        (
            "ProtectSystem=strict",
            "the runtime keeps its state below /run, which has to be among the ReadWritePaths=, as the container's own directories have to"
        ),
        ("RootDirectory=", Elsewhere),
        ("RootImage=", Elsewhere),
        ("RestrictAddressFamilies=~AF_UNIX", Sockets),
        ("RestrictAddressFamilies=~AF_NETLINK", Sockets),
        ("SystemCallFilter=~@mount", Mounts),
        ("SystemCallFilter=~@privileged", Mounts),
        ("SystemCallFilter=~@resources", "the runtime sets the payload's limits"),
        .. (
            (string[])
                ["SYS_ADMIN", "SYS_CHROOT", "SETUID", "SETGID", "SETPCAP", "CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL"]
        ).Select(c => ($"CapabilityBoundingSet=~CAP_{c}", $"the runtime needs CAP_{c}")),
    ];

    /// <summary>Why a setting that systemd-analyze misses is no advice for a container; null where it is one.</summary>
    /// <param name="row">As its table names it: <c>RestrictNamespaces=~user</c>, <c>User=/DynamicUser=</c>,
    /// <c>CapabilityBoundingSet=~CAP_SET(UID|GID|PCAP)</c>.</param>
    public static string? ReasonAgainst(string row)
    {
        foreach (string named in Alternatives(row))
        {
            foreach ((string begin, string reason) in s_rows)
            {
                // "ProtectSystem=" is advice short of strict.
                if (begin != "ProtectSystem=strict" && named.StartsWith(begin, StringComparison.Ordinal))
                {
                    return reason;
                }
            }
        }

        return null;
    }

    /// <summary>What of a service's own settings keeps a container from running, a sentence each.</summary>
    public static IEnumerable<(string Setting, string Reason)> In(UnitText unit)
    {
        foreach (string key in (string[])["DynamicUser", "PrivateUsers", "ProtectControlGroups", "RestrictNamespaces"])
        {
            if (unit.Find("Service", key) is { } value && !UnitText.IsNo(value) && !IsNarrow(key, value))
            {
                yield return Against($"{key}=", value);
            }
        }

        if (unit.Find("Service", "User") is { } user && user is not ("root" or "0"))
        {
            yield return Against("User=", user);
        }

        foreach (string key in (string[])["RootDirectory", "RootImage"])
        {
            if (unit.Find("Service", key) is { } value && value != "/")
            {
                yield return Against($"{key}=", value);
            }
        }

        if (
            unit.Find("Service", "ProtectSystem") == "strict"
            && !unit.Words("Service", "ReadWritePaths")
                .Any(w => w.TrimStart('-', '+').TrimEnd('/') is "/run" or "/var/run" or "")
        )
        {
            yield return Against("ProtectSystem=strict", "");
        }

        string[] families = [.. unit.Words("Service", "RestrictAddressFamilies")];
        if (
            families.Length > 0
            && ((string[])["AF_UNIX", "AF_NETLINK"]).Any(f =>
                families[0].StartsWith('~')
                    ? families.Select(w => w.TrimStart('~')).Contains(f, StringComparer.Ordinal)
                    : !families.Contains(f, StringComparer.Ordinal)
            )
        )
        {
            yield return ("RestrictAddressFamilies=" + string.Join(' ', families), Sockets);
        }

        foreach (string filter in unit.All("Service", "SystemCallFilter").Where(f => f.StartsWith('~')))
        {
            foreach (string word in filter[1..].Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (ReasonAgainst($"SystemCallFilter=~{word.Split(':')[0]}") is { } reason)
                {
                    yield return ($"SystemCallFilter=~{word}", reason);
                }
            }
        }

        foreach (
            string dropped in unit.All("Service", "CapabilityBoundingSet")
                .Where(f => f.StartsWith('~'))
                .SelectMany(f => f[1..].Split(' ', StringSplitOptions.RemoveEmptyEntries))
        )
        {
            if (ReasonAgainst($"CapabilityBoundingSet=~{dropped}") is { } reason)
            {
                yield return ($"CapabilityBoundingSet=~{dropped}", reason);
            }
        }
    }

    private static (string, string) Against(string row, string value) =>
        (row + value, s_rows.First(r => r.Row == row).Reason);

    /// <summary>RestrictNamespaces= with a list allows those that it names; a runtime needs at least one, and which
    /// only config.json says.</summary>
    private static bool IsNarrow(string key, string value) =>
        key == "RestrictNamespaces" && !(value is "1" or "yes" or "y" or "true" or "t" or "on");

    /// <summary>One row may be about several: <c>A=/B=</c>, <c>K=~CAP_(ONE|TWO)</c>.</summary>
    private static IEnumerable<string> Alternatives(string row)
    {
        Match group = Group().Match(row);
        return group.Success
                ? group
                    .Groups["words"]
                    .Value.Split('|')
                    .Select(word => group.Groups["before"].Value + word + group.Groups["after"].Value)
            : row.Contains("=/", StringComparison.Ordinal) ? row.Split('/')
            : [row];
    }

    [GeneratedRegex(
        @"^(?<before>[^(]*)\((?<words>[^)]*)\)(?<after>.*)$",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: Timeout.Infinite
    )]
    private static partial Regex Group();
}
