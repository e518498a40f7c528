// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using Xunit;

namespace SystemContainers.Tests.Errors;

public sealed class OneLineTests
{
    [Theory]
    [InlineData("one", "one")]
    [InlineData("starting x: it failed\n  | a line of the journal\n  | another", "starting x: it failed")]
    [InlineData(
        "starting x: it failed\n  | a line\nrolling it back: no space",
        "starting x: it failed; rolling it back: no space"
    )]
    public void Quoted_lines_are_no_part_of_a_reason(string message, string line) =>
        Assert.Equal(line, OneLine.Of(message));
}
