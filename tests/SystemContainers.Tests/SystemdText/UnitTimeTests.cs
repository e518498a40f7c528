// SPDX-License-Identifier: Apache-2.0

using SystemContainers.SystemdText;
using Xunit;

namespace SystemContainers.Tests.SystemdText;

/// <summary>Times as systemd.time(7) has them.</summary>
public sealed class UnitTimeTests
{
    [Theory]
    [InlineData("20", 20)]
    [InlineData("1min 30s", 90)]
    [InlineData("1min30s", 90)]
    [InlineData("2h", 7200)]
    [InlineData("1.5 hours", 5400)]
    [InlineData("500ms", 0.5)]
    [InlineData("infinity", double.PositiveInfinity)]
    [InlineData("0", double.PositiveInfinity)]
    public void A_time_after_which_something_is_given_up(string text, double seconds) =>
        Assert.Equal(seconds, UnitTime.Limit(text));

    [Theory]
    [InlineData("")]
    [InlineData("soon")]
    [InlineData("5 apples")]
    [InlineData("1.2.3")]
    public void What_is_no_time(string text) => Assert.Null(UnitTime.Limit(text));
}
