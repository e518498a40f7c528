// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>What an image can do on the host: said, refused without a grant, and held when an update gains
/// it.</summary>
[Collection(WildHost.Name)]
public sealed class RightsTests(NspawnFixture fixture)
{
    private const string Config =
        """{"process": {"args": ["/bin/stub"], "cwd": "/", "noNewPrivileges": true}, "root": {"path": "rootfs", "readonly": true}""";
    private const UnixFileMode Setuid = UnixFileMode.SetUser | (UnixFileMode)0b111_101_101;

    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task Each_way_to_become_root_is_refused_with_what_to_type()
    {
        (string Class, string Detail, WildImage Image)[] images =
        [
            ("loader", "/etc/ld.so.preload", new WildImage().Export("hostfs/etc/ld.so.preload", "/evil.so\n")),
            ("cron", "/etc/cron.d/evil", new WildImage().Export("hostfs/etc/cron.d/evil", "* * * * * root id\n")),
            (
                "sudo",
                "/etc/sudoers.d/evil",
                new WildImage().Export("hostfs/etc/sudoers.d/evil", "ALL ALL=(ALL) NOPASSWD: ALL\n")
            ),
            (
                "drop-in",
                "/etc/systemd/system/ssh.service.d/evil.conf",
                new WildImage().Export(
                    "hostfs/etc/systemd/system/ssh.service.d/evil.conf",
                    "[Service]\nExecStartPre=/bin/evil\n"
                )
            ),
            (
                "unit",
                "/etc/systemd/system/evil.service",
                new WildImage()
                    .Export("hostfs/lib/systemd/system/evil.service", "[Service]\nExecStart=/bin/evil\n")
                    .Export(
                        "manifest.json",
                        """{"renameFiles": {"/lib/systemd/system/evil.service": "/etc/systemd/system/evil.service"}}"""
                    )
            ),
            ("setuid", "/opt/evil/su", new WildImage().Export("hostfs/opt/evil/su", "x"u8.ToArray(), Setuid)),
            ("bind-root-write", "/", new WildImage().Bind("/", "/host")),
            ("bind-system-write", "/etc/cron.d", new WildImage().Bind("/etc/cron.d", "/host")),
            (
                "oci-hook",
                "prestart /bin/sh",
                new WildImage { HasConfig = false }.Export(
                    "config.json",
                    Config + """, "hooks": {"prestart": [{"path": "/bin/sh"}]}}"""
                )
            ),
            (
                "namespace-path",
                "/proc/1/ns/mnt",
                new WildImage { HasConfig = false }.Export(
                    "config.json",
                    Config + """, "linux": {"namespaces": [{"type": "mount", "path": "/proc/1/ns/mnt"}]}}"""
                )
            ),
            (
                "privileged-command",
                "ExecStartPre=+/bin/touch /x",
                new WildImage { Service = "ExecStartPre=+/bin/touch /x" }
            ),
            ("unit-environment", "LD_PRELOAD", new WildImage { Service = "Environment=LD_PRELOAD=/evil.so" }),
        ];
        HostState before = await HostState.TakeAsync(_host);
        foreach ((string right, string detail, WildImage image) in images)
        {
            string reference = await image.PutAsync(_host);

            CommandResult refused = await _host.SysctrAsync("install", "--name", Container.NewName(), reference);

            Assert.True(refused.ExitCode == 6, $"{right}: exit code {refused.ExitCode}:\n{refused.All}");
            Assert.Contains(detail, refused.Error, StringComparison.Ordinal);
            Assert.Contains($"--grant {right}", refused.Error, StringComparison.Ordinal);
        }

        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Fact]
    public async Task What_was_granted_is_listed_shown_and_kept()
    {
        string image = await new WildImage { Service = "ExecStartPre=/bin/true" }
            .Export("hostfs/etc/cron.d/wild", "# nothing\n")
            .Bind("/run", "/run")
            .PutAsync(_host);
        string name = Container.NewName();
        CommandResult plan = await _host.SysctrAsync("plan", "install", "--name", name, image);
        Assert.Contains("cron /etc/cron.d/wild", plan.Output, StringComparison.Ordinal);
        CommandResult display = await _host.SysctrAsync("install", "--display", "--name", name, image);
        Assert.Equal(6, display.ExitCode);
        Assert.Matches("cron +/etc/cron.d/wild", display.Output);

        CommandResult install = (
            await _host.SysctrAsync("install", "--json", "--grant", "cron", "--name", name, image)
        ).MustSucceed();

        Assert.Matches("! cron +/etc/cron.d/wild\n", install.Error);
        Assert.Matches("bind-run-write +/run\n", install.Error);
        Assert.Matches("host-command +ExecStartPre=/bin/true", install.Error);
        using (JsonDocument installed = JsonDocument.Parse(install.Output))
        {
            AssertInfo(installed.RootElement[0]);
        }

        // It needs no grant again.
        (await _host.SysctrAsync("update", name, "--set", "UUID=other")).MustSucceed();
        using JsonDocument info = JsonDocument.Parse(
            (await _host.SysctrAsync("info", name, "--json")).MustSucceed().Output
        );
        AssertInfo(info.RootElement);
        Assert.Matches("Granted: +cron\n", (await _host.SysctrAsync("info", name)).MustSucceed().Output);
        (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();

        static void AssertInfo(JsonElement info)
        {
            Assert.Contains(
                info.GetProperty("rights").EnumerateArray(),
                r =>
                    r.GetProperty("class").GetString() == "cron"
                    && r.GetProperty("detail").GetString() == "/etc/cron.d/wild"
                    && r.GetProperty("level").GetString() == "dangerous"
            );
            Assert.Equal("cron", info.GetProperty("grants")[0].GetString());
        }
    }

    [Fact]
    public async Task An_update_that_gained_a_right_is_held_until_it_is_granted()
    {
        string layout = Container.NewName();
        string image = await Image(1).PutAsync(_host, layout);
        await using Container container = await Container.InstallAsync(
            _host,
            image,
            "--now",
            "--auto-update",
            "registry"
        );
        // As an older sysctr left it: its rights are those of its files.
        await _host.ShellAsync(
            $"cd /var/lib/sysctr/deployments/{container.Name}/0 && for f in info.json info.copy.json; do python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); del r[\"rights\"]; json.dump(r, open(sys.argv[1], \"w\"))' $f; done"
        );
        long process = await container.MainProcessAsync();
        HostState before = await HostState.TakeAsync(_host);
        await Image(2).Export("hostfs/etc/cron.d/wild-held", "# nothing\n").PutAsync(_host, layout);

        using (
            JsonDocument plan = JsonDocument.Parse(
                (await _host.SysctrAsync("plan", "update", container.Name, "--json")).Output
            )
        )
        {
            JsonElement planned = plan.RootElement.GetProperty("containers")[0];
            Assert.Equal(
                "cron",
                Assert.Single(planned.GetProperty("gained").EnumerateArray()).GetProperty("class").GetString()
            );
            Assert.Equal(6, planned.GetProperty("refused").GetProperty("exitCode").GetInt32());
        }

        for (int night = 0; night < 2; night++)
        {
            CommandResult nightly = await _host.SysctrAsync("auto-update", "--json");
            Assert.Equal(6, nightly.ExitCode);
            using JsonDocument reports = JsonDocument.Parse(nightly.Output);
            JsonElement report = Assert.Single(
                reports.RootElement.EnumerateArray(),
                r => r.GetProperty("name").GetString() == container.Name
            );
            Assert.Equal("held", report.GetProperty("result").GetString());
            Assert.Contains(
                $"update --grant cron {container.Name}",
                report.GetProperty("reason").GetString(),
                StringComparison.Ordinal
            );
        }

        CommandResult update = await _host.SysctrAsync("update", container.Name);
        Assert.Equal(6, update.ExitCode);
        Assert.Contains("cron /etc/cron.d/wild-held", update.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("program", update.Error, StringComparison.Ordinal);
        Assert.Equal(before, await HostState.TakeAsync(_host));
        Assert.Equal(process, await container.MainProcessAsync());
        Assert.Matches($@"(?m)^{container.Name} .* 0\*? held ", (await _host.SysctrAsync("list")).MustSucceed().Output);
        Assert.Matches("Held: .*--grant cron", (await _host.SysctrAsync("info", container.Name)).MustSucceed().Output);
        using (
            JsonDocument history = JsonDocument.Parse(
                (await _host.SysctrAsync("history", container.Name, "--json")).MustSucceed().Output
            )
        )
        {
            JsonElement held = Assert.Single(
                history.RootElement.EnumerateArray(),
                e => e.GetProperty("outcome").GetString() == "held"
            );
            Assert.Equal("/etc/cron.d/wild-held", held.GetProperty("rights")[0].GetProperty("detail").GetString());
        }

        Assert.Contains(
            "SYSCTR_RIGHTS=cron /etc/cron.d/wild-held",
            await _host.ShellAsync(
                $"journalctl --sync; journalctl --no-pager -o export SYSCTR_OUTCOME=held SYSCTR_CONTAINER={container.Name}"
            ),
            StringComparison.Ordinal
        );

        (await _host.SysctrAsync("update", "--grant", "cron", container.Name)).MustSucceed();

        Assert.Equal("1", await container.DeploymentAsync());
        Assert.DoesNotContain("held", (await _host.SysctrAsync("list")).MustSucceed().Output, StringComparison.Ordinal);
        await _host.ShellAsync("test -f /etc/cron.d/wild-held");
        // The grant is the container's: going back and forward asks nobody.
        (await _host.SysctrAsync("rollback", container.Name)).MustSucceed();
        (await _host.SysctrAsync("update", container.Name)).MustSucceed();
        await Image(3).Export("hostfs/etc/sudoers.d/wild-held", "# nothing\n").PutAsync(_host, layout);
        (await _host.SysctrAsync("rollback", container.Name)).MustSucceed();
        Assert.Equal(6, (await _host.SysctrAsync("update", "--all")).ExitCode);
        await Image(4).PutAsync(_host, layout);
        (await _host.SysctrAsync("auto-update")).MustSucceed();
        Assert.DoesNotContain("held", (await _host.SysctrAsync("list")).MustSucceed().Output, StringComparison.Ordinal);

        static WildImage Image(int version) =>
            new WildImage()
                .Export("hostfs/usr/local/bin/wild-tool", $"version {version}\n")
                .Label("version", $"{version}");
    }

    [Fact]
    public async Task A_table_for_where_an_image_comes_from_decides()
    {
        string image = await new WildImage { Service = "ExecStartPre=/bin/true" }.PutAsync(_host);
        string name = Container.NewName();
        try
        {
            await _host.ShellAsync(
                "mkdir -p /etc/sysctr && printf '[[rights]]\\nprefix = \"oci:/root\"\\nallow = [\"default\"]\\nforbid = [\"host-command\"]\\n' > /etc/sysctr/sysctr.toml"
            );
            CommandResult forbidden = await _host.SysctrAsync("install", "--grant", "all", "--name", name, image);
            Assert.Equal(6, forbidden.ExitCode);
            Assert.Contains("host-command", forbidden.Error, StringComparison.Ordinal);

            await _host.ShellAsync(
                "printf '[[rights]]\\nprefix = \"oci:/root\"\\nallow = [\"no-seccomp\", \"proc-write\", \"host-pid\"]\\n' > /etc/sysctr/sysctr.toml"
            );
            CommandResult refused = await _host.SysctrAsync("install", "--name", name, image);
            Assert.Equal(6, refused.ExitCode);
            Assert.Contains("--grant host-command", refused.Error, StringComparison.Ordinal);
            (await _host.SysctrAsync("install", "--grant", "host-command", "--name", name, image)).MustSucceed();
            (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();
        }
        finally
        {
            await _host.ShellAsync("rm -f /etc/sysctr/sysctr.toml; rmdir --ignore-fail-on-non-empty /etc/sysctr");
        }
    }
}
