// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Errors;
using SystemContainers.Linux.Processes;
using SystemContainers.Network;

namespace SystemContainers.Runtime.UserNetworks;

/// <summary>
/// What the unit <see cref="NetworkRequest.UplinkUnit"/> is: pasta(1), which connects the namespace of the user's
/// networks with what the host is connected with. Networks are there without it, too: it is a unit of its own so that
/// its end, or a host that has no network yet, is no end of theirs.
/// </summary>
static class NetworksUplink
{
    /// <summary>The verb of <c>sysctr launch</c> that becomes it.</summary>
    public const string Verb = "uplink";

    /// <summary>Becomes it. pasta leaves the foreground once it has done its work.</summary>
    /// <exception cref="SysctrException">Host: pasta is not installed; Unit: there is nothing to connect.</exception>
    public static int Run()
    {
        string pasta = NetworkPrograms.Require("pasta", "passt", "for the user's networks");
        if (!HasRoute(File.ReadAllText("/proc/net/route"), Ipv6Routes(), IsBridge))
        {
            // Newer ones would start all the same, and never lead anywhere.
            throw new SysctrException(
                ErrorKind.Host,
                "connecting the user's networks with the outside: the host has no route",
                "it is tried again until there is one"
            );
        }

        int holder = NetworksHolder.Require("connecting the user's networks with the outside");
        IReadOnlyList<string> words = Pasta.Words([], [], holder.ToString(CultureInfo.InvariantCulture));

        // As for a container of its own (Pasta): it can't do without SIGPIPE.
        return Exec.Replace(["/usr/bin/env", "--default-signal=PIPE", pasta, .. words]);
    }

    /// <summary>Whether the host leads anywhere: it has a default route, or one of IPv4 on a device that is no bridge:
    /// those of containers and machines have routes long before the host has an address of its own.</summary>
    /// <param name="four">/proc/net/route.</param>
    /// <param name="six">/proc/net/ipv6_route (proc(5)).</param>
    /// <param name="isBridge">Whether a network device is one.</param>
    internal static bool HasRoute(string four, string six, Func<string, bool> isBridge)
    {
        return Lines(four)
                .Skip(1)
                .Any(w =>
                    w.Length > 7
                    && w[0] is not ("lo" or "*")
                    && ((w[1] == "00000000" && w[7] == "00000000") || !isBridge(w[0]))
                ) || Lines(six).Any(w => w[^1] != "lo" && w[0].All(c => c == '0') && w[1] == "00");

        static IEnumerable<string[]> Lines(string text) =>
            text.Split('\n')
                .Select(l => l.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
                .Where(w => w.Length > 1);
    }

    private static bool IsBridge(string device) => Directory.Exists($"/sys/class/net/{device}/bridge");

    private static string Ipv6Routes() =>
        File.Exists("/proc/net/ipv6_route") ? File.ReadAllText("/proc/net/ipv6_route") : "";
}
