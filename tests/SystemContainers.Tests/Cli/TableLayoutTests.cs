// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Cli.Output;
using Xunit;

namespace SystemContainers.Tests.Cli;

public sealed class TableLayoutTests
{
    private static readonly TableColumn[] s_columns =
    [
        new("NAME") { Least = 12 },
        new("STATE") { IsState = true },
        new("IMAGE") { Least = 14, KeepsEnd = true },
        new("SIZE") { IsNumber = true, Dispensable = 1 },
        new("AUTO-UPDATE") { Dispensable = 2 },
    ];

    private static readonly string[][] s_rows =
    [
        ["etcd", "active", "registry.example.com/some/where/etcd:3.5.21", "17.8 MB", "disabled"],
        ["flanneld-with-a-long-name", "failed", "quay.io/flannel:1", "126 MB", "registry"],
    ];

    [Theory]
    [InlineData(200)]
    [InlineData(80)]
    [InlineData(60)]
    [InlineData(40)]
    [InlineData(36)]
    public void A_table_is_no_wider_than_the_terminal(int width)
    {
        string[] lines = Lines(width);

        Assert.All(lines, l => Assert.True(l.Length <= width, l));
        Assert.All(lines[1..], l => Assert.Matches("active|failed", l));
        Assert.Contains("etcd", lines[1], StringComparison.Ordinal);
        Assert.Contains("3.5.21", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_pipe_gets_all_of_it() =>
        Assert.Equal(
            [
                "NAME                       STATE   IMAGE                                           SIZE  AUTO-UPDATE",
                "etcd                       active  registry.example.com/some/where/etcd:3.5.21  17.8 MB  disabled",
                "flanneld-with-a-long-name  failed  quay.io/flannel:1                             126 MB  registry",
            ],
            Lines(width: null)
        );

    [Fact]
    public void Columns_that_can_be_missed_go_first()
    {
        string heading = Lines(70)[0];

        Assert.Contains("SIZE", heading, StringComparison.Ordinal);
        Assert.DoesNotContain("SIZE", Lines(40)[0], StringComparison.Ordinal);
        Assert.DoesNotContain("AUTO-UPDATE", Lines(50)[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(40, "2026-11-28 23:54:08  update", "…")]
    [InlineData(19, "…8 23:54:08  update", "2026-11-28")]
    public void What_is_whole_while_something_can_be_missed_is_cut_when_nothing_can(int width, string there, string not)
    {
        TableColumn[] columns =
        [
            new("WHEN") { LeastLeft = 11, KeepsEnd = true },
            "WHAT",
            new("BY") { Dispensable = 1 },
        ];

        string line = TableLayout
            .Lines(
                columns,
                [
                    ["2026-11-28 23:54:08", "update", "somebody-with-a-name"],
                ],
                width,
                coloured: false,
                withHeading: false
            )
            .Single();

        Assert.True(line.Length <= width, line);
        Assert.Contains(there, line, StringComparison.Ordinal);
        Assert.DoesNotContain(not, line, StringComparison.Ordinal);
    }

    [Fact]
    public void States_have_colours_that_take_no_room()
    {
        string[] lines = [.. TableLayout.Lines(s_columns, s_rows, width: null, coloured: true, withHeading: false)];

        Assert.Contains("\e[32mactive\e[0m  registry", lines[0], StringComparison.Ordinal);
        Assert.Contains("\e[31mfailed\e[0m  quay", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void What_an_image_says_has_no_colours() =>
        Assert.StartsWith(
            @"\x1b[2J",
            TableLayout
                .Lines(
                    ["NAME"],
                    [
                        ["\e[2J"],
                    ],
                    width: null,
                    coloured: true,
                    withHeading: false
                )
                .Single(),
            StringComparison.Ordinal
        );

    private static string[] Lines(int? width) =>
        [.. TableLayout.Lines(s_columns, s_rows, width, coloured: false, withHeading: true)];
}
