// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;

namespace SystemContainers.Pull.Streams;

/// <summary>
/// Reads a source on another thread into a few pooled buffers, so that the network, inflating and hashing go on while
/// the consumer writes files. May be read synchronously. An error of the source comes to the reader after all buffers
/// that were full before it.
/// </summary>
sealed class ReadAheadStream : ForwardOnlyStream
{
    private const int BufferBytes = 128 << 10;
    private const int Buffers = 4;

    private readonly Stream _source;
    private readonly CancellationTokenSource _stop;
    private readonly Channel<(byte[] Buffer, int Count)> _filled = Channel.CreateBounded<(byte[], int)>(
        new BoundedChannelOptions(Buffers) { SingleReader = true, SingleWriter = true }
    );

    private readonly Task _producer;
    private byte[]? _current;
    private int _start;
    private int _end;

    /// <param name="source">Disposed of with this.</param>
    /// <param name="cancellationToken">Stops reading ahead.</param>
    public ReadAheadStream(Stream source, CancellationToken cancellationToken)
    {
        _source = source;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _producer = Task.Run(ProduceAsync, CancellationToken.None);
    }

    /// <summary>Whether the reader has seen the end: everything below was verified.</summary>
    public bool AtEnd { get; private set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty || AtEnd)
        {
            return 0;
        }

        while (_start == _end)
        {
            if (!Take() && !await WaitAsync(cancellationToken))
            {
                AtEnd = true;
                return 0;
            }
        }

        return Copy(buffer.Span);
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty || AtEnd)
        {
            return 0;
        }

        while (_start == _end)
        {
            if (!Take() && !Wait())
            {
                AtEnd = true;
                return 0;
            }
        }

        return Copy(buffer);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _producer;
        Recycle();
        while (_filled.Reader.TryRead(out (byte[] Buffer, int Count) left))
        {
            ArrayPool<byte>.Shared.Return(left.Buffer);
        }

        await _source.DisposeAsync();
        _stop.Dispose();
        await base.DisposeAsync();
    }

    private bool Take()
    {
        Recycle();
        if (!_filled.Reader.TryRead(out (byte[] Buffer, int Count) next))
        {
            return false;
        }

        (_current, _start, _end) = (next.Buffer, 0, next.Count);
        return true;
    }

    /// <summary>Waits without spinning, which a task's own wait does first, for a buffer that takes a hundred times as
    /// long to fill.</summary>
    private bool Wait()
    {
        TaskAwaiter<bool> waiting = WaitAsync(CancellationToken.None).AsTask().GetAwaiter();
        if (!waiting.IsCompleted)
        {
            object gate = new();
            bool isOver = false;
            waiting.UnsafeOnCompleted(() =>
            {
                lock (gate)
                {
                    isOver = true;
                    Monitor.Pulse(gate);
                }
            });
            lock (gate)
            {
                while (!isOver)
                {
                    Monitor.Wait(gate);
                }
            }
        }

        return waiting.GetResult();
    }

    private async ValueTask<bool> WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _filled.Reader.WaitToReadAsync(cancellationToken);
        }
        catch (ChannelClosedException e) when (e.InnerException is { } inner)
        {
            ExceptionDispatchInfo.Throw(inner);
            throw;
        }
    }

    private int Copy(Span<byte> buffer)
    {
        int count = Math.Min(buffer.Length, _end - _start);
        _current.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    private void Recycle()
    {
        if (_current is { } done)
        {
            ArrayPool<byte>.Shared.Return(done);
        }

        (_current, _start, _end) = (null, 0, 0);
    }

    private async Task ProduceAsync()
    {
        byte[]? buffer = null;
        try
        {
            while (true)
            {
                buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);

                // Filled up: an inflater gives some ten KiB at a time, and threads that wait for each other at each of
                // these do little else.
                int read = await _source.ReadAtLeastAsync(
                    buffer,
                    buffer.Length,
                    throwOnEndOfStream: false,
                    _stop.Token
                );
                if (read == 0)
                {
                    _filled.Writer.Complete();
                    return;
                }

                await _filled.Writer.WriteAsync((buffer, read), _stop.Token);
                buffer = null;
            }
        }
#pragma warning disable CA1031 // Whatever it is, it is the reader's: it is thrown there.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _filled.Writer.Complete(e);
        }
        finally
        {
            if (buffer is not null)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}
