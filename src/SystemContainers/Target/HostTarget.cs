// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Users;
using SystemContainers.Network;
using SystemContainers.Runtime;
using SystemContainers.State;
using SystemContainers.Systemd;

namespace SystemContainers.Target;

/// <summary>Which system a call works on, and where its things are: the running one, a user's, or one below a
/// directory. Immutable; to have one opens and makes nothing.</summary>
sealed class HostTarget
{
    /// <summary>The system's store as units and the runtime see it.</summary>
    public const string SystemStore = "/var/lib/sysctr";

    /// <param name="root">The host's root directory, absolute; <c>/</c> for the running host.</param>
    /// <param name="user">Whose containers; null for the system's.</param>
    public HostTarget(string root, HostUser? user = null)
    {
        Paths = new HostPaths(root, user);
        Store = user is null ? SystemStore : StoreOf(user);
        StoreHere = user is null ? Paths.Inside(Store) : Store;
    }

    /// <summary>The directory that is the host's root; <c>/</c> for the running host.</summary>
    public string Root => Paths.Root;

    /// <summary>Whose containers these are; null for the system's.</summary>
    public HostUser? User => Paths.User;

    public HostPaths Paths { get; }

    /// <summary>The store as units and the runtime see it.</summary>
    public string Store { get; }

    /// <summary>The store as this process sees it; need not be there.</summary>
    public string StoreHere { get; }

    /// <summary>Networks by name.</summary>
    public NetworkStore Networks => new(Path.Join(StoreHere, NetworkStore.Folder));

    public static string StoreOf(HostUser user) => Path.Join(user.DataHome, "sysctr");

    /// <inheritdoc cref="HostPaths.Here"/>
    public string Here(string path) => Paths.Here(path);

    /// <inheritdoc cref="HostPaths.Inside"/>
    public string Inside(string path) => Paths.Inside(path);

    /// <summary>What stands at a path of the host: true for a directory, false for a file, null for nothing.</summary>
    public bool? IsDirectory(string path)
    {
        string here = Inside(path);
        return Directory.Exists(here) ? true
            : File.Exists(here) ? false
            : null;
    }

    /// <summary>The place of a deployment.</summary>
    public DeploymentDirectory Deployment(string name, int number) => new(Store, StoreHere, name, number);

    /// <summary>What looks at the mounts of a container's config.json.</summary>
    /// <param name="name">The container.</param>
    /// <param name="bundle">Its deployment, as units name it.</param>
    public MountGuard Mounts(string name, string bundle) =>
        new(
            [
                Store,
                Path.Join(User?.RuntimeDirectory ?? "/run", "sysctr"),
                .. User is null ? [MountGuard.MappedPlace] : (string[])[],
            ],
            bundle,
            () => MountGuard.SourcesOfOthers(Path.Join(StoreHere, "deployments"), name),
            Root == "/" ? null : Inside
        )
        {
            OwnSources =
            [
                .. User is null ? [NotifySocket.PathOf(name)] : (string[])[],
                .. NameFiles.Of(User?.RuntimeDirectory ?? "/run", name).Select(f => f.Source),
            ],
        };
}
