// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Streams;

/// <summary>A stream with bytes put back that were read from its beginning.</summary>
/// <param name="rest">The stream; it stays the caller's.</param>
sealed class PrependedStream(ReadOnlyMemory<byte> head, Stream rest) : ForwardOnlyStream
{
    private ReadOnlyMemory<byte> _head = head;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_head.IsEmpty)
        {
            return rest.ReadAsync(buffer, cancellationToken);
        }

        int count = Math.Min(buffer.Length, _head.Length);
        _head[..count].CopyTo(buffer);
        _head = _head[count..];
        return ValueTask.FromResult(count);
    }
}
