// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Settings;

namespace SystemContainers.Network;

/// <summary>Networks by name, a file each, in the format of podman's network files: durable, and the system's or
/// one user's alone.</summary>
/// <param name="directory"><c>networks/</c> of the store, as this process sees it.</param>
sealed class NetworkStore(string directory)
{
    public const string Folder = "networks";

    private const string PodmanNetworks = "/etc/containers/networks";

    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>All, by name.</summary>
    /// <exception cref="SysctrException">Corrupt: a file can't be read.</exception>
    public IReadOnlyList<NetworkDefinition> All() =>
        !Directory.Exists(directory)
            ? []
            :
            [
                .. Files()
                    .Select(f => Path.GetFileNameWithoutExtension(f))
                    .Order(StringComparer.Ordinal)
                    .Select(Find)
                    .OfType<NetworkDefinition>(),
            ];

    /// <summary>A network; null where there is none of the name.</summary>
    /// <exception cref="SysctrException">Corrupt: its file can't be read.</exception>
    public NetworkDefinition? Find(string name)
    {
        string file = FileOf(name);
        try
        {
            return RegularFile.Find(file) is { } text
                ? JsonSerializer.Deserialize(text, NetworkJson.Default.NetworkDefinition)
                : null;
        }
        catch (JsonException e)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"reading {file}: {e.Message}",
                $"remove it, and make the network {name} anew",
                e
            );
        }
    }

    /// <summary>Whether there is one of the name, or it is the one that is made when it is needed.</summary>
    public bool Has(string name) => name == NetworkDefinition.Default || File.Exists(FileOf(name));

    /// <summary>A network that a container is to be on; the default one is made.</summary>
    /// <exception cref="SysctrException">NotFound: there is none of the name.</exception>
    public NetworkDefinition Get(string name) =>
        Find(name)
        ?? (name == NetworkDefinition.Default ? Put(new NetworkDefinition { Name = name }) : throw NoSuch(name));

    /// <summary>Whether a network is there and has what is said of it; what is not said may be anything.</summary>
    /// <exception cref="SysctrException">Usage: it can't be; Corrupt: its file can't be read.</exception>
    public bool IsAs(NetworkDefinition definition)
    {
        if (Find(definition.Name) is not { } there)
        {
            return false;
        }

        bool bare = definition.Internal && !definition.DnsEnabled;
        NetworkDefinition whole = Kept(definition.Normal(), there);
        NetworkSubnet[] subnets =
        [
            .. whole.Subnets.Select(s => s.Completed($"making the network {definition.Name}", bare)),
        ];

        // Subnets that were named make it one with IPv6 without a word of it.
        bool six = subnets.Any(s => s.Family == AddressFamily.InterNetworkV6);
        return (six || !definition.Ipv6Enabled)
            && (whole with { Subnets = subnets, Ipv6Enabled = six }).ToJson() == there.ToJson();
    }

    /// <summary>What was chosen for it stays as it is where nothing else is said: of a network of another driver that
    /// is nothing, for that stood on a device of the host and on its subnets.</summary>
    private static NetworkDefinition Kept(NetworkDefinition definition, NetworkDefinition before)
    {
        bool same = definition.Driver == before.Driver;
        return definition.MarkedAs(before) with
        {
            Subnets = same ? Kept(definition, before.Subnets) : definition.Subnets,
            NetworkInterface =
                definition.NetworkInterface
                ?? (same && before.HasChosenInterface ? before.NetworkInterface : definition.Parent),
            Created = before.Created,
        };
    }

    /// <summary>The subnets that are named, and of a family of which none is that which was chosen before, in the order
    /// in which they are chosen.</summary>
    private static IReadOnlyList<NetworkSubnet> Kept(NetworkDefinition definition, IReadOnlyList<NetworkSubnet> before)
    {
        if (definition.Subnets.Count == 0)
        {
            return before;
        }

        return !definition.Ipv6Enabled
            ? definition.Subnets
            : [.. Chosen(AddressFamily.InterNetwork), .. definition.Subnets, .. Chosen(AddressFamily.InterNetworkV6)];

        // What is no subnet is told where it is looked at.
        IEnumerable<NetworkSubnet> Chosen(AddressFamily family) =>
            definition.Subnets.All(s => NetworkSubnet.FamilyOf(s.Subnet) is { } said && said != family)
                ? before.Where(s => s.Family == family).Take(1)
                : [];
    }

    /// <summary>Makes a network, or another one of the same name; containers on it have it from their next start
    /// on.</summary>
    /// <param name="definition">What was left out in it is chosen; of one that is there, its subnets and its bridge
    /// stay where none are named.</param>
    /// <returns>As it is kept.</returns>
    /// <exception cref="SysctrException">Usage: it can't be; Conflict: its subnet is taken.</exception>
    public NetworkDefinition Put(NetworkDefinition definition)
    {
        NetworkDefinition whole = Whole(definition, []);
        Restore(whole);
        return whole;
    }

    /// <summary>Keeps a network as it was found, in one step and whatever the host has by now: the routes of a bridge
    /// that is up are the network's own.</summary>
    /// <param name="whole">As it was kept.</param>
    /// <exception cref="IOException">It can't be written.</exception>
    public void Restore(NetworkDefinition whole)
    {
        MakeDirectory();
        DurableFile.Write(
            FileOf(whole.Name),
            JsonSerializer.SerializeToUtf8Bytes(whole, NetworkJson.Indented.NetworkDefinition),
            Mode
        );
    }

    /// <summary>What <see cref="Put"/> would keep; nothing is changed.</summary>
    /// <param name="besides">Networks that would be made before it.</param>
    /// <exception cref="SysctrException">As there.</exception>
    public NetworkDefinition Whole(NetworkDefinition definition, IReadOnlyList<NetworkDefinition> besides)
    {
        definition = definition.Normal();
        NetworkDefinition? before = File.Exists(FileOf(definition.Name)) ? Find(definition.Name) : null;
        if (before is not null)
        {
            definition = Kept(definition, before);
        }

        NetworkDefinition[] others =
        [
            .. All().Where(n => n.Name != definition.Name && besides.All(b => b.Name != n.Name)),
            .. besides,
        ];
        if (
            definition is { Driver: NetworkDefinition.Bridge, NetworkInterface: { } bridge }
            && !NetworkOptions.SharesBridge(definition.Options)
            && Array.Find(others, n => n.Driver == NetworkDefinition.Bridge && n.NetworkInterface == bridge)
                is { } other
        )
        {
            throw new SysctrException(
                ErrorKind.Conflict,
                $"making the network {definition.Name}: {bridge} is the bridge of the network {other.Name}",
                $"choose another name for it, or leave that out; where {other.Name} is of no use any more, 'sysctr network remove {other.Name}' first"
            );
        }

        string? own = before is { Driver: NetworkDefinition.Bridge } ? before.NetworkInterface : null;
        return definition.Completed(
            [.. others.SelectMany(n => n.Subnets).Select(s => s.Network), .. Podmans(), .. HostRoutes(own)],
            [.. others.Select(n => n.NetworkInterface).OfType<string>(), .. Devices().Where(d => d != own)]
        );
    }

    /// <summary>Takes a network away; one that is not there is no failure.</summary>
    /// <exception cref="IOException">It can't be removed.</exception>
    public void Remove(string name)
    {
        if (File.Exists(FileOf(name)))
        {
            DurableFile.Delete(FileOf(name));
        }
    }

    /// <summary>What is said where a network is named that is not there.</summary>
    public static SysctrException NoSuch(string name) =>
        new(
            ErrorKind.NotFound,
            $"looking for the network {name}: there is none of that name",
            $"make it with 'sysctr network create {name}'"
        );

    /// <summary>The same with what else may be meant: podman's network of that name, or the one that a file of that
    /// name has made.</summary>
    /// <param name="name">Not there.</param>
    /// <param name="inside">The path at which this process finds a file of the host.</param>
    public SysctrException Lacking(string name, Func<string, string> inside) =>
        File.Exists(inside($"{PodmanNetworks}/{name}.json"))
            ? new(
                ErrorKind.NotFound,
                $"looking for the network {name}: it is podman's, who gives its addresses away and would give them twice",
                $"'sysctr network create {name}' makes one of sysctr's with that name, or a .network file does; podman's containers are not on it"
            )
        : Has("systemd-" + name)
            ? new(
                ErrorKind.NotFound,
                $"looking for the network {name}: there is none of that name",
                $"the file {name}.network has made 'systemd-{name}'; write that, or Network={name}.network in a file beside it"
            )
        : NoSuch(name);

    private string FileOf(string name) => Path.Join(directory, NetworkSetting.NetworkName(name) + ".json");

    private IEnumerable<string> Files() =>
        Directory.EnumerateFiles(directory, "*.json").Where(f => !Path.GetFileName(f).StartsWith('.'));

    private void MakeDirectory()
    {
        string store = Path.GetDirectoryName(directory)!;
        if (!Directory.Exists(store))
        {
            DurableFile.MakeDirectory(store, Mode | UnixFileMode.UserExecute, (0, 0));
        }

        if (!Directory.Exists(directory))
        {
            DurableFile.MakeDirectory(directory, Mode | UnixFileMode.UserExecute, (0, 0));
        }
    }

    /// <summary>What is larger is no network.</summary>
    private const int MaxPodmanBytes = 1 << 20;

    /// <summary>podman's networks: their bridges need not be there at the moment.</summary>
    private static List<IPNetwork> Podmans()
    {
        // Its default one stands in no file.
        List<IPNetwork> found = [IPNetwork.Parse("10.88.0.0/16")];
        if (!Directory.Exists(PodmanNetworks))
        {
            return found;
        }

        foreach (string file in Directory.EnumerateFiles(PodmanNetworks, "*.json"))
        {
            try
            {
                found.AddRange(
                    JsonSerializer
                        .Deserialize(BoundedFile.Read("/", file, MaxPodmanBytes), NetworkJson.Default.NetworkDefinition)
                        ?.Subnets.Select(s => s.Network)
                        ?? []
                );
            }
            catch (Exception e)
                when (e is JsonException or FormatException or IOException or UnauthorizedAccessException)
            {
                // podman's to say.
            }
        }

        return found;
    }

    /// <summary>Where the host's own routes lead, but for its default route (proc(5), /proc/net/route: hexadecimal, in
    /// the machine's byte order).</summary>
    private static IEnumerable<IPNetwork> HostRoutes(string? exceptDevice)
    {
        foreach (string[] words in File.ReadLines("/proc/net/route").Skip(1).Select(l => l.Split('\t')))
        {
            if (
                words.Length > 7
                && words[0] != exceptDevice
                && uint.TryParse(words[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out uint to)
                && to != 0
                && uint.TryParse(words[7], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out uint mask)
                && mask != 0
            )
            {
                yield return new IPNetwork(new IPAddress(to), System.Numerics.BitOperations.PopCount(mask));
            }
        }
    }

    private static IEnumerable<string> Devices() =>
        Directory.EnumerateFileSystemEntries("/sys/class/net").Select(d => Path.GetFileName(d));
}
