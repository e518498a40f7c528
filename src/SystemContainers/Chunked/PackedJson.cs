// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using ZstdSharp;

namespace SystemContainers.Chunked;

/// <summary>JSON that is compressed as it is written: of a hostile archive it would be as large as that.</summary>
sealed class PackedJson : IDisposable
{
    private readonly MemoryStream _packed = new();
    private readonly CompressionStream _zstd;
    private readonly ArrayBufferWriter<byte> _text = new();

    /// <param name="level">Of zstd.</param>
    public PackedJson(int level)
    {
        _zstd = new CompressionStream(_packed, level, leaveOpen: true);
        Json = new Utf8JsonWriter(
            _text,
            new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
        );
    }

    /// <summary>What is written, until the next <see cref="Flush"/>.</summary>
    public Utf8JsonWriter Json { get; }

    /// <summary>Bytes unpacked, as far as they were flushed.</summary>
    public long Length { get; private set; }

    /// <summary>Bytes compressed, as far as they are so.</summary>
    public long PackedLength => _packed.Length;

    /// <summary>Compresses what was written.</summary>
    public void Flush()
    {
        Json.Flush();
        _zstd.Write(_text.WrittenSpan);
        Length += _text.WrittenCount;
        _text.ResetWrittenCount();
    }

    /// <summary>Ends a document, and the line that it stands on; another one may follow.</summary>
    public void EndLine()
    {
        Json.Flush();
        _text.Write("\n"u8);
        Flush();
        Json.Reset();
    }

    /// <summary>All of it, compressed; nothing may follow.</summary>
    public byte[] Finish()
    {
        Flush();
        _zstd.Dispose();
        return _packed.ToArray();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Json.Dispose();
        _zstd.Dispose();
        _packed.Dispose();
    }
}
