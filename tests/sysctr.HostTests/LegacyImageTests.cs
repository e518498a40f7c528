// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>
/// The life of images as they are in the wild, in the old format: installed, started, used for what they are for,
/// updated, and removed without a trace.
/// </summary>
[Collection(LegacyHost.Name)]
public sealed class LegacyImageTests(NspawnFixture fixture)
{
    // A nested host: dockerd gets neither netfilter nor overlay mounts of its own.
    private static readonly string[] s_nestedDocker =
    [
        "--set",
        "IPTABLES=false",
        "--set",
        "BRIDGE=none",
        "--set",
        "STORAGE_DRIVER=vfs",
    ];

    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task Etcd_takes_its_environment_from_values_and_keeps_its_data_over_an_update()
    {
        HostState before = await HostState.TakeAsync(_host);
        await using (
            Container etcd = await Container.InstallAsync(
                _host,
                "legacy-etcd",
                "--now",
                "--set",
                "ETCD_SNAPSHOT_COUNT=5000"
            )
        )
        {
            await EtcdctlAsync(etcd, "put greeting hello");
            Assert.Equal("hello\n", await EtcdctlAsync(etcd, "get --print-value-only greeting"));
            string environment = await EnvironmentAsync(etcd);
            Assert.Contains("\nETCD_SNAPSHOT_COUNT=5000\n", environment, StringComparison.Ordinal);
            Assert.Contains("\nETCD_ELECTION_TIMEOUT=1000\n", environment, StringComparison.Ordinal);
            Assert.Equal("700 0:0\n", await _host.ShellAsync($"stat -c '%a %u:%g' /var/lib/{etcd.Name}"));
            Assert.Contains(
                "nobody $1",
                await _host.ShellAsync($"cat /etc/etcd/{etcd.Name}.conf"),
                StringComparison.Ordinal
            );

            const string moved = "http://127.0.0.1:2479";
            (
                await _host.SysctrAsync(
                    "update",
                    etcd.Name,
                    "--set",
                    $"ETCD_LISTEN_CLIENT_URLS={moved}",
                    "--set",
                    $"ETCD_ADVERTISE_CLIENT_URLS={moved}"
                )
            ).MustSucceed();

            // The client's configuration on the host is the new one too, or this would find nobody.
            Assert.Equal("hello\n", await EtcdctlAsync(etcd, "get --print-value-only greeting"));
            environment = await EnvironmentAsync(etcd);
            Assert.Contains("\nETCD_SNAPSHOT_COUNT=5000\n", environment, StringComparison.Ordinal);
            Assert.Contains($"\nETCD_LISTEN_CLIENT_URLS={moved}\n", environment, StringComparison.Ordinal);
        }

        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Fact]
    public async Task Etcd_flannel_and_docker_start_in_order_and_an_update_in_the_middle_leaves_all_running()
    {
        HostState before = await HostState.TakeAsync(_host);
        await using (Container etcd = await Container.InstallAsync(_host, "legacy-etcd", "--now"))
        await using (Container docker = await Container.InstallAsync(_host, "legacy-docker", s_nestedDocker))
        await using (
            Container flannel = await Container.InstallAsync(
                _host,
                "legacy-flannel",
                "--set",
                $"AFTER={etcd.Service}",
                "--set",
                $"REQUIRED_BY={docker.Service}"
            )
        )
        {
            await EtcdctlAsync(etcd, """put /coreos.com/network/config '{"Network": "10.5.0.0/16"}'""");
            await EtcdctlAsync(etcd, """put /other/config '{"Network": "10.6.0.0/16"}'""");

            // Whoever starts docker has its network first: RequiredBy=.
            await _host.MustAsync("systemctl", "start", docker.Service);
            await _host.MustAsync("systemctl", "start", flannel.Service);
            Assert.Contains(
                "FLANNEL_NETWORK=10.5.0.0/16\n",
                await _host.ShellAsync("cat /run/flannel/subnet.env"),
                StringComparison.Ordinal
            );

            // The image has Before=docker.service, and that is not this container's name.
            await _host.ShellAsync(
                $"""
                mkdir -p /etc/systemd/system/{docker.Service}.d
                printf '[Unit]\nAfter={flannel.Service}\n' > /etc/systemd/system/{docker.Service}.d/50-after.conf
                systemctl daemon-reload
                """
            );
            (await _host.SysctrAsync("update", flannel.Name, "--set", "ETCD_PREFIX=/other")).MustSucceed();

            Assert.Contains(
                "FLANNEL_NETWORK=10.6.0.0/16\n",
                await _host.ShellAsync("cat /run/flannel/subnet.env"),
                StringComparison.Ordinal
            );
            Assert.Equal("active", await flannel.PropertyAsync("ActiveState"));
            Assert.Equal("active", await docker.PropertyAsync("ActiveState"));
            Assert.Equal("active", await etcd.PropertyAsync("ActiveState"));
            Assert.Contains(
                "flannel.subnet=10.6.",
                await DockerAsync("info --format '{{.Labels}}'"),
                StringComparison.Ordinal
            );
            await _host.ShellAsync($"ip link delete flannel.1; rm -r /etc/systemd/system/{docker.Service}.d");
            await RemoveWhatDockerdWroteAsync(docker);
        }

        Assert.Equal("gone\n", await _host.ShellAsync("test -e /run/flannel || echo gone"));
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Fact]
    public async Task Flannel_brings_a_drop_in_for_docker()
    {
        HostState before = await HostState.TakeAsync(_host);
        await using (Container flannel = await Container.InstallAsync(_host, "legacy-flannel"))
        {
            Assert.Equal(
                $"# Installed with {flannel.Name}\n[Service]\nEnvironmentFile=-/run/flannel/docker_opts.env\n",
                await _host.ShellAsync($"cat /etc/systemd/system/docker.service.d/{flannel.Name}.conf")
            );
            Assert.Equal(
                $"/etc/systemd/system/{flannel.Service}\n",
                await _host.ShellAsync($"readlink -f /etc/systemd/system/docker.service.requires/{flannel.Service}")
            );
            Assert.Contains("docker.service", await flannel.PropertyAsync("Before"), StringComparison.Ordinal);
            Assert.Contains("etcd.service", await flannel.PropertyAsync("After"), StringComparison.Ordinal);
        }

        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Fact]
    public async Task Docker_runs_with_a_daemon_json_of_its_own_that_an_administrator_may_edit()
    {
        HostState before = await HostState.TakeAsync(_host);
        await using (
            Container docker = await Container.InstallAsync(_host, "legacy-docker", ["--now", .. s_nestedDocker])
        )
        {
            Assert.Equal("vfs false\n", await DockerAsync("info --format '{{.Driver}} {{.Debug}}'"));

            (await _host.SysctrAsync("update", docker.Name, "--set", "DEBUG=true")).MustSucceed();
            Assert.Equal("vfs true\n", await DockerAsync("info --format '{{.Driver}} {{.Debug}}'"));

            await _host.ShellAsync("sed -i 's/vfs\"/vfs\", \"labels\": [\"mine=1\"]/' /etc/docker/daemon.json");
            (await _host.SysctrAsync("update", docker.Name, "--set", "DEBUG=false")).MustSucceed();
            Assert.Equal("[mine=1] true\n", await DockerAsync("info --format '{{.Labels}} {{.Debug}}'"));
            Assert.Contains(
                "\"debug\": false",
                await _host.ShellAsync("cat /etc/docker/daemon.json.sysctr-new"),
                StringComparison.Ordinal
            );

            // Nobody's edit any more: the next update owns the file again.
            await _host.ShellAsync("mv /etc/docker/daemon.json.sysctr-new /etc/docker/daemon.json");
            (await _host.SysctrAsync("update", docker.Name, "--set", "DEBUG=true")).MustSucceed();
            Assert.Equal("[] true\n", await DockerAsync("info --format '{{.Labels}} {{.Debug}}'"));
            await RemoveWhatDockerdWroteAsync(docker);
        }

        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Theory]
    [InlineData("runc")]
    [InlineData("crun")]
    public async Task A_kubelet_sees_the_hosts_processes_and_the_host_sees_its_mounts(string runtime)
    {
        HostState before = await HostState.TakeAsync(_host);
        await _host.ShellAsync("mkdir /srv/more && echo 'from the host' > /srv/more/content");
        const string mount =
            """, { "destination": "/mnt/more", "type": "bind", "source": "/srv/more", "options": ["rbind", "ro"] }""";
        await using (
            Container kubelet = await Container.InstallAsync(
                _host,
                "legacy-kubelet",
                "--now",
                "--runtime",
                runtime,
                "--set",
                "NODE_IP=192.0.2.7",
                "--set",
                $"ADDTL_MOUNTS={mount}"
            )
        )
        {
            string volume = $"/var/lib/{kubelet.Name}/pods/demo/volume";
            Dictionary<string, string> report = await kubelet.ReportAsync();
            Assert.Equal($"{await kubelet.MainProcessAsync()}", report["pid"]);
            Assert.Equal("systemd", report["first"]);
            Assert.Equal("--node-ip=192.0.2.7 --cluster-dns=10.254.0.10 --v=2", report["args"]);
            Assert.Equal("from the host", report["more"]);
            Assert.Equal(
                "made by the kubelet\n",
                await _host.ShellAsync($"mountpoint -q {volume} && cat {volume}/content")
            );
            Assert.Equal(
                $"d /var/lib/{kubelet.Name} 0700 0 0 - -\n",
                await _host.ShellAsync($"cat /etc/tmpfiles.d/{kubelet.Name}.conf")
            );

            // The administrator's options, in the unit's EnvironmentFile, are kept and used.
            await _host.ShellAsync(
                $"sed -i s/--v=2/--v=9/ /etc/kubernetes/{kubelet.Name}.env && rm /var/lib/{kubelet.Name}/report"
            );
            (
                await _host.SysctrAsync("update", kubelet.Name, "--set", "NODE_IP=192.0.2.8", "--set", "ADDTL_MOUNTS=")
            ).MustSucceed();

            report = await kubelet.ReportAsync();
            Assert.Equal("--node-ip=192.0.2.8 --cluster-dns=10.254.0.10 --v=9", report["args"]);
            Assert.Equal("none", report["more"]);
            Assert.Equal(
                "made by the kubelet\n",
                await _host.ShellAsync($"mountpoint -q {volume} && cat {volume}/content")
            );

            (await _host.SysctrAsync("stop", kubelet.Name)).MustSucceed();
            Assert.Equal("success", await kubelet.PropertyAsync("Result"));
            Assert.Equal("", await _host.ShellAsync($"grep /{kubelet.Name}/ /proc/mounts || true"));
            await _host.ShellAsync($"sed -i s/--v=9/--v=2/ /etc/kubernetes/{kubelet.Name}.env");
        }

        await _host.ShellAsync("rm -r /srv/more");
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Fact]
    public async Task An_agent_runs_with_an_EnvironmentFile_and_goes_on_to_its_next_version()
    {
        HostState before = await HostState.TakeAsync(_host);
        await using (
            Container agent = await Container.InstallAsync(_host, "legacy-agent", "--now", "--set", "ADDRESS=here")
        )
        {
            Assert.Equal(
                $"/etc/agent/{agent.Name}.env (ignore_errors=yes)",
                await agent.PropertyAsync("EnvironmentFiles")
            );
            Assert.Equal("here", (await agent.ReportAsync())["args"]);

            (await _host.SysctrAsync("update", agent.Name, "--rebase", "legacy-agent-v2")).MustSucceed();

            Assert.Equal("active", await agent.PropertyAsync("ActiveState"));
            Assert.Equal("version 2\n", await _host.ShellAsync($"{agent.Name}ctl"));
            Assert.Equal("address = here\ncosts = $6\n", await _host.ShellAsync($"cat /etc/agent/{agent.Name}.conf"));
        }

        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Fact]
    public async Task A_tool_becomes_a_service_and_a_tool_again()
    {
        HostState before = await HostState.TakeAsync(_host);
        await using (Container tool = await Container.InstallAsync(_host, "legacy-tool"))
        {
            HostState installed = await HostState.TakeAsync(_host);
            Assert.Contains(
                "is up to date",
                (await _host.SysctrAsync("update", tool.Name)).MustSucceed().All,
                StringComparison.Ordinal
            );

            (await _host.SysctrAsync("update", tool.Name, "--rebase", "legacy-plain")).MustSucceed();
            Assert.Equal("enabled", await tool.PropertyAsync("UnitFileState"));
            Assert.Equal("inactive", await tool.PropertyAsync("ActiveState"));
            Assert.Equal("gone\n", await _host.ShellAsync("test -e /usr/local/bin/tool || echo gone"));
            (await _host.SysctrAsync("start", tool.Name)).MustSucceed();

            (await _host.SysctrAsync("rollback", tool.Name)).MustSucceed();
            Assert.Equal("not-found", await tool.PropertyAsync("LoadState"));
            Assert.Equal("a tool\n", await _host.ShellAsync("tool-alias"));
            Assert.Equal(installed.Units, (await HostState.TakeAsync(_host)).Units);
        }

        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Fact]
    public async Task A_plain_image_runs_as_its_Dockerfile_says()
    {
        HostState before = await HostState.TakeAsync(_host);
        await using (Container plain = await Container.InstallAsync(_host, "legacy-plain", "--now"))
        {
            string volume = $"/var/lib/{plain.Name}/var/lib/plain";
            await plain.WaitForAsync($"grep -qx 'games from the image' {volume}/beat", "its first line");
            Assert.Equal("games:games\n", await _host.ShellAsync($"stat -c %U:%G {volume}/beat"));
            Assert.Equal("2", await plain.PropertyAsync("KillSignal"));

            (await _host.SysctrAsync("update", plain.Name, "--runtime", "crun")).MustSucceed();
            Assert.Equal("active", await plain.PropertyAsync("ActiveState"));

            // The stop signal of the image reached the payload's own handler, at the update and now.
            Assert.Equal("ended\n", await _host.ShellAsync($"cat {volume}/last; rm {volume}/last"));
            await plain.WaitForAsync(
                $"test -n \"$(find {volume}/beat -newermt -2seconds)\"",
                "a line of the updated one"
            );
            (await _host.SysctrAsync("stop", plain.Name)).MustSucceed();
            Assert.Equal("success", await plain.PropertyAsync("Result"));
            Assert.Equal("ended\n", await _host.ShellAsync($"cat {volume}/last"));
        }

        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    /// <summary>Runs the client that the image installed, as its file on the host says where; waits for the member to
    /// serve.</summary>
    private async Task<string> EtcdctlAsync(Container etcd, string command) =>
        (
            await _host.EventuallyAsync(
                $"set -a; . /etc/etcd/{etcd.Name}.conf; {etcd.Name}ctl --command-timeout=3s {command}",
                TimeSpan.FromMinutes(3)
            )
        ).Output;

    private async Task<string> EnvironmentAsync(Container container) =>
        await _host.ShellAsync($"tr '\\0' '\\n' < /proc/{await container.MainProcessAsync()}/environ");

    private async Task<string> DockerAsync(string command) =>
        (await _host.EventuallyAsync($"docker {command}", TimeSpan.FromMinutes(3))).Output;

    /// <summary>dockerd makes a key beside daemon.json, which is its own and stays when the container goes.</summary>
    private async Task RemoveWhatDockerdWroteAsync(Container docker)
    {
        (await _host.SysctrAsync("stop", docker.Name)).MustSucceed();
        await _host.ShellAsync("rm -f /etc/docker/key.json");
    }
}
