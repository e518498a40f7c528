// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Chunked;

/// <summary>
/// Cuts a file's content into chunks as containers-storage does: where the rolling sum says so, and around zeros, a KiB
/// of them or more. Beside that none is shorter than 4 KiB, for a content of one byte again and again may be cut at
/// each, nor longer than 4 MiB, so that one fits in memory.
/// </summary>
/// <param name="take">Given each chunk, and whether it is zeros alone.</param>
sealed class ContentSplitter(ContentSplitter.Taker take)
{
    /// <summary>The longest chunk, in bytes.</summary>
    public const int MaxBytes = 4 << 20;

    private const int MinBytes = 4 << 10;
    private const int HoleBytes = 1 << 10;

    private readonly RollSum _sum = new();
    private byte[] _chunk = new byte[64 << 10];
    private int _count;
    private int _zeros;

    /// <summary>Takes a chunk.</summary>
    public delegate void Taker(ReadOnlySpan<byte> chunk, bool isZeros);

    public void Add(ReadOnlySpan<byte> content)
    {
        foreach (byte value in content)
        {
            if (value != 0 && _zeros >= HoleBytes)
            {
                CutHole();
            }

            if (_count == _chunk.Length)
            {
                Array.Resize(ref _chunk, _chunk.Length * 2);
            }

            _chunk[_count++] = value;
            _zeros = value == 0 ? _zeros + 1 : 0;
            _sum.Roll(value);
            if (_count == MaxBytes || (value != 0 && _count >= MinBytes && _sum.IsCut))
            {
                CutHole();
            }
        }
    }

    public void Finish() => CutHole();

    /// <summary>Gives all that is there: what stands before the zeros at its end, and these where they are enough to be
    /// a hole.</summary>
    private void CutHole()
    {
        int hole = _zeros >= HoleBytes ? _zeros : 0;
        if (_count > hole)
        {
            take(_chunk.AsSpan(0, _count - hole), isZeros: false);
        }

        if (hole > 0)
        {
            take(_chunk.AsSpan(_count - hole, hole), isZeros: true);
        }

        (_count, _zeros) = (0, 0);
    }
}
