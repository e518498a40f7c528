// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using SystemContainers.Oci;
using SystemContainers.Pull.Sources;
using SystemContainers.Pull.Streams;

namespace SystemContainers.Pull.Chunked;

/// <summary>
/// Ranges of a blob one behind the other. A few are fetched at once and ahead of who reads, each into memory; how many
/// bounds how much memory. Which byte of the blob comes next is <see cref="Next"/>.
/// </summary>
sealed class RangesStream : ForwardOnlyStream
{
    private readonly IImageSource _source;
    private readonly Descriptor _blob;
    private readonly Queue<BlobRange> _waiting;
    private readonly Queue<(BlobRange Range, Task<byte[]> Bytes)> _running = new();
    private readonly int _parallel;
    private readonly Action<long> _received;
    private readonly CancellationTokenSource _stop;
    private byte[]? _current;
    private BlobRange _range;

    /// <param name="source">Stays the caller's.</param>
    /// <param name="ranges">In order, none too large for memory.</param>
    /// <param name="parallel">How many are under way or held at once.</param>
    /// <param name="received">Told of the bytes of each that came.</param>
    public RangesStream(
        IImageSource source,
        Descriptor blob,
        IEnumerable<BlobRange> ranges,
        int parallel,
        Action<long> received,
        CancellationToken cancellation
    )
    {
        _source = source;
        _blob = blob;
        _waiting = new Queue<BlobRange>(ranges);
        _parallel = parallel;
        _received = received;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
    }

    /// <summary>The byte of the blob that is read next, once the first was read.</summary>
    public long Next { get; private set; }

    /// <summary>Passes over what was fetched along, up to a byte of the blob.</summary>
    /// <exception cref="InvalidOperationException">It is in no range, or behind.</exception>
    public async ValueTask SkipToAsync(long position, CancellationToken cancellation)
    {
        while (_current is null || position >= _range.End)
        {
            if (!await TakeAsync(cancellation))
            {
                throw new InvalidOperationException($"byte {position} is in no range");
            }
        }

        Next = position >= Next ? position : throw new InvalidOperationException($"byte {position} is behind");
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty || ((_current is null || Next == _range.End) && !await TakeAsync(cancellationToken)))
        {
            return 0;
        }

        int count = (int)Math.Min(buffer.Length, _range.End - Next);
        _current.AsMemory((int)(Next - _range.Start), count).CopyTo(buffer);
        Next += count;
        return count;
    }

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach ((_, Task<byte[]> bytes) in _running)
        {
            // What they end in is nobody's any more; a buffer of one that ended well is.
            await bytes.ContinueWith(
                static _ => { },
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
            if (bytes.IsCompletedSuccessfully)
            {
                ArrayPool<byte>.Shared.Return(await bytes);
            }
        }

        _running.Clear();
        Release();
        _stop.Dispose();
        await base.DisposeAsync();
    }

    private async ValueTask<bool> TakeAsync(CancellationToken cancellation)
    {
        Release();
        Start();
        if (_running.Count == 0)
        {
            return false;
        }

        // Taken out once it is there: what fails, or is not waited for, is seen to when this is disposed of.
        (BlobRange range, Task<byte[]> bytes) = _running.Peek();
        byte[] current = await bytes.WaitAsync(cancellation);
        _running.Dequeue();
        (_current, _range, Next) = (current, range, range.Start);
        Start();
        return true;
    }

    private void Start()
    {
        while (_waiting.Count > 0 && _running.Count + (_current is null ? 0 : 1) < _parallel)
        {
            BlobRange range = _waiting.Dequeue();
            _running.Enqueue((range, FetchAsync(range)));
        }
    }

    private async Task<byte[]> FetchAsync(BlobRange range)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent((int)range.Length);
        try
        {
            await using Stream stream =
                _source.OpenRange(_blob, range.Start, range.Length)
                ?? throw new RangeRefusedException("the source has no pieces of blobs");
            await stream.ReadExactlyAsync(bytes.AsMemory(0, (int)range.Length), _stop.Token);
            _received(range.Length);
            return bytes;
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(bytes);
            throw;
        }
    }

    private void Release()
    {
        if (_current is { } done)
        {
            _current = null;
            ArrayPool<byte>.Shared.Return(done);
        }
    }
}
