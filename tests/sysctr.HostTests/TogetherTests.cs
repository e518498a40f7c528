using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Several containers in one transaction: systemd's dependencies give the order, and all change or none.</summary>
[Collection(HealthHost.Name)]
public sealed class TogetherTests(NspawnFixture fixture) : IAsyncLifetime
{
    private readonly NspawnHost _host = fixture.Host;
    private readonly List<Container> _chain = [];

    /// <summary>The first needs the second, the second the third: the order of the command line is the wrong one.</summary>
    public async ValueTask InitializeAsync()
    {
        for (int i = 0; i < 3; i++)
        {
            _chain.Add(await Container.InstallAsync(_host, "probe"));
        }

        await NeedsAsync(_chain[0], _chain[1]);
        await NeedsAsync(_chain[1], _chain[2]);
        await _host.ShellAsync($"systemctl daemon-reload; systemctl start {_chain[0].Service}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Container container in _chain)
        {
            await _host.ShellAsync($"rm -f /etc/systemd/system/{container.Service}.d/50-order.conf");
            await container.DisposeAsync();
        }
    }

    [Fact]
    public async Task They_stop_and_start_in_the_order_of_their_dependencies()
    {
        (await _host.SysctrAsync(["update", "--together", "--runtime", "crun", .. Names])).MustSucceed();

        await AssertOrderAsync("1");
    }

    [Fact]
    public async Task When_the_last_fails_all_are_back_and_running_in_order()
    {
        // It lives on nothing that the others need, so that it is the last to start.
        await _host.ShellAsync(
            $"""
             printf '[Service]\nExecStartPre=sh -c "if grep -q crun /etc/systemd/system/{_chain[0].Service}; then echo not with me; exit 9; fi"\n' >> /etc/systemd/system/{_chain[0].Service}.d/50-order.conf
             systemctl daemon-reload
             """);
        HostState before = await HostState.TakeAsync(_host);

        CommandResult update = await _host.SysctrAsync(["update", "--together", "--runtime", "crun", .. Names]);

        Assert.Equal(11, update.ExitCode);
        Assert.Contains("not with me", update.Error, StringComparison.Ordinal);
        Assert.Contains(_chain[0].Service, update.Error, StringComparison.Ordinal);
        Assert.Equal(before, await HostState.TakeAsync(_host));
        await AssertOrderAsync("0");
    }

    [Fact]
    public async Task What_can_be_said_of_one_only_is_refused_for_several()
    {
        foreach (string[] wrong in (string[][])
            [["--all", "--together", "--rebase", "probe"], ["--all", "--set", "A=b"], ["--together", "--set", "A=b", .. Names], [.. Names, "--rebase", "probe"]])
        {
            CommandResult update = await _host.SysctrAsync(["update", .. wrong]);

            Assert.Equal(2, update.ExitCode);
            Assert.Contains("--rebase and --set go with a single container", update.Error, StringComparison.Ordinal);
        }

        Assert.Equal(2, (await _host.SysctrAsync("update", "--settle", "-1", _chain[0].Name)).ExitCode);
    }

    private string[] Names => [.. _chain.Select(c => c.Name)];

    private async Task NeedsAsync(Container container, Container needed) => await _host.ShellAsync(
        $"""
         mkdir -p /etc/systemd/system/{container.Service}.d
         printf '[Unit]\nAfter={needed.Service}\nRequires={needed.Service}\n' > /etc/systemd/system/{container.Service}.d/50-order.conf
         """);

    /// <summary>From systemd's own clock: whoever needs another stops before it, and starts when it is up. Each started once.</summary>
    private async Task AssertOrderAsync(string deployment)
    {
        foreach (Container container in _chain)
        {
            Assert.Equal("active", await container.PropertyAsync("ActiveState"));
            Assert.Equal(deployment, (await _host.ShellAsync($"readlink /var/lib/sysctr/deployments/{container.Name}/current")).Trim());
        }

        foreach ((Container user, Container needed) in _chain.Zip(_chain.Skip(1)))
        {
            long stopped = await user.TimeAsync("InactiveEnter");
            Assert.InRange(stopped, 1, await needed.TimeAsync("InactiveEnter"));
            Assert.InRange(await needed.TimeAsync("ActiveEnter"), await needed.TimeAsync("InactiveEnter"), await user.TimeAsync("InactiveExit"));
        }
    }
}
