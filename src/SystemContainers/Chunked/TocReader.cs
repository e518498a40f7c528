// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Oci;
using ZstdSharp;

namespace SystemContainers.Chunked;

/// <summary>
/// Reads a table of contents. What it says of owners, modes and attributes is passed over: all that is in the archive's
/// own headers, which the tar-split has. So it only says where content is, and what that hashes to.
/// </summary>
static class TocReader
{
    private const int MaxDepth = 8;

    /// <summary>Unpacks and reads one.</summary>
    /// <param name="packed">As it was transferred.</param>
    /// <param name="layer">What was said of it.</param>
    /// <exception cref="SysctrException">Corrupt: it is another one, malformed, or says what can't be.</exception>
    public static Toc Read(ReadOnlySpan<byte> packed, ChunkedLayer layer)
    {
        if (
            Digest.FromHash(
                layer.TocDigest.HashName,
                System.Security.Cryptography.CryptographicOperations.HashData(layer.TocDigest.HashName, packed)
            ) != layer.TocDigest
        )
        {
            throw Broken($"it is not {layer.TocDigest}");
        }

        // Of no pool: that would keep what is large and seldom.
        byte[] json = GC.AllocateUninitializedArray<byte>((int)layer.Toc.PlainLength);
        try
        {
            using Decompressor zstd = new();
            int length = zstd.Unwrap(packed, json);
            return length == layer.Toc.PlainLength
                ? Parse(json, layer.Toc.Offset)
                : throw Broken("it has another length");
        }
        catch (ZstdException e)
        {
            throw Broken($"it can't be decompressed: {e.Message}", e);
        }
    }

    /// <summary>Reads one that is unpacked.</summary>
    /// <param name="json">UTF-8.</param>
    /// <param name="contentEnd">The byte of the blob behind all content.</param>
    /// <exception cref="SysctrException">Corrupt: as above.</exception>
    public static Toc Parse(ReadOnlySpan<byte> json, long contentEnd)
    {
        try
        {
            return new TocParser(contentEnd).Parse(
                new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth })
            );
        }
        catch (JsonException e)
        {
            throw Broken(Redact.Text(JsonFault.Of(e)), e);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            // A text where a number should be, half a surrogate pair, or a number that is none of 64 bits.
            throw Broken("a value is not of its type", e);
        }
    }

    private static SysctrException Broken(string why, Exception? inner = null) =>
        new(ErrorKind.Corrupt, $"reading a layer's table of contents: {why}", inner: inner);
}
