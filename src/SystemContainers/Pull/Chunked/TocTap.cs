// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Chunked;
using SystemContainers.Errors;
using SystemContainers.Pull.Streams;

namespace SystemContainers.Pull.Chunked;

/// <summary>A layer's blob that keeps the table of contents as it passes, so that a layer that is fetched whole is
/// known by its contents afterwards.</summary>
/// <param name="source">At the blob's beginning; disposed of with this.</param>
/// <param name="layer">What its annotations say.</param>
sealed class TocTap(Stream source, ChunkedLayer layer) : ForwardOnlyStream
{
    private readonly byte[] _toc = new byte[layer.Toc.Length];
    private long _position;

    /// <summary>The table of contents; null where it is none, which is no fault of the layer's.</summary>
    public Toc? Read()
    {
        try
        {
            return _position >= layer.Toc.End ? TocReader.Read(_toc, layer) : null;
        }
        catch (SysctrException)
        {
            return null;
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = await source.ReadAsync(buffer, cancellationToken);
        long from = Math.Max(_position, layer.Toc.Offset);
        long to = Math.Min(_position + read, layer.Toc.End);
        if (from < to)
        {
            buffer
                .Span[(int)(from - _position)..(int)(to - _position)]
                .CopyTo(_toc.AsSpan((int)(from - layer.Toc.Offset)));
        }

        _position += read;
        return read;
    }

    public override async ValueTask DisposeAsync()
    {
        await source.DisposeAsync();
        await base.DisposeAsync();
    }
}
