// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests.Packaging;

/// <summary>The Debian package: what is in it, and how it comes and goes with what it has on a host.</summary>
[Collection(PackagedHost.Name)]
public sealed class PackageTests(NspawnFixture fixture, BuiltPackage package) : IClassFixture<BuiltPackage>
{
    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task The_same_binaries_give_the_same_package_and_lintian_finds_no_error()
    {
        string file = package.Path;
        string again = await package.BuildAsync("again");

        Assert.Equal(
            await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken),
            await File.ReadAllBytesAsync(again, TestContext.Current.CancellationToken)
        );
        CommandResult lintian = await Command.MustAsync(
            "lintian",
            "--allow-root",
            "--fail-on",
            "error",
            "--tag-display-limit",
            "0",
            file
        );
        Assert.DoesNotContain("E: ", lintian.Output, StringComparison.Ordinal);
        string version = (await Command.MustAsync("dpkg-deb", "--field", file, "Version")).Output.Trim();
        Assert.StartsWith(
            version.Split('-')[0],
            (await Command.MustAsync(Path.Combine(Workspace.Artifacts, "sysctr"), "--version")).Output,
            StringComparison.Ordinal
        );
        string files = (await Command.MustAsync("dpkg-deb", "--contents", file)).Output;
        foreach (string name in (string[])["changelog.Debian.gz", "changelog.gz", "copyright", "README.md"])
        {
            Assert.Contains($" ./usr/share/doc/sysctr/{name}\n", files, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task It_goes_when_no_container_needs_it_and_leaves_nothing()
    {
        File.Copy(package.Path, Path.Combine(_host.Root, "root/sysctr.deb"));
        await _host.ShellAsync("dpkg -i /root/sysctr.deb && systemctl enable --now sysctr-update.timer");
        await using (Container probe = await Container.InstallAsync(_host, "probe"))
        {
            CommandResult refused = await _host.RunAsync("dpkg", "-r", "sysctr");

            Assert.NotEqual(0, refused.ExitCode);
            Assert.Contains($"sysctr uninstall {probe.Name}", refused.Error, StringComparison.Ordinal);
            Assert.Equal(
                "installed",
                (await _host.MustAsync("dpkg-query", "-W", "-f", "${db:Status-Status}", "sysctr")).Output.Trim()
            );
            Assert.Equal("active", await _host.UnitPropertyAsync("sysctr-update.timer", "ActiveState"));

            // Its unit is another one than systemd has read.
            await _host.ShellAsync(
                "echo '# edited' >> /usr/lib/systemd/system/sysctr-update.service && systemctl daemon-reload && dpkg -i /root/sysctr.deb"
            );
            Assert.Equal("no", await _host.UnitPropertyAsync("sysctr-update.service", "NeedDaemonReload"));
            Assert.Equal("active", await _host.UnitPropertyAsync("sysctr-update.timer", "ActiveState"));

            CommandResult kept = (
                await _host.RunAsync("env", "SYSCTR_REMOVE=keep-containers", "dpkg", "-r", "sysctr")
            ).MustSucceed();
            Assert.Contains(
                $"warning: these containers stay installed and may not start until sysctr is installed again: {probe.Name}",
                kept.Error,
                StringComparison.Ordinal
            );
            Assert.Equal("inactive", await _host.UnitPropertyAsync("sysctr-update.timer", "ActiveState"));
            CommandResult purged = await _host.MustAsync("dpkg", "-P", "sysctr");
            Assert.Contains("/var/lib/sysctr stays", purged.Error, StringComparison.Ordinal);

            await _host.ShellAsync("dpkg -i /root/sysctr.deb && systemctl enable --now sysctr-update.timer");
            Assert.Contains(probe.Name, (await _host.SysctrAsync("list", "--names")).Output, StringComparison.Ordinal);
        }

        await _host.ShellAsync("dpkg -r sysctr && dpkg -P sysctr");

        Assert.Equal("not-found", await _host.UnitPropertyAsync("sysctr-update.timer", "LoadState"));
        Assert.Equal(
            "",
            await _host.ShellAsync(
                "find /etc/systemd /usr/lib/systemd /var/lib/systemd -name '*sysctr*'; ls -d /var/lib/sysctr /etc/sysctr /run/sysctr 2>/dev/null || true"
            )
        );

        // As the fixture made the host.
        await _host.ShellAsync(
            "dpkg -i /root/sysctr.deb && mkdir -p /etc/sysctr && echo 'settle = 0.5' > /etc/sysctr/sysctr.toml"
        );
    }
}
