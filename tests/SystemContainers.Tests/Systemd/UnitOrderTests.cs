// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Systemd;
using Xunit;

namespace SystemContainers.Tests.Systemd;

public sealed class UnitOrderTests
{
    [Theory]
    [InlineData("a b c", "", "a b c")]
    [InlineData("a b c", "a>b b>c", "c b a")]
    [InlineData("a b c", "a>c", "c a b")]
    [InlineData("a b", "a>x x>b", "a b")]
    [InlineData("a b c", "a>b b>a", "b a c")]
    [InlineData("a", "a>a", "a")]
    public void Each_comes_behind_those_that_it_is_started_after(string units, string after, string sorted)
    {
        ILookup<string, string> edges = after
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(e => e.Split('>'))
            .ToLookup(e => e[0], e => e[1]);

        Assert.Equal(sorted.Split(' '), UnitOrder.Starting(units.Split(' '), unit => edges[unit]));
    }

    [Fact]
    public void They_stop_the_other_way_round_and_what_starts_them_first() =>
        Assert.Equal(
            ["c.socket", "b.service", "a.service"],
            UnitOrder.Stopping(["a.service", "b.service", "c.socket"], unit => unit == "b.service" ? ["a.service"] : [])
        );
}
