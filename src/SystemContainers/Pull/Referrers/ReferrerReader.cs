// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.Statements;

namespace SystemContainers.Pull.Referrers;

/// <summary>
/// Lists what signatures, attestations and bills of materials there are about an image, wherever the tools of today put
/// them: BuildKit in the index, cosign 3 as referrers, cosign 2 at tags. Nothing is judged.
/// </summary>
/// <param name="client">The registry that has the image.</param>
sealed class ReferrerReader(ReferrerClient client)
{
    private const string Notation = "application/vnd.cncf.notary.signature";
    private const string InTotoPredicate = "in-toto.io/predicate-type";
    private const string BundlePredicate = "dev.sigstore.bundle.predicateType";

    private static readonly Dictionary<string, string> s_none = [];

    private int _manifests;

    /// <summary>All about an image: about the index that its name leads to, and about the manifest of a platform in
    /// it.</summary>
    /// <param name="platform">Which manifest of an index.</param>
    /// <exception cref="SysctrException">As a pull; Unsafe: there is too much of it.</exception>
    public async Task<ReferrerList> ListAsync(Platform platform, CancellationToken cancellationToken)
    {
        ManifestDocument root = await client.RootAsync(cancellationToken);
        Digest manifest = root.Index is not { } index
            ? root.Digest
            : (
                PlatformChooser.Choose(index.Manifests, platform)
                ?? throw new SysctrException(
                    ErrorKind.NotFound,
                    $"looking for what is attached to {root.Digest}: there is no image for {platform}"
                )
            ).Digest;
        return await ListAsync(root, manifest, cancellationToken);
    }

    /// <summary>The same, of documents that were fetched already.</summary>
    /// <param name="root">What the name leads to.</param>
    /// <param name="manifest">The image: the same, or one that it names.</param>
    /// <exception cref="SysctrException">As a pull; Unsafe: there is too much of it.</exception>
    public async Task<ReferrerList> ListAsync(
        ManifestDocument root,
        Digest manifest,
        CancellationToken cancellationToken
    )
    {
        List<Referrer> all = [.. await OfAsync(root.Digest, cancellationToken)];
        if (root.Index is { } index)
        {
            all.AddRange(await OfAsync(manifest, cancellationToken));
            all.AddRange(await InIndexAsync(index, manifest, cancellationToken));
        }

        return new ReferrerList(root.Digest, manifest, all);
    }

    /// <summary>All about a manifest that was pulled earlier: the index beside it is looked at where the name still
    /// leads to it.</summary>
    /// <exception cref="SysctrException">As a pull; Unsafe: there is too much of it.</exception>
    /// <returns>With the manifest itself as the root where the name leads elsewhere now.</returns>
    public async Task<ReferrerList> InstalledAsync(Digest manifest, CancellationToken cancellationToken)
    {
        List<Referrer> all = [.. await OfAsync(manifest, cancellationToken)];
        ManifestDocument root;
        try
        {
            root = await client.RootAsync(cancellationToken);
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.NotFound)
        {
            // The tag has gone; what is attached to the manifest is still there.
            return new ReferrerList(manifest, manifest, all);
        }

        if (root.Index is { } index && index.Manifests.Any(m => m.Digest == manifest))
        {
            all.AddRange(await OfAsync(root.Digest, cancellationToken));
            all.AddRange(await InIndexAsync(index, manifest, cancellationToken));
            return new ReferrerList(root.Digest, manifest, all);
        }

        return new ReferrerList(manifest, manifest, all);
    }

    /// <summary>What is attached to one manifest or index.</summary>
    /// <exception cref="SysctrException">As a pull; Unsafe: there is too much of it.</exception>
    public async Task<IReadOnlyList<Referrer>> OfAsync(Digest subject, CancellationToken cancellationToken) =>
        [.. await ReferrersAsync(subject, cancellationToken), .. await TaggedAsync(subject, cancellationToken)];

    /// <summary>What says itself that it refers to a manifest or index: nothing of cosign 2.</summary>
    /// <exception cref="SysctrException">As a pull; Unsafe: there is too much of it.</exception>
    public async Task<IReadOnlyList<Referrer>> ReferrersAsync(Digest subject, CancellationToken cancellationToken)
    {
        List<Referrer> all = [];
        foreach (Descriptor descriptor in await client.ListAsync(subject, cancellationToken))
        {
            // What the list calls it is not asked: cosign's own fallback index is wrong about it.
            if (MediaTypes.IsManifest(descriptor.MediaType))
            {
                all.AddRange(await ReadAsync(descriptor, subject, cancellationToken));
            }
        }

        return all;
    }

    private async Task<IReadOnlyList<Referrer>> TaggedAsync(Digest subject, CancellationToken cancellationToken)
    {
        List<Referrer> all = [];
        foreach (string suffix in (string[])["sig", "att", "sbom"])
        {
            if (await client.AttachedAsync(subject, suffix, cancellationToken) is { } attached)
            {
                all.AddRange(attached.Layers.Select(l => Attached(suffix, l, subject)));
            }
        }

        return all;
    }

    private static Referrer Attached(string suffix, Descriptor layer, Digest subject)
    {
        IReadOnlyDictionary<string, string> annotations = layer.Annotations ?? s_none;
        return suffix switch
        {
            "sig" when layer.MediaType == SigstoreAttachment.MediaType => new Referrer(
                ReferrerKind.Signature,
                subject,
                layer.MediaType,
                layer,
                annotations
            ),
            "att" when layer.MediaType == "application/vnd.dsse.envelope.v1+json" => new Referrer(
                ReferrerKind.Attestation,
                subject,
                annotations.GetValueOrDefault("predicateType", layer.MediaType),
                layer,
                annotations
            ),
            "sbom" => new Referrer(ReferrerKind.Sbom, subject, layer.MediaType, layer, annotations),
            _ => new Referrer(ReferrerKind.Other, subject, layer.MediaType, layer, annotations),
        };
    }

    private async Task<IEnumerable<Referrer>> ReadAsync(
        Descriptor descriptor,
        Digest subject,
        CancellationToken cancellationToken
    )
    {
        Count(subject);
        ImageManifest? manifest = (await client.ManifestAsync(descriptor, cancellationToken)).Manifest;
        if (manifest is null || manifest.Layers.Count > ReferrerLimits.MaxLayers)
        {
            return [];
        }

        string type = manifest.ArtifactType ?? manifest.Config.MediaType;
        IReadOnlyDictionary<string, string> annotations = manifest.Annotations ?? s_none;
        return manifest.Layers.Select(layer =>
            SigstoreBundle.IsMediaType(layer.MediaType)
                ? new Referrer(
                    ReferrerKind.Bundle,
                    subject,
                    annotations.GetValueOrDefault(BundlePredicate, layer.MediaType),
                    layer,
                    layer.Annotations ?? s_none
                )
            : type == Notation ? new Referrer(ReferrerKind.Notation, subject, type, layer, layer.Annotations ?? s_none)
            : layer.MediaType == InTotoStatement.MediaType ? Stated(layer, subject)
            : new Referrer(
                SbomTypes.IsSbom(type) || SbomTypes.IsSbom(layer.MediaType) ? ReferrerKind.Sbom : ReferrerKind.Other,
                subject,
                layer.MediaType,
                layer,
                layer.Annotations ?? s_none
            )
        );
    }

    private async Task<IEnumerable<Referrer>> InIndexAsync(
        ImageIndex index,
        Digest manifest,
        CancellationToken cancellationToken
    )
    {
        List<Referrer> all = [];
        foreach (Descriptor descriptor in BuildKitAttestations.Of(index, manifest))
        {
            Count(manifest);
            IEnumerable<Descriptor> layers =
                (await client.ManifestAsync(descriptor, cancellationToken)).Manifest?.Layers.Take(
                    ReferrerLimits.MaxLayers
                ) ?? [];
            all.AddRange(layers.Where(l => l.MediaType == InTotoStatement.MediaType).Select(l => Stated(l, manifest)));
        }

        return all;
    }

    private static Referrer Stated(Descriptor layer, Digest subject)
    {
        IReadOnlyDictionary<string, string> annotations = layer.Annotations ?? s_none;
        return new Referrer(
            ReferrerKind.Statement,
            subject,
            annotations.GetValueOrDefault(InTotoPredicate, layer.MediaType),
            layer,
            annotations
        );
    }

    private void Count(Digest subject)
    {
        if (++_manifests > ReferrerLimits.MaxManifests)
        {
            throw ReferrerClient.TooMany(subject, $"there are more than {ReferrerLimits.MaxManifests} manifests");
        }
    }
}
