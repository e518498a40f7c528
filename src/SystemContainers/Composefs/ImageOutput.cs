// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Composefs;

/// <summary>Bytes on their way to a stream, zeros wherever nothing is written.</summary>
sealed class ImageOutput(Stream target)
{
    /// <summary>More than anything that is taken at once: the value of an attribute.</summary>
    private const int BufferBytes = 1 << 18;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _filled;

    /// <summary>Bytes so far.</summary>
    public long Position { get; private set; }

    /// <summary>The next bytes, zeros, to be filled before the next call.</summary>
    public Span<byte> Take(int count)
    {
        if (_filled + count > BufferBytes)
        {
            Flush();
        }

        Span<byte> taken = _buffer.AsSpan(_filled, count);
        taken.Clear();
        _filled += count;
        Position += count;
        return taken;
    }

    /// <summary>Zeros up to a place that is not far.</summary>
    public void PadTo(long position) => _ = Take(checked((int)(position - Position)));

    /// <summary>Hands on what is still here.</summary>
    public void Flush()
    {
        target.Write(_buffer, 0, _filled);
        _filled = 0;
    }
}
