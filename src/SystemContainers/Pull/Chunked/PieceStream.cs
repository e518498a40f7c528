// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Pull.Streams;

namespace SystemContainers.Pull.Chunked;

/// <summary>The next bytes of a stream, as a stream of their own.</summary>
/// <param name="source">Stays the caller's.</param>
/// <param name="length">How many.</param>
sealed class PieceStream(Stream source, long length) : ForwardOnlyStream
{
    private long _left = length;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read =
            _left == 0 ? 0 : await source.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _left)], cancellationToken);
        _left -= read;
        return read;
    }
}
