// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Signatures;
using SystemContainers.Pull.Sources;
using SystemContainers.Pull.Trust;
using SystemContainers.Reference;

namespace SystemContainers.Pull;

/// <summary>Whether an image may be had.</summary>
sealed partial class ImagePuller
{
    /// <summary>Judges what a name leads to as a pull would, and fetches nothing but manifests and what speaks for
    /// them.</summary>
    /// <param name="candidates">Of <see cref="RegistriesConfig.Resolve"/>; at least one.</param>
    /// <param name="platform">Which image of an index.</param>
    /// <returns>The name that was found, and the digest of the manifest that would be pulled.</returns>
    /// <exception cref="SysctrException">As a pull; Policy: it may not be had, and why.</exception>
    public Task<(ImageReference Reference, Digest Manifest)> JudgeAsync(
        IReadOnlyList<ImageReference> candidates,
        Platform platform,
        CancellationToken cancellationToken
    ) =>
        UseAsync(
            candidates,
            async (reference, place, source, token) =>
            {
                ManifestDocument root = await ImageDocuments.RootAsync(place, source, token);
                ManifestDocument document = await ImageDocuments.ChooseAsync(place, source, root, platform, token);
                await JudgeAsync(reference, place, source, root, document, token);
                return (reference, document.Digest);
            },
            cancellationToken
        );

    /// <summary>Whether it takes more than the rules to judge an image: then <see cref="JudgeStoredAsync"/> asks for
    /// signatures.</summary>
    /// <exception cref="SysctrException">Policy: it may not be had, whoever signed it.</exception>
    public bool MustBeProved(ImageReference reference)
    {
        _policy.Check(reference);
        return _policy.AsksForSignatures(reference) || Judge?.JudgementFor(reference) is not null;
    }

    /// <summary>Judges an image that was pulled earlier by what is asked of it now.</summary>
    /// <param name="reference">The logical name that it was pulled by.</param>
    /// <returns>Who proved what is required; none where nothing is.</returns>
    /// <exception cref="SysctrException">As a pull; NotFound: no place has that manifest any more; Policy: it would not
    /// be pulled any more, and why.</exception>
    public async Task<IReadOnlyList<ImageProof>> JudgeStoredAsync(
        ImageReference reference,
        byte[] manifest,
        CancellationToken cancellationToken
    )
    {
        if (!MustBeProved(reference))
        {
            return [];
        }

        ManifestDocument document = ManifestDocument.Read(
            new RawManifest(null, manifest, Announced: null),
            expected: null,
            size: null,
            $"judging {reference.Identity}"
        );
        return await UseAsync(
            [reference],
            async (name, place, source, token) =>
            {
                // A mirror that does not have it has nothing that speaks for it either, and the next place may.
                if (place.Transport == ImageTransport.Docker)
                {
                    RawManifest raw = await source.GetManifestAsync(
                        new Descriptor(MediaTypes.OciManifest, document.Digest, manifest.Length),
                        token
                    );
                    _ = ManifestDocument.Read(
                        raw,
                        document.Digest,
                        manifest.Length,
                        $"fetching the manifest {document.Digest} of {place.Name}"
                    );
                }

                // A statement may be about the index that named it, as long as the name still leads there.
                ManifestDocument root = Judge?.JudgementFor(name) is null
                    ? document
                    : await FindRootAsync(place, source, token) ?? document;
                return await JudgeAsync(
                    name,
                    place,
                    source,
                    root.Index?.Manifests.Any(m => m.Digest == document.Digest) == true ? root : document,
                    document,
                    token
                );
            },
            cancellationToken
        );
    }

    private static async Task<ManifestDocument?> FindRootAsync(
        ImageReference place,
        IImageSource source,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await ImageDocuments.RootAsync(place, source, cancellationToken);
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>What the verdicts of a policy and of a judge depend on; null where neither has to say more than
    /// yes.</summary>
    /// <exception cref="SysctrException">Policy: a key can't be read.</exception>
    internal static string? JudgementFor(SignaturePolicy policy, IImageJudge? judge, ImageReference reference) =>
        string.Join('+', new[] { policy.JudgementFor(reference), judge?.JudgementFor(reference) }.OfType<string>())
            is { Length: > 0 } judgement
            ? judgement
            : null;

    /// <summary>Throws unless a manifest may be used: also for whoever uses an image otherwise than by a
    /// pull.</summary>
    /// <param name="reference">The logical name, where <see cref="JudgedAs"/> has no other.</param>
    /// <param name="place">As it is reached.</param>
    /// <param name="root">What the name leads to.</param>
    /// <param name="document">An image's, not an index: the same, or one that it names.</param>
    /// <returns>Who proved what is required; none where nothing is.</returns>
    /// <exception cref="SysctrException">Policy: it may not; Unreachable: what speaks for it can't be
    /// fetched.</exception>
    public async Task<IReadOnlyList<ImageProof>> JudgeAsync(
        ImageReference reference,
        ImageReference place,
        IImageSource source,
        ManifestDocument root,
        ManifestDocument document,
        CancellationToken cancellationToken
    )
    {
        ImageReference name = JudgedAs ?? reference;
        return
        [
            .. await _judge.JudgeAsync(name, document.Bytes, Signatures(place, source), cancellationToken),
            .. Judge is { } judge
                ? await JudgeAsync(judge, reference, place, source, root, document, cancellationToken)
                : [],
        ];
    }

    /// <summary>
    /// Mirrors and caches have manifests and blobs, and often not what refers to them: where that of a mirror is not
    /// enough the registry itself is asked for it, and for nothing else. A statement is about a digest, so it is no
    /// matter where it lies.
    /// </summary>
    private async Task<IReadOnlyList<ImageProof>> JudgeAsync(
        IImageJudge judge,
        ImageReference reference,
        ImageReference place,
        IImageSource source,
        ManifestDocument root,
        ManifestDocument document,
        CancellationToken cancellationToken
    )
    {
        ImageReference name = JudgedAs ?? reference;
        try
        {
            return await judge.JudgeAsync(name, place, source, root.Digest, document, cancellationToken);
        }
        catch (SysctrException e)
            when (e is { Kind: ErrorKind.Policy, InnerException: null }
                && reference.Transport == ImageTransport.Docker
                && _registries.For(reference).Registry is { } registry
                && registry.Reference.Name != place.Name
            )
        {
            _progress.Retrying($"{e.Message}; asking {registry.Reference.Registry} for what its mirror lacks");
            using RegistrySource own = new(registry, _credentials, _options, _progress);
            try
            {
                return await judge.JudgeAsync(name, registry.Reference, own, root.Digest, document, cancellationToken);
            }
            catch (SysctrException other) when (other.Kind != ErrorKind.Policy)
            {
                // Nothing was judged: it may be had once the registry answers.
                throw new SysctrException(
                    other.Kind,
                    $"{e.Message} at the mirror {place.Name}; and the registry itself can't be asked: {other.Message}",
                    other.Hint,
                    other
                );
            }
        }
    }

    private ISignatureSource Signatures(ImageReference place, IImageSource source) =>
        place.Transport switch
        {
            ImageTransport.Docker => new RegistrySignatures(
                place,
                source,
                () => _signatures.Value,
                _options,
                _progress
            ),
            ImageTransport.Directory => new DirectorySignatures(place),
            _ => new NoSignatures(),
        };
}
