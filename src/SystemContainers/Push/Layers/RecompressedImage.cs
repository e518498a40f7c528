// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Sources;
using SystemContainers.Pull.Streams;
using SystemContainers.Reference;

namespace SystemContainers.Push.Layers;

/// <summary>
/// An image of another source with its layers compressed in another way. The configuration, and so the ID and all
/// diffIDs, stays; each layer was held against blob digest and diffID while it was read. What need not be changed is
/// the source's.
/// </summary>
sealed class RecompressedImage : IImageSource
{
    private readonly IImageSource _source;
    private readonly Dictionary<Digest, FileStream> _layers = [];

    private RecompressedImage(IImageSource source, ManifestDocument document)
    {
        _source = source;
        Document = document;
    }

    /// <summary>The manifest now; the same where all layers were as they should be.</summary>
    public ManifestDocument Document { get; private set; }

    /// <summary>Fetches, verifies and compresses the layers.</summary>
    /// <param name="place">What the source is called.</param>
    /// <param name="source">Outlives this.</param>
    /// <param name="progress">Told of bytes.</param>
    /// <exception cref="SysctrException">As a pull; Usage: it is no image; Storage: there is no room.</exception>
    public static async Task<RecompressedImage> MakeAsync(
        ImageReference place,
        IImageSource source,
        ManifestDocument document,
        Recompression how,
        IPullProgress progress,
        CancellationToken cancellation
    )
    {
        RecompressedImage image = new(source, document);
        try
        {
            await image.PackAsync(place, how, progress, cancellation);
            return image;
        }
        catch (Exception e)
        {
            image.Dispose();
            throw e is IOException and not HttpIOException
                ? new SysctrException(
                    HostFailure.KindOf(e),
                    $"compressing {place.Identity}: {e.Message}",
                    $"see to space and permissions in {how.Spool}",
                    e
                )
                : e;
        }
    }

    /// <inheritdoc/>
    public Task<RawManifest> GetRootAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new RawManifest(Document.MediaType, Document.Bytes, Announced: null));

    /// <inheritdoc/>
    public Task<RawManifest> GetManifestAsync(Descriptor manifest, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("it has no index");

    /// <inheritdoc/>
    public Task<Stream> OpenBlobAsync(Descriptor blob, CancellationToken cancellationToken) =>
        _layers.TryGetValue(blob.Digest, out FileStream? file)
            ? Task.FromResult<Stream>(new RangeStream(file.SafeFileHandle, 0, blob.Size))
            : _source.OpenBlobAsync(blob, cancellationToken);

    /// <summary>The source stays whole.</summary>
    public void Dispose()
    {
        foreach (FileStream file in _layers.Values)
        {
            file.Dispose();
        }
    }

    private async Task PackAsync(
        ImageReference place,
        Recompression how,
        IPullProgress progress,
        CancellationToken cancellation
    )
    {
        ImageManifest manifest = Document.Manifest!;
        if (manifest.Layers.All(l => l.IsOf(how.Format)))
        {
            return;
        }

        (_, Digest[] diffIds) = ImageDocuments.ReadConfig(
            place,
            manifest,
            await ImageDocuments.FetchConfigAsync(place, _source, manifest, cancellation),
            platform: null
        );
        Dictionary<Digest, Descriptor> made = [];
        List<Descriptor> layers = [];
        foreach ((Descriptor layer, Digest diffId) in manifest.Layers.Zip(diffIds))
        {
            if (!made.TryGetValue(layer.Digest, out Descriptor? packed))
            {
                made[layer.Digest] = packed = layer.IsOf(how.Format)
                    ? layer
                    : await PackAsync(place, layer, diffId, how, progress, cancellation);
            }

            layers.Add(packed);
        }

        byte[] bytes = ManifestEdit.WithLayers(Document.Bytes, config: null, layers);
        Document = ManifestDocument.Read(
            new RawManifest(MediaType: null, bytes, Announced: null),
            expected: null,
            size: null,
            $"compressing {place.Identity}"
        );
    }

    private async Task<Descriptor> PackAsync(
        ImageReference place,
        Descriptor layer,
        Digest diffId,
        Recompression how,
        IPullProgress progress,
        CancellationToken cancellation
    )
    {
        string doing = $"compressing layer {layer.Digest.Short} of {place.Identity}";
        ImagePuller.CheckKind(place, layer);
        FileStream file = BlobFiles.Unnamed(how.Spool);
        try
        {
            Descriptor made = await LayerWriter.WriteAsync(OpenAsync, file, how.Format, cancellation);
            if (!_layers.TryAdd(made.Digest, file))
            {
                await file.DisposeAsync();
            }

            return made;
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }

        async Task<Stream> OpenAsync(CancellationToken token)
        {
            VerifiedStream compressed = new(
                await _source.OpenBlobAsync(layer, token),
                layer,
                doing,
                received => progress.LayerBytes(layer, received)
            );
            try
            {
                return new ReadAheadStream(await LayerStream.OpenAsync(compressed, diffId, doing, token), token);
            }
            catch
            {
                await compressed.DisposeAsync();
                throw;
            }
        }
    }
}
