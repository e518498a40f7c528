// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Chunked;

/// <summary>Which ranges of a blob are fetched for the pieces that are missing.</summary>
static class RangePlan
{
    /// <summary>A gap up to this size costs less than a request of its own: its headers and those of its
    /// answer.</summary>
    private const long SmallGap = 1024;

    /// <summary>The ranges, in order.</summary>
    /// <param name="missing">In order, and none begins before the former ends.</param>
    /// <param name="most">How many there may be; the smallest gaps are fetched along until there are no more.</param>
    public static IReadOnlyList<BlobRange> Of(IReadOnlyList<BlobRange> missing, int most)
    {
        long gap = SmallGap;
        long[] larger =
        [
            .. missing
                .Skip(1)
                .Zip(missing, (next, former) => next.Start - former.End)
                .Where(g => g > SmallGap)
                .OrderDescending(),
        ];
        if (larger.Length >= most)
        {
            // So that fewer than `most` gaps stay.
            gap = larger[most - 1];
        }

        List<BlobRange> ranges = [];
        foreach (BlobRange piece in missing)
        {
            if (ranges is [.., var last] && piece.Start - last.End <= gap)
            {
                ranges[^1] = last with { End = piece.End };
            }
            else
            {
                ranges.Add(piece);
            }
        }

        return ranges;
    }

    /// <summary>The same ranges cut so that none is longer than so many bytes.</summary>
    public static IEnumerable<BlobRange> Cut(IEnumerable<BlobRange> ranges, int longest)
    {
        foreach (BlobRange range in ranges)
        {
            for (long start = range.Start; start < range.End; start += longest)
            {
                yield return new BlobRange(start, Math.Min(start + longest, range.End));
            }
        }
    }
}
