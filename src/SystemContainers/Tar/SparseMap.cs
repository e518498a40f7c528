// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Tar;

/// <summary>The pieces of a file with holes: where data stands in it, in ascending order; between them are
/// zeros.</summary>
sealed class SparseMap
{
    private readonly List<(long Offset, long Length)> _pieces;

    private SparseMap(List<(long Offset, long Length)> pieces) => _pieces = pieces;

    public IReadOnlyList<(long Offset, long Length)> Pieces => _pieces;

    /// <summary>Makes a map of offset, length, offset, length …</summary>
    /// <returns>Null where pieces overlap, leave the file, or do not add up to the data that the archive
    /// holds.</returns>
    public static SparseMap? Of(IReadOnlyList<long> numbers, long fileSize, long dataSize)
    {
        if (numbers.Count % 2 != 0)
        {
            return null;
        }

        List<(long Offset, long Length)> pieces = new(numbers.Count / 2);
        long end = 0;
        long data = 0;
        for (int i = 0; i < numbers.Count; i += 2)
        {
            (long offset, long length) = (numbers[i], numbers[i + 1]);
            if (offset < end || length < 0 || length > fileSize - offset)
            {
                return null;
            }

            end = offset + length;
            data += length;
            if (length > 0)
            {
                pieces.Add((offset, length));
            }
        }

        return data == dataSize ? new SparseMap(pieces) : null;
    }
}
