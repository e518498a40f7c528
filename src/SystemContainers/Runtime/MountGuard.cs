// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Templates;

namespace SystemContainers.Runtime;

/// <summary>
/// Keeps what a config.json mounts out of places that are sysctr's own: the store, whose files containers share, and
/// the directory in which configurations wait for their start. Asked when a container is installed and updated, and at
/// each of its starts, for between these the host changes, and with it what a path means.
/// </summary>
/// <remarks>
/// Three rules. A source that leads into these places is refused, by whatever name. One that contains them, such as
/// <c>/</c> or <c>/run</c>, gets an empty file system mounted over them inside the container. And a symbolic link
/// counts only where nobody but the administrator can have put it: in a directory that the payload, another container's
/// or a user can write it is refused.
/// </remarks>
sealed partial class MountGuard
{
    /// <summary>Where a start has the mounts of containers with a user namespace: roots of containers and volumes,
    /// which no other container is to see. The system's.</summary>
    public const string MappedPlace = "/run/sysctr-mapped";

    private const string Doing = "checking the mounts of config.json";

    /// <summary>What mounts nothing of the host's files (filesystems(5)): the kernel's own, and memory.</summary>
    private static readonly string[] s_virtual =
    [
        "proc",
        "sysfs",
        "tmpfs",
        "ramfs",
        "devpts",
        "mqueue",
        "cgroup",
        "cgroup2",
        "bpf",
        "debugfs",
        "tracefs",
        "securityfs",
        "configfs",
        "fusectl",
        "hugetlbfs",
        "selinuxfs",
        "efivarfs",
    ];

    /// <summary>Directories of the operating system, in which no payload makes names.</summary>
    private static readonly string[] s_system =
    [
        "/",
        "/etc",
        "/var",
        "/var/lib",
        "/var/log",
        "/var/cache",
        "/run",
        "/opt",
        "/srv",
        "/home",
        "/mnt",
        "/media",
        "/run/systemd",
        "/run/dbus",
        "/run/udev",
    ];

    private static readonly string[] s_systemTrees =
    [
        "/usr",
        "/lib",
        "/lib64",
        "/bin",
        "/sbin",
        "/dev",
        "/proc",
        "/sys",
        "/boot",
    ];

    private readonly string[] _protected;
    private readonly Func<string, string>? _here;
    private readonly Func<IEnumerable<string>> _others;
    private readonly string? _bundle;

    /// <summary>Sets it up.</summary>
    /// <param name="ownPlaces">Absolute paths of what is to be kept: the store first.</param>
    /// <param name="bundle">The container's own deployment, as the unit names it; null where it is not known.</param>
    /// <param name="others">The sources that other containers mount to write to, asked only when that matters.</param>
    /// <param name="here">Maps a path of a system below a directory to one of this process; null for the running
    /// host.</param>
    public MountGuard(
        IReadOnlyList<string> ownPlaces,
        string? bundle,
        Func<IEnumerable<string>> others,
        Func<string, string>? here = null
    )
    {
        _protected = [.. ownPlaces];
        _bundle = bundle;
        _others = others;
        _here = here;
    }

    /// <summary>What is meant to be seen in the container though it stands there: its own <see cref="NotifySocket"/>,
    /// and its files of names.</summary>
    public IReadOnlyCollection<string> OwnSources { get; init; } = [];

    /// <summary>For a start, on the running host.</summary>
    /// <param name="bundle">The deployment, <c>STORE/deployments/NAME/N</c>; that of a single command is elsewhere, and
    /// then the store is where it always is.</param>
    /// <param name="run">Where configurations wait for their start.</param>
    /// <param name="store">The store, where the bundle does not tell.</param>
    /// <param name="sources">As <see cref="OwnSources"/>.</param>
    /// <param name="hasMapped">Whether <see cref="MappedPlace"/> is kept, too; older configurations know nothing of
    /// it.</param>
    public static MountGuard ForStart(
        string bundle,
        string run,
        string store,
        IReadOnlyCollection<string>? sources = null,
        bool hasMapped = true
    )
    {
        string? deployments = Path.GetDirectoryName(Path.GetDirectoryName(bundle));
        bool isInStore = Path.GetFileName(deployments) == "deployments";
        string found = isInStore ? Path.GetDirectoryName(deployments)! : store;
        string own = isInStore ? Path.GetFileName(Path.GetDirectoryName(bundle))! : "";
        return new MountGuard(
            hasMapped ? [found, run, MappedPlace] : [found, run],
            bundle,
            () => SourcesOfOthers(Path.Join(found, "deployments"), own)
        )
        {
            OwnSources = sources ?? [],
        };
    }

    /// <summary>What the containers of a store mount to write to.</summary>
    /// <param name="deployments"><c>deployments/</c> of the store.</param>
    /// <param name="except">The container that does not count.</param>
    public static IEnumerable<string> SourcesOfOthers(string deployments, string except) =>
        !Directory.Exists(deployments)
            ? []
            : Directory
                .EnumerateDirectories(deployments)
                .Where(d => Path.GetFileName(d) != except)
                .SelectMany(d => WritableSources(Path.Join(d, "current/config.json")));

    /// <summary>Checks a document, which <see cref="RuntimeConfigFile.Read"/> has passed, and gives it the mounts that
    /// cover our places.</summary>
    /// <param name="document">Changed where something has to be covered.</param>
    /// <returns>Whether it was changed.</returns>
    /// <exception cref="SysctrException">Unsafe: a mount leads where it must not; says which.</exception>
    public bool Protect(JsonObject document)
    {
        JsonArray mounts = document["mounts"] as JsonArray ?? [];
        JsonObject? root = RootMount(document);
        JsonObject[] own = Own(mounts, root);
        View view = new(this, own);
        List<string> covers = [];
        bool changed = false;
        foreach (JsonObject mount in own)
        {
            string destination = HostPath.Absolute(Text(mount, "destination"));
            if (mount == root && !IsWritable(mount) && IsOwn(Text(mount, "source")))
            {
                // A checkout of ours by its whole path, as a command in a stopped container has it.
                continue;
            }

            try
            {
                List<string> inside = view.Check(mount);
                if (inside.Count > 0)
                {
                    if (mount == root && IsShared(document))
                    {
                        throw new IOException(
                            "it holds the store of sysctr, and what is mounted in it would be mounted on the host"
                        );
                    }

                    changed |= KeepFromHost(document, mount);
                    covers.AddRange(inside.Select(place => HostPath.Absolute(destination + "/" + place)));
                }
            }
            catch (IOException e)
            {
                throw new SysctrException(
                    ErrorKind.Unsafe,
                    $"{Doing}: the mount on {destination}, of {Text(mount, "source")}, is refused: {e.Message}",
                    "where the link is meant, let config.json (or --set) name the directory that it leads to",
                    e
                );
            }
        }

        // What is below a cover is hidden with it.
        foreach (
            string cover in covers
                .Distinct(StringComparer.Ordinal)
                .Where(c => !covers.Exists(o => HostPath.IsBelow(c, o)) && !own.Any(m => IsCover(m, c)))
        )
        {
            document["mounts"] = mounts;
            mounts.Add(
                (JsonNode)
                    new JsonObject
                    {
                        ["destination"] = cover,
                        ["type"] = "tmpfs",
                        ["source"] = "tmpfs",
                        ["options"] = new JsonArray("ro", "nosuid", "nodev", "noexec", "mode=000", "size=4k"),
                    }
            );
            changed = true;
        }

        return changed;
    }

    /// <summary>Whether a directory is one of the operating system's own, in which only the administrator makes
    /// names.</summary>
    /// <param name="path">Absolute, normalized.</param>
    public static bool IsSystemDirectory(string path) => s_system.Contains(path, StringComparer.Ordinal);

    /// <summary>Why a link in a directory of the host is not followed when something is written or removed there; null
    /// where it is.</summary>
    public string? RefuseLink(SafeFileHandle directory) => new View(this, []).Refusal(directory);

    /// <summary>The same beside the mounts of a configuration: its payload can put links where it gets to
    /// write.</summary>
    /// <param name="document">config.json.</param>
    public Func<SafeFileHandle, string?> LinkRefusal(JsonObject document) =>
        new View(this, Own(document["mounts"] as JsonArray ?? [], RootMount(document))).Refusal;

    /// <summary>Whether one of our own places is in what a path of this process leads to; links are followed.</summary>
    public bool IsAboveOwn(string here)
    {
        IReadOnlyList<MountEntry> mounts = MountTable.Read();
        FileLocation location = FileLocation.Of(here, mounts);
        return _protected.Any(p => FileLocation.Of(_here is null ? p : _here(p), mounts).IsIn(location));
    }

    /// <summary>Whether a path of this process leads into our own places, by whatever name; links are
    /// followed.</summary>
    public bool IsOwn(string here)
    {
        IReadOnlyList<MountEntry> mounts = MountTable.Read();
        FileLocation location = FileLocation.Of(here, mounts);
        return _protected.Any(p => location.IsIn(FileLocation.Of(_here is null ? p : _here(p), mounts)));
    }

    /// <summary>The sources that a configuration mounts to write to; one that can't be read has none.</summary>
    /// <param name="configFile">A config.json of ours.</param>
    public static IEnumerable<string> WritableSources(string configFile)
    {
        try
        {
            JsonObject? document = JsonNode.Parse(RegularFile.ReadAll(configFile)) as JsonObject;
            return
            [
                .. (document?["mounts"] as JsonArray ?? [])
                    .OfType<JsonObject>()
                    .Append(RootMount(document))
                    .OfType<JsonObject>()
                    .Where(m => IsBind(m) && IsWritable(m))
                    .Select(m => Text(m, "source")),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return [];
        }
    }

    private static JsonObject[] Own(JsonArray mounts, JsonObject? root) =>
        [.. mounts.OfType<JsonObject>(), .. root is null ? Array.Empty<JsonObject>() : [root]];

    /// <summary>A root that is a directory of the host's, and no checkout of ours, is a mount like the
    /// others.</summary>
    private static JsonObject? RootMount(JsonObject? document) =>
        document?["root"] is JsonObject root && Text(root, "path") is ['/', ..] path
            ? new JsonObject
            {
                ["destination"] = "/",
                ["type"] = "bind",
                ["source"] = path,
                ["options"] = new JsonArray("rbind", root["readonly"]?.ToString() == "true" ? "ro" : "rw"),
            }
            : null;

    private static bool IsShared(JsonObject document) =>
        document["linux"]?["rootfsPropagation"]?.ToString() is "shared" or "rshared";

    /// <summary>
    /// A cover that propagates would hide the store from the host itself (mount_namespaces(7)). Where the container's
    /// mounts are shared with the host, the one mount that holds the store only receives.
    /// </summary>
    /// <returns>Whether something was changed.</returns>
    private static bool KeepFromHost(JsonObject document, JsonObject mount)
    {
        if (!IsShared(document))
        {
            return false;
        }

        JsonArray options = mount["options"] as JsonArray ?? [];
        if (
            options.Any(o =>
                o?.ToString() is "slave" or "rslave" or "private" or "rprivate" or "unbindable" or "runbindable"
            )
        )
        {
            return false;
        }

        foreach (JsonNode? shared in options.Where(o => o?.ToString() is "shared" or "rshared").ToArray())
        {
            options.Remove(shared);
        }

        options.Add((JsonNode)"rslave");
        mount["options"] = options;
        return true;
    }

    private static bool IsCover(JsonObject mount, string destination) =>
        Text(mount, "type") == "tmpfs"
        && HostPath.Absolute(Text(mount, "destination")) == destination
        && Options(mount).Contains("ro", StringComparer.Ordinal);

    private static bool IsBind(JsonObject mount) =>
        Text(mount, "type") == "bind" || Options(mount).Any(o => o is "bind" or "rbind");

    private static bool IsWritable(JsonObject mount) =>
        Options(mount).LastOrDefault(o => o is "ro" or "rw" or "rro" or "rrw") is not ("ro" or "rro");

    private static IEnumerable<string> Options(JsonObject mount) =>
        (mount["options"] as JsonArray ?? []).Select(o => o?.ToString() ?? "");

    private static string Text(JsonObject mount, string member) => mount[member]?.ToString() ?? "";
}
