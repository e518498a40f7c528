// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Chunked;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Sources;

namespace SystemContainers.Pull.Chunked;

/// <summary>
/// Decides whether a zstd:chunked layer is put together from what is here: its table of contents is fetched, what it
/// names is looked for, and where enough is found the tar-split too. Whatever can't be used of these makes it a layer
/// as any other, without a word.
/// </summary>
/// <param name="source">That has the layer.</param>
/// <param name="options">How much at once.</param>
/// <param name="progress">Told of bytes.</param>
sealed class ChunkedFetch(IImageSource source, PullOptions options, IPullProgress progress)
{
    /// <summary>Where nine tenths would be fetched anyway the whole, verified by its digest, is as good.</summary>
    private const double WorthIt = 0.9;

    private long _received;

    /// <param name="layer">As the manifest has it.</param>
    /// <param name="chunked">What its annotations say.</param>
    /// <param name="contents">What is here.</param>
    /// <param name="diffId">What it has to turn out to be.</param>
    /// <param name="doing">"fetching layer X of Y", for messages.</param>
    /// <param name="cancellation">Ends it, and what is fetched for the stream.</param>
    /// <returns>Its archive, null where it is to be fetched whole; and the table of contents where that was
    /// fetched.</returns>
    public async Task<(RebuiltStream? Plain, Toc? Toc)> OpenAsync(
        Descriptor layer,
        ChunkedLayer chunked,
        ILayerContents contents,
        Digest diffId,
        string doing,
        CancellationToken cancellation
    )
    {
        if (
            !contents.HasAny
            || await ReadAsync(layer, chunked.Toc, cancellation) is not { } packedToc
            || ReadToc(packedToc, chunked) is not { } toc
        )
        {
            return (null, null);
        }

        IFoundContents found = contents.Find(
            toc.Files.SelectMany(f => f.Chunks).Where(c => !c.IsZeros).Select(c => c.Sum).ToHashSet()
        );
        TarSplitReader? tarSplit = null;
        try
        {
            if (found.Count > 0 && toc.TarSplitDigest is { } digest && Missing(toc, found) is { } missing)
            {
                IReadOnlyList<BlobRange> ranges = RangePlan.Of(missing, options.MaxRanges);
                if (
                    ranges.Sum(r => r.Length) + chunked.TarSplit.Length < layer.Size * WorthIt
                    && await ReadAsync(layer, chunked.TarSplit, cancellation) is { } packed
                )
                {
                    tarSplit = TarSplitReader.Open(packed, digest, chunked.TarSplit.PlainLength);
                    RangesStream stream = new(
                        source,
                        layer,
                        RangePlan.Cut(ranges, options.LargestRange),
                        options.ParallelRanges,
                        Received,
                        cancellation
                    );
                    RebuiltStream plain = new(
                        toc,
                        tarSplit,
                        found,
                        stream,
                        range => source.OpenRange(layer, range.Start, range.Length),
                        diffId,
                        doing
                    );
                    (found, tarSplit) = (NothingFound.Instance, null);
                    return (plain, toc);
                }
            }
        }
        catch (SysctrException)
        {
            // The tar-split is another one than the table of contents says.
        }
        finally
        {
            tarSplit?.Dispose();
            found.Dispose();
        }

        return (null, toc);

        void Received(long bytes) => progress.LayerBytes(layer, Interlocked.Add(ref _received, bytes));
    }

    /// <summary>What is to be fetched; null where it does not stand in the blob as it stands in the archive, so that it
    /// could not be read on the way.</summary>
    private static List<BlobRange>? Missing(Toc toc, IFoundContents found)
    {
        List<BlobRange> missing = [];
        foreach (TocChunk chunk in toc.Files.SelectMany(f => f.Chunks).Where(c => !c.IsZeros && !found.Has(c.Sum)))
        {
            if (missing is [.., var last] && chunk.Start < last.End)
            {
                return null;
            }

            missing.Add(new BlobRange(chunk.Start, chunk.End));
        }

        return missing;
    }

    private static Toc? ReadToc(byte[] packed, ChunkedLayer chunked)
    {
        try
        {
            return TocReader.Read(packed, chunked);
        }
        catch (SysctrException)
        {
            return null;
        }
    }

    /// <summary>A part of the blob; null where it can't be had so. If that is no fault of the part, whoever fetches the
    /// whole says what is.</summary>
    private async Task<byte[]?> ReadAsync(Descriptor layer, BlobPart part, CancellationToken cancellation)
    {
        await using Stream? stream = source.OpenRange(layer, part.Offset, part.Length);
        if (stream is null)
        {
            return null;
        }

        byte[] bytes = new byte[part.Length];
        try
        {
            await stream.ReadExactlyAsync(bytes, cancellation);
            progress.LayerBytes(layer, Interlocked.Add(ref _received, bytes.Length));
            return bytes;
        }
        catch (Exception e) when (e is RangeRefusedException or SysctrException)
        {
            return null;
        }
    }
}
