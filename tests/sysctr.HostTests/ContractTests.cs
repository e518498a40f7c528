// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Images in the old format, and the options that go with them (image-contract, the scenarios at its
/// end).</summary>
[Collection(RunningHost.Name)]
public sealed class ContractTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task A_variable_without_a_value_fails_and_one_that_is_set_does_not()
    {
        string name = Container.NewName();
        HostState before = await HostState.TakeAsync(_host);

        CommandResult without = await _host.SysctrAsync("install", "--system", "--name", name, "legacy-agent");

        Assert.Equal(9, without.ExitCode);
        Assert.Contains("/exports/", without.Error, StringComparison.Ordinal);
        Assert.Contains("ADDRESS", without.Error, StringComparison.Ordinal);
        Assert.Equal(before, await HostState.TakeAsync(_host));

        await using Container agent = await Container.InstallAsync(
            _host,
            "legacy-agent",
            "--now",
            "--set",
            "ADDRESS=here"
        );
        Assert.Equal("here", (await agent.ReportAsync())["args"]);
        Assert.Equal("from the manifest", (await agent.ReportAsync())["PROBE_VALUE"]);
    }

    [Fact]
    public async Task Two_instances_of_an_image_have_a_state_each()
    {
        await using Container one = await Container.InstallAsync(
            _host,
            "legacy-agent",
            "--now",
            "--set",
            "ADDRESS=one"
        );
        await using Container two = await Container.InstallAsync(
            _host,
            "legacy-agent",
            "--now",
            "--set",
            "ADDRESS=two"
        );

        Assert.Equal("one", (await one.ReportAsync())["args"]);
        Assert.Equal("two", (await two.ReportAsync())["args"]);
        Assert.Equal("750\n", await _host.ShellAsync($"stat -c %a /var/lib/{one.Name}"));
        Assert.Contains(
            $"/var/lib/{two.Name} ",
            await _host.ShellAsync($"cat /etc/tmpfiles.d/{two.Name}.conf"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Tmpfiles_are_written_and_made_at_install_and_go_at_uninstall()
    {
        await using Container agent = await Container.InstallAsync(_host, "legacy-agent", "--set", "ADDRESS=here");

        Assert.Equal(
            $"d /var/lib/{agent.Name} 0750 0 0 - -\nd /run/{agent.Name} 0755 0 0 - -\n",
            await _host.ShellAsync($"cat /etc/tmpfiles.d/{agent.Name}.conf")
        );
        Assert.Equal(
            "750 755\n",
            await _host.ShellAsync($"echo $(stat -c %a /var/lib/{agent.Name} /run/{agent.Name})")
        );

        (await _host.SysctrAsync("uninstall", agent.Name)).MustSucceed();
        Assert.Equal(
            $"/var/lib/{agent.Name}\n",
            await _host.ShellAsync($"ls -d /etc/tmpfiles.d/{agent.Name}.conf /var/lib/{agent.Name} 2>/dev/null || true")
        );

        // Of the same name, so that it may purge what the first one left.
        (
            await _host.SysctrAsync("install", "--name", agent.Name, "--set", "ADDRESS=here", "legacy-agent")
        ).MustSucceed();
        (await _host.SysctrAsync("uninstall", "--purge", agent.Name)).MustSucceed();
        Assert.Equal(
            "gone\n",
            await _host.ShellAsync($"ls -d /var/lib/{agent.Name} /run/{agent.Name} 2>/dev/null || echo gone")
        );
        (await _host.SysctrAsync("install", "--name", agent.Name, "probe")).MustSucceed();
    }

    [Fact]
    public async Task A_raw_fragment_of_JSON_becomes_a_mount()
    {
        const string mount =
            """, { "destination": "/mnt", "type": "bind", "source": "/etc/systemd", "options": ["rbind", "ro"] }""";
        await using Container agent = await Container.InstallAsync(
            _host,
            "legacy-agent",
            "--now",
            "--set",
            "ADDRESS=here",
            "--set",
            $"ADDTL_MOUNTS={mount}"
        );

        Assert.Equal(
            "there\n",
            await _host.ShellAsync($"test -d /proc/{await agent.MainProcessAsync()}/root/mnt/system && echo there")
        );
    }

    [Fact]
    public async Task A_name_may_end_in_dot_zero()
    {
        string name = Container.NewName() + ".0";

        (await _host.SysctrAsync("install", "--now", "--name", name, "probe")).MustSucceed();

        Assert.Equal("active", await _host.UnitPropertyAsync(name + ".service", "ActiveState"));
        (await _host.SysctrAsync("update", name, "--runtime", "crun")).MustSucceed();
        Assert.Equal("active", await _host.UnitPropertyAsync(name + ".service", "ActiveState"));
        (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();
    }

    [Fact]
    public async Task A_remote_rootfs_is_used_and_left_alone()
    {
        await _host.ShellAsync(
            "test -d /srv/remote || { sysctr install --checkout hardlinks --name made-remote probe && mkdir -p /srv/remote && cp -a /var/lib/sysctr/deployments/made-remote/0/rootfs /srv/remote/ && sysctr uninstall --purge made-remote; }"
        );
        string before = await _host.ShellAsync("find /srv/remote -printf '%p %y %m %u:%g %s %l\n' | sort | sha256sum");
        string name;
        await using (
            Container remote = await Container.InstallAsync(_host, "probe", "--now", "--rootfs", "/srv/remote")
        )
        {
            name = remote.Name;
            Assert.Equal(
                "/srv/remote/rootfs\n",
                await _host.ShellAsync($"readlink /var/lib/sysctr/deployments/{name}/0/rootfs")
            );
            Assert.Equal("by default", (await remote.ReportAsync())["args"]);

            (await _host.SysctrAsync("update", name, "--runtime", "crun")).MustSucceed();
            Assert.Equal(
                "/srv/remote/rootfs\n",
                await _host.ShellAsync($"readlink /var/lib/sysctr/deployments/{name}/1/rootfs")
            );
            Assert.Equal("active", await remote.PropertyAsync("ActiveState"));
            (await _host.SysctrAsync("rollback", name)).MustSucceed();
            Assert.Equal("active", await remote.PropertyAsync("ActiveState"));
        }

        Assert.Equal(
            before,
            await _host.ShellAsync("find /srv/remote -printf '%p %y %m %u:%g %s %l\n' | sort | sha256sum")
        );
        Assert.Equal(
            3,
            (await _host.SysctrAsync("install", "--name", name, "--rootfs", "/srv/nothing", "probe")).ExitCode
        );
        Assert.Equal(2, (await _host.SysctrAsync("install", "--name", name, "--rootfs", "/srv", "probe")).ExitCode);
    }

    [Fact]
    public async Task An_image_that_is_to_run_once_runs_once()
    {
        HostState before = await HostState.TakeAsync(_host);
        string name = Container.NewName();

        CommandResult run = await _host.RunAsync("sh", "-c", $"echo said | sysctr run --name {name} once");
        CommandResult install = await _host.RunAsync(
            "sh",
            "-c",
            $"echo again | sysctr install --system --name {name} once"
        );

        Assert.Equal(5, run.ExitCode);
        Assert.Contains("once: pid 1\nsaid\n", run.Output, StringComparison.Ordinal);
        Assert.Contains($" - overlay /var/lib/sysctr/deployments/{name}/", run.Output, StringComparison.Ordinal);
        Assert.Equal(5, install.ExitCode);
        Assert.Contains("again\n", install.Output, StringComparison.Ordinal);
        await _host.ShellAsync($"test -s /var/lib/{name}/var/lib/once/ran && rm -r /var/lib/{name}");
        Assert.Equal(before, await HostState.TakeAsync(_host));
        Assert.Equal("not-found", await _host.UnitPropertyAsync(name + ".service", "LoadState"));
    }

    [Fact]
    public async Task A_run_that_is_interrupted_ends_and_leaves_nothing()
    {
        string name = Container.NewName();
        (await _host.SysctrAsync("pull", "probe")).MustSucceed();

        string ended = await _host.ShellAsync(
            $$"""
            sysctr run --name {{name}} probe > /dev/null 2>&1 & tool=$!
            for i in $(seq 1200); do grep -qs pid= /var/lib/{{name}}/var/lib/probe/report && break; sleep 0.1; done
            kill -TERM $tool; wait $tool || echo "status $?"
            for i in $(seq 1200); do test "$(systemctl is-active {{name}})" = inactive && break; sleep 0.1; done
            systemctl is-active {{name}} || true
            """
        );
        await _host.SysctrAsync("pull", "probe");
        (await _host.SysctrAsync("install", "--name", name + "b", "probe")).MustSucceed();
        (await _host.SysctrAsync("uninstall", "--purge", name + "b")).MustSucceed();

        Assert.EndsWith("inactive\n", ended, StringComparison.Ordinal);
        Assert.Equal(
            "gone\n",
            await _host.ShellAsync($"test -e /var/lib/sysctr/deployments/{name} || echo gone; rm -r /var/lib/{name}")
        );
    }
}
