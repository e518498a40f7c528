// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using ZstdSharp;

namespace SystemContainers.Chunked;

/// <summary>Writes tar-split, compressed: a line of JSON for each piece of an archive (<see cref="TarSplitReader"/>).</summary>
sealed class TarSplitWriter : IDisposable
{
    private readonly MemoryStream _packed = new();
    private readonly CompressionStream _zstd;
    private readonly Utf8JsonWriter _json;
    private readonly System.Buffers.ArrayBufferWriter<byte> _line = new();
    private int _position;

    /// <param name="level">Of zstd.</param>
    public TarSplitWriter(int level)
    {
        _zstd = new CompressionStream(_packed, level, leaveOpen: true);
        _json = new Utf8JsonWriter(_line, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    /// <summary>Bytes unpacked.</summary>
    public long Length { get; private set; }

    /// <summary>Bytes compressed, as far as they are so.</summary>
    public long PackedLength => _packed.Length;

    /// <summary>Adds bytes as they stand in the archive; none is no piece.</summary>
    public void AddBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        _json.WriteStartObject();
        _json.WriteNumber("type", 2);
        _json.WriteBase64String("payload", bytes);
        EndLine();
    }

    /// <summary>Adds a file, or what is none and has no content.</summary>
    public void AddFile(string name, long size, ulong crc)
    {
        _json.WriteStartObject();
        _json.WriteNumber("type", 1);
        _json.WriteString("name", name);
        if (size > 0)
        {
            _json.WriteNumber("size", size);
            Span<byte> sum = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64BigEndian(sum, crc);
            _json.WriteBase64String("payload", sum);
        }
        else
        {
            _json.WriteNull("payload");
        }

        EndLine();
    }

    /// <summary>Ends it.</summary>
    public byte[] Finish()
    {
        _zstd.Dispose();
        return _packed.ToArray();
    }

    public void Dispose()
    {
        _json.Dispose();
        _zstd.Dispose();
        _packed.Dispose();
    }

    private void EndLine()
    {
        _json.WriteNumber("position", _position++);
        _json.WriteEndObject();
        _json.Flush();
        "\n"u8.CopyTo(_line.GetSpan(1));
        _line.Advance(1);
        _zstd.Write(_line.WrittenSpan);
        Length += _line.WrittenCount;
        _line.ResetWrittenCount();
        _json.Reset();
    }
}
