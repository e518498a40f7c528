// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Checkout;
using SystemContainers.Composefs.Mounting;
using SystemContainers.Errors;
using SystemContainers.History;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Users;
using SystemContainers.Network;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Auth;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Requirements;
using SystemContainers.Pull.Trust;
using SystemContainers.Push;
using SystemContainers.Reference;
using SystemContainers.Runtime;
using SystemContainers.State;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Systemd;
using SystemContainers.Systemd.DBus;

namespace SystemContainers.Target;

/// <summary>
/// What a call works with on its host: the target, its locks, records and history, the store and systemd. Each is a
/// value that was made with this, and none opened anything; the store is opened by the first <see cref="OpenStore"/>,
/// so that a call which only reads makes nothing.
/// </summary>
sealed class Host : IDisposable
{
    private readonly Lazy<ContentStore> _store;
    private readonly Lazy<RegistriesConfig> _registries;
    private readonly string? _scratch;
    private readonly Lazy<ComposefsAbility?> _ability;
    private readonly Lazy<CheckoutForm?> _configuredCheckout;

    /// <summary>What <see cref="Open"/> made; one that was given stays the caller's.</summary>
    private ISystemdManager? _ownSystemd;

    /// <param name="systemd">Its systemd, which stays the caller's.</param>
    /// <param name="note">Told what is waited for, and what was found and mended.</param>
    /// <param name="options">How to work on it; null for the defaults.</param>
    internal Host(HostTarget target, ISystemdManager systemd, Action<string> note, HostOptions? options = null)
        : this(target, systemd, note, options ?? new HostOptions(), scratchOf: null) { }

    private Host(HostTarget target, ISystemdManager systemd, Action<string> note, HostOptions options, Host? scratchOf)
    {
        Target = target;
        Systemd = systemd;
        Note = note;
        Options = options;
        Catalog = new ContainerCatalog(StoreHere);
        Mounted = new Lazy<HashSet<Digest>>(ReadableMountedLayers);
        Locks =
            scratchOf?.Locks
            ?? new HostLocks(() => OpenStore().Locks, note, StartsContainers ? NetworkRecords.Lock : null);
        _scratch = scratchOf is null ? null : ScratchDirectory.CreateBelow(StoreHere);
        Transactions = new IntentRecords(_scratch ?? StoreHere, options.Outcome, hasReserve: scratchOf is null);
        History = new HistoryLog(StoreHere, Root, Locks.LockHistory, Catalog, options.Outcome, note);
        _registries = new Lazy<RegistriesConfig>(LoadRegistries);
        _ability = new Lazy<ComposefsAbility?>(TryMounting);
        _configuredCheckout = new Lazy<CheckoutForm?>(() => SysctrConfiguration.Load(Paths).Checkout);
        _store = new Lazy<ContentStore>(() =>
            scratchOf is null
                ? ContentStore.Open(StoreHere, options.LockTimeout, KeepFree, newObjects: NewObjects)
                : OpenScratch(scratchOf)
        );
    }

    internal HostTarget Target { get; }

    /// <inheritdoc cref="HostTarget.Root"/>
    public string Root => Target.Root;

    internal HostOptions Options { get; }

    internal string StoreHere => Target.StoreHere;

    internal Action<string> Note { get; }

    internal HostPaths Paths => Target.Paths;

    /// <inheritdoc cref="HostTarget.User"/>
    internal HostUser? User => Target.User;

    /// <summary>Whether starts may be under way: not below another root, and of a user not without a systemd.</summary>
    private bool StartsContainers => Root == "/" && (User is null || Directory.Exists(User.RuntimeDirectory));

    internal ContainerCatalog Catalog { get; }

    /// <summary>What keeps others from what this call works on.</summary>
    internal HostLocks Locks { get; }

    internal IntentRecords Transactions { get; }

    internal HistoryLog History { get; }

    internal ISystemdManager Systemd { get; }

    internal RegistriesConfig Registries => _registries.Value;

    /// <summary>The host below <paramref name="root"/>, with the systemd that is there.</summary>
    /// <param name="root">An absolute path.</param>
    /// <param name="note">Told what is waited for, and what was found and mended.</param>
    /// <param name="options">How to work on it; null for the defaults.</param>
    /// <param name="user">Whose containers; null for the system's. What writes is called inside the user's
    /// namespace.</param>
    /// <exception cref="SysctrException">Permission: not root.</exception>
    public static Host Open(string root, Action<string> note, HostOptions? options = null, HostUser? user = null)
    {
        if (user is null && Libc.geteuid() != 0)
        {
            throw new SysctrException(
                ErrorKind.Permission,
                "opening the store: system containers belong to root",
                "call it with sudo, or with --user for containers of your own"
            );
        }

        if (!Directory.Exists(root))
        {
            throw new SysctrException(ErrorKind.Usage, $"--root {root}: there is no such directory");
        }

        HostTarget target = new(root, user);
        if (root != "/" && user is null)
        {
            StoreLinks.Check(target.StoreHere);
        }

        ISystemdManager systemd = SystemdManager.Of(target.Paths, options?.IsBooting == true);
        return new Host(target, systemd, note, options) { _ownSystemd = systemd };
    }

    /// <summary>Whether a crash has left something that only a process inside the user's namespace can end.</summary>
    public static bool NeedsRecovery(HostUser user) => new IntentRecords(HostTarget.StoreOf(user)).Any;

    /// <summary>Whether a user's store can be worked on in the namespace that the user can have.</summary>
    /// <exception cref="SysctrException">Host: it has files of ids that the user had once.</exception>
    public static void CheckIds(HostUser user) => SingleIdStore.Check(user, HostTarget.StoreOf(user));

    /// <inheritdoc cref="HostTarget.Here"/>
    internal string Here(string path) => Target.Here(path);

    /// <inheritdoc cref="HostTarget.Inside"/>
    internal string Inside(string path) => Target.Inside(path);

    /// <inheritdoc cref="HostTarget.IsDirectory"/>
    internal bool? IsDirectory(string path) => Target.IsDirectory(path);

    /// <summary>The store. The first call makes it where there is none, and removes what killed processes have left
    /// staged.</summary>
    /// <exception cref="SysctrException">Host: a newer sysctr made it; Corrupt: its meta.json can't be
    /// read.</exception>
    internal ContentStore OpenStore() => _store.Value;

    /// <summary>What may be used, by the policies of the caller and of the system below <see cref="Root"/>; read anew
    /// each time.</summary>
    internal SignaturePolicy SignaturePolicy => SignaturePolicy.Load(User, Root, Environment.GetEnvironmentVariable);

    /// <summary>Pulls by the registries, credentials and policies that count here.</summary>
    /// <param name="progress">Told what goes on.</param>
    /// <param name="judgedAs">As <see cref="ImagePuller.JudgedAs"/>.</param>
    /// <param name="withoutMirrors">As <see cref="ImagePuller.WithoutMirrors"/>.</param>
    internal ImagePuller Puller(IPullProgress progress, ImageReference? judgedAs = null, bool withoutMirrors = false) =>
        new(
            Registries,
            CredentialStore.OfUser(Registries),
            SignaturePolicy,
            progress,
            PullOptions(),
            () => SignatureStorage.Of(User, Root)
        )
        {
            Judge = LoadStatementJudge(),
            JudgedAs = judgedAs,
            WithoutMirrors = withoutMirrors,
        };

    private StatementJudge LoadStatementJudge() => new(StatementPolicy.Load(Root), TimeProvider.System);

    /// <inheritdoc cref="ImagePuller.JudgementFor"/>
    internal string? JudgementFor(ImageReference reference) =>
        ImagePuller.JudgementFor(SignaturePolicy, LoadStatementJudge(), reference);

    /// <summary>Places to copy images to, by the registries and credentials that count here.</summary>
    internal Destinations Destinations(IPullProgress progress) =>
        new(Registries, CredentialStore.OfUser(Registries), PullOptions(), progress);

    /// <summary>Where what is too large for memory is put for a moment, in files without names; made where need
    /// be.</summary>
    internal string MakeSpoolDirectory() => PullOptions().SpoolDirectory;

    /// <inheritdoc cref="HostTarget.Mounts"/>
    internal MountGuard Mounts(string name, string bundle) => Target.Mounts(name, bundle);

    /// <inheritdoc cref="HostTarget.Deployment"/>
    internal DeploymentDirectory Deployment(string name, int number) => Target.Deployment(name, number);

    /// <summary>Removes a directory of the store, which is there as a whole or not at all, whatever happens
    /// meanwhile.</summary>
    internal void Discard(string directory)
    {
        if (Directory.Exists(directory))
        {
            OpenStore().Discard(directory);
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
    /// The same host with a store of its own on top of the host's, gone with it: what is pulled leaves no trace, and
    /// what the host's has is not pulled. Dispose of it before this one.
    /// </summary>
    internal Host WithScratchStore() => new(Target, Systemd, Note, Options, scratchOf: this);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_store.IsValueCreated)
        {
            _store.Value.Dispose();
        }

        _ownSystemd?.Dispose();
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

    /// <summary>The form that sysctr.toml says; null where it says none.</summary>
    internal CheckoutForm? LoadConfiguredCheckout() => _configuredCheckout.Value;

    /// <summary>The form of checkouts where nobody asks for another: the configured one, or the best that this host
    /// can, for which an image is mounted once a call. A host that does not run may be run by any kernel.</summary>
    internal CheckoutForm FindCheckout() =>
        User is not null
            ? CheckoutForm.HardLinks
            : LoadConfiguredCheckout()
                ?? (_ability.Value is { IsDefault: true } ? CheckoutForm.Composefs : CheckoutForm.HardLinks);

    /// <summary>What stands against trees that are mounted on this host; null where nothing does, and where the host
    /// does not run.</summary>
    internal string? FindMountObstacle() => _ability.Value?.Obstacle;

    /// <returns>Null where the host does not run.</returns>
    private ComposefsAbility? TryMounting()
    {
        if (Root != "/")
        {
            return null;
        }

        string directory = ScratchDirectory.CreateBelow(StoreHere);
        try
        {
            return ComposefsProbe.Try(directory);
        }
        finally
        {
            ScratchDirectory.Remove(directory);
        }
    }

    /// <summary>What a deployment is mounted from has to have the form for it, also where it was lost and is fetched
    /// again.</summary>
    private ObjectForm NewObjects(Digest diffId) =>
        FindCheckout() == CheckoutForm.Composefs || Mounted.Value.Contains(diffId)
            ? ObjectForm.Content
            : ObjectForm.Inode;

    private Lazy<HashSet<Digest>> Mounted { get; }

    /// <summary>The layers of deployments that each start mounts, staged and kept ones among them.</summary>
    /// <exception cref="SysctrException">Corrupt: a record can't be read.</exception>
    internal HashSet<Digest> MountedLayers() =>
        [.. Catalog.All().Where(r => r.Composefs is not null).SelectMany(r => r.DiffIds)];

    /// <summary>The same of those that can be read.</summary>
    private HashSet<Digest> ReadableMountedLayers()
    {
        try
        {
            return MountedLayers();
        }
        catch (Exception e) when (e is SysctrException or IOException or UnauthorizedAccessException)
        {
            // What is wrong there is fsck's to say; a layer of the wrong form is converted by it.
            return [];
        }
    }

    private Lazy<FreeSpaceRule> KeepFree => new(() => SysctrConfiguration.Load(Paths).MinFreeSpace);

    private RegistriesConfig LoadRegistries()
    {
        RegistriesConfig registries = RegistriesConfig.Load(Options.Registries ?? RegistriesConfPaths.Of(User));
        foreach (string without in registries.Notes)
        {
            Note($"warning: {without}");
        }

        return registries;
    }

    /// <summary>How to pull: with the user's own settings, and with archives put where nobody else can write; that is
    /// made where need be.</summary>
    internal PullOptions PullOptions()
    {
        PullOptions options = Pull.Options.PullOptions.Of(User);
        string store = _scratch ?? StoreHere;
        return options.SpoolDirectory is { } chosen && HostOwners.IsTrusted(chosen)
            ? options
            : options with
            {
                SpoolDirectory = Directory.Exists(store) ? store : ScratchDirectory.Place(),
            };
    }

    private ContentStore OpenScratch(Host real)
    {
        ContentStore? below = null;
        if (Directory.Exists(StoreHere))
        {
            below = real.OpenStore();
        }

        return ContentStore.Open(_scratch!, keepFree: KeepFree, below: below, newObjects: NewObjects);
    }
}
