// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;
using ZstdSharp;

namespace SystemContainers.Chunked;

/// <summary>Writes a table of contents, version 1, with the members that containers-storage writes and compares with the tar-split's headers when it reads.</summary>
sealed class TocWriter : IDisposable
{
    private const int FlushBytes = 64 << 10;

    private readonly MemoryStream _packed = new();
    private readonly CompressionStream _zstd;
    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly Utf8JsonWriter _json;

    /// <param name="level">Of zstd.</param>
    public TocWriter(int level)
    {
        _zstd = new CompressionStream(_packed, level, leaveOpen: true);
        _json = new Utf8JsonWriter(_line, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        _json.WriteStartObject();
        _json.WriteNumber("version", 1);
        _json.WriteStartArray("entries");
    }

    /// <summary>Bytes unpacked.</summary>
    public long Length { get; private set; }

    /// <summary>Bytes compressed, as far as they are so.</summary>
    public long PackedLength => _packed.Length;

    /// <summary>Adds an entry with its content.</summary>
    /// <param name="entry">As the archive has it.</param>
    /// <param name="digest">Of the content; null for none.</param>
    /// <param name="chunks">The content.</param>
    public void Add(RawEntry entry, ContentSum? digest, IReadOnlyList<TocChunk> chunks)
    {
        _json.WriteStartObject();
        _json.WriteString("type", entry.Type);
        _json.WriteString("name", entry.Name);
        if (entry.LinkName.Length > 0)
        {
            _json.WriteString("linkName", entry.LinkName);
        }

        Number("mode", entry.Mode);
        Number("size", entry.Size);
        Number("uid", entry.Uid);
        Number("gid", entry.Gid);
        _json.WriteString("modtime", Time(entry));
        Number("devMajor", entry.DeviceMajor);
        Number("devMinor", entry.DeviceMinor);
        if (entry.Xattrs.Count > 0)
        {
            _json.WriteStartObject("xattrs");
            foreach (FileXattr xattr in entry.Xattrs)
            {
                _json.WriteBase64String(Encoding.ASCII.GetString(xattr.Name), xattr.Value);
            }

            _json.WriteEndObject();
        }

        if (digest is { } sum)
        {
            _json.WriteString("digest", sum.ToString());
            Number("offset", chunks[0].Start);
            Number("endOffset", chunks[^1].End);
        }

        if (chunks.Count > 1)
        {
            Chunk(chunks[0]);
        }

        _json.WriteEndObject();
        long position = 0;
        for (int i = 1; i < chunks.Count; i++)
        {
            position += chunks[i - 1].Size;
            _json.WriteStartObject();
            _json.WriteString("type", "chunk");
            _json.WriteString("name", entry.Name);
            Number("offset", chunks[i].Start);
            Number("chunkOffset", position);
            Chunk(chunks[i]);
            _json.WriteEndObject();
            if (_json.BytesPending > FlushBytes)
            {
                Flush();
            }
        }

        Flush();
    }

    /// <summary>Ends it.</summary>
    /// <returns>It, compressed.</returns>
    public byte[] Finish(Digest tarSplit)
    {
        _json.WriteEndArray();
        _json.WriteString("tarSplitDigest", tarSplit.ToString());
        _json.WriteEndObject();
        Flush();
        _zstd.Dispose();
        return _packed.ToArray();
    }

    public void Dispose()
    {
        _json.Dispose();
        _zstd.Dispose();
        _packed.Dispose();
    }

    /// <summary>What is there is compressed at once: of a hostile archive it would be as large as that.</summary>
    private void Flush()
    {
        _json.Flush();
        _zstd.Write(_line.WrittenSpan);
        Length += _line.WrittenCount;
        _line.ResetWrittenCount();
    }

    private void Chunk(TocChunk chunk)
    {
        Number("chunkSize", chunk.Size);
        _json.WriteString("chunkDigest", chunk.Sum.ToString());
        if (chunk.IsZeros)
        {
            _json.WriteString("chunkType", "zeros");
        }
    }

    /// <summary>As Go writes its structs: without what is 0.</summary>
    private void Number(string name, long value)
    {
        if (value != 0)
        {
            _json.WriteNumber(name, value);
        }
    }

    private static string Time(RawEntry entry)
    {
        string seconds = entry.Mtime.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        return entry.MtimeNanoseconds == 0 ? seconds + "Z" : string.Create(CultureInfo.InvariantCulture, $"{seconds}.{entry.MtimeNanoseconds:d9}").TrimEnd('0') + "Z";
    }
}
