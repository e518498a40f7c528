// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Tests.Chunked;

/// <summary>An archive that is made as it is read, and so can be larger than memory.</summary>
/// <param name="entries">How many.</param>
/// <param name="make">Makes one, with its headers.</param>
sealed class RepeatedEntries(int entries, Func<int, byte[]> make) : Stream
{
    private byte[] _entry = [];
    private int _position;

    /// <summary>How many were asked for.</summary>
    public int Made { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (_position == _entry.Length && Made < entries)
        {
            (_entry, _position) = (make(Made++), 0);
        }

        int read = Math.Min(buffer.Length, _entry.Length - _position);
        _entry.AsSpan(_position, read).CopyTo(buffer);
        _position += read;
        return read;
    }

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
