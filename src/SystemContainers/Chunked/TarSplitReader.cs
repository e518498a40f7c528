// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Oci;
using ZstdSharp;

namespace SystemContainers.Chunked;

/// <summary>
/// Reads tar-split (vbatts/tar-split, tar/storage): a line of JSON for each piece of an archive, in order. It is
/// unpacked as it is read, a line at a time. The checksums of files in it are crc64, no digests, and are passed over.
/// </summary>
sealed class TarSplitReader : IDisposable
{
    private readonly Stream _plain;
    private readonly long _length;
    private byte[] _buffer = new byte[64 << 10];
    private byte[] _payload = new byte[4 << 10];
    private int _start;
    private int _end;
    private long _read;
    private int _position;

    private TarSplitReader(Stream plain, long length)
    {
        _plain = plain;
        _length = length;
    }

    /// <param name="packed">As it was transferred.</param>
    /// <param name="digest">What it must hash to.</param>
    /// <param name="plainLength">What it must be unpacked, in bytes.</param>
    /// <exception cref="SysctrException">Corrupt: it is another one.</exception>
    public static TarSplitReader Open(byte[] packed, Digest digest, long plainLength) =>
        Digest.FromHash(
            digest.HashName,
            System.Security.Cryptography.CryptographicOperations.HashData(digest.HashName, packed)
        ) == digest
            ? new TarSplitReader(
                new DecompressionStream(
                    new MemoryStream(packed, writable: false),
                    bufferSize: 64 << 10,
                    leaveOpen: false
                ),
                plainLength
            )
            : throw Broken($"it is not {digest}");

    /// <summary>Reads one that is unpacked.</summary>
    public static TarSplitReader OfPlain(byte[] lines) => new(new MemoryStream(lines, writable: false), lines.Length);

    /// <summary>The next piece; null behind the last one.</summary>
    /// <exception cref="SysctrException">Corrupt: it is malformed.</exception>
    public TarSplitEntry? ReadNext()
    {
        int line;
        while ((line = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n')) < 0)
        {
            if (!Fill())
            {
                return _start == _end && _read == _length ? null : throw Broken("it is cut");
            }
        }

        ReadOnlySpan<byte> json = _buffer.AsSpan(_start, line);
        _start += line + 1;
        try
        {
            return Parse(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw Broken("a line of it is malformed", e);
        }
    }

    public void Dispose() => _plain.Dispose();

    private TarSplitEntry Parse(ReadOnlySpan<byte> line)
    {
        Utf8JsonReader json = new(line, new JsonReaderOptions { MaxDepth = 4 });
        int? type = null;
        long size = 0;
        string? name = null;
        bool isRaw = false;
        int? position = null;
        ReadOnlyMemory<byte> payload = default;
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("it is no object");
        }

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("payload"u8))
            {
                json.Read();
                payload = json.TokenType == JsonTokenType.Null ? default : Payload(ref json);
            }
            else if (json.ValueTextEquals("type"u8))
            {
                json.Read();
                type = json.GetInt32();
            }
            else if (json.ValueTextEquals("size"u8))
            {
                json.Read();
                size = json.GetInt64();
            }
            else if (json.ValueTextEquals("position"u8))
            {
                json.Read();
                position = json.GetInt32();
            }
            else if (json.ValueTextEquals("name"u8))
            {
                json.Read();
                name = json.GetString();
            }
            else if (json.ValueTextEquals("name_raw"u8))
            {
                isRaw = true;
                json.Read();
                json.Skip();
            }
            else
            {
                json.Read();
                json.Skip();
            }
        }

        if (
            json.TokenType != JsonTokenType.EndObject
            || json.Read()
            || position != _position
            || type is not (1 or 2)
            || size < 0
        )
        {
            throw new JsonException("it is no entry");
        }

        _position++;
        return new TarSplitEntry(type == 1, isRaw ? null : name ?? "", size, type == 1 ? default : payload);
    }

    private ReadOnlyMemory<byte> Payload(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.String || json.ValueIsEscaped)
        {
            throw new JsonException("the bytes are no base64");
        }

        ReadOnlySpan<byte> text = json.ValueSpan;
        if (_payload.Length < text.Length)
        {
            _payload = new byte[text.Length];
        }

        return
            System.Buffers.Text.Base64.DecodeFromUtf8(text, _payload, out _, out int written)
            == System.Buffers.OperationStatus.Done
            ? _payload.AsMemory(0, written)
            : throw new JsonException("the bytes are no base64");
    }

    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= ChunkedLimits.MaxLineBytes)
            {
                throw Broken("a line of it is too long");
            }

            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        try
        {
            int read = _plain.Read(_buffer.AsSpan(_end));
            _end += read;
            _read += read;
            return _read > _length ? throw Broken("it is longer than was said") : read > 0;
        }
        catch (Exception e) when (e is ZstdException or EndOfStreamException)
        {
            throw Broken($"it can't be decompressed: {e.Message}", e);
        }
    }

    private static SysctrException Broken(string why, Exception? inner = null) =>
        new(ErrorKind.Corrupt, $"reading a layer's tar-split: {why}", inner: inner);
}
