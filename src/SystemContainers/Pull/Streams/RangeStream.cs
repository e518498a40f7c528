// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;

namespace SystemContainers.Pull.Streams;

/// <summary>A piece of a file. Several may read the same file at once: none of them moves its position.</summary>
/// <param name="file">Stays the caller's.</param>
/// <param name="start">Where the piece begins.</param>
/// <param name="length">Its bytes; the stream ends earlier where the file does.</param>
sealed class RangeStream(SafeFileHandle file, long start, long length) : ForwardOnlyStream
{
    private long _position = start;
    private readonly long _end = start + length;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int wanted = (int)Math.Min(buffer.Length, _end - _position);
        int read = wanted == 0 ? 0 : await RandomAccess.ReadAsync(file, buffer[..wanted], _position, cancellationToken);
        _position += read;
        return read;
    }
}
