// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Verity;

namespace SystemContainers.Checkout;

/// <summary>Takes the digest of what is written to it, and holds it as long as it is small.</summary>
/// <param name="heldBytes">Up to here.</param>
sealed class VerityStream(int heldBytes) : Stream
{
    private readonly VerityHasher _hasher = new();
    private MemoryStream? _held = new();

    /// <summary>All that was written; null where it is too much to be held.</summary>
    public byte[]? Held => _held?.ToArray();

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The digest of all of it; once.</summary>
    public VerityDigest Finish() => _hasher.Finish();

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _hasher.Append(buffer);
        if (_held is not null && _held.Length + buffer.Length > heldBytes)
        {
            _held.Dispose();
            _held = null;
        }

        _held?.Write(buffer);
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
}
