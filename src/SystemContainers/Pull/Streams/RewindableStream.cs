// SPDX-License-Identifier: Apache-2.0

using System.Buffers;

namespace SystemContainers.Pull.Streams;

/// <summary>
/// A stream that is read once from its beginning to its end, by one reader after the other: what was read last is kept,
/// so that the next reader may begin a little before the place that the last one came to. A reader that another one has
/// followed gets nothing any more, also where its read was under way.
/// </summary>
sealed class RewindableStream : IAsyncDisposable
{
    /// <summary>More than what sockets and proxies hold between who sends and who has taken.</summary>
    private const int MostKept = 4 << 20;

    private readonly SemaphoreSlim _gate = new(1);
    private readonly Stream _source;
    private readonly int _kept;
    private byte[]? _window;
    private long _position;
    private int _reader;
    private bool _broken;
    private bool _closed;

    /// <param name="source">At its beginning; it is disposed of with this.</param>
    /// <param name="length">How long it is, in bytes.</param>
    public RewindableStream(Stream source, long length)
    {
        _source = source;
        _kept = (int)Math.Clamp(length, 1, MostKept);
        _window = ArrayPool<byte>.Shared.Rent(_kept);
    }

    /// <summary>A reader from a place on; its end is the source's, and disposing of it leaves the source to the
    /// next.</summary>
    /// <param name="from">In bytes from the beginning.</param>
    /// <param name="cancellationToken">Ends the wait for a read that is under way.</param>
    /// <returns>Null where the place is not kept any more, or a read has failed.</returns>
    public async Task<Stream?> AtAsync(long from, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            return _broken || _closed || from > _position || _position - from > _kept
                ? null
                : new Reader(this, from, ++_reader);
        }
        finally
        {
            await LeaveAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _closed = true;

        if (_gate.Wait(0))
        {
            await LeaveAsync();
        }
        else
        {
            // Nobody waits for a read that is under way.
            _ = LaterAsync();
        }
    }

    private async Task LaterAsync()
    {
        await _gate.WaitAsync();
        await LeaveAsync();
    }

    private async ValueTask LeaveAsync()
    {
        try
        {
            if (_closed && _window is { } window)
            {
                _window = null;
                ArrayPool<byte>.Shared.Return(window);
                await _source.DisposeAsync();
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private async ValueTask<int> ReadAsync(
        int reader,
        long at,
        Memory<byte> buffer,
        CancellationToken cancellationToken
    )
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (reader != _reader || _broken || _closed || buffer.IsEmpty)
            {
                return buffer.IsEmpty ? 0 : throw new IOException("what was to be sent is read elsewhere by now");
            }

            if (at < _position)
            {
                int start = (int)(at % _kept);
                int count = (int)Math.Min(Math.Min(buffer.Length, _position - at), _kept - start);
                _window.AsSpan(start, count).CopyTo(buffer.Span);
                return count;
            }

            // One that was given up in the middle may have taken bytes that nobody got.
            _broken = true;
            int end = (int)(_position % _kept);
            int read = await _source.ReadAsync(buffer[..Math.Min(buffer.Length, _kept - end)], cancellationToken);
            buffer.Span[..read].CopyTo(_window.AsSpan(end));
            _position += read;
            _broken = false;
            return read;
        }
        finally
        {
            await LeaveAsync();
        }
    }

    private sealed class Reader(RewindableStream all, long from, int number) : ForwardOnlyStream
    {
        private long _at = from;

        public override bool CanRead => true;

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            int read = await all.ReadAsync(number, _at, buffer, cancellationToken);
            _at += read;
            return read;
        }
    }
}
