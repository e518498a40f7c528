// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Composefs;

/// <summary>Bytes on their way, zeros wherever nothing is written.</summary>
/// <param name="buffer">Zeros; has room for whatever is taken at once, or for all where there is no target.</param>
/// <param name="target">Where a full buffer goes; null where all stays in it.</param>
sealed class ImageOutput(byte[] buffer, Stream? target)
{
    private int _filled;

    /// <summary>Bytes so far.</summary>
    public long Position { get; private set; }

    /// <summary>The next bytes, zeros, to be filled before the next call.</summary>
    public Span<byte> Take(int count)
    {
        if (target is not null && _filled + count > buffer.Length)
        {
            Flush();
        }

        Span<byte> taken = buffer.AsSpan(_filled, count);
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
        if (target is not null)
        {
            target.Write(buffer, 0, _filled);
            _filled = 0;
        }
    }
}
