// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using System.Text.Json;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;

namespace SystemContainers.Chunked;

/// <summary>Writes a table of contents, version 1, with the members that containers-storage writes and compares with
/// the tar-split's headers when it reads.</summary>
sealed class TocWriter : IDisposable
{
    private const int FlushBytes = 64 << 10;

    private readonly PackedJson _text;

    /// <param name="level">Of zstd.</param>
    public TocWriter(int level)
    {
        _text = new PackedJson(level);
        Json.WriteStartObject();
        Json.WriteNumber("version", 1);
        Json.WriteStartArray("entries");
    }

    /// <summary>Bytes unpacked.</summary>
    public long Length => _text.Length;

    /// <summary>Bytes compressed, as far as they are so.</summary>
    public long PackedLength => _text.PackedLength;

    private Utf8JsonWriter Json => _text.Json;

    /// <param name="entry">As the archive has it.</param>
    /// <param name="digest">Of the content; null for none.</param>
    public void Add(RawEntry entry, ContentSum? digest, IReadOnlyList<TocChunk> chunks)
    {
        Json.WriteStartObject();
        Json.WriteString("type", entry.Type);
        Json.WriteString("name", entry.Name);
        if (entry.LinkName.Length > 0)
        {
            Json.WriteString("linkName", entry.LinkName);
        }

        Number("mode", entry.Mode);
        Number("size", entry.Size);
        Number("uid", entry.Uid);
        Number("gid", entry.Gid);
        Json.WriteString("modtime", Time(entry));
        Number("devMajor", entry.DeviceMajor);
        Number("devMinor", entry.DeviceMinor);
        if (entry.Xattrs.Count > 0)
        {
            Json.WriteStartObject("xattrs");
            foreach (FileXattr xattr in entry.Xattrs)
            {
                Json.WriteBase64String(Encoding.ASCII.GetString(xattr.Name), xattr.Value);
            }

            Json.WriteEndObject();
        }

        if (digest is { } sum)
        {
            Json.WriteString("digest", sum.ToString());
            Number("offset", chunks[0].Start);
            Number("endOffset", chunks[^1].End);
        }

        if (chunks.Count > 1)
        {
            Chunk(chunks[0]);
        }

        Json.WriteEndObject();
        long position = 0;
        for (int i = 1; i < chunks.Count; i++)
        {
            position += chunks[i - 1].Size;
            Json.WriteStartObject();
            Json.WriteString("type", "chunk");
            Json.WriteString("name", entry.Name);
            Number("offset", chunks[i].Start);
            Number("chunkOffset", position);
            Chunk(chunks[i]);
            Json.WriteEndObject();
            if (Json.BytesPending > FlushBytes)
            {
                _text.Flush();
            }
        }

        _text.Flush();
    }

    /// <returns>It, compressed.</returns>
    public byte[] Finish(Digest tarSplit)
    {
        Json.WriteEndArray();
        Json.WriteString("tarSplitDigest", tarSplit.ToString());
        Json.WriteEndObject();
        return _text.Finish();
    }

    public void Dispose() => _text.Dispose();

    private void Chunk(TocChunk chunk)
    {
        Number("chunkSize", chunk.Size);
        Json.WriteString("chunkDigest", chunk.Sum.ToString());
        if (chunk.IsZeros)
        {
            Json.WriteString("chunkType", "zeros");
        }
    }

    /// <summary>As Go writes its structs: without what is 0.</summary>
    private void Number(string name, long value)
    {
        if (value != 0)
        {
            Json.WriteNumber(name, value);
        }
    }

    private static string Time(RawEntry entry)
    {
        string seconds = entry.Mtime.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        return entry.MtimeNanoseconds == 0
            ? seconds + "Z"
            : string.Create(CultureInfo.InvariantCulture, $"{seconds}.{entry.MtimeNanoseconds:d9}").TrimEnd('0') + "Z";
    }
}
