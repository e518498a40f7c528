// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Oci;
using SystemContainers.Tar;

namespace SystemContainers.Chunked;

/// <summary>The JSON of a table of contents, version 1: entries, where the further chunks of a large file follow its
/// own entry.</summary>
/// <param name="contentEnd">The byte of the blob behind all content.</param>
/// <param name="maxChunks">Of how many chunks all files together may be.</param>
sealed class TocParser(long contentEnd, int maxChunks = ChunkedLimits.MaxChunks)
{
    private readonly List<TocFile> _files = [];
    private readonly List<Piece> _pieces = [];
    private string? _name;
    private long _size;
    private long _end;
    private string? _digest;
    private int _chunks;

    /// <summary>Reads it all.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    /// <exception cref="InvalidOperationException">A value is of another type.</exception>
    /// <exception cref="FormatException">Likewise.</exception>
    public Toc Parse(Utf8JsonReader json)
    {
        int? version = null;
        string? tarSplit = null;
        bool hasEntries = false;
        Expect(ref json, JsonTokenType.StartObject);
        while (Next(ref json) == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("version"u8))
            {
                Next(ref json);
                version = json.GetInt32();
            }
            else if (json.ValueTextEquals("tarSplitDigest"u8))
            {
                Next(ref json);
                tarSplit = json.GetString();
            }
            else if (json.ValueTextEquals("entries"u8))
            {
                if (hasEntries)
                {
                    throw new JsonException("it has two lists of entries");
                }

                hasEntries = true;
                Entries(ref json);
            }
            else
            {
                Skip(ref json);
            }
        }

        if (version != 1 || !hasEntries || json.Read())
        {
            throw new JsonException("it is no table of version 1");
        }

        return new Toc(
            _files,
            string.IsNullOrEmpty(tarSplit) ? null
                : Digest.TryParse(tarSplit, out Digest digest) ? digest
                : throw new JsonException("the tar-split's digest is none")
        );
    }

    private void Entries(ref Utf8JsonReader json)
    {
        if (Next(ref json) == JsonTokenType.Null)
        {
            return;
        }

        if (json.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException("its entries are no array");
        }

        while (Next(ref json) == JsonTokenType.StartObject)
        {
            Entry(ref json);
        }

        if (json.TokenType != JsonTokenType.EndArray)
        {
            throw new JsonException("an entry is no object");
        }

        End();
    }

    private void Entry(ref Utf8JsonReader json)
    {
        Piece piece = default;
        string type = "";
        string name = "";
        string? digest = null;
        (long size, long end) = (0, 0);
        while (Next(ref json) == JsonTokenType.PropertyName)
        {
            switch (json)
            {
                case var _ when json.ValueTextEquals("type"u8):
                    type = Text(ref json);
                    break;
                case var _ when json.ValueTextEquals("name"u8):
                    name = Text(ref json);
                    break;
                case var _ when json.ValueTextEquals("digest"u8):
                    digest = Text(ref json);
                    break;
                case var _ when json.ValueTextEquals("size"u8):
                    size = Number(ref json);
                    break;
                case var _ when json.ValueTextEquals("offset"u8):
                    piece.Start = Number(ref json);
                    break;
                case var _ when json.ValueTextEquals("endOffset"u8):
                    end = Number(ref json);
                    break;
                case var _ when json.ValueTextEquals("chunkSize"u8):
                    piece.Size = Number(ref json);
                    break;
                case var _ when json.ValueTextEquals("chunkOffset"u8):
                    piece.At = Number(ref json);
                    break;
                case var _ when json.ValueTextEquals("chunkDigest"u8):
                    piece.Digest = Text(ref json);
                    break;
                case var _ when json.ValueTextEquals("chunkType"u8):
                    piece.Type = Text(ref json);
                    break;
                default:
                    Skip(ref json);
                    break;
            }
        }

        if (type == "chunk")
        {
            // Of the file before it, whose name it repeats.
            _pieces.Add(_name is not null && name == _name ? piece : throw new JsonException("a chunk is of no file"));
            CountChunk();
            return;
        }

        End();
        _name = name;
        _size = type == "reg" ? size : 0;
        (_end, _digest) = (end, digest);
        _pieces.Add(piece);
        if (size > 0)
        {
            CountChunk();
        }

        if (_files.Count >= TarLimits.MaxEntries)
        {
            throw new JsonException("it has more entries than a layer may have");
        }
    }

    private void CountChunk()
    {
        if (++_chunks > maxChunks)
        {
            throw new JsonException("it has more chunks than a layer may have");
        }
    }

    /// <summary>All of the file before is known.</summary>
    private void End()
    {
        if (_name is not null)
        {
            _files.Add(new TocFile(_name, _size, _size == 0 ? [] : Chunks()));
        }

        _pieces.Clear();
        _name = null;
    }

    private TocChunk[] Chunks()
    {
        TocChunk[] chunks = new TocChunk[_pieces.Count];
        long position = 0;
        for (int i = 0; i < chunks.Length; i++)
        {
            Piece piece = _pieces[i];
            long until = i + 1 < chunks.Length ? _pieces[i + 1].At : _size;
            long end = i + 1 < chunks.Length ? _pieces[i + 1].Start : _end;
            bool isZeros = piece.Type == "zeros";
            ContentSum sum = default;
            bool isRight =
                piece.At == position
                && until > position
                && until <= _size
                && piece.Size is var size
                && (size == 0 || size == until - position)
                && (
                    isZeros
                    || (
                        piece.Type is null or ""
                        && piece.Start > 0
                        && end > piece.Start
                        && end <= contentEnd
                        && ContentSum.TryParse(chunks.Length == 1 ? _digest : piece.Digest, out sum)
                    )
                );
            if (!isRight)
            {
                throw new JsonException("the content of a file is not described");
            }

            chunks[i] = new TocChunk(piece.Start, end, until - position, sum, isZeros);
            position = until;
        }

        return chunks;
    }

    private static JsonTokenType Next(ref Utf8JsonReader json) =>
        json.Read() ? json.TokenType : throw new JsonException("it is cut");

    private static void Expect(ref Utf8JsonReader json, JsonTokenType token)
    {
        if (Next(ref json) != token)
        {
            throw new JsonException("it is no object");
        }
    }

    private static void Skip(ref Utf8JsonReader json)
    {
        Next(ref json);
        json.Skip();
    }

    private static string Text(ref Utf8JsonReader json)
    {
        Next(ref json);
        return json.GetString() ?? "";
    }

    private static long Number(ref Utf8JsonReader json)
    {
        Next(ref json);
        return json.GetInt64() is >= 0 and var number ? number : throw new JsonException("a number is negative");
    }

    private record struct Piece(long At, long Size, long Start, string? Digest, string? Type);
}
