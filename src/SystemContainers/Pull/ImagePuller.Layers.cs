// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Chunked;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Chunked;
using SystemContainers.Pull.Sources;
using SystemContainers.Pull.Streams;
using SystemContainers.Reference;

namespace SystemContainers.Pull;

/// <summary>Layers: a few at once, each a chain of streams from the socket to the sink.</summary>
sealed partial class ImagePuller
{
    private async Task FetchLayersAsync(
        ImageReference place,
        IImageSource source,
        ImageManifest manifest,
        Digest[] diffIds,
        ILayerSink sink,
        CancellationToken cancellationToken
    )
    {
        // The same layer may stand in an image twice (an empty one often does); once is enough.
        (Digest DiffId, Descriptor Layer)[] layers =
        [
            .. diffIds.Zip(manifest.Layers).DistinctBy(l => l.First).Select(l => (l.First, l.Second)),
        ];
        foreach ((_, Descriptor layer) in layers)
        {
            CheckKind(place, layer);
        }

        sink.Expect(
            $"pulling {place.Identity}",
            Total(layers.Where(l => !sink.HasLayer(l.DiffId)).Select(l => l.Layer.Size))
        );
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using SemaphoreSlim slots = new(_options.ParallelLayers);
        List<Task> running = [];
        foreach ((Digest diffId, Descriptor layer) in layers)
        {
            if (sink.HasLayer(diffId))
            {
                _progress.LayerExists(layer);
                continue;
            }

            running.Add(FetchAsync(diffId, layer));
        }

        // All of them, also when one fails: a sink must not be called any more when this returns.
        await Task.WhenAll(running)
            .ContinueWith(
                static _ => { },
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
        Exception[] failures = [.. running.SelectMany(t => t.Exception?.InnerExceptions ?? [])];
        cancellationToken.ThrowIfCancellationRequested();
        if (Array.Find(failures, f => f is not OperationCanceledException) is { } failure)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }

        // Throws where a sink cancelled of its own accord.
        await Task.WhenAll(running);

        async Task FetchAsync(Digest diffId, Descriptor layer)
        {
            await slots.WaitAsync(stop.Token);
            try
            {
                _progress.LayerStarted(layer);
                await FetchLayerAsync(place, source, diffId, layer, sink, stop.Token);
                _progress.LayerDone(layer);
            }
            catch
            {
                await stop.CancelAsync();
                throw;
            }
            finally
            {
                slots.Release();
            }
        }
    }

    private async Task FetchLayerAsync(
        ImageReference place,
        IImageSource source,
        Digest diffId,
        Descriptor layer,
        ILayerSink sink,
        CancellationToken cancellationToken
    )
    {
        string doing = $"fetching layer {layer.Digest.Short} of {place.Identity}";
        ChunkedLayer? chunked = sink.Contents is null ? null : ChunkedLayer.Of(layer);
        Toc? toc = null;
        bool isDoubtful = false;
        if (chunked is not null)
        {
            RebuiltStream? rebuilt;
            (rebuilt, toc) = await new ChunkedFetch(source, _options, _progress).OpenAsync(
                layer,
                chunked,
                sink.Contents!,
                diffId,
                doing,
                cancellationToken
            );
            if (rebuilt is not null && await TryAddAsync(rebuilt, diffId, sink, doing, cancellationToken))
            {
                sink.Contents!.Keep(diffId, toc!);
                return;
            }

            isDoubtful = rebuilt?.IsTableDoubtful == true;
        }

        Stream blob = await source.OpenBlobAsync(layer, cancellationToken);
        TocTap? tap = chunked is null || toc is not null ? null : new TocTap(blob, chunked);
        VerifiedStream compressed = new(tap ?? blob, layer, doing, received => _progress.LayerBytes(layer, received));
        LayerStream plain;
        try
        {
            plain = await LayerStream.OpenAsync(compressed, diffId, doing, cancellationToken);
        }
        catch
        {
            await compressed.DisposeAsync();
            throw;
        }

        await AddAsync(plain, diffId, sink, doing, cancellationToken);
        if (!isDoubtful && (toc ?? tap?.Read()) is { } known)
        {
            sink.Contents!.Keep(diffId, known);
        }
    }

    /// <returns>
    /// False where what was put together is not the layer, whatever is to blame: a host that has some of its files must
    /// not be worse off than one that has none. So it is fetched whole, and the digests of that decide.
    /// </returns>
    private async Task<bool> TryAddAsync(
        RebuiltStream rebuilt,
        Digest diffId,
        ILayerSink sink,
        string doing,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await AddAsync(rebuilt, diffId, sink, doing, cancellationToken);
            return true;
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Corrupt || e.Kind == ErrorKind.Unsafe)
        {
            _progress.Retrying($"{e.Message}; it is fetched whole");
            return false;
        }
    }

    /// <param name="plain">Disposed of here.</param>
    /// <param name="diffId">What it turns out to be.</param>
    /// <param name="sink">Where it goes.</param>
    /// <param name="doing">For messages.</param>
    private static async Task AddAsync(
        Stream plain,
        Digest diffId,
        ILayerSink sink,
        string doing,
        CancellationToken cancellationToken
    )
    {
        await using ReadAheadStream ahead = new(plain, cancellationToken);

        try
        {
            await sink.AddLayerAsync(diffId, ahead, cancellationToken);
        }
        catch (SysctrException e) when (!e.Message.StartsWith(doing, StringComparison.Ordinal))
        {
            if (e.Kind == ErrorKind.Corrupt && plain is not RebuiltStream)
            {
                // Garbage is most often told by its digest: that is the true reason, and it is thrown from here.
                await ahead.CopyToAsync(Stream.Null, cancellationToken);
            }

            throw new SysctrException(e.Kind, $"{doing}: {e.Message}", e.Hint, e);
        }

        if (!ahead.AtEnd)
        {
            // Not to be had by any input: a sink that does not keep its contract would store what nobody verified.
            throw new SysctrException(ErrorKind.Failed, $"{doing}: the store did not read it to its end");
        }
    }

    /// <summary>The sum; of sizes that a manifest makes up, as much as there can be.</summary>
    private static long Total(IEnumerable<long> sizes) =>
        sizes.Aggregate(0L, (sum, size) => size > long.MaxValue - sum ? long.MaxValue : sum + size);

    /// <summary>Throws unless a layer is of a kind that can be had and unpacked.</summary>
    internal static void CheckKind(ImageReference place, Descriptor layer)
    {
        string type = layer.MediaType;
        if (
            type.Contains("nondistributable", StringComparison.Ordinal)
            || type.Contains(".foreign.", StringComparison.Ordinal)
        )
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"pulling {place.Identity}: layer {layer.Digest.Short} is a foreign one, which the registry does not hold",
                "foreign layers are Windows' base images; look for a Linux image"
            );
        }

        if (
            type
            is not (
                MediaTypes.OciLayer
                or MediaTypes.OciLayerGzip
                or MediaTypes.OciLayerZstd
                or MediaTypes.DockerLayer
                or MediaTypes.DockerLayerGzip
                or MediaTypes.DockerLayer + ".zstd"
            )
        )
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"pulling {place.Identity}: layer {layer.Digest.Short} is a {Redact.Text(type)}, which can't be unpacked",
                type.EndsWith("+encrypted", StringComparison.Ordinal)
                    ? "encrypted images are not supported"
                    : "only tar, tar+gzip and tar+zstd layers can be installed"
            );
        }

        if (layer.Size < 0)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"pulling {place.Identity}: layer {layer.Digest.Short} has a size of {layer.Size}"
            );
        }
    }
}
