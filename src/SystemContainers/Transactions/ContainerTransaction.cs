// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Network;
using SystemContainers.Prepared;
using SystemContainers.Pull.Options;
using SystemContainers.Requests;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Transactions.Health;

namespace SystemContainers.Transactions;

/// <summary>
/// A change of one or several containers, all or none: images are fetched and the containers locked, then they are
/// prepared in memory, verified, staged beside their place and committed. Whatever a step can't do it throws, and the
/// host is as before. Disposed of at any point, it removes what was staged and not committed, and ends its lease and
/// its locks; a commit that fails has rolled itself back by then.
/// </summary>
/// <remarks>What only looks stops before the commit, and takes its images by <see cref="FetchAsideAsync"/>: then not
/// even the store changes, unless <see cref="KeepFetched"/> is asked for.</remarks>
/// <param name="progress">Told of what is fetched and checked out.</param>
/// <param name="policy">When new deployments count as well; null for the default.</param>
sealed class ContainerTransaction(Host host, IPullProgress progress, StartPolicy? policy = null) : IDisposable
{
    private readonly ScratchImages _aside = new(host, progress);
    private readonly ContainerSwitch _switch = new(host, policy);
    private readonly List<(ContainerRecord? Before, ContainerRecord? After)> _containers = [];
    private readonly Dictionary<string, IReadOnlyList<string>> _started = new(StringComparer.Ordinal);
    private readonly List<PreparedContainer> _prepared = [];
    private readonly List<StagedDeployment> _staged = [];
    private ContainerPreparer? _preparer;
    private ContainerLocks? _locks;
    private StoreLease? _lease;
    private IReadOnlyList<ContainerChange>? _changes;

    /// <summary>Networks that are made with the containers, by the same intent; null for none.</summary>
    public ITransactionNetworks? Networks { get; init; }

    /// <inheritdoc cref="ContainerSwitch.Unremoved"/>
    public IReadOnlyList<(ContainerChange Change, Exception Why)> Unremoved => _switch.Unremoved;

    /// <inheritdoc cref="ContainerRemover.Unremoved"/>
    public IReadOnlyList<Exception> Kept => _switch.Kept;

    /// <summary>The containers that were prepared and added, in that order.</summary>
    public IReadOnlyList<PreparedContainer> Prepared => _prepared;

    // Reads the host's settings, which a roll-back does not need.
    private ContainerPreparer Preparer => _preparer ??= new ContainerPreparer(host);

    /// <summary>Refuses what no image need be fetched for to be refused: a runtime or systemd that is not
    /// there.</summary>
    /// <param name="runtimes">For each container what the user named; null for the configured one.</param>
    /// <param name="cancellation">Ends the wait for systemd.</param>
    /// <exception cref="SysctrException">Host: a runtime is not there, or systemd does not answer.</exception>
    public Task RequireAsync(IEnumerable<string?> runtimes, CancellationToken cancellation) =>
        Preparer.RequireAsync(runtimes, cancellation);

    /// <summary>Locks containers that need no image; what a crash has left of them is recovered.</summary>
    public async Task LockAsync(IReadOnlyList<string> names, CancellationToken cancellation) =>
        _locks = await host.LockAndRecoverAsync(names, cancellation);

    /// <summary>Fetches images and then locks their containers: as <see cref="ImageFetch.FetchForAsync"/>.</summary>
    public async Task<IReadOnlyList<StoredImage>> FetchAsync(
        Func<Task<IReadOnlyList<WantedImage>>> wanted,
        Func<Task<ContainerLocks>> take,
        CancellationToken cancellation
    )
    {
        (IReadOnlyList<StoredImage> images, _locks, _lease) = await new ImageFetch(host, progress).FetchForAsync(
            wanted,
            take,
            cancellation
        );
        return images;
    }

    /// <summary>Fetches an image without a trace, to look at what would be done; nothing is locked but what keeps a
    /// prune away.</summary>
    public Task<StoredImage> FetchAsideAsync(WantedImage wanted, CancellationToken cancellation) =>
        _aside.FetchAsync(wanted, cancellation);

    /// <summary>Keeps what was fetched aside in the store, without a name, for the call that follows; the next prune
    /// removes it.</summary>
    public void KeepFetched() => _aside.Keep();

    /// <summary>Opens an image that this transaction has fetched.</summary>
    /// <exception cref="SysctrException">As <see cref="OpenedImage.Open"/>.</exception>
    public OpenedImage Open(StoredImage image, InstallRequest request) =>
        OpenedImage.Open(
            host.Target,
            image,
            request.Settings,
            request.Rootfs,
            CheckoutChoice.Of(host, request),
            _lease ?? _aside.Lease ?? throw new InvalidOperationException("No image was fetched."),
            converts: _lease is not null
        );

    /// <summary>Renders a new deployment in memory, as <see cref="ContainerPreparer.PrepareAsync"/>; it becomes part of
    /// the change when it is added.</summary>
    public Task<PreparedContainer> PrepareAsync(
        OpenedImage image,
        InstallRequest request,
        string name,
        int number,
        ContainerRecord? before,
        CancellationToken cancellation
    ) => Preparer.PrepareAsync(image, request, name, number, before, cancellation);

    /// <summary>The same for a new container.</summary>
    public Task<PreparedContainer> PrepareAsync(
        InstallRequest request,
        string name,
        StoredImage image,
        CancellationToken cancellation
    ) => PrepareAsync(Open(image, request), request, name, number: 0, before: null, cancellation);

    /// <summary>Has the change bring a deployment into use that was prepared.</summary>
    /// <param name="before">The one that it replaces; null for a new container.</param>
    /// <param name="after">The new one.</param>
    public void Add(ContainerRecord? before, PreparedContainer after)
    {
        _prepared.Add(after);
        _containers.Add((before, after.Record));
    }

    /// <summary>The same for one that is in its place already.</summary>
    public void Add(ContainerRecord before, ContainerRecord after) => _containers.Add((before, after));

    /// <summary>Has the change start a new container too, and wait until it is well.</summary>
    /// <param name="name">Of one that was added.</param>
    public void Start(string name, IReadOnlyList<string> units) => _started[name] = units;

    /// <summary>Has the change remove a container, once all the others are well.</summary>
    public void Remove(ContainerRecord before) => _containers.Add((before, null));

    /// <summary>Looks at the host, and has systemd read all units before any of them is there.</summary>
    /// <exception cref="SysctrException">As <see cref="ContainerVerification.VerifyAsync"/>.</exception>
    public Task VerifyAsync(CancellationToken cancellation) => VerifyAsync(static _ => { }, cancellation);

    /// <summary>Verifies, and stages while systemd reads the units.</summary>
    /// <exception cref="SysctrException">As <see cref="VerifyAsync(CancellationToken)"/> and <see cref="Stage"/>; what
    /// was staged goes when this is disposed of.</exception>
    public Task VerifyAndStageAsync(CancellationToken cancellation) => VerifyAsync(Stage, cancellation);

    private Task VerifyAsync(Action<CancellationToken> meanwhile, CancellationToken cancellation) =>
        new ContainerVerification(host).VerifyAsync(
            _prepared,
            [.. _containers.Where(c => c.After is not null).Select(c => c.Before).OfType<ContainerRecord>()],
            meanwhile,
            cancellation
        );

    /// <summary>Checks all of it out beside its place. Nothing is needed of the store then but by records that are
    /// staged, which a prune heeds, so its lease ends.</summary>
    /// <exception cref="SysctrException">Locked: a network of one has gone meanwhile, or another call has given the
    /// same ids.</exception>
    public void Stage(CancellationToken cancellation)
    {
        foreach (PreparedContainer container in _prepared)
        {
            cancellation.ThrowIfCancellationRequested();
            StagedDeployment staged = new(host, container);
            _staged.Add(staged);
            staged.Write(progress);
        }

        _lease?.Dispose();
        RequireNetworks();
        _preparer?.RequireOwnIds();
    }

    /// <summary>
    /// Looks for the networks again: what is staged keeps them from here on, and what has gone before has gone. Under
    /// the lock of who removes one, for it may have looked for staged deployments before these were there.
    /// </summary>
    /// <exception cref="SysctrException">Locked: another call has removed one since it was found.</exception>
    private void RequireNetworks()
    {
        (string Name, string Network)[] wanted =
        [
            .. _prepared
                .Where(p => p.Record.Options is not null)
                .SelectMany(p =>
                    NetworkRequest
                        .Names(p.Record.Settings, host.User is not null)
                        .Where(n => n != NetworkDefinition.Default && Networks?.Names.Contains(n) != true)
                        .Select(n => (p.Record.Name, n))
                ),
        ];
        if (wanted.Length == 0)
        {
            return;
        }

        NetworkStore networks = host.Target.Networks;
        using IDisposable held = host.Locks.LockNetworks();
        if (wanted.FirstOrDefault(w => !networks.Has(w.Network)) is { Network: { } gone, Name: var name })
        {
            throw new SysctrException(
                ErrorKind.Locked,
                $"preparing {name}: another call has removed the network {gone} meanwhile",
                $"'sysctr network create {gone}' makes it anew; or call this again where a file declares it"
            );
        }
    }

    /// <summary>Instead of a commit: moves what was staged to its place for as long as this lives, with nothing on the
    /// host.</summary>
    public void Place() => _staged.ForEach(s => s.Place());

    /// <summary>What the commit does to each container, as the host is now.</summary>
    public async Task<IReadOnlyList<ContainerChange>> PlanAsync(CancellationToken cancellation)
    {
        List<ContainerChange> changes = [];
        foreach ((ContainerRecord? before, ContainerRecord? after) in _containers)
        {
            changes.Add(
                before is null
                    ? new ContainerChange(null, after) { Started = _started.GetValueOrDefault(after!.Name, []) }
                    : await _switch.PlanAsync(before, after ?? before, cancellation) with
                    {
                        After = after,
                    }
            );
        }

        return _changes = changes;
    }

    /// <summary>Executes what was planned: stop, switch files, reload, restart, health checks, commit. Units that were
    /// active are active again on return. On failure all is rolled back.</summary>
    /// <param name="kind">An install, update, rollback or apply.</param>
    /// <param name="origin">Whose it is.</param>
    /// <param name="cancellation">Cancels until the commit point, and what was changed is rolled back; ignored after
    /// it.</param>
    /// <exception cref="SysctrException">Why it failed; the host is as before.</exception>
    public async Task<StartOutcome> CommitAsync(
        TransactionKind kind,
        HistoryOrigin origin,
        CancellationToken cancellation
    )
    {
        if (_staged.Count < _prepared.Count)
        {
            throw new InvalidOperationException("Something was prepared and not staged.");
        }

        return await _switch.RunAsync(
            new TransactionRecord(kind, _changes ?? await PlanAsync(cancellation)) { Origin = origin },
            cancellation,
            Networks
        );
    }

    /// <summary>Gives the locks to the caller, who does more with the containers and then ends them.</summary>
    public ContainerLocks? KeepLocks()
    {
        ContainerLocks? locks = _locks;
        _locks = null;
        return locks;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            _staged.ForEach(s => s.Dispose());
        }
        finally
        {
            _aside.Dispose();
            _lease?.Dispose();
            _locks?.Dispose();
        }
    }
}
