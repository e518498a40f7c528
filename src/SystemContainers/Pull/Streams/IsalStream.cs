// SPDX-License-Identifier: Apache-2.0

using System.Numerics;
using static SystemContainers.Pull.Streams.Isal;

namespace SystemContainers.Pull.Streams;

/// <summary>
/// Inflates gzip by <see cref="Isal"/>: all members one after another (RFC 1952, 2.2), each with its checksum; what
/// stands behind the last one is passed over, as GZipStream and gzip(1) do. The source is not disposed of.
/// </summary>
/// <exception cref="InvalidDataException">From a read: it is no gzip, ends in the middle, or has another
/// checksum.</exception>
sealed class IsalStream : ForwardOnlyStream
{
    private const int InputBytes = 64 << 10;

    // RFC 1952, 2.3 and 2.3.1
    private const byte Deflate = 8;
    private const byte HasHeaderSum = 0x02;
    private const byte HasExtra = 0x04;
    private const byte HasName = 0x08;
    private const byte HasComment = 0x10;
    private const byte Reserved = 0xe0;
    private const int TimeAndSystemBytes = 6;

    // A line of the processor's cache.
    private const int Alignment = 64;

    private readonly Isal _library;
    private readonly Stream _source;
    private readonly Memory<byte> _input;
    private readonly unsafe inflate_state* _state;
    private readonly unsafe byte* _inputStart;

    /// <summary>Where state and input are; it stays where it is while there is this stream.</summary>
    private readonly byte[] _pinned;

    private int _start;
    private int _count;
    private bool _isSourceAtEnd;
    private int _members;
    private bool _isInMember;
    private bool _isAtEnd;

    /// <param name="source">At the beginning of a gzip.</param>
    /// <param name="library">What inflates.</param>
    public unsafe IsalStream(Stream source, Isal library)
    {
        _library = library;
        _source = source;
        _pinned = GC.AllocateUninitializedArray<byte>(inflate_state.Bytes + InputBytes + Alignment, pinned: true);
        fixed (byte* start = _pinned)
        {
            int skipped = (int)(-(nint)start & (Alignment - 1));
            _state = (inflate_state*)(start + skipped);
            _inputStart = start + skipped + inflate_state.Bytes;
            _input = _pinned.AsMemory(skipped + inflate_state.Bytes, InputBytes);
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty && !_isAtEnd)
        {
            if (!_isInMember)
            {
                _isInMember = await PassHeaderAsync(cancellationToken);
                _isAtEnd = !_isInMember;
                continue;
            }

            // The library holds back what the last input gave and no output had room for, so that it is asked before
            // the source.
            int written = Write(buffer.Span);
            if (written > 0)
            {
                return written;
            }

            if (_isInMember && !await FillAsync(cancellationToken))
            {
                throw Cut();
            }
        }

        return 0;
    }

    private static InvalidDataException Cut() => new("the gzip ends in the middle");

    /// <summary>As much as the input that is here gives.</summary>
    private unsafe int Write(Span<byte> buffer)
    {
        fixed (byte* output = buffer)
        {
            _state->next_in = _inputStart + _start;
            _state->avail_in = (uint)_count;
            _state->next_out = output;
            _state->avail_out = (uint)buffer.Length;
            int answer = _library.Inflate(_state);
            if (answer < ISAL_DECOMP_OK)
            {
                throw new InvalidDataException(
                    answer switch
                    {
                        ISAL_INCORRECT_CHECKSUM => "the gzip's checksum is another",
                        _ => "what is in the gzip is not deflated",
                    }
                );
            }

            _start += _count - (int)_state->avail_in;
            _count = (int)_state->avail_in;
            _isInMember = _state->block_state != ISAL_BLOCK_FINISH;
            return buffer.Length - (int)_state->avail_out;
        }
    }

    /// <summary>Reads a member's header (RFC 1952, 2.3), of which nothing is needed. The library's own reader of
    /// headers takes some for broken that are not.</summary>
    /// <returns>False where what is here is no gzip, or nothing: behind a member, that is the end.</returns>
    private async ValueTask<bool> PassHeaderAsync(CancellationToken cancellationToken)
    {
        bool isFirst = _members++ == 0;
        while (_count < 2)
        {
            if (!await FillAsync(cancellationToken))
            {
                return isFirst ? throw Cut() : false;
            }
        }

        if (!Decompression.IsGzip(_input.Span.Slice(_start, 2)))
        {
            return isFirst ? throw new InvalidDataException("it is no gzip") : false;
        }

        await PassAsync(2, cancellationToken);
        byte method = await NextAsync(cancellationToken);
        byte flags = await NextAsync(cancellationToken);
        if (method != Deflate || (flags & Reserved) != 0)
        {
            throw new InvalidDataException("it is a gzip of a kind that there is not yet");
        }

        await PassAsync(TimeAndSystemBytes, cancellationToken);
        if ((flags & HasExtra) != 0)
        {
            int low = await NextAsync(cancellationToken);
            await PassAsync(low | (await NextAsync(cancellationToken) << 8), cancellationToken);
        }

        for (int texts = BitOperations.PopCount((uint)flags & (HasName | HasComment)); texts > 0;)
        {
            texts -= await NextAsync(cancellationToken) == 0 ? 1 : 0;
        }

        await PassAsync((flags & HasHeaderSum) != 0 ? 2 : 0, cancellationToken);
        Begin();
        return true;
    }

    private unsafe void Begin() => _library.Init(_state);

    private async ValueTask<byte> NextAsync(CancellationToken cancellationToken)
    {
        if (_count == 0 && !await FillAsync(cancellationToken))
        {
            throw Cut();
        }

        _count--;
        return _input.Span[_start++];
    }

    private async ValueTask PassAsync(int count, CancellationToken cancellationToken)
    {
        for (; count > 0; count--)
        {
            await NextAsync(cancellationToken);
        }
    }

    /// <summary>Adds to the input; false where the source has ended.</summary>
    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        _input.Span.Slice(_start, _count).CopyTo(_input.Span);
        _start = 0;
        int read = _isSourceAtEnd ? 0 : await _source.ReadAsync(_input[_count..], cancellationToken);
        _isSourceAtEnd = read == 0;
        _count += read;
        return read > 0;
    }
}
