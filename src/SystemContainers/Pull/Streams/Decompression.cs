// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using System.IO.Compression;
using ZstdSharp;

namespace SystemContainers.Pull.Streams;

/// <summary>The decompressors, told by a stream's first bytes as other tools do: names and media types in the wild are
/// wrong at times.</summary>
static class Decompression
{
    /// <summary>How many bytes it takes to tell: to the end of ustar's own magic number.</summary>
    public const int HeadBytes = 262;

    // zstd's magic number, and its skippable frames' (RFC 8878, 3.1); 0x1f8b is gzip's (RFC 1952).
    private const uint ZstdMagic = 0xFD2FB528;
    private const uint ZstdSkippable = 0x184D2A50;

    /// <summary>The plain stream; <paramref name="stream"/> itself where it is not compressed in a way that we know. It
    /// stays the caller's.</summary>
    /// <param name="stream">At its beginning.</param>
    /// <param name="head">Its first bytes, which are still to be read from it; fewer than <see cref="HeadBytes"/> where
    /// it is shorter.</param>
    public static Stream Of(Stream stream, ReadOnlySpan<byte> head) =>
        IsGzip(head)
            ? Isal.Find() is { } isal
                ? new IsalStream(stream, isal)
                : new GZipStream(stream, CompressionMode.Decompress, leaveOpen: true)
            // The decoder's own bound on the window, 128 MiB, keeps a frame from asking for gigabytes.
            : IsZstd(head)
                ? new DecompressionStream(stream, bufferSize: 128 << 10, leaveOpen: true)
                : stream;

    /// <summary>Whether <see cref="Of"/> would decompress.</summary>
    public static bool Applies(ReadOnlySpan<byte> head) => IsGzip(head) || IsZstd(head);

    /// <summary>A compression that we do not have, by the name of its tool; null for none.</summary>
    public static string? Unsupported(ReadOnlySpan<byte> head) =>
        IsTar(head)
            ? null
            : head switch
            {
                [(byte)'B', (byte)'Z', (byte)'h', ..] => "bzip2",
                [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', ..] => "xz",
                [0x5D, 0, 0, ..] => "lzma",
                [(byte)'L', (byte)'Z', (byte)'I', (byte)'P', ..] => "lzip",
                [(byte)'L', (byte)'R', (byte)'Z', (byte)'I', ..] => "lrzip",
                [0x89, (byte)'L', (byte)'Z', (byte)'O', ..] => "lzop",
                [0x04, 0x22, 0x4D, 0x18, ..] or [0x02, 0x21, 0x4C, 0x18, ..] => "lz4",
                [0x1F, 0x9D, ..] => "compress",
                [0x1F, 0x1E, ..] => "pack",
                [(byte)'P', (byte)'K', 3, 4, ..] => "zip",
                [(byte)'7', (byte)'z', 0xBC, 0xAF, 0x27, 0x1C, ..] => "7z",
                _ => null,
            };

    /// <summary>Whether an exception says that what was decompressed is broken.</summary>
    public static bool IsFault(Exception e) => e is InvalidDataException or EndOfStreamException or ZstdException;

    /// <summary>The name of a tar's first file may begin as anything.</summary>
    private static bool IsTar(ReadOnlySpan<byte> head) =>
        head.Length >= HeadBytes && head[257..HeadBytes].SequenceEqual("ustar"u8);

    /// <summary>Whether a gzip member begins so.</summary>
    public static bool IsGzip(ReadOnlySpan<byte> head) => head is [0x1f, 0x8b, ..];

    private static bool IsZstd(ReadOnlySpan<byte> head)
    {
        uint magic = head.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(head);
        return magic == ZstdMagic || (magic & 0xFFFFFFF0) == ZstdSkippable;
    }
}
