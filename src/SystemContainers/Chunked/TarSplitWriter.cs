// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using System.Text.Json;

namespace SystemContainers.Chunked;

/// <summary>Writes tar-split, compressed: a line of JSON for each piece of an archive
/// (<see cref="TarSplitReader"/>).</summary>
/// <param name="level">Of zstd.</param>
sealed class TarSplitWriter(int level) : IDisposable
{
    private readonly PackedJson _lines = new(level);
    private int _position;

    /// <summary>Bytes unpacked.</summary>
    public long Length => _lines.Length;

    /// <summary>Bytes compressed, as far as they are so.</summary>
    public long PackedLength => _lines.PackedLength;

    private Utf8JsonWriter Json => _lines.Json;

    /// <summary>Adds bytes as they stand in the archive; none is no piece.</summary>
    public void AddBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        Json.WriteStartObject();
        Json.WriteNumber("type", 2);
        Json.WriteBase64String("payload", bytes);
        EndLine();
    }

    /// <summary>Adds a file, or what is none and has no content.</summary>
    public void AddFile(string name, long size, ulong crc)
    {
        Json.WriteStartObject();
        Json.WriteNumber("type", 1);
        Json.WriteString("name", name);
        if (size > 0)
        {
            Json.WriteNumber("size", size);
            Span<byte> sum = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64BigEndian(sum, crc);
            Json.WriteBase64String("payload", sum);
        }
        else
        {
            Json.WriteNull("payload");
        }

        EndLine();
    }

    public byte[] Finish() => _lines.Finish();

    public void Dispose() => _lines.Dispose();

    private void EndLine()
    {
        Json.WriteNumber("position", _position++);
        Json.WriteEndObject();
        _lines.EndLine();
    }
}
