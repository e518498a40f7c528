// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Files that an image brings for the host (image-contract, hostfs), in the old format.</summary>
[Collection(RunningHost.Name)]
public sealed class HostFileTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task They_have_owner_mode_and_content_as_the_image_says()
    {
        await using Container agent = await InstallAgentAsync();

        Assert.Equal(
            "1:2 640 1\naddress = here\ncosts = $5\n",
            await _host.ShellAsync(
                $"stat -c '%u:%g %a %h' /etc/agent/{agent.Name}.conf; cat /etc/agent/{agent.Name}.conf"
            )
        );
        Assert.Equal(
            "this $X stays, and $ADDRESS too\n",
            await _host.ShellAsync($"cat /etc/agent/{agent.Name}-plain.conf")
        );
        Assert.Equal(
            "0:0 755 1\nversion 1\n",
            await _host.ShellAsync($"stat -c '%u:%g %a %h' /usr/local/bin/{agent.Name}ctl; {agent.Name}ctl")
        );
        Assert.Equal("../../../etc/agent\n", await _host.ShellAsync($"readlink /usr/local/bin/{agent.Name}-link"));
    }

    [Fact]
    public async Task An_update_replaces_what_nobody_edited_and_keeps_what_somebody_did()
    {
        await using Container agent = await InstallAgentAsync();
        string edited = $"/etc/agent/{agent.Name}.conf";
        await _host.ShellAsync($"echo 'address = mine' > {edited}");

        (await _host.SysctrAsync("update", agent.Name, "--rebase", "legacy-agent-v2")).MustSucceed();

        Assert.Equal("address = mine\n", await _host.ShellAsync($"cat {edited}"));
        Assert.Equal("address = here\ncosts = $6\n", await _host.ShellAsync($"cat {edited}.sysctr-new"));
        Assert.Equal("version 2\n", await _host.ShellAsync($"{agent.Name}ctl"));
        Assert.Equal("more\n", await _host.ShellAsync($"cat /etc/agent/{agent.Name}-more.conf"));

        (await _host.SysctrAsync("rollback", agent.Name)).MustSucceed();
        Assert.Equal("version 1\n", await _host.ShellAsync($"{agent.Name}ctl"));
        Assert.Equal("gone\n", await _host.ShellAsync($"test -e /etc/agent/{agent.Name}-more.conf || echo gone"));
        Assert.Equal("address = mine\n", await _host.ShellAsync($"cat {edited}"));

        (await _host.SysctrAsync("uninstall", "--purge", agent.Name)).MustSucceed();
        Assert.Equal(
            $"{agent.Name}.conf\n",
            await _host.ShellAsync(
                $"cd /etc/agent; ls {agent.Name}*; rm {agent.Name}.conf; rmdir /etc/agent 2>/dev/null || true"
            )
        );
        Assert.Equal("gone\n", await _host.ShellAsync($"test -e /usr/local/bin/{agent.Name}ctl || echo gone"));
        (await _host.SysctrAsync("install", "--system", "--name", agent.Name, "probe")).MustSucceed();
    }

    [Fact]
    public async Task A_file_that_is_there_is_never_overwritten()
    {
        string name = Container.NewName();
        await _host.ShellAsync($"echo mine > /usr/local/bin/{name}ctl");
        HostState before = await HostState.TakeAsync(_host);

        CommandResult install = await _host.SysctrAsync(
            "install",
            "--system",
            "--name",
            name,
            "--set",
            "ADDRESS=here",
            "legacy-agent"
        );

        Assert.Equal(10, install.ExitCode);
        Assert.Contains($"/usr/local/bin/{name}ctl", install.Error, StringComparison.Ordinal);
        Assert.Equal(before, await HostState.TakeAsync(_host));

        (
            await _host.SysctrAsync(
                "install",
                "--now",
                "--system-package=absent",
                "--name",
                name,
                "--set",
                "ADDRESS=here",
                "legacy-agent"
            )
        ).MustSucceed();
        Assert.Equal("mine\n", await _host.ShellAsync($"cat /usr/local/bin/{name}ctl"));
        Assert.Equal("active", await _host.UnitPropertyAsync(name + ".service", "ActiveState"));
        (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();
        Assert.Equal(before, await HostState.TakeAsync(_host));
        await _host.ShellAsync($"rm /usr/local/bin/{name}ctl");
    }

    [Fact]
    public async Task A_tool_has_files_and_no_unit_and_only_one_container_can_bring_them()
    {
        HostState before = await HostState.TakeAsync(_host);
        string name = Container.NewName();
        (await _host.SysctrAsync("install", "--system", "--name", name, "legacy-tool")).MustSucceed();
        HostState between = await HostState.TakeAsync(_host);

        Assert.Equal("a tool\n", await _host.ShellAsync("tool"));
        Assert.Equal("not-found", await _host.UnitPropertyAsync(name + ".service", "LoadState"));
        Assert.Equal(
            "no rootfs\n",
            await _host.ShellAsync($"test -e /var/lib/sysctr/deployments/{name}/0/rootfs || echo no rootfs")
        );

        CommandResult second = await _host.SysctrAsync("install", "--system", "--name", name + "b", "legacy-tool");
        Assert.Equal(10, second.ExitCode);
        Assert.Contains($"'{name}'", second.Error, StringComparison.Ordinal);
        Assert.Equal(between, await HostState.TakeAsync(_host));

        (await _host.SysctrAsync("uninstall", name)).MustSucceed();
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Fact]
    public async Task Extended_attributes_and_second_names_are_the_images()
    {
        await using Container tool = await Container.InstallAsync(_host, "legacy-tool");

        string attributes = await _host.ShellAsync(
            """
            python3 -c 'import os; print([(a, os.getxattr("/usr/local/bin/tool", a).hex()) for a in sorted(os.listxattr("/usr/local/bin/tool"))])'
            """
        );
        string inodes = await _host.ShellAsync(
            "stat -c '%i %h' /usr/local/bin/tool /usr/local/bin/tool-alias | uniq | wc -l; stat -c %h /usr/local/bin/tool"
        );

        Assert.Equal(
            "[('security.capability', '0100000200200000000000000000000000000000'), ('user.origin', '616e20696d6167650aff')]\n",
            attributes
        );
        Assert.Equal("1\n2\n", inodes);
    }

    [Fact]
    public async Task A_read_only_usr_is_told_before_anything_is_written()
    {
        string name = Container.NewName();
        HostState before = await HostState.TakeAsync(_host);

        CommandResult install = await _host.RunAsync(
            "unshare",
            "--mount",
            "sh",
            "-euc",
            $"mount --bind /usr /usr && mount -o remount,bind,ro /usr && exec sysctr install --system --name {name} --set ADDRESS=here legacy-agent"
        );

        Assert.Equal(12, install.ExitCode);
        Assert.Contains("read-only", install.Error, StringComparison.Ordinal);
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    private Task<Container> InstallAgentAsync() =>
        Container.InstallAsync(_host, "legacy-agent", "--now", "--set", "ADDRESS=here");
}
