// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Oci;

namespace SystemContainers.Chunked;

/// <summary>
/// What the annotations of a zstd:chunked layer say (container-libs, storage/pkg/chunked): where in the blob its table
/// of contents and its tar-split are, and what the former hashes to. The manifest's digest covers them; the digest of
/// the tar-split stands in the table of contents.
/// </summary>
/// <param name="TocDigest">Of the table of contents as it is transferred.</param>
sealed record ChunkedLayer(Digest TocDigest, BlobPart Toc, BlobPart TarSplit)
{
    private const string ChecksumKey = "io.github.containers.zstd-chunked.manifest-checksum";
    private const string TocKey = "io.github.containers.zstd-chunked.manifest-position";
    private const string TarSplitKey = "io.github.containers.zstd-chunked.tarsplit-position";

    /// <summary>The only kind of table there is.</summary>
    private const string TocType = "1";

    /// <summary>What a layer's descriptor says.</summary>
    /// <returns>Null where it is no such layer, or says what can't be or what we don't take: then it is a layer as any
    /// other.</returns>
    public static ChunkedLayer? Of(Descriptor layer)
    {
        if (
            layer.Annotations is not { } annotations
            || !Digest.TryParse(annotations.GetValueOrDefault(ChecksumKey), out Digest checksum)
            || annotations.GetValueOrDefault(TocKey)?.Split(':') is not [.. { Length: 3 } toc, TocType]
            || Part(toc) is not { } tocPart
            || annotations.GetValueOrDefault(TarSplitKey)?.Split(':') is not { Length: 3 } tarSplit
            || Part(tarSplit) is not { } tarSplitPart
        )
        {
            return null;
        }

        return
            IsWithin(tocPart, layer.Size, ChunkedLimits.MaxTocBytes)
            && IsWithin(tarSplitPart, layer.Size, ChunkedLimits.MaxTarSplitBytes)
            ? new ChunkedLayer(checksum, tocPart, tarSplitPart)
            : null;
    }

    /// <summary>The same as annotations.</summary>
    public IReadOnlyDictionary<string, string> ToAnnotations() =>
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [ChecksumKey] = TocDigest.ToString(),
            [TocKey] = string.Create(
                CultureInfo.InvariantCulture,
                $"{Toc.Offset}:{Toc.Length}:{Toc.PlainLength}:{TocType}"
            ),
            [TarSplitKey] = string.Create(
                CultureInfo.InvariantCulture,
                $"{TarSplit.Offset}:{TarSplit.Length}:{TarSplit.PlainLength}"
            ),
        };

    /// <summary>Whether a blob may have a part there.</summary>
    /// <param name="maxPlain">How much it may be unpacked.</param>
    internal static bool IsWithin(BlobPart part, long size, long maxPlain) =>
        part.Offset > 0
        && part.Length is > 0 and <= ChunkedLimits.MaxPackedBytes
        && part.Offset <= size - part.Length
        && part.PlainLength > 0
        && part.PlainLength <= maxPlain
        && part.PlainLength / ChunkedLimits.MaxRatio <= part.Length;

    private static BlobPart? Part(string[] numbers) =>
        Number(numbers[0]) is { } offset && Number(numbers[1]) is { } length && Number(numbers[2]) is { } plain
            ? new BlobPart(offset, length, plain)
            : null;

    private static long? Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
}
