// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Files;
using Xunit;

namespace SystemContainers.Tests.Linux.Files;

public sealed class InodeReaderTests
{
    // A store that was moved to a file system with a nearer end of time; everything else is a change.
    [Theory]
    [InlineData(20_000_000_000, 15_032_385_535, 0, true)]
    [InlineData(20_000_000_000, int.MaxValue, 0, true)]
    [InlineData(-20_000_000_000, int.MinValue, 0, true)]
    [InlineData(20_000_000_000, 1_600_000_000, 0, false)]
    [InlineData(20_000_000_000, 20_000_000_001, 0, false)]
    [InlineData(20_000_000_000, 15_032_385_535, 1, false)]
    [InlineData(1_600_000_001, 1_600_000_000, 0, false)]
    public void A_time_that_the_file_system_cut_is_no_change(long wanted, long kept, uint fraction, bool same)
    {
        Tmds.Linux.statx stat = new()
        {
            stx_mode = 0x81a4,
            stx_mtime = new Tmds.Linux.statx_timestamp { tv_sec = kept, tv_nsec = fraction },
        };

        string? difference = InodeReader.Difference(new FileMetadata(0x1a4, 0, 0, wanted, 0, []), stat, [], []);

        Assert.Equal(same, difference is null);
    }
}
