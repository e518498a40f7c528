// SPDX-License-Identifier: Apache-2.0

using SystemContainers.SystemdText;
using SystemContainers.Units;
using Xunit;

namespace SystemContainers.Tests.Units;

public sealed class UserUnitTests
{
    [Fact]
    public void What_is_wanted_at_boot_is_wanted_by_the_default_target()
    {
        UnitText unit = UnitText.Parse(
            "[Install]\nWantedBy=multi-user.target other.service\nRequiredBy=graphical.target\n"
        );

        Assert.Equal(
            [
                "WantedBy=",
                "WantedBy=default.target",
                "WantedBy=other.service",
                "RequiredBy=",
                "RequiredBy=default.target",
            ],
            UserUnit.InstallLines(unit)
        );
    }

    [Fact]
    public void Other_sections_stay_as_they_are() =>
        Assert.Empty(UserUnit.InstallLines(UnitText.Parse("[Install]\nWantedBy=sockets.target\n")));

    [Theory]
    [InlineData("a.socket", "After=sysctr-recover.service")]
    [InlineData("a@.timer", "After=sysctr-recover.service")]
    [InlineData("a.path", "After=sysctr-recover.service")]
    [InlineData("a.service", null)]
    [InlineData("a.target", null)]
    public void What_starts_before_services_do_waits_for_the_recovery(string unit, string? line) =>
        Assert.Equal(line is null ? [] : [line], UserUnit.OrderLines(unit));

    [Fact]
    public void Directories_are_made_before_volumes_are_given_away_and_both_before_the_template_s_own()
    {
        UnitText unit = UnitText.Parse("[Service]\nExecStartPre=/bin/own\n");

        Assert.Equal(
            [
                "ExecStartPre=",
                "ExecStartPre=/t launch tmpfiles /f",
                "ExecStartPre=/t launch own --bundle=/b web",
                "ExecStartPre=/bin/own",
            ],
            UserUnit.StartPreLines(unit, "/t", "/f", ["own", "--bundle=/b", "web"])
        );
        Assert.Equal(
            ["ExecStartPre=", "ExecStartPre=/t launch tmpfiles /f", "ExecStartPre=/bin/own"],
            UserUnit.StartPreLines(unit, "/t", "/f", null)
        );
        Assert.Empty(UserUnit.StartPreLines(unit, "/t", null, null));
    }

    [Fact]
    public void What_would_keep_the_ids_from_being_mapped_is_switched_off() =>
        Assert.Equal(
            ["NoNewPrivileges=no", "ProtectSystem=no", "SystemCallFilter=", "User="],
            UserUnit.ServiceLines(
                UnitText.Parse(
                    "[Service]\nNoNewPrivileges=yes\nPrivateTmp=no\nProtectSystem=strict\nUser=root\nSystemCallFilter=@system-service\nMemoryMax=1G\n"
                )
            )
        );
}
