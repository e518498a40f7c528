// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Oci;
using SystemContainers.Pull.Sources;
using SystemContainers.Pull.Streams;
using SystemContainers.Push.Layers;
using SystemContainers.Store;
using SystemContainers.Store.Records;

namespace SystemContainers.Images.Packing;

/// <summary>
/// An image of the store as manifest, configuration and blobs. The store keeps manifest and configuration as they came,
/// and no compressed layers: those that the destination has stay what they were; the others are packed anew, into files
/// without names, and then configuration and manifest say so, and the image has another digest.
/// </summary>
sealed class PackedImage : IImageSource
{
    private readonly byte[] _manifest;
    private readonly byte[] _config;
    private readonly Dictionary<Digest, FileStream> _layers;

    private PackedImage(
        ImageRecord record,
        byte[]? manifest,
        byte[]? config,
        ContentStore store,
        Dictionary<Digest, FileStream> layers
    )
    {
        _manifest = manifest ?? store.ReadBlob(record.ManifestDigest);
        _config = config ?? store.ReadBlob(record.ConfigDigest);
        _layers = layers;
        ManifestDigest = manifest is null ? record.ManifestDigest : Digest.Sha256(manifest);
        ConfigDigest = config is null ? record.ConfigDigest : Digest.Sha256(config);
    }

    /// <summary>The digest that its manifest has now.</summary>
    public Digest ManifestDigest { get; }

    /// <summary>The digest that its configuration has now.</summary>
    public Digest ConfigDigest { get; }

    /// <summary>Packs the layers that are wanted.</summary>
    /// <param name="store">Leased while this works; afterwards it is not needed.</param>
    /// <param name="isThere">Whether the destination has a layer as the manifest describes it.</param>
    /// <param name="spool">Where the files without names are.</param>
    /// <param name="format">How layers are compressed.</param>
    /// <exception cref="SysctrException">Corrupt: the store does not have it whole; Storage: there is no
    /// room.</exception>
    public static PackedImage Pack(
        ContentStore store,
        ImageRecord record,
        Func<Descriptor, bool> isThere,
        string spool,
        LayerFormat format,
        CancellationToken cancellation
    )
    {
        string doing = $"packing {record.Reference}";
        byte[] manifestBytes = store.ReadBlob(record.ManifestDigest);
        byte[] configBytes = store.ReadBlob(record.ConfigDigest);
        Dictionary<Digest, FileStream> files = [];
        try
        {
            ImageManifest manifest =
                JsonSerializer.Deserialize(manifestBytes, OciJson.Default.ImageManifest)
                ?? throw new JsonException("it is null");
            Dictionary<Digest, (Digest DiffId, Descriptor Layer)> packed = [];
            List<(Digest DiffId, Descriptor Layer)> layers = [];
            foreach ((Digest diffId, Descriptor layer) in record.DiffIds.Zip(manifest.Layers))
            {
                if (isThere(layer))
                {
                    layers.Add((diffId, layer));
                    continue;
                }

                if (!packed.TryGetValue(diffId, out (Digest, Descriptor) made))
                {
                    packed[diffId] = made = PackLayer(store, diffId, layer, spool, format, files, cancellation);
                }

                layers.Add(made);
            }

            byte[]? config = packed.All(p => p.Key == p.Value.DiffId)
                ? null
                : ManifestEdit.WithDiffIds(configBytes, layers.Select(l => l.DiffId));
            byte[]? changed =
                packed.Count == 0 ? null : ManifestEdit.WithLayers(manifestBytes, config, layers.Select(l => l.Layer));
            return new PackedImage(record, changed, config, store, files);
        }
        catch (Exception e)
        {
            foreach (FileStream file in files.Values)
            {
                file.Dispose();
            }

            throw e switch
            {
                JsonException json => new SysctrException(
                    ErrorKind.Corrupt,
                    $"{doing}: its manifest or configuration can't be written anew: {Redact.Text(JsonFault.Of(json))}",
                    inner: e
                ),
                IOException or UnauthorizedAccessException => new SysctrException(
                    HostFailure.KindOf(e),
                    $"{doing}: {e.Message}",
                    $"see to space and permissions in {spool}",
                    e
                ),
                _ => e,
            };
        }
    }

    /// <inheritdoc/>
    public Task<RawManifest> GetRootAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new RawManifest(MediaType: null, _manifest, Announced: null));

    /// <inheritdoc/>
    public Task<RawManifest> GetManifestAsync(Descriptor manifest, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("the store has no indexes");

    /// <inheritdoc/>
    public Task<Stream> OpenBlobAsync(Descriptor blob, CancellationToken cancellationToken) =>
        blob.Digest == ConfigDigest ? Task.FromResult<Stream>(new MemoryStream(_config, writable: false))
        : _layers.TryGetValue(blob.Digest, out FileStream? file)
            ? Task.FromResult<Stream>(new RangeStream(file.SafeFileHandle, 0, blob.Size))
        : throw new SysctrException(
            ErrorKind.NotFound,
            $"sending layer {blob.Digest.Short}: the destination had it a moment ago and has it no more",
            "try again"
        );

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (FileStream file in _layers.Values)
        {
            file.Dispose();
        }
    }

    private static (Digest DiffId, Descriptor Layer) PackLayer(
        ContentStore store,
        Digest diffId,
        Descriptor layer,
        string spool,
        LayerFormat format,
        Dictionary<Digest, FileStream> files,
        CancellationToken cancellation
    )
    {
        if (format != LayerFormat.Gzip)
        {
            return PackLayer(store, diffId, spool, format, files, cancellation);
        }

        FaultPoint.Pass("openat");
        FileStream file = BlobFiles.Unnamed(spool);
        try
        {
            // What the index does not tell; where neither is what it was, the second is as good.
            (Digest plain, Digest blob) = Write(bareRoot: LayerPacker.HasRoot(store, diffId));
            if (plain != diffId && LayerPacker.HasRoot(store, diffId))
            {
                file.SetLength(0);
                (plain, blob) = Write(bareRoot: false);
            }

            string type = layer.MediaType.StartsWith(MediaTypes.DockerLayer, StringComparison.Ordinal)
                ? MediaTypes.DockerLayerGzip
                : MediaTypes.OciLayerGzip;
            Descriptor made = new(type, blob, file.Length);
            if (!files.TryAdd(blob, file))
            {
                file.Dispose();
            }

            return (plain, made);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        (Digest DiffId, Digest Blob) Write(bool bareRoot)
        {
            BufferedStream buffered = new(file, 128 << 10);
            (Digest, Digest) written = LayerPacker.Pack(store, diffId, buffered, bareRoot, cancellation);
            buffered.Flush();
            return written;
        }
    }

    /// <summary>The archive first, for zstd:chunked may be begun in vain.</summary>
    private static (Digest DiffId, Descriptor Layer) PackLayer(
        ContentStore store,
        Digest diffId,
        string spool,
        LayerFormat format,
        Dictionary<Digest, FileStream> files,
        CancellationToken cancellation
    )
    {
        FaultPoint.Pass("openat");
        using FileStream archive = BlobFiles.Unnamed(spool);
        Digest plain = Write(bareRoot: LayerPacker.HasRoot(store, diffId));
        if (plain != diffId && LayerPacker.HasRoot(store, diffId))
        {
            archive.SetLength(0);
            plain = Write(bareRoot: false);
        }

        FaultPoint.Pass("openat");
        FileStream file = BlobFiles.Unnamed(spool);
        try
        {
            Descriptor made = LayerWriter
                .WriteAsync(
                    _ => Task.FromResult<Stream>(new RangeStream(archive.SafeFileHandle, 0, archive.Length)),
                    file,
                    format,
                    cancellation
                )
                .GetAwaiter()
                .GetResult();
            if (!files.TryAdd(made.Digest, file))
            {
                file.Dispose();
            }

            return (plain, made);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        Digest Write(bool bareRoot)
        {
            BufferedStream buffered = new(archive, 128 << 10);
            Digest written = LayerPacker.PackPlain(store, diffId, buffered, bareRoot, cancellation);
            buffered.Flush();
            return written;
        }
    }
}
