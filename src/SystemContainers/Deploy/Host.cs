using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;
using SystemContainers.Reference;
using SystemContainers.Register;
using SystemContainers.Store;

namespace SystemContainers.Deploy;

/// <summary>
/// The host that a call works on: the running one, or a system below a directory. Its parts are opened when they are first
/// needed, so that a call which only reads makes nothing.
/// </summary>
sealed class Host : IDisposable
{
    /// <summary>The store as units and the runtime see it.</summary>
    internal const string StoreOnHost = "/var/lib/sysctr";

    private readonly Lazy<ContentStore> _store;
    private readonly Lazy<ISystemdManager> _systemd;
    private readonly Lazy<RegistriesConfig> _registries = new(() => RegistriesConfig.Load());

    private IDisposable? _lease;
    private bool _scratch;

    private Host(string root, string storeHere, Action<string> note)
    {
        Root = root;
        StoreHere = storeHere;
        Note = note;
        Paths = new HostPaths(root);
        Catalog = new ContainerCatalog(storeHere);
        Transactions = new Transactions(storeHere);
        History = new HistoryLog(this);
        _store = new Lazy<ContentStore>(() => ContentStore.Open(StoreHere));
        _systemd = new Lazy<ISystemdManager>(() => SystemdManager.Open(Paths));
    }

    /// <summary>The directory that is the host's root; <c>/</c> for the running host.</summary>
    public string Root { get; }

    internal string StoreHere { get; }

    internal Action<string> Note { get; }

    internal HostPaths Paths { get; }

    internal ContainerCatalog Catalog { get; }

    internal Transactions Transactions { get; }

    internal HistoryLog History { get; }

    internal ContentStore Store => _store.Value;

    internal ISystemdManager Systemd => _systemd.Value;

    internal RegistriesConfig Registries => _registries.Value;

    /// <summary>Opens the host below <paramref name="root"/>.</summary>
    /// <param name="root">An absolute path.</param>
    /// <param name="note">Told what is waited for, and what was found and mended.</param>
    /// <exception cref="SysctrException">Permission: not root.</exception>
    public static Host Open(string root, Action<string> note)
    {
        if (Libc.geteuid() != 0)
        {
            throw new SysctrException(
                ErrorKind.Permission, "opening the store: system containers belong to root", "call it with sudo");
        }

        return Directory.Exists(root)
            ? new Host(root, Path.Join(root, StoreOnHost), note)
            : throw new SysctrException(ErrorKind.Usage, $"--root {root}: there is no such directory");
    }

    /// <summary>A path of the host as this process sees it. Links of a system below a directory are followed inside it.</summary>
    /// <param name="path">Absolute, as the host sees it.</param>
    internal string Here(string path) => Root == "/" ? path : RootedPath.Resolve(Root, path);

    /// <summary>What stands at a path of the host: true for a directory, false for a file, null for nothing.</summary>
    internal bool? IsDirectory(string path)
    {
        string here = Here(path);
        return Directory.Exists(here) ? true : File.Exists(here) ? false : null;
    }

    /// <summary>The place of a deployment.</summary>
    internal DeploymentDirectory Deployment(string name, int number) => new(StoreOnHost, StoreHere, name, number);

    /// <summary>Locks containers against every other sysctr; waits, and says so.</summary>
    internal IDisposable LockContainers(IReadOnlyList<string> names, CancellationToken cancellation) =>
        LockSet.Take(names, name => Store.Locks.LockContainer(name, Note, cancellation))!;

    /// <summary>As <see cref="LockContainers"/> without waiting.</summary>
    /// <returns>Null where another sysctr holds one of them.</returns>
    internal IDisposable? TryLockContainers(IReadOnlyList<string> names) => LockSet.Take(names, Store.Locks.TryLockContainer);

    /// <summary>From here on, until this is disposed of, no prune removes anything from the store.</summary>
    internal void LeaseStore(CancellationToken cancellation) => _lease ??= Store.Locks.Lease(Note, cancellation);

    /// <summary>The same host with a store of its own that is gone with it: what is pulled there leaves no trace.</summary>
    internal Host WithScratchStore() => new(Root, Directory.CreateTempSubdirectory("sysctr-scratch-").FullName, Note) { _scratch = true };

    /// <summary>Ends the transactions that a crash has left: they are taken back, or finished where they were committed.</summary>
    internal Task RecoverAsync(CancellationToken cancellation) => new Recovery(this).RunAsync(start: true, cancellation);

    /// <inheritdoc/>
    public void Dispose()
    {
        _lease?.Dispose();
        if (_store.IsValueCreated)
        {
            _store.Value.Dispose();
        }

        if (_systemd.IsValueCreated)
        {
            _systemd.Value.Dispose();
        }

        if (_scratch)
        {
            TreeRemoval.Remove(StoreHere);
        }
    }
}
