// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>What install, uninstall, list and info do to a booted host.</summary>
[Collection(InstallingHost.Name)]
public sealed class InstallTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task Install_enables_and_does_not_start()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe");

        Assert.Equal("enabled", await probe.PropertyAsync("UnitFileState"));
        Assert.Equal("inactive", await probe.PropertyAsync("ActiveState"));
    }

    [Fact]
    public async Task Units_that_are_ours_are_not_read_before_and_others_are()
    {
        string[] without =
        [
            "systemd-run",
            "--quiet",
            "--collect",
            "--wait",
            "--pipe",
            "--property=InaccessiblePaths=/usr/bin/systemd-analyze",
            "sysctr",
        ];
        string name = Container.NewName();
        (await _host.RunAsync([.. without, "install", "--name", name, "probe"])).MustSucceed();
        Assert.Equal("loaded\n", await _host.ShellAsync($"systemctl show --value -P LoadState {name}.service"));
        (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();

        CommandResult read = await _host.RunAsync([
            .. without,
            "install",
            "--name",
            Container.NewName(),
            "probe-socket",
        ]);

        Assert.NotEqual(0, read.ExitCode);
        Assert.Contains("systemd-analyze", read.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Install_now_starts_with_what_the_image_says()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe", "--now");

        Dictionary<string, string> report = await probe.ReportAsync();
        Assert.Equal("active", await probe.PropertyAsync("ActiveState"));
        Assert.Equal("by default", report["args"]);
        Assert.Equal("from the image", report["PROBE_VALUE"]);
        Assert.Equal("/tmp", report["cwd"]);
        Assert.Equal("1", report["no_new_privileges"]);
        Assert.Equal("False", report["root_writable"]);
    }

    [Fact]
    public async Task Uninstall_leaves_the_host_as_it_was()
    {
        HostState before = await HostState.TakeAsync(_host);
        string name = Container.NewName();

        (await _host.SysctrAsync("install", "--now", "--name", name, "etcd")).MustSucceed();
        HostState between = await HostState.TakeAsync(_host);
        (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();

        Assert.NotEqual(before, between);
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Fact]
    public async Task Uninstall_keeps_the_state_directory_unless_told()
    {
        string name = Container.NewName();
        (await _host.SysctrAsync("install", "--now", "--name", name, "probe")).MustSucceed();
        string report = $"/var/lib/{name}/var/lib/probe/report";
        await _host.EventuallyAsync($"test -s {report}", TimeSpan.FromMinutes(3));

        (await _host.SysctrAsync("uninstall", name)).MustSucceed();

        string kept = await _host.ShellAsync($"cat {report}");
        Assert.Contains("pid=1", kept, StringComparison.Ordinal);
        await _host.ShellAsync($"rm -r /var/lib/{name}");
    }

    [Fact]
    public async Task List_is_an_array_and_info_an_object_with_the_final_values()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe-notify", "--set", "READY_AFTER=0.5");

        using JsonDocument list = JsonDocument.Parse((await _host.SysctrAsync("list", "--json")).MustSucceed().Output);
        using JsonDocument info = JsonDocument.Parse(
            (await _host.SysctrAsync("info", probe.Name, "--json")).MustSucceed().Output
        );

        Assert.Equal(JsonValueKind.Array, list.RootElement.ValueKind);
        Assert.Contains(list.RootElement.EnumerateArray(), c => c.GetProperty("name").GetString() == probe.Name);
        JsonElement values = info.RootElement.GetProperty("values");
        Assert.Equal("0.5", values.GetProperty("READY_AFTER").GetString());
        Assert.Equal("20s", values.GetProperty("WATCHDOG").GetString());
        Assert.Equal(probe.Name, values.GetProperty("NAME").GetString());
    }

    [Fact]
    public async Task Display_changes_nothing()
    {
        HostState before = await HostState.TakeAsync(_host);

        CommandResult shown = (
            await _host.SysctrAsync("install", "--display", "--name", "shown", "etcd")
        ).MustSucceed();

        Assert.Contains("ExecStart=", shown.Output, StringComparison.Ordinal);
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Fact]
    public async Task An_offline_root_gets_files_and_enablement_links()
    {
        string root = $"/srv/{Container.NewName()}";
        await _host.ShellAsync(
            $"mkdir -p {root}/etc/systemd/system {root}/usr/lib/systemd/system {root}/var/lib {root}/run && install -D /usr/sbin/runc {root}/usr/sbin/runc && install -D /usr/bin/sysctr {root}/usr/bin/sysctr"
        );

        CommandResult install = (
            await _host.SysctrAsync("install", "--root", root, "--name", "offline", "probe")
        ).MustSucceed();

        string links = await _host.ShellAsync(
            $"cd {root} && find etc/systemd var/lib/sysctr/deployments -maxdepth 4 | sort"
        );
        Assert.Contains("etc/systemd/system/offline.service\n", links, StringComparison.Ordinal);
        Assert.Contains(
            "etc/systemd/system/multi-user.target.wants/offline.service\n",
            links,
            StringComparison.Ordinal
        );
        Assert.Contains("offline", install.All, StringComparison.Ordinal);
        Assert.Equal("not-found", await _host.UnitPropertyAsync("offline.service", "LoadState"));
        await _host.ShellAsync($"rm -r {root}");
    }

    [Fact]
    public async Task A_failed_start_tells_unit_result_and_the_payloads_last_words()
    {
        string name = Container.NewName();

        CommandResult install = await _host.SysctrAsync(
            "install",
            "--now",
            "--settle",
            "30",
            "--name",
            name,
            "broken-start"
        );

        Assert.Equal(11, install.ExitCode);
        Assert.Contains($"{name}.service", install.Error, StringComparison.Ordinal);
        Assert.True(install.Error.Contains("this is why", StringComparison.Ordinal), install.All);
        await _host.SysctrAsync("uninstall", "--purge", name);
    }
}
