// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Inspect.Plan;
using SystemContainers.Network;
using SystemContainers.Networks;
using SystemContainers.Pull;
using SystemContainers.Requests;
using SystemContainers.Settings;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.TestBed;
using SystemContainers.Transactions;
using SystemContainers.Verbs;
using SystemContainers.Verbs.Apply;
using Xunit;

namespace SystemContainers.Tests.Networks;

/// <summary>Networks that come and go beside containers that another call is about to put on them, and how a plan shows
/// them. A system below a directory: files and records are real.</summary>
[Trait("needs", "root")]
public sealed class DeclaredNetworksTests : IAsyncLifetime
{
    private const string Name = "systemd-shop";

    private readonly string _base = Directory.CreateTempSubdirectory("sysctr-networks-").FullName;
    private readonly List<string> _notes = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Root => _base + "/root";

    private string Image => $"oci:{_base}/image:latest";

    private string File => Root + "/etc/sysctr/containers.d/shop.network";

    private string Made => $"{Root}/var/lib/sysctr/networks/{Name}.json";

    public async ValueTask InitializeAsync()
    {
        foreach (
            string directory in (string[])
                [
                    "etc/systemd/system",
                    "etc/containers",
                    "etc/sysctr/containers.d",
                    "usr/bin",
                    "usr/lib/podman",
                    "usr/lib/systemd/system",
                    "usr/sbin",
                    "var/lib",
                    "run",
                ]
        )
        {
            Directory.CreateDirectory(Path.Combine(Root, directory));
        }

        foreach (
            string program in (string[])["usr/bin/runc", "usr/bin/sysctr", "usr/lib/podman/netavark", "usr/sbin/nft"]
        )
        {
            await System.IO.File.WriteAllTextAsync($"{Root}/{program}", "", Cancellation);
        }

        await new LayoutWriter()
            .File("/bin/app", "#!/bin/sh\n", UnixFileMode.UserRead | UnixFileMode.UserExecute)
            .WriteAsync(_base + "/image");
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_base, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_network_that_went_after_it_was_found_ends_the_install_and_nothing_is_left()
    {
        using Host host = Host.Open(Root, _notes.Add);
        using Host other = Host.Open(Root, _notes.Add);
        await DeclareAsync(host);
        System.IO.File.Delete(File);
        using (ContainerTransaction transaction = await PrepareAsync(host))
        {
            Assert.True(Networks(other).Prune([], _ => true));

            SysctrException refused = await Assert.ThrowsAsync<SysctrException>(() =>
                transaction.VerifyAndStageAsync(Cancellation)
            );
            Assert.Equal(
                (ErrorKind.Locked, $"preparing web: another call has removed the network {Name} meanwhile"),
                (refused.Kind, refused.Message)
            );
        }

        Assert.False(Directory.Exists(Root + "/var/lib/sysctr/deployments/web"));
    }

    [Fact]
    public async Task A_network_under_what_is_staged_stays()
    {
        using Host host = Host.Open(Root, _notes.Add);
        using Host other = Host.Open(Root, _notes.Add);
        await DeclareAsync(host);
        using (ContainerTransaction transaction = await PrepareAsync(host))
        {
            await transaction.VerifyAndStageAsync(Cancellation);
            Assert.Equal(["web"], new NetworkUsers(other).Containers(Name));
            Assert.False(Networks(other).Prune([], _ => true));
        }

        await LockRelease.AwaitAsync(() => Task.FromResult(new NetworkUsers(other).Containers(Name).Length == 0));
        Assert.Empty(new NetworkUsers(other).Containers(Name));
        Assert.True(Networks(other).Prune([], _ => true));
        Assert.False(System.IO.File.Exists(Made));
    }

    /// <summary>Whoever holds the lock to remove one sees what is staged, or the other waits and then finds nothing: no
    /// moment is between the two.</summary>
    [Fact]
    public async Task What_is_staged_is_seen_before_its_networks_are_looked_for()
    {
        ConcurrentQueue<string> said = [];
        using Host host = Host.Open(Root, said.Enqueue);
        using Host other = Host.Open(Root, _notes.Add);
        await DeclareAsync(host);
        using ContainerTransaction transaction = await PrepareAsync(host);
        const string Waits = "waiting for another sysctr that works on the networks";
        Task staging;
        using (other.Locks.LockNetworks())
        {
            staging = Task.Run(() => transaction.VerifyAndStageAsync(Cancellation), Cancellation);
            while (other.Catalog.Staged().Count == 0)
            {
                Assert.False(staging.IsCompleted);
                await Task.Delay(5, Cancellation);
            }

            Assert.Contains(Name, new NetworkUsers(other).Networks());

            for (int left = 2000; left > 0 && !staging.IsCompleted && !said.Contains(Waits); left--)
            {
                await Task.Delay(5, Cancellation);
            }

            Assert.Contains(Waits, said);
            Assert.False(staging.IsCompleted);
        }

        await staging;
    }

    [Fact]
    public async Task What_failed_files_have_made_stays_where_another_container_is_on_it_by_now()
    {
        using Host host = Host.Open(Root, _notes.Add);
        DeclaredNetworks networks = Networks(host);
        NetworkDefinition shop = new() { Name = Name, File = "/f" };
        networks.Make([shop]);
        await InstallAsync(host, "web", Name);

        networks.Undo(["db"]);
        Assert.True(System.IO.File.Exists(Made));
        Assert.Contains($"network {Name}: stays; another container is on it by now", _notes);

        System.IO.File.Delete(Made);
        networks = Networks(host);
        networks.Make([shop]);
        networks.Undo(["web"]);
        Assert.False(System.IO.File.Exists(Made));
    }

    /// <summary>The bridge of one that is up has its route on the host, which must not count against it; here podman's
    /// own network has the subnets.</summary>
    [Fact]
    public void What_failed_files_have_changed_is_as_it_was_whoever_has_its_subnet_by_now()
    {
        using Host host = Host.Open(Root, _notes.Add);
        string[] names = ["back", "front"];
        foreach ((string name, int at) in names.Select((n, at) => (n, at)))
        {
            new NetworkStore(Path.GetDirectoryName(Made)!).Restore(
                new NetworkDefinition
                {
                    Name = name,
                    NetworkInterface = $"sysctr{at}",
                    Subnets = [NetworkSubnet.Of(System.Net.IPNetwork.Parse($"10.88.{at}.0/24"))],
                }
            );
        }

        string[] before = [.. names.Select(Text)];
        DeclaredNetworks networks = Networks(host);
        networks.Make([
            .. names.Select(
                (n, at) =>
                    new NetworkDefinition
                    {
                        Name = n,
                        Internal = true,
                        Subnets = [NetworkSubnet.Of(System.Net.IPNetwork.Parse($"10.77.{at}.0/24"))],
                    }
            ),
        ]);
        Assert.DoesNotContain(Text("front"), before);

        networks.Undo([]);
        Assert.Equal(before, names.Select(Text));
        Assert.DoesNotContain(_notes, n => n.StartsWith("warning: ", StringComparison.Ordinal));

        string Text(string name) => System.IO.File.ReadAllText($"{Path.GetDirectoryName(Made)}/{name}.json");
    }

    [Fact]
    public async Task A_record_that_can_t_be_read_hides_no_error_of_the_files_and_what_they_made_stays()
    {
        using Host host = Host.Open(Root, _notes.Add);
        await InstallAsync(host, "web", "none");
        DeclaredNetworks networks = Networks(host);
        networks.Make([new() { Name = Name, File = "/f" }]);
        DeploymentDirectory deployment = host.Deployment("web", 0);
        await System.IO.File.WriteAllTextAsync(deployment.RecordFile, "{", Cancellation);
        await System.IO.File.WriteAllTextAsync(deployment.RecordCopy, "{", Cancellation);

        networks.Undo([]);
        Assert.True(System.IO.File.Exists(Made));
        Assert.Contains(
            _notes,
            n => n.StartsWith("warning: looking who is on the networks that were made: ", StringComparison.Ordinal)
        );
        Assert.Contains($"network {Name}: stays; another container may be on it by now", _notes);
    }

    [Fact]
    public async Task A_plan_shows_networks_that_come_change_and_go()
    {
        using Host host = Host.Open(Root, _notes.Add);
        await System.IO.File.WriteAllTextAsync(File, "[Network]\nSubnet=10.77.0.0/24\n", Cancellation);
        await System.IO.File.WriteAllTextAsync(
            Root + "/etc/sysctr/containers.d/any.network",
            "[Network]\nIPv6=true\n",
            Cancellation
        );
        WriteContainer("Network=shop.network");

        HostPlan plan = await PlanAsync(host);
        Assert.Equal(
            [("systemd-any", PlannedNetworkAction.Create), (Name, PlannedNetworkAction.Create)],
            plan.Networks.Select(n => (n.Name, n.Action))
        );
        Assert.Equal(["10.77.0.0/24"], plan.Networks[1].Subnets);
        Assert.Equal(2, plan.Networks[0].Subnets.Count);
        Assert.Contains(
            $"+ make network {Name}: bridge 10.77.0.0/24, by /etc/sysctr/containers.d/shop.network",
            PlanText.Lines(plan)
        );
        Assert.Contains("Networks: 2 to make, 0 to change, 0 to remove, 0 unchanged.", PlanText.Lines(plan));
        Assert.False(Directory.Exists(Root + "/var/lib/sysctr/networks"));
        Assert.Equal(
            [PlannedNetworkAction.Create, PlannedNetworkAction.Create],
            new ApplyPlanner(host, NoProgress.Instance, _notes.Add)
                .Offline(new ApplyRequest { Offline = true })
                .Networks.Select(n => n.Action)
        );

        await ApplyAsync(host);
        Assert.Equal(
            plan.Networks[0].Subnets[0],
            new NetworkStore(Path.GetDirectoryName(Made)!).Find("systemd-any")!.Subnets[0].Subnet
        );
        plan = await PlanAsync(host);
        Assert.False(plan.HasChanges);
        Assert.Contains($"= network {Name}: is as declared", PlanText.Lines(plan));

        await System.IO.File.WriteAllTextAsync(File, "[Network]\nSubnet=10.77.0.0/24\nInternal=true\n", Cancellation);
        plan = await PlanAsync(host);
        Assert.True(plan.HasChanges);
        Assert.Contains("    ~ value      Internal: \"false\" to \"true\"", PlanText.Lines(plan));
        Assert.Equal(PlannedNetworkAction.Change, plan.Networks[1].Action);

        // What comes keeps it, with images or without.
        System.IO.File.Delete(File);
        WriteContainer($"Network={Name}");
        System.IO.File.Move(
            Root + "/etc/sysctr/containers.d/web.container",
            Root + "/etc/sysctr/containers.d/new.container"
        );
        WriteContainer("Network=none");
        await System.IO.File.WriteAllTextAsync(Root + "/etc/sysctr/sysctr.toml", "keep = 1\n", Cancellation);
        Assert.DoesNotContain(
            (await PlanAsync(host, prune: true)).Networks,
            n => n.Action == PlannedNetworkAction.Remove
        );
        Assert.DoesNotContain(
            new ApplyPlanner(host, NoProgress.Instance, _notes.Add)
                .Offline(new ApplyRequest { Offline = true, Prune = true })
                .Networks,
            n => n.Action == PlannedNetworkAction.Remove
        );
        System.IO.File.Delete(Root + "/etc/sysctr/containers.d/new.container");
        System.IO.File.Delete(Root + "/etc/sysctr/sysctr.toml");

        // What stays for a rollback keeps it, and what goes does not.
        Assert.DoesNotContain(
            (await PlanAsync(host, prune: true)).Networks,
            n => n.Action == PlannedNetworkAction.Remove
        );
        await System.IO.File.WriteAllTextAsync(Root + "/etc/sysctr/sysctr.toml", "keep = 1\n", Cancellation);
        Assert.Contains(
            (await PlanAsync(host, prune: true)).Networks,
            n => (n.Name, n.Action) == (Name, PlannedNetworkAction.Remove)
        );
        Assert.DoesNotContain((await PlanAsync(host)).Networks, n => n.Name == Name);
        await LockRelease.AwaitAsync(async () =>
        {
            await ApplyAsync(host, prune: true);
            return !System.IO.File.Exists(Made);
        });
        Assert.False(System.IO.File.Exists(Made));
    }

    [Fact]
    public async Task A_plan_says_why_a_network_can_t_be_had_and_names_what_the_first_start_makes()
    {
        using Host host = Host.Open(Root, _notes.Add);
        await InstallAsync(host, "old", "none");
        InstallRequest bridged = new(Image) { Name = "web", Settings = Settings("bridge") };
        HostPlan plan = await new PlanOperation(host, NoProgress.Instance, _notes.Add).InstallAsync(
            [bridged],
            now: false,
            Cancellation
        );
        PlannedNetwork usual = Assert.Single(plan.Networks);
        Assert.Equal(
            (NetworkDefinition.Default, PlannedNetworkAction.Create, (string?)null),
            (usual.Name, usual.Action, usual.File)
        );
        Assert.Contains(
            PlanText.Lines(plan),
            l =>
                l.StartsWith($"+ make network {NetworkDefinition.Default}: bridge 10.", StringComparison.Ordinal)
                && l.EndsWith(", with the first container that starts on it", StringComparison.Ordinal)
        );
        Assert.Empty(
            (
                await new PlanOperation(host, NoProgress.Instance, _notes.Add).InstallAsync(
                    [new(Image) { Name = "web", Settings = Settings("none") }],
                    now: false,
                    Cancellation
                )
            ).Networks
        );

        new NetworkStore(Path.GetDirectoryName(Made)!).Put(
            new NetworkDefinition
            {
                Name = "own",
                Subnets = [NetworkSubnet.Of(System.Net.IPNetwork.Parse("10.77.0.0/24"))],
            }
        );
        await System.IO.File.WriteAllTextAsync(File, "[Network]\nSubnet=10.77.0.0/16\n", Cancellation);
        plan = await PlanAsync(host);
        Assert.Equal((int)ErrorKind.Conflict, plan.Refused!.ExitCode);
        Assert.Contains(
            PlanText.Lines(plan),
            l =>
                l.StartsWith(
                    $"! networks: making the network {Name}: 10.77.0.0/16 overlaps 10.77.0.0/24",
                    StringComparison.Ordinal
                )
        );
    }

    [Fact]
    public async Task A_network_that_can_t_be_read_ends_no_plan()
    {
        using Host host = Host.Open(Root, _notes.Add);
        await InstallAsync(host, "old", "none");
        Directory.CreateDirectory(Path.GetDirectoryName(Made)!);
        await System.IO.File.WriteAllTextAsync(Path.GetDirectoryName(Made) + "/bad.json", "{", Cancellation);

        HostPlan plan = await new PlanOperation(host, NoProgress.Instance, _notes.Add).InstallAsync(
            [new(Image) { Name = "web", Settings = Settings("bridge") }],
            now: false,
            Cancellation
        );

        Assert.Equal((int)ErrorKind.Corrupt, plan.NetworksRefused!.ExitCode);
        Assert.Contains(
            PlanText.Lines(plan),
            l =>
                l.StartsWith("! networks: reading ", StringComparison.Ordinal)
                && l.EndsWith(" (remove it, and make the network bad anew)", StringComparison.Ordinal)
        );
    }

    /// <summary>By its name from then on, whichever call or file made it; podman's are refused with a word of what to
    /// do.</summary>
    [Fact]
    public async Task A_network_that_another_call_has_made_is_there_by_its_name()
    {
        using Host host = Host.Open(Root, _notes.Add);
        await DeclareAsync(host);
        System.IO.File.Delete(File);
        new NetworkStore(Path.GetDirectoryName(Made)!).Put(new NetworkDefinition { Name = "own" });

        await InstallAsync(host, "web", Name);
        WriteContainer("Network=own:alias=front\nNetwork=systemd-shop\nContainerName=db");
        System.IO.File.Move(
            Root + "/etc/sysctr/containers.d/web.container",
            Root + "/etc/sysctr/containers.d/db.container"
        );
        await ApplyAsync(host);
        Assert.Equal(["own:alias=front", Name], host.Catalog.Get("db").Settings.All("network"));

        Directory.CreateDirectory(Root + "/etc/containers/networks");
        await System.IO.File.WriteAllTextAsync(Root + "/etc/containers/networks/back.json", "{}", Cancellation);
        foreach (
            (string name, string said) in ((string, string)[])
                [
                    ("back", "sysctr network create back"),
                    ("shop", "systemd-shop"),
                    ("other", "sysctr network create other"),
                ]
        )
        {
            SysctrException refused = await Assert.ThrowsAsync<SysctrException>(() => InstallAsync(host, "no", name));
            Assert.Equal(ErrorKind.NotFound, refused.Kind);
            Assert.Contains(said, refused.Hint, StringComparison.Ordinal);
        }

        Assert.False(host.Catalog.IsInstalled("no"));
    }

    private DeclaredNetworks Networks(Host host) => new(host, _notes.Add);

    private Task<HostPlan> PlanAsync(Host host, bool prune = false) =>
        new ApplyPlanner(host, NoProgress.Instance, _notes.Add).PlanAsync(
            new ApplyRequest { Prune = prune },
            Cancellation
        );

    private async Task ApplyAsync(Host host, bool prune = false) =>
        await new ApplyOperation(host, NoProgress.Instance, _notes.Add).RunAsync(
            new ApplyRequest { Prune = prune },
            Cancellation
        );

    private async Task DeclareAsync(Host host)
    {
        await System.IO.File.WriteAllTextAsync(File, "[Network]\nSubnet=10.77.0.0/24\n", Cancellation);
        await ApplyAsync(host);
    }

    private void WriteContainer(string line) =>
        System.IO.File.WriteAllText(
            Root + "/etc/sysctr/containers.d/web.container",
            $"[Container]\nImage={Image}\nExec=serve\n{line}\n"
        );

    /// <summary>An install of <c>web</c> on the network, as far as it is before anything of it can be seen.</summary>
    private async Task<ContainerTransaction> PrepareAsync(Host host)
    {
        InstallRequest request = new(Image) { Name = "web", Settings = Settings(Name) };
        ContainerTransaction transaction = new(host, NoProgress.Instance);
        IReadOnlyList<StoredImage> images = await transaction.FetchAsync(
            () => Task.FromResult<IReadOnlyList<WantedImage>>([new WantedImage(host.Registries, request)]),
            () => host.LockAndRecoverAsync(["web"], Cancellation),
            Cancellation
        );
        transaction.Add(before: null, await transaction.PrepareAsync(request, "web", images[0], Cancellation));
        return transaction;
    }

    private Task<int> InstallAsync(Host host, string name, string network) =>
        new InstallOperation(host, NoProgress.Instance, _notes.Add).RunAsync(
            [new InstallRequest(Image) { Name = name, Settings = Settings(network) }],
            now: false,
            StartPolicy.Default,
            Cancellation
        );

    private static ContainerSettings Settings(string network) =>
        new(
            new Dictionary<string, IReadOnlyList<string>>
            {
                ["network"] = [network],
                [ContainerSettings.Command] = ["serve"],
            }
        );
}
