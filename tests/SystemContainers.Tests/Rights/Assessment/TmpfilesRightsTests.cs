// SPDX-License-Identifier: Apache-2.0

using Xunit;

namespace SystemContainers.Tests.Rights.Assessment;

/// <summary>What tmpfiles lines make outside of the container's own directories.</summary>
public sealed class TmpfilesRightsTests
{
    [Theory]
    [InlineData("f /etc/cron.d/x 0644 0 0 - * * * * * root id", "cron /etc/cron.d/x")]
    [InlineData("\"f+\" \"/etc/ld.so.preload\" - - - - /x", "loader /etc/ld.so.preload")]
    [InlineData("f /etc/\"cron.d\"/x", "cron /etc/cron.d/x")]
    [InlineData(
        "L /etc/systemd/system/multi-user.target.wants/x.service - - - - /y",
        "unit /etc/systemd/system/multi-user.target.wants/x.service"
    )]
    [InlineData("d /etc/cron.d 0777 - - -", "cron /etc/cron.d")]
    [InlineData("d /etc/cron.d 0755 1000 - -", "cron /etc/cron.d")]
    [InlineData("C /root/.ssh 0700 - - - /x", "ssh /root/.ssh")]
    [InlineData("a /etc/shadow - - - - u:1:r", "accounts /etc/shadow")]
    [InlineData("d /etc/systemd/system/docker.service.d - - - -", "file /etc/systemd/system/docker.service.d/")]
    [InlineData("d /var/lib/docker 0710 0 0 - -", "file /var/lib/docker/")]
    [InlineData("f /run/other.env", "file /run/other.env")]
    public void Lines_that_reach_further(string line, string right) =>
        Assert.Equal([right], (Subjects.App with { Tmpfiles = line + "\n" }).Rights());

    [Fact]
    public void A_carriage_return_ends_a_line() =>
        Assert.Equal(
            ["cron /etc/cron.d/x"],
            (Subjects.App with { Tmpfiles = "d /run/app\rf /etc/cron.d/x\n" }).Rights()
        );

    [Fact]
    public void A_link_first() =>
        Assert.Contains(
            "cron /etc/cron.d/x",
            (Subjects.App with { Tmpfiles = "L /run/app/a - - - - /etc\nf /run/app/a/cron.d/x\n" }).Rights()
        );

    [Theory]
    [InlineData("d /var/lib/app 0700 0 0 - -")]
    [InlineData("d /run/app 0755 - - -\n# f /etc/cron.d/x\n\n")]
    [InlineData("d /var/run - - - -")]
    public void Its_own_places_are_no_right(string lines) =>
        Assert.Empty((Subjects.App with { Tmpfiles = lines }).Rights());
}
