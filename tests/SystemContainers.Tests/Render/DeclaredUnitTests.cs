// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Render;
using SystemContainers.SystemdText;
using Xunit;

namespace SystemContainers.Tests.Render;

/// <summary>How the lines of a file that declares a container get into its unit.</summary>
public sealed class DeclaredUnitTests
{
    private const string Unit =
        "# head\n\n[Unit]\nDescription=a\nAfter=network.target\n\n[Service]\nExecStart=/x\nRestart=on-failure\n\n[Install]\nWantedBy=multi-user.target\n";

    [Fact]
    public void Lines_stand_at_the_end_of_their_sections_and_Install_is_the_file_s()
    {
        string merged = DeclaredUnit.Merge(
            Unit,
            [
                new("Service", "Restart", "always"),
                new("Unit", "After", "db.service"),
                new("X-Other", "A", "b"),
                new("Install", "RequiredBy", "x.target"),
            ]
        );

        Assert.Equal(
            "# head\n\n[Unit]\nDescription=a\nAfter=network.target\nAfter=db.service\n\n[Service]\nExecStart=/x\nRestart=on-failure\nRestart=always\n\n[X-Other]\nA=b\n\n[Install]\nRequiredBy=x.target\n",
            merged
        );
        Assert.Equal("always", UnitText.Parse(merged).Find("Service", "Restart"));
    }

    /// <summary>As with podman: what no [Install] wants is started by others alone.</summary>
    [Fact]
    public void Without_an_Install_of_the_file_the_unit_has_none() =>
        Assert.False(UnitText.Parse(DeclaredUnit.Merge(Unit, [new("Unit", "Wants", "x")])).Has("Install"));

    [Fact]
    public void A_unit_that_no_file_declares_stays_as_it_is() => Assert.Equal(Unit, DeclaredUnit.Merge(Unit, []));

    [Fact]
    public void An_image_s_own_unit_gets_a_drop_in()
    {
        RenderedUnit dropIn = DeclaredUnit.DropIn(
            "web",
            [new("Unit", "After", "a"), new("Service", "Nice", "1"), new("Unit", "Wants", "b")]
        );

        Assert.Equal("web.service.d/20-declared.conf", dropIn.FileName);
        Assert.EndsWith("[Unit]\nAfter=a\nWants=b\n[Service]\nNice=1\n", dropIn.Text, StringComparison.Ordinal);
    }
}
