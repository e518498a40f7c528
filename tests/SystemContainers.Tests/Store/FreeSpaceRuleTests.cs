// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Store;
using Xunit;

namespace SystemContainers.Tests.Store;

public sealed class FreeSpaceRuleTests
{
    [Theory]
    [InlineData("5%", 50)]
    [InlineData("0.5%", 5)]
    [InlineData("0", 0)]
    [InlineData("100", 100)]
    [InlineData("1KB", 1000)]
    [InlineData("1K", 1024)]
    [InlineData("1.5kb", 1500)]
    [InlineData("2 MB", 2_000_000)]
    [InlineData("2G", 2L << 30)]
    [InlineData("1TB", 1_000_000_000_000)]
    public void Amounts(string text, long ofThousand) =>
        Assert.Equal(ofThousand, FreeSpaceRule.TryParse(text)!.Of(1000));

    [Theory]
    [InlineData("")]
    [InlineData("%")]
    [InlineData("100%")]
    [InlineData("-5%")]
    [InlineData("-1")]
    [InlineData("much")]
    [InlineData("5 %%")]
    [InlineData("99999999999999TB")]
    public void No_amounts(string text) => Assert.Null(FreeSpaceRule.TryParse(text));

    [Fact]
    public void By_default_three_percent_of_small_disks_and_half_a_gigabyte_of_large_ones()
    {
        Assert.Equal(3_000_000, FreeSpaceRule.Default.Of(100_000_000));
        Assert.Equal(500_000_000, FreeSpaceRule.Default.Of(1_000_000_000_000));
    }
}
