// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace SystemContainers.Network;

/// <summary>Options of a network's driver, checked as podman checks them (container-libs,
/// common/libnetwork/netavark/config.go): netavark passes over one that it does not know.</summary>
static class NetworkOptions
{
    /// <summary>The host's device that macvlan and ipvlan stand on.</summary>
    public const string Parent = "parent";

    /// <summary>What docker calls the bridge's name.</summary>
    public const string DockerBridge = "com.docker.network.bridge.name";

    private const string DockerMtu = "com.docker.network.driver.mtu";

    private const string Mode = "mode";

    private const string Vlan = "vlan";

    private const string Unmanaged = "unmanaged";

    private const int MostVlan = 4094;

    private static readonly Dictionary<string, string[]> s_names = new(StringComparer.Ordinal)
    {
        [NetworkDefinition.Bridge] =
        [
            "mtu",
            Vlan,
            "isolate",
            "metric",
            "no_default_route",
            "vrf",
            Mode,
            DockerMtu,
            DockerBridge,
        ],
        ["macvlan"] = ["mtu", "metric", "no_default_route", Mode, "bclim", Parent],
        ["ipvlan"] = ["mtu", "metric", "no_default_route", Mode, Parent],
    };

    private static readonly Dictionary<string, string[]> s_modes = new(StringComparer.Ordinal)
    {
        [NetworkDefinition.Bridge] = ["managed", Unmanaged],
        ["macvlan"] = ["bridge", "private", "vepa", "passthru"],
        ["ipvlan"] = ["l2", "l3", "l3s"],
    };

    /// <summary>An option in the words that netavark reads.</summary>
    /// <param name="value">As it was said.</param>
    /// <exception cref="FormatException">The driver has no such option, or the value is none of it.</exception>
    public static (string Name, string Value) Checked(string driver, string name, string value)
    {
        if (!s_names.TryGetValue(driver, out string[]? names))
        {
            return (name, value);
        }

        if (!names.Contains(name, StringComparer.Ordinal))
        {
            throw new FormatException($"'{name}' is no option of a {driver}; there are {string.Join(", ", names)}");
        }

        return name switch
        {
            "mtu" or DockerMtu => ("mtu", Number(name, value, int.MaxValue)),
            Vlan => (name, Number(name, value, MostVlan)),
            "metric" => (name, Number(name, value, uint.MaxValue)),
            "bclim" => int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
                ? (name, value)
                : throw new FormatException($"{name}={value}: it is a number"),
            "isolate" => (
                name,
                value is "strict" ? value
                : value.Length == 0 ? "false"
                : Boolean(name, value)
            ),
            "no_default_route" => (name, Boolean(name, value)),
            Mode when !s_modes[driver].Contains(value, StringComparer.Ordinal) => throw new FormatException(
                $"{name}={value}: it is {string.Join(", ", s_modes[driver])}"
            ),
            "vrf" or Parent or DockerBridge when value.Length == 0 => throw new FormatException(
                $"{name}= has no value"
            ),
            _ => (name, value),
        };
    }

    /// <summary>Whether the bridge is somebody else's, too: then its subnets may be those that the host has by now, as
    /// with podman.</summary>
    public static bool SharesBridge(IReadOnlyDictionary<string, string>? options) =>
        options?.GetValueOrDefault(Mode) == Unmanaged || options?.GetValueOrDefault(Vlan) is not null;

    /// <summary>Whether the bridge, or what it is in, has to be there already.</summary>
    public static bool StandsOnHost(IReadOnlyDictionary<string, string>? options) =>
        options?.GetValueOrDefault(Mode) == Unmanaged
        || options?.GetValueOrDefault("vrf") is not null
        || options?.GetValueOrDefault(DockerBridge) is not null;

    private static string Number(string name, string value, uint most) =>
        uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number <= most
            ? value
            : throw new FormatException($"{name}={value}: it is a number from 0 to {most}");

    /// <summary>What Go takes for a boolean, in the two words of netavark's.</summary>
    private static string Boolean(string name, string value) =>
        value switch
        {
            "1" or "t" or "T" or "true" or "TRUE" or "True" => "true",
            "0" or "f" or "F" or "false" or "FALSE" or "False" => "false",
            _ => throw new FormatException($"{name}={value}: it is a boolean: true, false"),
        };
}
