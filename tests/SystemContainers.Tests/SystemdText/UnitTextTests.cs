// SPDX-License-Identifier: Apache-2.0

using SystemContainers.SystemdText;
using Xunit;

namespace SystemContainers.Tests.SystemdText;

public sealed class UnitTextTests
{
    [Fact]
    public void Lines_comments_and_continuations()
    {
        UnitText unit = UnitText.Parse(
            "# Type=no\n; Type=no\n[Service]\nType = simple\nExecStart=/bin/a \\\n  b\nType=notify\n[Install]\n"
        );

        Assert.Equal("notify", unit.Find("Service", "Type"));
        Assert.Equal(["/bin/a  b"], unit.All("Service", "ExecStart"));
        Assert.True(unit.Has("Service"));
        Assert.False(unit.Has("Install"));
    }

    [Fact]
    public void An_empty_value_takes_back_what_was_before_it()
    {
        UnitText unit = UnitText.Parse("[Service]\nExecStop=/a\nExecStop=\nExecStop=/b\nType=simple\nType=\n");

        Assert.Equal(["/b"], unit.All("Service", "ExecStop"));
        Assert.Null(unit.Find("Service", "Type"));
    }

    [Fact]
    public void A_list_has_words_between_blanks_of_either_kind_and_over_several_lines()
    {
        UnitText unit = UnitText.Parse(
            "[Unit]\nAfter=z.service\nAfter=\nAfter=a.service\tb.service  c.service\nAfter=d.service\n"
        );

        Assert.Equal(["a.service", "b.service", "c.service", "d.service"], unit.Words("Unit", "After"));
    }

    [Theory]
    [InlineData("\ufeff[Install]\nAlias=a.service")]
    [InlineData("[Install]\r\u00a0[Service]\rAlias=a.service")]
    [InlineData("[Install]\nWantedBy=b \\\n\r[Service]\nAlias=a.service")]
    [InlineData("[Install]\n\tAlias\t=\ta.service\t")]
    public void Lines_end_and_blanks_are_as_systemd_has_them(string text) =>
        Assert.Equal(["a.service"], UnitText.Parse(text).All("Install", "Alias"));
}
