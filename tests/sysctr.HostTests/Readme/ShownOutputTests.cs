// SPDX-License-Identifier: Apache-2.0

using Xunit;

namespace SystemContainers.HostTests.Readme;

/// <summary>What the comparison of <see cref="ReadmeTests"/> lets pass, and what not.</summary>
public sealed class ShownOutputTests
{
    [Theory]
    [InlineData("a", "a", true)]
    [InlineData("a", "b", false)]
    [InlineData("a", "a\nb", false)]
    [InlineData("a\nb", "a", false)]
    [InlineData("", "a", false)]
    [InlineData("  63b94177c9b5 17.8 MB", "  c38ba7ef068c 9 MB", true)]
    [InlineData("  63b94177c9b5 17.8 MB", "  c38ba7ef068c", false)]
    [InlineData("NAME  AT", "NAME      AT", true)]
    [InlineData("NAME  AT", "NAMEAT", false)]
    [InlineData("since Sat 2026-11-28 16:44:51 UTC; 1s ago", "since Sun 2027-01-03 01:02:03 UTC; 1min 3s ago", true)]
    [InlineData("etcd  20 seconds ago  disabled", "etcd  just now  disabled", true)]
    [InlineData("etcd  just now", "etcd  3 minutes ago", true)]
    [InlineData("etcd  just now", "etcd  -", false)]
    [InlineData("exit 3", "exit 4", false)]
    [InlineData("deadbeefcafe", "deadbeeffeed", false)]
    [InlineData("pid … (etcd)", "pid 111 (etcd)", true)]
    [InlineData("pid … (etcd)", "pid 111 (httpd)", false)]
    [InlineData("a\n…\nz", "a\nb\nc\nz", true)]
    [InlineData("a\n…\nz", "a\nz", true)]
    [InlineData("a\n…\nz", "a\nb", false)]
    [InlineData("(a.c)", "(abc)", false)]
    public void A_line_is_what_is_shown_but_for_what_varies(string shown, string printed, bool same) =>
        Assert.Equal(same, ShownOutput.IsSame(Lines(shown), Lines(printed)));

    private static string[] Lines(string text) => text.Length == 0 ? [] : text.Split('\n');
}
