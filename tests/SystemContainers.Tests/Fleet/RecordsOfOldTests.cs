// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Doctor;
using SystemContainers.Doctor.Facts;
using SystemContainers.Errors;
using SystemContainers.Fleet.AutoUpdate;
using SystemContainers.Network;
using SystemContainers.Networks;
using SystemContainers.Pull;
using SystemContainers.Requests;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Tests.Fakes;
using SystemContainers.Verbs.Apply;
using Xunit;

namespace SystemContainers.Tests.Fleet;

/// <summary>A record that a former version wrote stops no verb that works on all containers.</summary>
[Trait("needs", "root")]
public sealed class RecordsOfOldTests : IAsyncLifetime
{
    private readonly OfflineSystem _system = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _system.MakeAsync();
        Directory.CreateDirectory(_system.Root + "/etc/sysctr/containers.d");
        Directory.CreateDirectory(_system.Root + "/usr/lib/podman");
        Directory.CreateDirectory(_system.Root + "/usr/sbin");
        foreach (string program in (string[])["usr/lib/podman/netavark", "usr/sbin/nft"])
        {
            await File.WriteAllTextAsync($"{_system.Root}/{program}", "", Cancellation);
        }
    }

    public ValueTask DisposeAsync()
    {
        _system.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task An_update_at_night_goes_past_one_that_can_not_be_read_any_more()
    {
        using Host host = _system.Open();
        foreach (string name in (string[])["a", "b", "c"])
        {
            await _system.InstallAsync(
                host,
                new InstallRequest(_system.Image) { Name = name, AutoUpdate = AutoUpdatePolicy.Registry }
            );
        }

        Record(host, "a", ("ip", "nonsense"));
        Record(host, "c", ("network", "bridge"), ("ip", "10.88.0.012"));
        await _system.WriteImageAsync("second");

        IReadOnlyList<AutoUpdateReport> reports = await new AutoUpdateOperation(
            host,
            NoProgress.Instance,
            _system.Notes.Add
        ).RunAsync(dryRun: false, Cancellation);

        Assert.Equal(
            [
                ("a", AutoUpdateResult.Failed, (int)ErrorKind.Corrupt),
                ("b", AutoUpdateResult.Updated, 0),
                ("c", AutoUpdateResult.Updated, 0),
            ],
            reports.Select(r => (r.Name, r.Result, r.ExitCode))
        );
        Assert.Contains("'sysctr update a --reset ip' forgets it", reports[0].Reason, StringComparison.Ordinal);
        Assert.Equal(["10.88.0.10"], host.Catalog.Get("c").Options!["ip"]);
        Assert.Equal([0, 1, 1], reports.Select(r => host.Catalog.Get(r.Name).Deployment));
    }

    [Fact]
    public async Task Networks_are_listed_removed_and_looked_at_beside_one()
    {
        using Host host = _system.Open();
        await _system.InstallAsync(host, "a");
        Record(host, "a", ("network", "shop:ip=nonsense"), ("cap-add", "FOO"));
        NetworkStore networks = host.Target.Networks;
        foreach (string name in (string[])["shop", "unused"])
        {
            networks.Put(new NetworkDefinition { Name = name, File = "/etc/sysctr/containers.d/n.network" }.Marked());
        }

        Assert.Equal(
            [("shop", "a"), ("unused", "")],
            new NetworkOperations(host).List().Select(n => (n.Network.Name, string.Join(' ', n.Users)))
        );
        Assert.Equal(["a"], new NetworkUsers(host).Containers("shop"));
        Assert.Empty(new NetworkUsers(host).Containers("unused"));
        Assert.DoesNotContain(
            NetworkCheck.Run(new DoctorTarget(_system.Root, null)),
            f => f.Level == DoctorLevel.Problem
        );
        await new ApplyOperation(host, NoProgress.Instance, _system.Notes.Add).RunAsync(
            new ApplyRequest { Prune = true },
            Cancellation
        );
        Assert.Equal(["shop"], networks.All().Select(n => n.Name));
    }

    /// <summary>Writes options into the record of the deployment in use, as another version may have.</summary>
    private static void Record(Host host, string name, params (string Option, string Value)[] options)
    {
        ContainerRecord record = host.Catalog.Get(name);
        host.Deployment(name, record.Deployment)
            .WriteRecord(record with { Options = record.Settings.With(OfflineSystem.Settings(options), []).Values });
    }
}
