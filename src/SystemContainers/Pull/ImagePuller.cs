// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Oci;
using SystemContainers.Pull.Auth;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Signatures;
using SystemContainers.Pull.Sources;
using SystemContainers.Pull.Trust;
using SystemContainers.Reference;

namespace SystemContainers.Pull;

/// <summary>
/// Fetches an image: finds a place that has it, verifies manifest and configuration, and streams the layers that are
/// missing into a sink, each verified to its end. Nothing is written here.
/// </summary>
sealed partial class ImagePuller
{
    private readonly RegistriesConfig _registries;
    private readonly CredentialStore _credentials;
    private readonly SignaturePolicy _policy;
    private readonly ImageJudge _judge;
    private readonly Lazy<SignatureStorage> _signatures;
    private readonly IPullProgress _progress;
    private readonly PullOptions _options;

    /// <param name="registries">Mirrors, blocks and insecure registries.</param>
    /// <param name="credentials">For registries that want some.</param>
    /// <param name="policy">Checked for each image before anything is asked for, and once its manifest is
    /// there.</param>
    /// <param name="progress">Told what goes on; <see cref="NoProgress"/> for silence.</param>
    /// <param name="options">Defaults for hosts where null.</param>
    /// <param name="signatures">Where signatures are; called once something has to be proved. Root's where
    /// null.</param>
    public ImagePuller(
        RegistriesConfig registries,
        CredentialStore credentials,
        SignaturePolicy policy,
        IPullProgress progress,
        PullOptions? options = null,
        Func<SignatureStorage>? signatures = null
    )
    {
        _judge = new ImageJudge(policy);
        _signatures = new Lazy<SignatureStorage>(signatures ?? (() => SignatureStorage.Of(null)));
        _registries = registries;
        _credentials = credentials;
        _policy = policy;
        _progress = progress;
        _options = options ?? new PullOptions();
    }

    /// <summary>By what name everything is judged; null for that which it is fetched by. For what was judged by a name,
    /// and is fetched again by its digest.</summary>
    public ImageReference? JudgedAs { get; init; }

    /// <summary>Whether only registries themselves are asked: for what mirrors need not have.</summary>
    public bool WithoutMirrors { get; init; }

    /// <summary>Asked once an image's digest is known; null for nobody.</summary>
    public IImageJudge? Judge { get; init; }

    /// <summary>Pulls the first of the candidates that can be pulled.</summary>
    /// <param name="candidates">Of <see cref="RegistriesConfig.Resolve"/>; at least one.</param>
    /// <param name="platform">Which image of an index, and what the image must be for.</param>
    /// <param name="sink">Takes the layers. When this fails some may have been added; they are whole, and are not
    /// fetched again.</param>
    /// <exception cref="SysctrException">NotFound, Unreachable, Unauthorized, Policy, Corrupt, Unsafe, or what the sink
    /// throws.</exception>
    public Task<PulledImage> PullAsync(
        IReadOnlyList<ImageReference> candidates,
        Platform platform,
        ILayerSink sink,
        CancellationToken cancellationToken
    ) =>
        UseAsync(
            candidates,
            (reference, place, source, token) => PullAsync(reference, place, source, platform, sink, token),
            cancellationToken
        );

    /// <summary>Asks for the digest of the manifest that
    /// <see cref="PullAsync(IReadOnlyList{ImageReference}, Platform, ILayerSink, CancellationToken)"/> would
    /// pull.</summary>
    /// <param name="candidates">Of <see cref="RegistriesConfig.Resolve"/>; at least one.</param>
    /// <param name="platform">Which image of an index.</param>
    /// <exception cref="SysctrException">As a pull.</exception>
    public Task<Digest> FindAsync(
        IReadOnlyList<ImageReference> candidates,
        Platform platform,
        CancellationToken cancellationToken
    ) =>
        UseAsync(
            candidates,
            async (_, place, source, token) => (await FindManifestAsync(place, source, platform, token)).Digest,
            cancellationToken
        );

    /// <summary>The tags of a repository, each once, in ordinal order, as the registry itself has them: mirrors need
    /// not know all.</summary>
    /// <param name="repository">Its tag and digest do not count.</param>
    /// <exception cref="SysctrException">As <see cref="TagLister.ListAsync"/>; Policy: registries.conf blocks
    /// it.</exception>
    public Task<IReadOnlyList<string>> ListTagsAsync(ImageReference repository, CancellationToken cancellationToken) =>
        WithinAsync(
            repository,
            token => TagLister.ListAsync(Registry(repository), _credentials, _options, _progress, token),
            cancellationToken
        );

    /// <summary>What a use of the first candidate that the policy allows and that can be reached gives; as a pull,
    /// mirrors come before their registry.</summary>
    /// <param name="candidates">Of <see cref="RegistriesConfig.Resolve"/>; at least one.</param>
    /// <param name="use">Given the logical name, the place that is asked, and what is there. It is called again for the
    /// next place where the former can't serve.</param>
    /// <exception cref="SysctrException">As a pull.</exception>
    public async Task<T> UseAsync<T>(
        IReadOnlyList<ImageReference> candidates,
        Func<ImageReference, ImageReference, IImageSource, CancellationToken, Task<T>> use,
        CancellationToken cancellationToken
    )
    {
        if (candidates.Count == 0)
        {
            throw new ArgumentException("no candidate", nameof(candidates));
        }

        List<SysctrException> failures = [];
        foreach (ImageReference candidate in candidates)
        {
            try
            {
                return await FromAsync(candidate, use, cancellationToken);
            }
            catch (SysctrException e) when (candidates.Count > 1 && IsWorthAnother(e.Kind, ErrorKind.Policy))
            {
                _progress.Retrying(e.Message);
                failures.Add(e);
            }
        }

        // Of several registries the one that could not answer matters more than one that says no.
        ErrorKind[] order = [ErrorKind.Unreachable, ErrorKind.Unauthorized, ErrorKind.Policy, ErrorKind.NotFound];
        throw Combined(
            $"pulling {candidates[0].ShortName}: none of {candidates.Count} registries has it",
            failures,
            failures.MinBy(f => Array.IndexOf(order, f.Kind))!
        );
    }

    private async Task<T> FromAsync<T>(
        ImageReference reference,
        Func<ImageReference, ImageReference, IImageSource, CancellationToken, Task<T>> use,
        CancellationToken cancellationToken
    )
    {
        _policy.Check(JudgedAs ?? reference);
        if (reference.Transport != ImageTransport.Docker)
        {
            return await FromHostAsync(reference, use, cancellationToken);
        }

        RegistrySettings settings = Settings(reference, "pulling");
        List<SysctrException> failures = [];
        IReadOnlyList<RegistryEndpoint> endpoints = WithoutMirrors ? [Registry(reference)] : settings.Endpoints;
        foreach (RegistryEndpoint endpoint in endpoints)
        {
            try
            {
                using RegistrySource source = new(endpoint, _credentials, _options, _progress);
                return await WithinAsync(
                    endpoint.Reference,
                    token => use(reference, endpoint.Reference, source, token),
                    cancellationToken
                );
            }
            catch (SysctrException e) when (endpoints.Count > 1 && IsWorthAnother(e.Kind, ErrorKind.Corrupt))
            {
                // A mirror that lies is no reason not to ask the registry; layers that were verified are kept.
                _progress.Retrying(e.Message);
                failures.Add(e);
            }
        }

        // The registry's own word decides what is the matter; it is the last that was asked.
        throw Combined(
            $"pulling {reference.Identity}: neither its mirrors nor the registry can serve it",
            failures,
            failures[^1]
        );
    }

    /// <summary>The registry that a name's own is, after its mirrors.</summary>
    private RegistryEndpoint Registry(ImageReference reference) =>
        Settings(reference, "asking for").Registry ?? throw Blocked(reference, "asking for");

    private RegistrySettings Settings(ImageReference reference, string doing)
    {
        RegistrySettings settings = _registries.For(reference);
        return settings.Blocked ? throw Blocked(reference, doing) : settings;
    }

    private static SysctrException Blocked(ImageReference reference, string doing) =>
        new(
            ErrorKind.Policy,
            $"{doing} {reference.Identity}: registries.conf blocks it",
            "see [[registry]] in /etc/containers/registries.conf"
        );

    private async Task<T> FromHostAsync<T>(
        ImageReference reference,
        Func<ImageReference, ImageReference, IImageSource, CancellationToken, Task<T>> use,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await WithinAsync(
                reference,
                async token =>
                {
                    using IImageSource source = await LocalSources.OpenAsync(reference, _options, token);
                    return await use(reference, reference, source, token);
                },
                cancellationToken
            );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SysctrException(HostFailure.KindOf(e), $"reading {reference}: {e.Message}", inner: e);
        }
    }

    /// <summary>A bound on all of it: each request has its own, but a place that gives just enough of each would keep
    /// us as long as it likes.</summary>
    private async Task<T> WithinAsync<T>(
        ImageReference place,
        Func<CancellationToken, Task<T>> use,
        CancellationToken cancellationToken
    )
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(_options.LongestPull);
        try
        {
            return await use(patience.Token);
        }
        catch (OperationCanceledException e)
            when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new SysctrException(
                ErrorKind.Unreachable,
                $"pulling {place.Identity}: it took longer than {_options.LongestPull.TotalHours:0.##} h",
                "the line or the registry is too slow; another mirror may help (registries.conf)",
                e
            );
        }
    }

    private async Task<PulledImage> PullAsync(
        ImageReference reference,
        ImageReference place,
        IImageSource source,
        Platform platform,
        ILayerSink sink,
        CancellationToken cancellationToken
    )
    {
        _progress.Trying(place);
        ManifestDocument root = await ImageDocuments.RootAsync(place, source, cancellationToken);
        ManifestDocument document = await ImageDocuments.ChooseAsync(place, source, root, platform, cancellationToken);
        ImageManifest manifest = document.Manifest!;

        // Before anything that the manifest names is fetched.
        string? judgement = JudgementFor(_policy, Judge, JudgedAs ?? reference);
        IReadOnlyList<ImageProof> proofs = await JudgeAsync(
            reference,
            place,
            source,
            root,
            document,
            cancellationToken
        );
        byte[] configBytes = await ImageDocuments.FetchConfigAsync(place, source, manifest, cancellationToken);
        (ImageConfig config, Digest[] diffIds) = ImageDocuments.ReadConfig(place, manifest, configBytes, platform);
        _progress.Found(place, document.Digest, manifest.Layers.Count);
        await FetchLayersAsync(place, source, manifest, diffIds, sink, cancellationToken);
        return new PulledImage(
            reference,
            document.Digest,
            document.Bytes,
            manifest.Config.Digest,
            configBytes,
            config,
            diffIds
        )
        {
            Names = source.Names,
            Judgement = judgement,
            Proofs = proofs,
            Attestations = root.Index is { } index
                ? [.. BuildKitAttestations.Of(index, document.Digest).Select(a => a.Digest)]
                : [],
        };
    }

    private static async Task<ManifestDocument> FindManifestAsync(
        ImageReference place,
        IImageSource source,
        Platform platform,
        CancellationToken cancellationToken
    ) =>
        await ImageDocuments.ChooseAsync(
            place,
            source,
            await ImageDocuments.RootAsync(place, source, cancellationToken),
            platform,
            cancellationToken
        );

    private static bool IsWorthAnother(ErrorKind kind, ErrorKind further) =>
        kind is ErrorKind.NotFound or ErrorKind.Unreachable or ErrorKind.Unauthorized || kind == further;

    /// <summary>One error of several: all their reasons, and the kind and hint of the one that decides.</summary>
    private static SysctrException Combined(string what, List<SysctrException> failures, SysctrException deciding) =>
        new(deciding.Kind, $"{what}: {string.Join("; ", failures.Select(f => f.Message))}", deciding.Hint, deciding);
}
