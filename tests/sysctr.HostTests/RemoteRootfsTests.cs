// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>A remote root file system has no digest: an update is what its templates make of it now.</summary>
[Collection(SourcesHost.Name)]
public sealed class RemoteRootfsTests(HardLinksFixture fixture)
{
    private const string Root = "/srv/remote-agent";

    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task Changed_templates_make_a_new_deployment_and_a_rollback_brings_the_old_ones_back()
    {
        await _host.ShellAsync(
            $"sysctr install --name made-remote --set ADDRESS=x legacy-agent && mkdir {Root} && cp -a /var/lib/sysctr/deployments/made-remote/0/rootfs/. {Root} && sysctr uninstall --purge made-remote"
        );
        await using Container agent = await Container.InstallAsync(
            _host,
            "legacy-agent",
            "--now",
            "--set",
            "ADDRESS=here",
            "--rootfs",
            Root
        );
        Assert.Contains("is up to date", await UpdateAsync(agent), StringComparison.Ordinal);

        await _host.ShellAsync(
            $$"""
            sed -i 's/^Description=.*/Description=changed/' {{Root}}/exports/service.template
            sed -i 's/"env": *\[/&"ADDED=1", /' {{Root}}/exports/config.json.template
            """
        );
        Assert.Contains("from deployment 0 to 1, running", await UpdateAsync(agent), StringComparison.Ordinal);
        Assert.Equal(("changed", "1\n"), (await agent.PropertyAsync("Description"), await AddedAsync(agent)));
        Assert.Contains("is up to date", await UpdateAsync(agent), StringComparison.Ordinal);

        (await _host.SysctrAsync("rollback", agent.Name)).MustSucceed();
        Assert.Equal(
            ("An agent that reports to here", "0\n"),
            (await agent.PropertyAsync("Description"), await AddedAsync(agent))
        );
        Assert.Contains("from deployment 0 to 2, running", await UpdateAsync(agent), StringComparison.Ordinal);
        Assert.Equal(("changed", "1\n"), (await agent.PropertyAsync("Description"), await AddedAsync(agent)));

        await _host.ShellAsync($"echo 'more of it' >> {Root}/exports/hostfs/etc/agent/plain.conf");
        Assert.Contains("from deployment 2 to 3, running", await UpdateAsync(agent), StringComparison.Ordinal);
        Assert.Contains(
            "more of it",
            await _host.ShellAsync($"cat /etc/agent/{agent.Name}-plain.conf"),
            StringComparison.Ordinal
        );
    }

    private Task<string> AddedAsync(Container agent) =>
        _host.ShellAsync(
            $"tr '\\0' '\\n' < /proc/$(systemctl show --value --property=MainPID {agent.Name})/environ | grep -c ADDED=1 || true"
        );

    private async Task<string> UpdateAsync(Container container) =>
        (await _host.SysctrAsync("update", container.Name)).MustSucceed().All;
}
