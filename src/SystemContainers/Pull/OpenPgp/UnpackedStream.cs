// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Pull.Streams;

namespace SystemContainers.Pull.OpenPgp;

/// <summary>
/// What a compressed packet holds, to a limit. Attack: a packet of a kind that the library reads whole before anybody
/// sees it, a signature or a mark, a thousand times as large as what was fetched.
/// </summary>
/// <param name="inner">The decompressor.</param>
/// <param name="limit">How much it may give, in bytes.</param>
sealed class UnpackedStream(Stream inner, long limit, CancellationToken cancellationToken) : ForwardOnlyStream
{
    private long _left = limit;

    /// <inheritdoc/>
    /// <exception cref="UnpackedTooLargeException">There is more.</exception>
    public override int Read(byte[] buffer, int offset, int count)
    {
        cancellationToken.ThrowIfCancellationRequested();
        int read = inner.Read(buffer, offset, count);
        _left -= read;
        return _left >= 0 ? read : throw new UnpackedTooLargeException();
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        byte[] bytes = new byte[buffer.Length];
        int read = Read(bytes, 0, bytes.Length);
        bytes.AsMemory(0, read).CopyTo(buffer);
        return new ValueTask<int>(read);
    }
}
