// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using Xunit;

namespace SystemContainers.Tests.Errors;

/// <summary>Sizes and times as people read them.</summary>
public sealed class AmountTextTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.0 kB")]
    [InlineData(17_800_000, "17.8 MB")]
    [InlineData(99_949_999, "99.9 MB")]
    [InlineData(99_950_000, "100 MB")]
    [InlineData(999_500_000, "1.0 GB")]
    [InlineData(126_000_000_000, "126 GB")]
    public void Sizes(long bytes, string text) => Assert.Equal(text, ByteSize.Text(bytes));

    [Theory]
    [InlineData(0, "just now")]
    [InlineData(1, "1 second ago")]
    [InlineData(59, "59 seconds ago")]
    [InlineData(60, "1 minute ago")]
    [InlineData(7199, "1 hour ago")]
    [InlineData(3 * 86400, "3 days ago")]
    [InlineData(20 * 86400, "2 weeks ago")]
    [InlineData(70 * 86400, "2 months ago")]
    [InlineData(800 * 86400, "2 years ago")]
    [InlineData(-7200, "in 2 hours")]
    public void Times(int secondsAgo, string text) =>
        Assert.Equal(text, TimeText.Ago(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddSeconds(secondsAgo)));
}
