// SPDX-License-Identifier: Apache-2.0

using System.Runtime.ExceptionServices;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Images.Packing;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Options;
using SystemContainers.Push;
using SystemContainers.Push.Layers;
using SystemContainers.Reference;
using SystemContainers.Store.Records;
using SystemContainers.Target;

namespace SystemContainers.Verbs.Transfer;

/// <summary>
/// Images of the store, sent elsewhere. The store keeps no compressed layers. So what the destination lacks is fetched
/// by its digest from where the image was pulled, and nothing changes; where that can't be had the layers are packed
/// anew, and the image has another digest, which is told.
/// </summary>
sealed class PushOperation(Host host, IPullProgress progress, Action<string> note)
{
    private readonly ImageNames _names = new(host);

    /// <summary>Sends an image of the store.</summary>
    /// <param name="image">What the user typed.</param>
    /// <param name="typed">Where to: a reference, of a registry where it says no transport; null for the image's own
    /// name.</param>
    /// <exception cref="SysctrException">NotFound: the store does not have it; Policy: it may not be used; Unreachable,
    /// Unauthorized, Storage and so on: the destination can't take it.</exception>
    public async Task<TransferReport> PushAsync(
        string image,
        string? typed,
        PushOptions options,
        CancellationToken cancellation
    )
    {
        ImageRecord record = _names.Find(image)[0];
        ImageReference to = host.Registries.Resolve(typed ?? record.Reference)[0];
        return await PushAsync(record, to, options, cancellation);
    }

    /// <inheritdoc cref="PushAsync(string, string?, PushOptions, CancellationToken)"/>
    public async Task<TransferReport> PushAsync(
        ImageRecord record,
        ImageReference to,
        PushOptions options,
        CancellationToken cancellation
    )
    {
        ImageReference[] origins = Origins(record, to);
        ImageReference? near = (
            origins.FirstOrDefault(o => o.Registry == to.Registry) ?? origins.FirstOrDefault()
        )?.WithDigest(record.ManifestDigest);
        await using IImageDestination destination = host.Destinations(progress).Open(to, near);
        return await PushAsync(record, origins, destination, to.ToString(), options, cancellation);
    }

    /// <summary>Sends an image of the store to what is open already.</summary>
    public Task<TransferReport> PushAsync(
        ImageRecord record,
        IImageDestination destination,
        string name,
        PushOptions options,
        CancellationToken cancellation
    ) => PushAsync(record, Origins(record, to: null), destination, name, options, cancellation);

    private async Task<TransferReport> PushAsync(
        ImageRecord record,
        ImageReference[] origins,
        IImageDestination destination,
        string name,
        PushOptions options,
        CancellationToken cancellation
    )
    {
        ImageCopier copier = new(progress);
        ImageManifest manifest = ReadManifest(record, cancellation);
        bool isAnew = options.Format is { } wanted && manifest.Layers.Any(l => !l.IsOf(wanted));
        if (isAnew && options.PreserveDigests)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"pushing {record.Reference}: with its layers compressed anew it has another digest",
                "leave out --preserve-digests, or --compression-format"
            );
        }

        CopyChoice choice = new(
            isAnew ? Platform.Current : null,
            options.PreserveDigests,
            Compress: isAnew ? new Recompression(options.Format!.Value, host.MakeSpoolDirectory()) : null
        );
        HashSet<Digest> there = [];
        foreach (Descriptor layer in manifest.Layers.DistinctBy(l => l.Digest))
        {
            if ((!isAnew || layer.IsOf(options.Format!.Value)) && await destination.HasBlobAsync(layer, cancellation))
            {
                there.Add(layer.Digest);
            }
        }

        if (manifest.Layers.Any(l => !there.Contains(l.Digest)) && !options.Offline)
        {
            foreach (ImageReference origin in origins)
            {
                // The digest is not the user's: what the rules say of the name counts.
                ImagePuller puller = host.Puller(progress, judgedAs: origin);
                (CopiedImage? copied, SysctrException? why) = await copier.TryAsync(
                    puller,
                    [origin.WithDigest(record.ManifestDigest)],
                    destination,
                    choice,
                    cancellation
                );
                if (copied is not null)
                {
                    if (copied.Digest is { } digest && digest != record.ManifestDigest)
                    {
                        note(
                            $"{record.Reference}: with its layers compressed anew its digest is {digest} there, and was {record.ManifestDigest}; its ID stays"
                        );
                    }

                    return Report(copied, record);
                }

                // By its own name it may not be used, so not from the store either; what is said of another name says
                // nothing of this one.
                if (why!.Kind == ErrorKind.Policy && origin.ToString() == record.Reference)
                {
                    ExceptionDispatchInfo.Throw(why);
                }

                note($"{origin.Name}: its layers can't be fetched from there: {why.Message}");
            }
        }

        new ImageFetch(host, progress).RequireJudged(record);
        using PackedImage packed = await Task.Run(
            () => Pack(record, there, options.Format ?? LayerFormat.Gzip, cancellation),
            cancellation
        );
        if (packed.ManifestDigest != record.ManifestDigest)
        {
            if (options.PreserveDigests)
            {
                throw new SysctrException(
                    ErrorKind.Failed,
                    $"pushing {record.Reference}: its layers can't be had as they were pulled, and packed anew they have other digests",
                    options.Offline
                        ? "leave out --offline, so that its source is asked; or --preserve-digests"
                        : "leave out --preserve-digests, or mend what keeps its source from being asked"
                );
            }

            note(
                $"{record.Reference}: packed anew from the store: its digest is {packed.ManifestDigest} there, and was {record.ManifestDigest}"
                    + (
                        packed.ConfigDigest == record.ConfigDigest
                            ? "; its ID stays"
                            : $"; its ID is {packed.ConfigDigest.Short}, and was {record.ConfigDigest.Short}"
                    )
            );
        }

        return Report(
            await copier.CopyAsync(
                ImageReference.Parse(record.Reference).WithDigest(packed.ManifestDigest),
                packed,
                destination,
                choice with
                {
                    Platform = null,
                    Compress = null,
                },
                cancellation
            ),
            record
        );

        TransferReport Report(CopiedImage copied, ImageRecord from) =>
            new(
                from.Reference,
                name,
                copied.Digest?.ToString(),
                from.ManifestDigest.ToString(),
                copied.Images,
                copied.Blobs,
                copied.Bytes,
                copied.Present
            );
    }

    private ImageManifest ReadManifest(ImageRecord record, CancellationToken cancellation)
    {
        using StoreLease lease = host.Locks.LeaseStore(cancellation);
        try
        {
            return JsonSerializer.Deserialize(
                host.OpenStore().ReadBlob(record.ManifestDigest),
                OciJson.Default.ImageManifest
            )!;
        }
        catch (JsonException e)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"reading the manifest {record.ManifestDigest} of {record.Reference}: {JsonFault.Of(e)}",
                inner: e
            );
        }
    }

    private PackedImage Pack(
        ImageRecord record,
        HashSet<Digest> there,
        LayerFormat format,
        CancellationToken cancellation
    )
    {
        using StoreLease lease = host.Locks.LeaseStore(cancellation);
        return PackedImage.Pack(
            host.OpenStore(),
            record,
            layer => there.Contains(layer.Digest),
            host.MakeSpoolDirectory(),
            format,
            cancellation
        );
    }

    /// <summary>Where the image may be had by its digest: what its names in the store say, and the names that
    /// containers were installed by.</summary>
    private ImageReference[] Origins(ImageRecord record, ImageReference? to) =>
        [
            .. host.OpenStore()
                .Images.List()
                .Where(i => i.ManifestDigest == record.ManifestDigest)
                .Select(i => i.Reference)
                .Concat(host.Catalog.All().Where(c => c.ManifestDigest == record.ManifestDigest).Select(c => c.Image))
                .Prepend(record.Reference)
                .Distinct(StringComparer.Ordinal)
                .Select(ImageReference.Parse)
                .Where(r =>
                    r.Transport is ImageTransport.Docker
                    || (
                        r.Transport is ImageTransport.OciLayout or ImageTransport.OciArchive
                        && (File.Exists(r.FilePath) || Directory.Exists(r.FilePath))
                    )
                )
                .Where(r => to is null || r.Name != to.Name),
        ];
}
