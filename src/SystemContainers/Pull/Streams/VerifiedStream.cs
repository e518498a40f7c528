// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Security.Cryptography;
using SystemContainers.Errors;
using SystemContainers.Oci;

namespace SystemContainers.Pull.Streams;

/// <summary>
/// The bytes of a blob as its descriptor says: a read returns 0 only when size and digest were right. It reads in large
/// pieces and hands out small ones (an inflater asks for 8 KiB), so that the hash and the source are called seldom.
/// </summary>
sealed class VerifiedStream : ForwardOnlyStream
{
    private const int BufferBytes = 128 << 10;

    private readonly Stream _source;
    private readonly Descriptor _descriptor;
    private readonly string _doing;
    private readonly Action<long>? _received;
    private readonly IncrementalHash _hash;
    private byte[]? _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int _start;
    private int _end;
    private long _count;
    private bool _verified;

    /// <param name="source">What is not trusted; it is disposed of with this.</param>
    /// <param name="descriptor">What it must turn out to be.</param>
    /// <param name="doing">"fetching X of Y", for messages.</param>
    /// <param name="received">Told how many bytes have come.</param>
    public VerifiedStream(Stream source, Descriptor descriptor, string doing, Action<long>? received = null)
    {
        _source = source;
        _descriptor = descriptor;
        _doing = doing;
        _received = received;
        _hash = IncrementalHash.CreateHash(descriptor.Digest.HashName);
    }

    /// <summary>The next bytes without taking them: as many as were asked for, fewer at the end.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> PeekAsync(int count, CancellationToken cancellationToken)
    {
        while (_end - _start < count && await FillAsync(cancellationToken)) { }

        return _buffer.AsMemory(_start, Math.Min(count, _end - _start));
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_start == _end && !await FillAsync(cancellationToken))
        {
            return 0;
        }

        int count = Math.Min(buffer.Length, _end - _start);
        _buffer.AsMemory(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    /// <summary>Reads what is left for the sake of the digest: an inflater may stop before the last byte.</summary>
    public async ValueTask DrainAsync(CancellationToken cancellationToken)
    {
        do
        {
            _start = _end;
        } while (await FillAsync(cancellationToken));
    }

    public override async ValueTask DisposeAsync()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(buffer);
            _hash.Dispose();
            await _source.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    /// <summary>Adds bytes behind those that are left. False at the verified end.</summary>
    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_verified)
        {
            return false;
        }

        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        int read = await _source.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        if (read == 0)
        {
            Verify();
            return false;
        }

        _hash.AppendData(_buffer!, _end, read);
        _end += read;
        _count += read;
        if (_count > _descriptor.Size)
        {
            throw Corrupt($"it has more than the {_descriptor.Size} bytes that the manifest says");
        }

        _received?.Invoke(_count);
        return true;
    }

    private void Verify()
    {
        if (_count != _descriptor.Size)
        {
            throw Corrupt($"it ends after {_count} of {_descriptor.Size} bytes");
        }

        Digest actual = Digest.FromHash(_descriptor.Digest.HashName, _hash.GetHashAndReset());
        _verified = actual == _descriptor.Digest ? true : throw Corrupt($"its digest is {actual}");
    }

    private SysctrException Corrupt(string why) =>
        new(
            ErrorKind.Corrupt,
            $"{_doing}: {why}",
            "the image is damaged where it lies, or was changed on the way; try another mirror, or push it again"
        );
}
