// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>What looks, checks and judges works for an unprivileged user as for root: plan, diff, lint, fsck, history,
/// and health.</summary>
[Collection(UserHost.Name)]
public sealed class UserVerbsTests(NspawnFixture fixture)
{
    /// <summary>It is well as soon as a file is there.</summary>
    private const string Well = """
        config["Labels"]["sysctr.health.command"] = "echo I am ${NAME} of $$PROBE_VALUE; test -e /var/lib/probe/well"
        config["Labels"]["sysctr.health.timeout"] = "8"
        config["Labels"]["sysctr.health.interval"] = "0.2"
        """;

    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task Plans_and_differences_are_told_and_done()
    {
        TestUser user = await TestUser.AddAsync(_host);
        string[] words = ["--name", "agent", "--set", "ADDRESS=here", "--system-package", "absent", "legacy-agent"];
        await user.MustAsync("pull", "legacy-agent");
        string before = await user.FilesAsync();

        using JsonDocument plan = JsonDocument.Parse(
            (await user.MustAsync(["plan", "install", "--json", .. words])).Output
        );
        Assert.Equal(before, await user.FilesAsync());
        await user.MustAsync(["install", "--now", .. words]);

        string[] planned =
        [
            .. plan
                .RootElement.GetProperty("containers")[0]
                .GetProperty("files")
                .EnumerateArray()
                .Select(f => f.GetProperty("path").GetString()!),
        ];
        Assert.Contains($"{user.Home}/.config/systemd/user/agent.service", planned);
        Assert.All(planned, path => Assert.StartsWith(user.Home + "/", path, StringComparison.Ordinal));
        await user.ShellAsync($"ls {string.Join(' ', planned)}");

        string told = (await user.MustAsync("diff", "agent", "--image", "legacy-agent-v2")).Output;
        using JsonDocument update = JsonDocument.Parse(
            (await user.MustAsync("plan", "update", "--json", "agent", "--rebase", "legacy-agent-v2")).Output
        );
        await user.MustAsync("update", "agent", "--rebase", "legacy-agent-v2");
        string done = (await user.MustAsync("diff", "agent")).Output;

        foreach (string diff in (string[])[told, done])
        {
            Assert.Contains("\nC /exports/hostfs/usr/local/bin/agentctl (content)\n", diff, StringComparison.Ordinal);
        }

        Assert.Contains("agent.service", update.RootElement.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(
            3,
            (await user.MustAsync("history", "agent")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length
        );
        Assert.Matches($"{user.Name} +update .*done", (await user.MustAsync("history", "agent", "--last", "1")).Output);
        await user.MustAsync("uninstall", "--purge", "agent");
    }

    [Fact]
    public async Task Doctor_looks_at_what_a_user_s_containers_need()
    {
        TestUser user = await TestUser.AddAsync(_host);
        await user.MustAsync("install", "probe-owners");

        string page = (await user.MustAsync("doctor")).Output;

        foreach (
            string line in (string[])
                [
                    $"ok       dbus           the systemd of {user.Name} answers",
                    $"ok       user           {user.Name} has 65536 subordinate users",
                    "ok       user           newuidmap",
                    $"ok       store          {user.Home}/.local/share/sysctr, private",
                    "ok       leftovers      none",
                    "ok       recovery       sysctr-recover.service is installed and enabled (/usr/lib/systemd/user/",
                ]
        )
        {
            Assert.Contains(line, page, StringComparison.Ordinal);
        }

        await user.ShellAsync(
            "mkdir -p ~/.config/systemd/user && ln -s /dev/null ~/.config/systemd/user/sysctr-recover.service"
        );
        string broken = await user.ShellAsync("sysctr --user doctor || echo it ended with $?");
        Assert.Contains("'systemctl --user unmask sysctr-recover.service'", broken, StringComparison.Ordinal);
        Assert.Contains("it ended with 1", broken, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damage_is_found_and_mended_and_images_are_linted()
    {
        TestUser user = await TestUser.AddAsync(_host);
        await user.MustAsync("install", "--now", "probe-owners");
        await user.MustAsync("fsck");
        string unit = $"{user.Home}/.config/systemd/user/probe-owners.service";

        // An object of another of the container's users, which the user can't even open outside of the namespace.
        string kept = $"{user.Store}/deployments/probe-owners/0/rootfs/srv/data/kept";
        await _host.ShellAsync($"chmod 600 {kept}; rm {unit}");
        CommandResult found = await user.SysctrAsync("fsck");
        CommandResult repaired = await user.SysctrAsync("fsck", "--repair");

        Assert.Equal(7, found.ExitCode);
        Assert.Contains("srv/data/kept", found.All, StringComparison.Ordinal);
        Assert.Contains("probe-owners.service", found.All, StringComparison.Ordinal);
        repaired.MustSucceed();
        await user.MustAsync("fsck");
        Assert.Equal("644\n", await _host.ShellAsync($"stat -c %a {kept}; test -e {unit}"));
        (await user.SysctrAsync("lint", "probe-owners")).MustSucceed();
        CommandResult broken = await user.SysctrAsync("lint", "broken-config");
        Assert.Equal(9, broken.ExitCode);
        Assert.Contains(
            "/exports/config.json.sbn:1:49: error: this is no JSON",
            broken.Output,
            StringComparison.Ordinal
        );
        await user.MustAsync("uninstall", "--purge", "probe-owners");
    }

    [Theory]
    [InlineData("runc")]
    [InlineData("crun")]
    public async Task An_update_that_is_not_well_is_taken_back(string runtime)
    {
        TestUser user = await TestUser.AddAsync(_host);
        ChangedImage image = await ChangedImage.MakeAsync(_host, "pass");
        await user.MustAsync("install", "--now", "--runtime", runtime, "--name", "probe", image.Reference);

        // Its report is one of the files.
        await user.ReportAsync("probe");
        string before = await user.FilesAsync();

        await image.BecomeAsync(
            """config["Entrypoint"] = ["/bin/sh", "-c", "sleep 1; echo this killed me >&2; exit 3"]; config["Cmd"] = []"""
        );
        await AssertRolledBackAsync("this killed me", settle: "30");
        string journal = $"{user.Store}/deployments/probe/failed-1.journal";
        Assert.Contains(
            "this killed me",
            await user.ShellAsync($"cat {journal}; rm {journal}"),
            StringComparison.Ordinal
        );

        await image.BecomeAsync(Well);
        await AssertRolledBackAsync("I am probe of from the image");
        await user.ShellAsync($"rm {journal}");

        await image.BecomeAsync(
            """
            config["Healthcheck"] = {"Test": ["CMD", "/bin/sh", "-c", "sleep 4321 & wait"], "Timeout": 1000000000}
            config["Labels"]["sysctr.health.timeout"] = "3"
            """
        );
        await AssertRolledBackAsync("no answer within 1 s");
        await user.ShellAsync($"rm {journal}");
        Assert.Equal(
            "",
            await _host.ShellAsync(
                $"pgrep -f 'sleep 432[1]' || true; find {user.RunDirectory}/sysctr/scratch -name pid 2>/dev/null || true"
            )
        );

        await image.BecomeAsync(Well);
        string well =
            (await _host.ShellAsync($"dirname $(find {user.Home}/.local/share/probe -name report)")).Trim() + "/well";
        await user.ShellAsync($"touch {well}");
        Assert.Contains("running and healthy", (await user.MustAsync("update", "probe")).All, StringComparison.Ordinal);
        Assert.Equal("active", await user.PropertyAsync("probe.service", "ActiveState"));
        await user.MustAsync("uninstall", "--purge", "probe");

        async Task AssertRolledBackAsync(string why, string settle = "3")
        {
            CommandResult update = await user.SysctrAsync("update", "--settle", settle, "probe");
            Assert.Equal(11, update.ExitCode);
            Assert.True(update.Error.Contains(why, StringComparison.Ordinal), update.All);
            Assert.Equal("active", await user.PropertyAsync("probe.service", "ActiveState"));
            Assert.Equal("0\n", await _host.ShellAsync($"readlink {user.Store}/deployments/probe/current"));
            Assert.Equal(before, await user.FilesAsync());
        }
    }

    [Fact]
    public async Task An_update_that_never_says_that_it_is_ready_is_taken_back()
    {
        TestUser user = await TestUser.AddAsync(_host);
        ChangedImage image = await ChangedImage.MakeAsync(_host, "pass", "probe-owners");
        await user.MustAsync("install", "--now", "--name", "probe", image.Reference);
        await image.BecomeAsync(
            """config["Entrypoint"] = ["/bin/sh", "-c", "echo never ready; exec sleep 300"]; config["Cmd"] = []""",
            "probe-owners"
        );
        await user.ShellAsync(
            "mkdir -p .config/systemd/user/probe.service.d; printf '[Service]\\nTimeoutStartSec=15s\\nTimeoutStopSec=3s\\n' > .config/systemd/user/probe.service.d/soon.conf"
        );

        CommandResult update = await user.SysctrAsync("update", "probe");

        Assert.Equal(11, update.ExitCode);
        Assert.Contains("timeout", update.Error, StringComparison.Ordinal);
        Assert.Equal("active", await user.PropertyAsync("probe.service", "ActiveState"));
        Assert.Equal("probing", await user.PropertyAsync("probe.service", "StatusText"));
        await user.MustAsync("uninstall", "--purge", "probe");
    }

    [Fact]
    public async Task Mounts_that_nobody_would_see_are_refused_with_the_tree_that_is_there()
    {
        TestUser user = await TestUser.AddAsync(_host);
        await user.MustAsync("install", "probe");

        CommandResult mount = await user.SysctrAsync("mount", "probe", user.Home);

        Assert.Equal(12, mount.ExitCode);
        Assert.Contains($"{user.Store}/deployments/NAME/current/rootfs", mount.Error, StringComparison.Ordinal);
        await user.ShellAsync($"test -x {user.Store}/deployments/probe/current/rootfs/usr/bin/probe");
        await user.MustAsync("uninstall", "--purge", "probe");
    }
}
