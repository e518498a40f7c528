// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Conversion.Files;
using SystemContainers.Conversion.Run;
using SystemContainers.Quadlet;
using SystemContainers.Yaml;

namespace SystemContainers.Conversion.Compose;

/// <summary>What the services of a compose file share: names, networks, volumes, secrets.</summary>
/// <param name="Root">The file.</param>
/// <param name="Files">Gets the files.</param>
/// <param name="Environment">The value of a variable; null for none.</param>
sealed record ComposeProject(YamlMap Root, string Name, ConvertedFiles Files, Func<string, string?> Environment)
{
    /// <summary>The network of services that name none.</summary>
    public const string DefaultNetwork = "default";

    /// <summary>Drivers that a network can have here.</summary>
    private static readonly string[] s_drivers = ["bridge", "macvlan", "ipvlan"];

    /// <summary>Options of docker's drivers, and what they are called here.</summary>
    private static readonly Dictionary<string, string> s_options = new(StringComparer.Ordinal)
    {
        ["com.docker.network.driver.mtu"] = "mtu",
        ["mtu"] = "mtu",
        ["parent"] = "parent",
        ["macvlan_mode"] = "mode",
        ["ipvlan_mode"] = "mode",
        ["mode"] = "mode",
        ["vlan"] = "vlan",
        ["isolate"] = "isolate",
        ["metric"] = "metric",
        ["no_default_route"] = "no_default_route",
    };

    /// <summary>The containers' files, by the services' names.</summary>
    public Dictionary<string, ConvertedFile> Containers { get; } = new(StringComparer.Ordinal);

    /// <summary>An entry of a section at the top; null where it is not there, or says nothing.</summary>
    public YamlMap? Declared(string section, string name)
    {
        YamlNode? declared = (Root.Find(section) as YamlMap)?.Find(name);
        if (
            declared is not (null or YamlMap or YamlScalar { IsNull: true })
            && !Files.Findings.Any(f => f.Place == $"{declared.Place}: {section}.{name}")
        )
        {
            Files.Lose($"{declared.Place}: {section}.{name}", "it is no mapping", null);
        }

        return declared as YamlMap;
    }

    /// <summary>Whether a section at the top has a name.</summary>
    public bool Declares(string section, string name) => (Root.Find(section) as YamlMap)?.Find(name) is not null;

    /// <summary>How a container names a network: a file, which is made where it is not there yet, or the name of one
    /// that is there already.</summary>
    /// <param name="name">As the compose file has it.</param>
    public string Network(string name, string place)
    {
        YamlMap? declared = Declared("networks", name);
        if (name != DefaultNetwork && !Declares("networks", name))
        {
            Files.Lose(place, $"the file declares no network '{name}'", "declare it below networks:");
        }

        string called = Called(declared, name);
        if (ComposeValues.IsYes(declared?.Find("external")))
        {
            // Shared with others, so it has a file of its own name.
            return called;
        }

        string file = RunConverter.FileNameOf($"{Name}_{name}") + ".network";
        if (Files.Find(file) is null)
        {
            ConvertedFile network = Files.Add(file, $"{file}: network '{name}' of {Root.Source.Shown}.");
            network.Line(NetworkFile.Section, "NetworkName", called, place);
            foreach ((YamlScalar key, YamlNode value) in declared?.Entries ?? [])
            {
                Network(network, key.Text, value);
            }
        }

        return file;
    }

    /// <summary>The file of a volume by name, which is made where it is not there yet.</summary>
    /// <param name="name">As the compose file has it.</param>
    public string Volume(string name, string place)
    {
        YamlMap? declared = Declared("volumes", name);
        if (!Declares("volumes", name))
        {
            Files.Lose(place, $"the file declares no volume '{name}'", "declare it below volumes:");
        }

        string file = RunConverter.FileNameOf($"{Name}_{name}") + ".volume";
        if (Files.Find(file) is null)
        {
            ConvertedFile volume = Files.Add(file, $"{file}: volume '{name}' of {Root.Source.Shown}.");
            volume.Line(VolumeFile.Section, "VolumeName", Called(declared, name), place);
            foreach ((YamlScalar key, YamlNode value) in declared?.Entries ?? [])
            {
                Volume(volume, key.Text, value);
            }
        }

        return file;
    }

    /// <summary>What it is really called: what is made elsewhere has no project's name before its own.</summary>
    private string Called(YamlMap? declared, string name) =>
        ComposeValues.Text(declared?.Find("name"))
        ?? ComposeValues.Text((declared?.Find("external") as YamlMap)?.Find("name"))
        ?? (ComposeValues.IsYes(declared?.Find("external")) ? name : $"{Name}_{name}");

    private static void Volume(ConvertedFile volume, string key, YamlNode value)
    {
        string place = $"{value.Place}: volumes.{volume.Stem}.{key}";
        switch (key)
        {
            case "name" or "external":
                break;
            case "labels":
                volume.Note(place, "a volume has no labels here");
                break;
            case "driver" when ComposeValues.Text(value) is null or "" or "local" or "default":
                break;
            case "driver":
                volume.Lose(
                    place,
                    "a volume is a directory of sysctr's",
                    "mount what it shall be by a .mount unit, and name the directory"
                );
                break;
            case "driver_opts" when value is YamlMap { Entries.Count: 0 } or YamlScalar { IsNull: true }:
                break;
            case "driver_opts":
                volume.Lose(
                    place,
                    "a volume is a directory of sysctr's",
                    "mount what it shall be by a .mount unit, and name the directory: Volume=/DIR:DIR"
                );
                break;
            case var _ when key.StartsWith("x-", StringComparison.Ordinal):
                break;
            default:
                volume.Lose(place, "it is no key of a volume", null);
                break;
        }
    }

    private static void Network(ConvertedFile network, string key, YamlNode value)
    {
        string place = $"{value.Place}: networks.{network.Stem}.{key}";
        switch (key)
        {
            case "name" or "external" or "attachable" or "enable_ipv4":
                break;
            case "labels":
                network.Note(place, "they are not taken over; Label= of the file gives the network some");
                break;
            case "driver":
                string driver = ComposeValues.Text(value) ?? "";
                if (s_drivers.Contains(driver, StringComparer.Ordinal))
                {
                    network.Line(NetworkFile.Section, "Driver", driver, place);
                }
                else if (driver is not ("" or "default"))
                {
                    network.Lose(
                        place,
                        $"there is no driver {driver}; it is a bridge",
                        "there are bridge, macvlan and ipvlan"
                    );
                }

                break;
            case "internal" when ComposeValues.IsYes(value):
                network.Line(NetworkFile.Section, "Internal", "true", place);
                break;
            case "enable_ipv6" when ComposeValues.IsYes(value):
                network.Line(NetworkFile.Section, "IPv6", "true", place);
                break;
            case "internal" or "enable_ipv6" when ComposeValues.IsNo(value):
                break;
            case "internal" or "enable_ipv6":
                network.Lose(place, "it is neither true nor false", null);
                break;
            case "driver_opts":
                foreach ((string name, string? text, YamlNode at) in ComposeValues.Pairs(value))
                {
                    Option(network, name, text ?? "", $"{at.Place}: {name}");
                }

                break;
            case "ipam" when value is YamlMap ipam:
                Addresses(network, ipam);
                break;
            case var _ when key.StartsWith("x-", StringComparison.Ordinal):
                break;
            default:
                network.Lose(place, "it is no key of a network here", null);
                break;
        }
    }

    private static void Option(ConvertedFile network, string name, string value, string place)
    {
        if (name == "com.docker.network.bridge.name")
        {
            network.Line(NetworkFile.Section, "InterfaceName", value, place);
        }
        else if (s_options.TryGetValue(name, out string? ours))
        {
            network.Word(NetworkFile.Section, "Options", $"{ours}={value}", place);
        }
        else
        {
            network.Lose(
                place,
                "it is no option of a network here",
                $"there are {string.Join(", ", s_options.Values.Distinct(StringComparer.Ordinal))}"
            );
        }
    }

    private static void Addresses(ConvertedFile network, YamlMap ipam)
    {
        foreach ((YamlScalar key, YamlNode value) in ipam.Entries)
        {
            string place = $"{value.Place}: ipam.{key.Text}";
            if (key.Text == "config" && value is YamlList config)
            {
                foreach (YamlNode subnet in config.Items)
                {
                    Subnet(network, subnet as YamlMap ?? new YamlMap(subnet.Source, subnet.Line, []));
                }
            }
            else if (
                !(key.Text == "driver" && ComposeValues.Text(value) is "default" or "host-local" or "")
                && !key.Text.StartsWith("x-", StringComparison.Ordinal)
            )
            {
                network.Lose(place, "sysctr gives the addresses itself", null);
            }
        }
    }

    private static void Subnet(ConvertedFile network, YamlMap subnet)
    {
        foreach ((YamlScalar key, YamlNode value) in subnet.Entries)
        {
            string? line = key.Text switch
            {
                "subnet" => "Subnet",
                "gateway" => "Gateway",
                "ip_range" => "IPRange",
                _ => null,
            };
            if (line is not null && ComposeValues.Text(value) is { } text)
            {
                network.Line(NetworkFile.Section, line, text, $"{value.Place}: {key.Text}");
            }
            else
            {
                network.Lose($"{value.Place}: {key.Text}", "sysctr gives the addresses itself", null);
            }
        }
    }
}
