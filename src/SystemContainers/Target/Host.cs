// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.History;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Users;
using SystemContainers.Network;
using SystemContainers.Pull;
using SystemContainers.Pull.Auth;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Trust;
using SystemContainers.Reference;
using SystemContainers.Runtime;
using SystemContainers.State;
using SystemContainers.Store;
using SystemContainers.Systemd;
using SystemContainers.Systemd.DBus;

namespace SystemContainers.Target;

/// <summary>
/// The host that a call works on: the running one, or a system below a directory. Its parts are opened when they are first
/// needed, so that a call which only reads makes nothing.
/// </summary>
sealed class Host : IDisposable
{
    /// <summary>The system's store as units and the runtime see it.</summary>
    internal const string StoreOnHost = "/var/lib/sysctr";

    private readonly Lazy<ContentStore> _store;
    private readonly Lazy<ISystemdManager> _systemd;
    private readonly Lazy<RegistriesConfig> _registries;

    private readonly string? _scratch;
    private readonly Host? _below;

    private Host(string root, string storeHere, Action<string> note, HostOptions options, Host? scratchOf = null)
    {
        Root = root;
        StoreHere = storeHere;
        Note = note;
        Paths = new HostPaths(root, options.User);
        Catalog = new ContainerCatalog(storeHere);
        _below = scratchOf;
        Locks = scratchOf?.Locks ?? new HostLocks(() => Store.Locks, note);
        _scratch = scratchOf is null ? null : ScratchDirectory.CreateBelow(storeHere);
        Transactions = new IntentRecords(_scratch ?? storeHere, options.Outcome);
        History = new HistoryLog(storeHere, root, Locks.LockHistory, Catalog, options.Outcome, note);
        _registries = new Lazy<RegistriesConfig>(() => RegistriesConfig.Load(RegistriesConfPaths.Of(options.User)));
        Options = options;
        _store = new Lazy<ContentStore>(() => scratchOf is null
            ? ContentStore.Open(StoreHere, options.LockTimeout, KeepFree)
            : OpenScratch(scratchOf));
        _systemd = new Lazy<ISystemdManager>(() => scratchOf is not null ? scratchOf.Systemd
            : options.Systemd ?? (options.IsBooting ? new OfflineSystemd(Paths) : SystemdManager.Open(Paths)));
    }

    /// <summary>The directory that is the host's root; <c>/</c> for the running host.</summary>
    public string Root { get; }

    internal HostOptions Options { get; }

    internal string StoreHere { get; }

    internal Action<string> Note { get; }

    internal HostPaths Paths { get; }

    /// <summary>Whose containers these are; null for the system's.</summary>
    internal HostUser? User => Paths.User;

    internal ContainerCatalog Catalog { get; }

    /// <summary>What keeps others from what this call works on.</summary>
    internal HostLocks Locks { get; }

    internal IntentRecords Transactions { get; }

    internal HistoryLog History { get; }

    internal ContentStore Store => _store.Value;

    internal ISystemdManager Systemd => _systemd.Value;

    internal RegistriesConfig Registries => _registries.Value;

    /// <summary>Opens the host below <paramref name="root"/>.</summary>
    /// <param name="root">An absolute path.</param>
    /// <param name="note">Told what is waited for, and what was found and mended.</param>
    /// <param name="options">How to work on it; null for the defaults.</param>
    /// <exception cref="SysctrException">Permission: not root.</exception>
    public static Host Open(string root, Action<string> note, HostOptions? options = null)
    {
        if (options?.User is null && Libc.geteuid() != 0)
        {
            throw new SysctrException(
                ErrorKind.Permission, "opening the store: system containers belong to root",
                "call it with sudo, or with --user for containers of your own");
        }

        if (root != "/" && options?.User is null && Directory.Exists(root))
        {
            StoreLinks.Check(new HostPaths(root).Inside(StoreOnHost));
        }

        return Directory.Exists(root)
            ? new Host(root, options?.User is { } user ? UserStore(user) : new HostPaths(root).Inside(StoreOnHost), note, options ?? new HostOptions())
            : throw new SysctrException(ErrorKind.Usage, $"--root {root}: there is no such directory");
    }

    /// <summary>Whether a crash has left something that only a process inside the user's namespace can end.</summary>
    public static bool NeedsRecovery(HostUser user) => new IntentRecords(UserStore(user)).Any;

    /// <summary>Whether a user's store can be worked on in the namespace that the user can have.</summary>
    /// <exception cref="SysctrException">Host: it has files of ids that the user had once.</exception>
    public static void CheckIds(HostUser user) => SingleIdStore.Check(user, UserStore(user));

    /// <summary>A path of the host as this process sees it. Links of a system below a directory are followed inside it.</summary>
    /// <param name="path">Absolute, as the host sees it.</param>
    internal string Here(string path) => Paths.Here(path);

    /// <summary>As <see cref="Here"/>, for what is looked into: a link in the last part is followed too.</summary>
    internal string Inside(string path) => Paths.Inside(path);

    /// <summary>What stands at a path of the host: true for a directory, false for a file, null for nothing.</summary>
    internal bool? IsDirectory(string path)
    {
        string here = Inside(path);
        return Directory.Exists(here) ? true : File.Exists(here) ? false : null;
    }

    /// <summary>How to pull: with the user's own settings, and with archives put where nobody else can write.</summary>
    internal PullOptions PullOptions
    {
        get
        {
            PullOptions options = Pull.Options.PullOptions.Of(User);
            string store = _scratch ?? StoreHere;
            return options.SpoolDirectory is { } chosen && HostOwners.IsTrusted(chosen) ? options
                : options with { SpoolDirectory = Directory.Exists(store) ? store : ScratchDirectory.Place() };
        }
    }

    /// <summary>What may be used, by the policies of the caller and of the system below <see cref="Root"/>; read anew each time.</summary>
    internal SignaturePolicy SignaturePolicy => SignaturePolicy.Load(User, Root);

    /// <summary>Pulls by the registries, credentials and policies that count here.</summary>
    internal ImagePuller Puller(IPullProgress progress) => new(Registries, CredentialStore.OfUser(Registries), SignaturePolicy, progress, PullOptions);

    /// <summary>What looks at the mounts of a container's config.json.</summary>
    /// <param name="name">The container.</param>
    /// <param name="bundle">Its deployment, as units name it.</param>
    internal MountGuard Mounts(string name, string bundle) => new(
        [User is null ? StoreOnHost : UserStore(User), Path.Join(User?.RuntimeDirectory ?? "/run", "sysctr")],
        bundle,
        () => MountGuard.SourcesOfOthers(Path.Join(StoreHere, "deployments"), name),
        Root == "/" ? null : Inside) { OwnSources = [.. User is null ? [NotifySocket.PathOf(name)] : (string[])[], .. NameFiles.Of(User?.RuntimeDirectory ?? "/run", name).Select(f => f.Source)] };

    /// <summary>The place of a deployment.</summary>
    internal DeploymentDirectory Deployment(string name, int number) => new(User is null ? StoreOnHost : UserStore(User), StoreHere, name, number);

    /// <summary>Removes a directory of the store, which is there as a whole or not at all, whatever happens meanwhile.</summary>
    internal void Discard(string directory)
    {
        if (Directory.Exists(directory))
        {
            Store.Discard(directory);
        }
    }

    /// <summary>Makes durable what systemd has changed of the enablement: it does not sync its links.</summary>
    internal void SyncUnits()
    {
        if (Directory.Exists(Here(Paths.UnitDirectory)))
        {
            DurableFile.SyncFileSystem(Here(Paths.UnitDirectory));
        }
    }

    /// <summary>
    /// The same host with a store of its own on top of the host's, gone with it: what is pulled leaves no trace, and what the host's has
    /// is not pulled. Dispose of it before this one.
    /// </summary>
    internal Host WithScratchStore() => new(Root, StoreHere, Note, Options, scratchOf: this);

    private static string UserStore(HostUser user) => Path.Join(user.DataHome, "sysctr");

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_store.IsValueCreated)
        {
            _store.Value.Dispose();
        }

        if (_systemd.IsValueCreated && _below is null && Options.Systemd is null)
        {
            _systemd.Value.Dispose();
        }

        if (_scratch is not null)
        {
            try
            {
                ScratchDirectory.Remove(_scratch);
            }
            catch (IOException e)
            {
                Note($"warning: {e.Message}; the next call of sysctr tidies up");
            }
        }
    }

    private Lazy<FreeSpaceRule> KeepFree => new(() => SysctrConfiguration.Load(Paths).MinFreeSpace);

    private ContentStore OpenScratch(Host real)
    {
        ContentStore? below = null;
        if (Directory.Exists(StoreHere))
        {
            below = real.Store;
        }

        return ContentStore.Open(_scratch!, keepFree: KeepFree, below: below);
    }
}
