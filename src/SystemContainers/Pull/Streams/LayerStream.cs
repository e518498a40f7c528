// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using SystemContainers.Errors;
using SystemContainers.Oci;

namespace SystemContainers.Pull.Streams;

/// <summary>
/// A layer's plain tar: verified bytes -> inflated -> hashed. A read returns 0 only when the compressed size, the
/// compressed digest and the diffID were right.
/// </summary>
/// <remarks>
/// No inflater is trusted with the end: GZipStream takes a gzip that was cut in the middle for a whole one and passes
/// over garbage behind it, so all compressed bytes are read and verified whatever it says.
/// </remarks>
sealed class LayerStream : ForwardOnlyStream
{
    private readonly VerifiedStream _compressed;
    private readonly Stream _plain;
    private readonly Digest _diffId;
    private readonly string _doing;
    private readonly IncrementalHash _hash;
    private bool _verified;

    private LayerStream(VerifiedStream compressed, Stream plain, Digest diffId, string doing)
    {
        _compressed = compressed;
        _plain = plain;
        _diffId = diffId;
        _doing = doing;
        _hash = IncrementalHash.CreateHash(diffId.HashName);
    }

    /// <summary>Looks at the first bytes for the compression, as other tools do: media types in the wild are wrong at
    /// times.</summary>
    /// <param name="compressed">The layer's blob; disposed of with the result.</param>
    /// <param name="diffId">The digest of what comes out.</param>
    /// <param name="doing">"unpacking X of Y", for messages.</param>
    /// <param name="cancellationToken">Ends the first read.</param>
    /// <exception cref="SysctrException">Corrupt: it is compressed in a way that we do not have.</exception>
    public static async Task<LayerStream> OpenAsync(
        VerifiedStream compressed,
        Digest diffId,
        string doing,
        CancellationToken cancellationToken
    )
    {
        ReadOnlyMemory<byte> head = await compressed.PeekAsync(Decompression.HeadBytes, cancellationToken);
        return Decompression.Unsupported(head.Span) is { } tool
            ? throw new SysctrException(
                ErrorKind.Corrupt,
                $"{doing}: it is compressed with {tool}, which layers can't be (image-spec, media-types.md: gzip or zstd)",
                "push the image again with 'skopeo copy --dest-compress-format gzip'"
            )
            : new LayerStream(compressed, Decompression.Of(compressed, head.Span), diffId, doing);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_verified || buffer.IsEmpty)
        {
            return 0;
        }

        int read;
        try
        {
            read = await _plain.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception e) when (Decompression.IsFault(e))
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{_doing}: it can't be decompressed: {e.Message}",
                "the image was built broken; build it again",
                e
            );
        }

        if (read > 0)
        {
            _hash.AppendData(buffer.Span[..read]);
            return read;
        }

        await _compressed.DrainAsync(cancellationToken);
        Digest actual = Digest.FromHash(_diffId.HashName, _hash.GetHashAndReset());
        _verified =
            actual == _diffId
                ? true
                : throw new SysctrException(
                    ErrorKind.Corrupt,
                    $"{_doing}: decompressed it is {actual}, the image's configuration says {_diffId}",
                    "the image was built broken; build it again"
                );
        return 0;
    }

    public override async ValueTask DisposeAsync()
    {
        _hash.Dispose();
        if (!ReferenceEquals(_plain, _compressed))
        {
            await _plain.DisposeAsync();
        }

        await _compressed.DisposeAsync();
        await base.DisposeAsync();
    }
}
