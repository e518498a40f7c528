// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Network;
using SystemContainers.Pull;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Tests.Fakes;
using SystemContainers.Transactions;
using SystemContainers.Verbs.Apply;
using Xunit;

namespace SystemContainers.Tests.Transactions;

/// <summary>An apply that was cut off leaves what ran on the networks that it ran on.</summary>
[Trait("needs", "root")]
public sealed class NetworkRollbackTests : IAsyncLifetime
{
    private readonly OfflineSystem _system = new();

    private string Files => _system.Root + "/etc/sysctr/containers.d";

    public async ValueTask InitializeAsync()
    {
        await _system.MakeAsync();
        Directory.CreateDirectory(Files);
        Directory.CreateDirectory(_system.Root + "/usr/lib/podman");
        Directory.CreateDirectory(_system.Root + "/usr/sbin");
        foreach (string program in (string[])["usr/lib/podman/netavark", "usr/sbin/nft"])
        {
            await File.WriteAllTextAsync($"{_system.Root}/{program}", "");
        }
    }

    public ValueTask DisposeAsync()
    {
        _system.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task The_intent_says_what_the_networks_were_before_they_change()
    {
        List<(string Note, string[] Former)> seen = [];
        Host? opened = null;
        using Host host = Host.Open(_system.Root, _ => { });
        opened = host;
        Declare("10.77.0.0/24", "serve");
        await ApplyAsync(host, _ => { });
        NetworkDefinition former = Assert.Single(Networks(host).All());
        Declare("10.78.0.0/24", "serve anew");

        await ApplyAsync(
            host,
            note =>
            {
                if (note.StartsWith("network systemd-shop: changed", StringComparison.Ordinal))
                {
                    seen.Add((note, [.. Assert.Single(opened.Transactions.Pending()).Record.Networks]));
                }
            }
        );

        Assert.Equal([former.ToJson()], Assert.Single(seen).Former);
        Assert.Equal("10.78.0.0/24", Networks(host).All()[0].Subnets[0].Subnet);
        Assert.Empty(host.Transactions.Pending());
    }

    [Fact]
    public async Task Whoever_ends_it_puts_them_back_before_what_ran_starts()
    {
        using Host host = _system.Open();
        NetworkDefinition former = Networks(host).Put(Network("10.77.0.0/24"));
        await _system.InstallAsync(host, "web");
        ContainerRecord before = host.Catalog.Get("web");
        ContainerRecord after = before with { Deployment = 1 };
        host.Transactions.Begin(
            new TransactionRecord(TransactionKind.Apply, [new ContainerChange(before, after)])
            {
                Networks = [former.ToJson()],
            }
        );
        Networks(host).Put(Network("10.78.0.0/24"));
        Assert.NotEqual(former.ToJson(), Networks(host).Find("shop")!.ToJson());

        await host.RecoverAsync(CancellationToken.None);

        Assert.Empty(host.Transactions.Pending());
        Assert.Equal(former.ToJson(), Networks(host).Find("shop")!.ToJson());
    }

    [Fact]
    public async Task One_that_was_committed_keeps_what_it_made()
    {
        using Host host = _system.Open();
        NetworkDefinition former = Networks(host).Put(Network("10.77.0.0/24"));
        await _system.InstallAsync(host, "web");
        ContainerRecord before = host.Catalog.Get("web");
        await _system.UpdateAsync(host, "web", ("env", "A=1"));
        ContainerRecord after = host.Catalog.Get("web");
        IntentRecords.Commit(
            host.Transactions.Begin(
                new TransactionRecord(TransactionKind.Apply, [new ContainerChange(before, after)])
                {
                    Networks = [former.ToJson()],
                }
            )
        );
        NetworkDefinition made = Networks(host).Put(Network("10.78.0.0/24"));

        await host.RecoverAsync(CancellationToken.None);

        Assert.Equal(made.ToJson(), Networks(host).Find("shop")!.ToJson());
    }

    private static NetworkStore Networks(Host host) => host.Target.Networks;

    private static NetworkDefinition Network(string subnet) =>
        new() { Name = "shop", Subnets = [NetworkSubnet.Of(System.Net.IPNetwork.Parse(subnet))] };

    private void Declare(string subnet, string command)
    {
        File.WriteAllText(Files + "/shop.network", $"[Network]\nSubnet={subnet}\n");
        File.WriteAllText(
            Files + "/web.container",
            $"[Container]\nImage={_system.Image}\nNetwork=shop.network\nExec={command}\n"
        );
    }

    private static Task<IReadOnlyList<ApplyReport>> ApplyAsync(Host host, Action<string> note) =>
        new ApplyOperation(host, NoProgress.Instance, note).RunAsync(new ApplyRequest(), CancellationToken.None);
}
