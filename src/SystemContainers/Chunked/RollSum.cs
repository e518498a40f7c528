// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Chunked;

/// <summary>
/// The rolling sum over the last 64 bytes by which bup, and after it containers-storage, cuts large files: the same
/// content is cut at the same places wherever it stands, so that an insertion changes a chunk or two.
/// </summary>
sealed class RollSum
{
    private const int Window = 64;
    private const uint CharOffset = 31;
    private const uint Mask = (1 << 16) - 1;

    private readonly byte[] _window = new byte[Window];
    private uint _first = Window * CharOffset;
    private uint _second = Window * (Window - 1) * CharOffset;
    private int _position;

    /// <summary>Whether the content is cut behind the byte that came last: once in 64 KiB on average.</summary>
    public bool IsCut => (_second & Mask) == Mask;

    /// <summary>Takes a byte.</summary>
    public void Roll(byte value)
    {
        uint dropped = _window[_position];
        _first += value - dropped;
        _second += _first - (Window * (dropped + CharOffset));
        _window[_position] = value;
        _position = (_position + 1) & (Window - 1);
    }
}
