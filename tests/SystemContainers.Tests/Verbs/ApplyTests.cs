// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Doctor;
using SystemContainers.Doctor.Facts;
using SystemContainers.Errors;
using SystemContainers.Inspect;
using SystemContainers.Inspect.Plan;
using SystemContainers.Linux.Users;
using SystemContainers.Network;
using SystemContainers.Pull;
using SystemContainers.Pull.Trust;
using SystemContainers.Quadlet.Values;
using SystemContainers.Requests;
using SystemContainers.State;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.SystemdText;
using SystemContainers.Target;
using SystemContainers.TestBed;
using SystemContainers.Tests.Fakes;
using SystemContainers.Transactions;
using SystemContainers.Verbs;
using SystemContainers.Verbs.Apply;
using Xunit;

namespace SystemContainers.Tests.Verbs;

/// <summary>What applying files makes of a system below a directory: files, records and links are real.</summary>
[Trait("needs", "root")]
public sealed class ApplyTests : IAsyncLifetime
{
    private readonly string _base = Directory.CreateTempSubdirectory("sysctr-apply-").FullName;
    private readonly List<string> _notes = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Root => _base + "/root";

    private string Image => $"oci:{_base}/image:latest";

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
                    "var/lib",
                    "run",
                    "srv/data",
                ]
        )
        {
            Directory.CreateDirectory(Path.Combine(Root, directory));
        }

        foreach (string program in (string[])["runc", "sysctr"])
        {
            await File.WriteAllTextAsync($"{Root}/usr/bin/{program}", "", Cancellation);
        }

        await File.WriteAllTextAsync($"{Root}/usr/lib/podman/netavark", "", Cancellation);
        Directory.CreateDirectory($"{Root}/usr/sbin");
        await File.WriteAllTextAsync($"{Root}/usr/sbin/nft", "", Cancellation);
        await new LayoutWriter()
            .File("/bin/app", "#!/bin/sh\n", UnixFileMode.UserRead | UnixFileMode.UserExecute)
            .WriteAsync(_base + "/image");
        Write(
            "web.container",
            "After=db.container\n[Container]\nEnvironment=A=1\nVolume=/srv/data:/d:ro\nVolume=data.volume:/v\n[Install]\nWantedBy=multi-user.target"
        );
        Write("db.container", "Description=d\n[Container]\nExec=serve %N\n[Service]\nRestart=always");
        File.WriteAllText(Root + "/etc/sysctr/containers.d/data.volume", "[Volume]\nCopy=yes\n");
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_base, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task What_is_declared_is_there_and_a_second_time_nothing_changes()
    {
        using Host host = Host.Open(Root, _notes.Add);

        Assert.Equal([("db", ApplyAction.Install), ("web", ApplyAction.Install)], await ApplyAsync(host));

        UnitText web = UnitText.Parse(File.ReadAllText(Root + "/etc/systemd/system/web.service"));
        Assert.Contains("db.service", web.Words("Unit", "After"));
        Assert.Equal(["/srv/data"], web.Words("Unit", "RequiresMountsFor"));
        Assert.Equal("/etc/sysctr/containers.d/web.container", web.Find("Unit", "SourcePath"));
        UnitText db = UnitText.Parse(File.ReadAllText(Root + "/etc/systemd/system/db.service"));
        Assert.Equal(("always", false), (db.Find("Service", "Restart"), db.Has("Install")));
        Assert.True(
            new FileInfo(Root + "/etc/systemd/system/multi-user.target.wants/web.service").LinkTarget is not null
        );
        ContainerRecord record = host.Catalog.Get("web");
        Assert.Equal(["A=1"], record.Settings.All("env"));
        Assert.Equal(["no-new-privileges=false"], record.Settings.All("security-opt"));
        Assert.Equal("/etc/sysctr/containers.d/web.container", record.Declared!.File);
        Assert.Equal(["serve", "db"], host.Catalog.Get("db").Settings.All("command"));

        string[] before = [.. Tree()];
        Assert.Equal([("db", ApplyAction.None), ("web", ApplyAction.None)], await ApplyAsync(host));
        Assert.Equal(before, Tree());
        Assert.Contains(_notes, n => n == "all is as declared (db, web); nothing was changed");
    }

    [Fact]
    public async Task What_changes_is_updated_alone_and_lines_of_the_unit_are_kept_by_updates_and_rollbacks()
    {
        using Host host = Host.Open(Root, _notes.Add);
        await ApplyAsync(host);
        Write("db.container", "Description=e\n[Container]\nExec=serve %N\n[Service]\nRestart=always");

        Assert.Equal([("db", ApplyAction.Update), ("web", ApplyAction.None)], await ApplyAsync(host));

        Assert.Equal((1, 0), (host.Catalog.Get("db").Deployment, host.Catalog.Get("web").Deployment));
        await new UpdateOperation(host, NoProgress.Instance, _notes.Add).RunAsync(
            ["db"],
            new UpdateRequest { Settings = new(new Dictionary<string, IReadOnlyList<string>> { ["env"] = ["B=2"] }) },
            Cancellation
        );
        Assert.Contains(
            "Description=e\n",
            File.ReadAllText(Root + "/etc/systemd/system/db.service"),
            StringComparison.Ordinal
        );
        // What a call has changed is drift.
        Assert.Equal(ApplyAction.Update, (await ApplyAsync(host))[0].Action);
        Assert.Empty(host.Catalog.Get("db").Settings.All("env"));
        await new RollbackOperation(host, _notes.Add).RunAsync("db", null, StartPolicy.Default, Cancellation);
        Assert.Equal(["B=2"], host.Catalog.Get("db").Settings.All("env"));
        Assert.Contains(
            "Description=e\n",
            File.ReadAllText(Root + "/etc/systemd/system/db.service"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task What_podman_s_generator_makes_of_its_own_files_is_waited_for_by_its_name()
    {
        using Host host = Host.Open(Root, _notes.Add);
        Directory.CreateDirectory(Root + "/etc/containers/systemd");
        File.WriteAllText(Root + "/etc/containers/systemd/old.kube", "[Kube]\nYaml=x\n");
        File.WriteAllText(
            Root + "/etc/containers/systemd/far.container",
            "[Container]\nImage=x\nServiceName=further\n"
        );
        Write("web.container", "After=old.kube far.container\n[Container]\nExec=serve");

        await ApplyAsync(host);

        UnitText web = UnitText.Parse(File.ReadAllText(Root + "/etc/systemd/system/web.service"));
        Assert.Contains("old.service", web.Words("Unit", "After"));
        Assert.Contains("further.service", web.Words("Unit", "After"));
    }

    /// <summary>What was proved for one name is no proof for another of the same image.</summary>
    [Fact]
    public async Task Proofs_are_those_of_the_name_that_it_was_installed_by()
    {
        using Host host = Host.Open(Root, _notes.Add);
        await ApplyAsync(host);
        ImageRefs images = host.OpenStore().Images;
        ImageRecord own = Assert.Single(images.List());
        ImageRecord other = own with
        {
            Reference = "docker://registry.example/app:1",
            Proofs = [new ImageProof("signed", "rule", "/f", "who")],
        };
        images.Set(other);
        Task<ContainerDetails> DetailsAsync() => new ContainerReports(host).DetailsAsync("web", Cancellation);
        Assert.Empty((await DetailsAsync()).Proofs);

        images.Delete(own.Reference);
        Assert.Empty((await DetailsAsync()).Proofs);
        images.Set(own with { Proofs = [new ImageProof("signed", "rule", "/f", "me")] });
        Assert.Equal("me", Assert.Single((await DetailsAsync()).Proofs).Signer);
    }

    [Fact]
    public async Task A_root_that_is_written_to_itself_is_no_checkout_s()
    {
        using Host host = Host.Open(Root, _notes.Add);

        SysctrException refused = await Assert.ThrowsAsync<SysctrException>(() =>
            new InstallOperation(host, NoProgress.Instance, _notes.Add).RunAsync(
                [
                    new InstallRequest(Image)
                    {
                        Name = "own",
                        Settings = new(new Dictionary<string, IReadOnlyList<string>> { ["writable"] = ["direct"] }),
                    },
                ],
                now: false,
                StartPolicy.Default,
                Cancellation
            )
        );

        Assert.Equal(ErrorKind.Usage, refused.Kind);
        Assert.Contains("--rootfs", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>A policy alone is no reason for a new deployment.</summary>
    [Fact]
    public async Task What_stands_in_the_record_alone_makes_no_deployment()
    {
        using Host host = Host.Open(Root, _notes.Add);
        await ApplyAsync(host);
        Write(
            "db.container",
            "Description=d\n[Container]\nAutoUpdate=registry\nExec=serve %N\n[Service]\nRestart=always"
        );

        Assert.Equal(ApplyAction.Update, (await ApplyAsync(host))[0].Action);

        Assert.Equal(
            (0, AutoUpdatePolicy.Registry),
            (host.Catalog.Get("db").Deployment, host.Catalog.Get("db").AutoUpdate)
        );
        Assert.Equal(ApplyAction.None, (await ApplyAsync(host))[0].Action);
    }

    [Fact]
    public async Task Prune_removes_what_came_from_these_directories_and_nothing_else()
    {
        using Host host = Host.Open(Root, _notes.Add);
        await ApplyAsync(host);
        string other = Root + "/other";
        Directory.CreateDirectory(other);
        File.WriteAllText(other + "/far.container", $"[Container]\nImage={Image}\n");
        await new ApplyOperation(host, NoProgress.Instance, _notes.Add).RunAsync(
            new ApplyRequest { Places = [other] },
            Cancellation
        );
        await new InstallOperation(host, NoProgress.Instance, _notes.Add).RunAsync(
            [new InstallRequest(Image) { Name = "hand" }],
            now: false,
            StartPolicy.Default,
            Cancellation
        );
        File.Delete(Root + "/etc/sysctr/containers.d/web.container");
        File.Delete(other + "/far.container");

        Assert.Equal([("db", ApplyAction.None)], await ApplyAsync(host));
        Assert.True(host.Catalog.IsInstalled("web"));
        Assert.Equal([("db", ApplyAction.None), ("web", ApplyAction.Uninstall)], await ApplyAsync(host, prune: true));

        Assert.Equal(["db", "far", "hand"], host.Catalog.List().Select(c => c.Name).Order(StringComparer.Ordinal));
        Assert.False(File.Exists(Root + "/etc/systemd/system/web.service"));
        Assert.Empty(host.Transactions.Pending());
        Assert.Contains(
            host.History.Read("web", null),
            e => e is { Operation: "apply", Outcome: HistoryOutcome.Done, To: null }
        );
    }

    /// <summary>One that can't be had keeps all of them from changing.</summary>
    [Theory]
    [InlineData("new.container", "[Container]\nImage=oci:/no/such:tag", ErrorKind.NotFound, "oci:/no/such:tag")]
    [InlineData(
        "new.container",
        "[Container]\nImage=IMAGE\nVolume=/no/such:/x",
        ErrorKind.NotFound,
        "new.container:3: the host has no /no/such"
    )]
    [InlineData("new.container", "[Container]\nImage=IMAGE\nUser=nobody-here", ErrorKind.Template, "new.container")]
    [InlineData("new.container", "[Container]\nImage=UPPER/x:y:z", ErrorKind.Usage, "new.container:2: Image=")]
    [InlineData("new.container", "[Container]\nImage=IMAGE\nNope=1", ErrorKind.Template, "new.container:3: Nope=")]
    [InlineData(
        "new.container",
        "[Container]\nImage=IMAGE\nNetwork=none-such:alias=a",
        ErrorKind.NotFound,
        "new.container:3: Network=: looking for the network none-such: there is none of that name"
    )]
    [InlineData(
        "new.container",
        "[Container]\nImage=IMAGE\nNetwork=container:systemd-nobody",
        ErrorKind.NotFound,
        "new.container:3: Network=container:systemd-nobody: there is no container 'systemd-nobody'"
    )]
    [InlineData(
        "new.container",
        "[Container]\nImage=IMAGE\nSecret=nosuch,type=env",
        ErrorKind.NotFound,
        "new.container:3: Secret=nosuch,type=env: "
    )]
    [InlineData(
        "new.container",
        "[Container]\nImage=IMAGE\nHealthOnFailure=kill",
        ErrorKind.Usage,
        "new.container:3: HealthOnFailure=kill: the health of"
    )]
    [InlineData(
        "hand.container",
        "[Container]\nImage=IMAGE",
        ErrorKind.Conflict,
        "hand.container: a container 'hand' is installed"
    )]
    [InlineData("unit.container", "[Container]\nImage=IMAGE", ErrorKind.Conflict, "unit.service is there")]
    [InlineData(
        "pod.container",
        "[Container]\nImage=IMAGE",
        ErrorKind.Conflict,
        "podman's generator makes pod.service already"
    )]
    public async Task What_is_refused_changes_nothing(string file, string text, ErrorKind kind, string said)
    {
        using Host host = Host.Open(Root, _notes.Add);
        await new InstallOperation(host, NoProgress.Instance, _notes.Add).RunAsync(
            [new InstallRequest(Image) { Name = "hand" }],
            now: false,
            StartPolicy.Default,
            Cancellation
        );
        await ApplyAsync(host);
        File.WriteAllText(Root + "/etc/systemd/system/unit.service", "[Service]\nExecStart=/bin/true\n");
        Directory.CreateDirectory(Root + "/etc/containers/systemd");
        File.WriteAllText(Root + "/etc/containers/systemd/pod.container", "");
        Write("db.container", "Description=changed");
        File.WriteAllText(
            $"{Root}/etc/sysctr/containers.d/{file}",
            text.Replace("IMAGE", Image, StringComparison.Ordinal)
        );
        string[] before = [.. Tree()];

        SysctrException refused = await Assert.ThrowsAsync<SysctrException>(() => ApplyAsync(host));

        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
        Assert.Equal(kind, refused.Kind);
        Assert.Equal(before, Tree());
        Assert.Equal(0, host.Catalog.Get("db").Deployment);
    }

    /// <summary>A system below a directory has nothing of what its kernel and its services will show.</summary>
    [Fact]
    public async Task What_comes_with_a_boot_need_not_be_there()
    {
        using Host host = Host.Open(Root, _notes.Add);
        Write(
            "web.container",
            "[Container]\nVolume=/run/late.sock:/late.sock\nVolume=/dev/net/tun:/tun\nVolume=/sys/fs/bpf:/bpf\n[X-Sysctr]\nCheckout=hardlinks"
        );

        await ApplyAsync(host);

        string rootfs = Path.Join(host.Deployment("web", 0).Here, "rootfs");
        Assert.Equal(
            ["bpf", "late.sock -", "tun -"],
            new DirectoryInfo(rootfs)
                .EnumerateFileSystemInfos()
                .Where(e => e.Name is "bpf" or "late.sock" or "tun")
                .Select(e => e is FileInfo ? e.Name + " -" : e.Name)
                .Order(StringComparer.Ordinal)
        );
        Assert.DoesNotContain(_notes, n => n.Contains("to mount by now", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_plan_changes_nothing_and_needs_no_image_offline()
    {
        using Host host = Host.Open(Root, _notes.Add);
        string[] before = [.. Tree()];
        ApplyPlanner planner = new(host, NoProgress.Instance, _notes.Add);

        Assert.Equal(
            [("db", ApplyAction.Install), ("web", ApplyAction.Install)],
            planner.Offline(new ApplyRequest { Offline = true }).Containers.Select(r => (r.Name, r.Action))
        );
        HostPlan plan = await planner.PlanAsync(new ApplyRequest(), Cancellation);

        Assert.Equal((2, true), (plan.Count(PlanAction.Install), plan.Together));
        Assert.Null(plan.Refused);
        Assert.Equal(before, Tree());
        await ApplyAsync(host);
        File.Delete(Root + "/etc/sysctr/containers.d/web.container");
        plan = await planner.PlanAsync(new ApplyRequest { Prune = true }, Cancellation);
        Assert.Equal((1, 1), (plan.Count(PlanAction.Uninstall), plan.Count(PlanAction.None)));
    }

    /// <summary>All else is done, and nobody's business any more.</summary>
    [Fact]
    public async Task One_that_can_not_be_removed_fails_the_call_and_keeps_no_other_from_anything()
    {
        using Host host = Host.Open(Root, _notes.Add);
        await ApplyAsync(host);
        string unit = Root + "/etc/systemd/system/db.service";
        File.Delete(Root + "/etc/sysctr/containers.d/db.container");
        Write("web.container", "[Container]\nEnvironment=A=2");
        await Command.MustAsync("chattr", "+i", unit);
        try
        {
            SysctrException why = await Assert.ThrowsAsync<SysctrException>(() => ApplyAsync(host, prune: true));

            Assert.Equal(ErrorKind.Permission, why.Kind);
            Assert.StartsWith("uninstalling db: removing /etc/systemd/system/db.service: ", why.Message);
            Assert.DoesNotContain(_notes, n => n.StartsWith("db: uninstalled", StringComparison.Ordinal));
            Assert.Contains("web: updated from deployment 0 to 1", _notes);
            Assert.Equal(["db"], Assert.Single(host.Transactions.Pending()).Record.Names);
            Assert.Equal(
                [
                    ("db", HistoryOutcome.Done),
                    ("web", HistoryOutcome.Done),
                    ("web", HistoryOutcome.Done),
                    ("db", HistoryOutcome.Failed),
                ],
                host.History.Read(null, null).Select(e => (e.Container!, e.Outcome))
            );
            await new UpdateOperation(host, NoProgress.Instance, _notes.Add).RunAsync(
                ["web"],
                new UpdateRequest { Settings = OfflineSystem.Settings(("env", "B=2")) },
                Cancellation
            );
            Assert.Equal(2, host.Catalog.Get("web").Deployment);
        }
        finally
        {
            await Command.MustAsync("chattr", "-i", unit);
        }

        await host.RecoverAsync(Cancellation);

        Assert.Empty(host.Transactions.Pending());
        Assert.Equal((false, false), (host.Catalog.IsInstalled("db"), File.Exists(unit)));
        Assert.Equal(2, host.Catalog.Get("web").Deployment);
    }

    /// <summary>What the disk did not let be changed is as it was.</summary>
    [Fact]
    public async Task A_unit_that_can_not_be_written_takes_all_back_though_it_still_can_not_be()
    {
        using Host host = Host.Open(Root, _notes.Add);
        await ApplyAsync(host);
        string[] before = [.. Tree()];
        string unit = Root + "/etc/systemd/system/web.service";
        Write("db.container", "Description=e\n[Container]\nExec=serve anew");
        Write("web.container", "Description=f\n[Container]\nEnvironment=A=2");
        Write("fresh.container", "[Container]\nExec=serve");
        await Command.MustAsync("chattr", "+i", unit);
        try
        {
            SysctrException why = await Assert.ThrowsAsync<SysctrException>(() => ApplyAsync(host));

            Assert.Equal(ErrorKind.Permission, why.Kind);
            Assert.StartsWith("changing /etc/systemd/system/web.service: ", why.Message, StringComparison.Ordinal);
            Assert.Contains("lsattr(1)", why.Hint, StringComparison.Ordinal);
            Assert.DoesNotContain("rolling", why.Message, StringComparison.Ordinal);
            Assert.Empty(host.Transactions.Pending());
            Assert.Equal(before.Select(l => l.Split(' ')[0]), Tree().Select(l => l.Split(' ')[0]));
            Assert.Contains(
                "Description=d\n",
                await File.ReadAllTextAsync(unit.Replace("web", "db", StringComparison.Ordinal), Cancellation)
            );
            Assert.False(host.Catalog.IsInstalled("fresh"));
            Assert.Equal((0, 0), (host.Catalog.Get("db").Deployment, host.Catalog.Get("web").Deployment));
        }
        finally
        {
            await Command.MustAsync("chattr", "-i", unit);
        }
    }

    [Fact]
    public async Task Offline_takes_what_the_store_has_and_an_image_file_is_fetched_once()
    {
        using Host host = Host.Open(Root, _notes.Add);
        SysctrException refused = await Assert.ThrowsAsync<SysctrException>(() =>
            new ApplyOperation(host, NoProgress.Instance, _notes.Add).RunAsync(
                new ApplyRequest { Offline = true },
                Cancellation
            )
        );
        Assert.Equal(ErrorKind.NotFound, refused.Kind);
        File.Delete(Root + "/etc/sysctr/containers.d/web.container");
        File.Delete(Root + "/etc/sysctr/containers.d/db.container");
        File.WriteAllText(Root + "/etc/sysctr/containers.d/app.image", $"[Image]\nImage={Image}\n");

        Assert.Empty(await ApplyAsync(host));
        Assert.Single(host.OpenStore().Images.List());
        _notes.Clear();
        Assert.Empty(await ApplyAsync(host));
        Assert.Contains(_notes, n => n.EndsWith("nothing was changed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_network_is_made_before_the_containers_on_it_and_as_it_was_where_they_fail()
    {
        using Host host = Host.Open(Root, _notes.Add);
        string network = Root + "/var/lib/sysctr/networks/systemd-shop.json";
        File.WriteAllText(
            Root + "/etc/sysctr/containers.d/shop.network",
            "[Network]\nSubnet=10.77.0.0/24\nInternal=true\n"
        );
        Write("web.container", "After=shop.network\n[Container]\nNetwork=shop.network\nEntrypoint=\n");

        // It has nothing to run, which only its image tells.
        await Assert.ThrowsAsync<SysctrException>(() => ApplyAsync(host));
        Assert.False(File.Exists(network));

        Write("web.container", "After=shop.network\n[Container]\nNetwork=shop.network\nExec=serve\n");
        await ApplyAsync(host);
        Assert.Contains(
            "\"internal\": true",
            await File.ReadAllTextAsync(network, Cancellation),
            StringComparison.Ordinal
        );
        _notes.Clear();
        await ApplyAsync(host);
        Assert.Contains(
            _notes,
            n => n.Contains("network systemd-shop); nothing was changed", StringComparison.Ordinal)
        );

        File.WriteAllText(Root + "/etc/sysctr/containers.d/shop.network", "[Network]\nSubnet=10.77.0.0/24\n");
        Assert.All(await ApplyAsync(host), r => Assert.Equal(ApplyAction.None, r.Action));
        Assert.Contains(
            "\"internal\": false",
            await File.ReadAllTextAsync(network, Cancellation),
            StringComparison.Ordinal
        );
    }

    /// <summary>Of networks those alone that a file has made, and not while a deployment is on them; what lacks for one
    /// that is in use is doctor's to say.</summary>
    [Fact]
    public async Task Prune_takes_networks_away_that_a_file_has_made_and_none_declares()
    {
        using Host host = Host.Open(Root, _notes.Add);
        string networks = Root + "/var/lib/sysctr/networks";
        string declared = Root + "/etc/sysctr/containers.d/shop.network";
        File.Delete(Root + "/etc/sysctr/containers.d/db.container");
        File.WriteAllText(declared, "[Network]\nSubnet=10.77.0.0/24\nLabel=a=b\n");
        Write("web.container", "After=shop.network\n[Container]\nNetwork=shop.network\nExec=serve\n");
        DoctorTarget target = new(Root, null);
        File.Delete($"{Root}/usr/sbin/nft");
        Assert.Equal([DoctorLevel.Ok], NetworkCheck.Run(target).Select(f => f.Level));
        await File.WriteAllTextAsync($"{Root}/usr/sbin/nft", "", Cancellation);
        await ApplyAsync(host);
        _notes.Clear();
        await ApplyAsync(host, prune: true);
        Assert.Contains(_notes, n => n.EndsWith("nothing was changed", StringComparison.Ordinal));

        File.Delete($"{Root}/usr/lib/podman/netavark");
        DoctorFinding lacking = Assert.Single(NetworkCheck.Run(target));
        Assert.Equal((DoctorLevel.Problem, "netavark is not there: web can't start"), (lacking.Level, lacking.Found));
        await File.WriteAllTextAsync($"{Root}/usr/lib/podman/netavark", "", Cancellation);
        File.Delete($"{Root}/usr/sbin/nft");
        Assert.Equal([DoctorLevel.Problem, DoctorLevel.Warning], NetworkCheck.Run(target).Select(f => f.Level));
        await File.WriteAllTextAsync($"{Root}/usr/sbin/iptables", "", Cancellation);
        await File.WriteAllTextAsync($"{Root}/usr/lib/podman/aardvark-dns", "", Cancellation);
        Assert.Equal(
            "/usr/lib/podman/netavark, iptables, /usr/lib/podman/aardvark-dns",
            Assert.Single(NetworkCheck.Run(target)).Found
        );

        // One that was there before is the administrator's, even where a file names it.
        new NetworkStore(networks).Put(new NetworkDefinition { Name = "systemd-old" });
        File.WriteAllText(Root + "/etc/sysctr/containers.d/old.network", "[Network]\nInternal=true\n");
        await ApplyAsync(host);
        File.Delete(Root + "/etc/sysctr/containers.d/old.network");
        File.Delete(declared);
        Write("web.container", "[Container]\nNetwork=none\nExec=serve\n");
        await ApplyAsync(host, prune: true);
        Assert.Equal(
            ["systemd-old.json", "systemd-shop.json"],
            Directory.GetFiles(networks).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)
        );

        // What can't be read, and what it may use, is no reason to fail where nothing else is to be done.
        string other = Root + "/var/lib/sysctr/networks/other.json";
        await File.WriteAllTextAsync(other, "{", Cancellation);
        Assert.Equal([("web", ApplyAction.None)], await ApplyAsync(host, prune: true));
        Assert.Contains(
            _notes,
            n => n.StartsWith("warning: removing networks that no file declares: ", StringComparison.Ordinal)
        );
        Assert.Equal("all is as declared (web); nothing was changed", _notes[^1]);
        File.Delete(other);

        // The deployment before could be rolled back to.
        await LockRelease.AwaitAsync(async () =>
        {
            await new PruneOperation(host, _notes.Add).RunAsync(["web"], keep: 1, Cancellation);
            return host.Catalog.Numbers("web").Count == 1;
        });
        _notes.Clear();
        await ApplyAsync(host);
        Assert.Equal(2, Directory.GetFiles(networks).Length);
        await LockRelease.AwaitAsync(async () =>
        {
            await ApplyAsync(host, prune: true);
            return Directory.GetFiles(networks).Length == 1;
        });
        Assert.Equal(["systemd-old.json"], Directory.GetFiles(networks).Select(f => Path.GetFileName(f)!));
        Assert.Contains("network systemd-shop: removed; no file declares it any more", _notes);
    }

    /// <summary>It goes with the directory whose file declares it now, not with that of the one that made it.</summary>
    [Fact]
    public async Task A_network_is_of_the_file_that_declares_it_now()
    {
        using Host host = Host.Open(Root, _notes.Add);
        string network = Root + "/var/lib/sysctr/networks/systemd-shop.json";
        Directory.CreateDirectory(Root + "/srv/a");
        Directory.CreateDirectory(Root + "/srv/b");
        await File.WriteAllTextAsync(Root + "/srv/a/shop.network", "[Network]\nSubnet=10.77.0.0/24\n", Cancellation);
        Task ApplyThereAsync(string directory) =>
            new ApplyOperation(host, NoProgress.Instance, _notes.Add).RunAsync(
                new ApplyRequest { Prune = true, Places = [Root + directory] },
                Cancellation
            );
        await ApplyThereAsync("/srv/a");
        string made = await File.ReadAllTextAsync(network, Cancellation);
        File.Move(Root + "/srv/a/shop.network", Root + "/srv/b/shop.network");
        _notes.Clear();

        await ApplyThereAsync("/srv/b");

        Assert.Equal(["network systemd-shop: is as it was, by /srv/b/shop.network"], _notes);
        Assert.Equal(
            made.Replace("/srv/a/", "/srv/b/", StringComparison.Ordinal),
            await File.ReadAllTextAsync(network, Cancellation)
        );
        await ApplyThereAsync("/srv/b");
        Assert.EndsWith("nothing was changed", _notes[^1], StringComparison.Ordinal);
        await ApplyThereAsync("/srv/a");
        Assert.True(File.Exists(network));
        File.Delete(Root + "/srv/b/shop.network");
        await ApplyThereAsync("/srv/b");
        Assert.False(File.Exists(network));
    }

    /// <summary>Its path is what the file names, its text is what the container has.</summary>
    [Fact]
    public async Task A_changed_seccomp_profile_is_a_change()
    {
        using Host host = Host.Open(Root, _notes.Add);
        string profile = Root + "/etc/profile.json";
        File.WriteAllText(
            profile,
            """{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}"""
        );
        File.Delete(Root + "/etc/sysctr/containers.d/db.container");
        Write("web.container", "[Container]\nExec=serve\nSeccompProfile=/etc/profile.json\n");
        await ApplyAsync(host);
        Assert.Equal([("web", ApplyAction.None)], await ApplyAsync(host));
        File.WriteAllText(
            profile,
            """{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read","write"],"action":"SCMP_ACT_ALLOW"}]}"""
        );

        Assert.Equal([("web", ApplyAction.Update)], await ApplyAsync(host));

        Assert.Contains("\"write\"", File.ReadAllText(host.Deployment("web", 1).ConfigFile), StringComparison.Ordinal);
        Assert.Equal([("web", ApplyAction.None)], await ApplyAsync(host));

        // Records of older versions do not have it: what is not known is no change, neither to apply nor to an update.
        ContainerRecord known = host.Catalog.Get("web");
        RecordChange.Make(host, known, known with { SeccompDigest = null });
        Assert.Equal([("web", ApplyAction.None)], await ApplyAsync(host));
        await new UpdateOperation(host, NoProgress.Instance, _notes.Add).RunAsync(
            ["web"],
            new UpdateRequest(),
            Cancellation
        );
        Assert.Equal(known.Deployment, host.Catalog.Get("web").Deployment);
        Assert.Null(host.Catalog.Get("web").SeccompDigest);
        File.Delete(profile);
        Assert.Contains(
            "there is no such file",
            (await Assert.ThrowsAsync<SysctrException>(() => ApplyAsync(host))).Message,
            StringComparison.Ordinal
        );
    }

    /// <summary>After a rollback the record in use has what the file said before; and no setting is looked for once
    /// something is gone.</summary>
    [Fact]
    public async Task What_the_file_says_of_deployments_counts_after_a_rollback()
    {
        using Host host = Host.Open(Root, _notes.Add);
        string settings = Root + "/etc/sysctr/sysctr.toml";
        await File.WriteAllTextAsync(settings, "keep = 9\n", Cancellation);
        File.Delete(Root + "/etc/sysctr/containers.d/db.container");
        for (int run = 0; run < 3; run++)
        {
            Write("web.container", $"[Container]\nExec=serve {run}\n[X-Sysctr]\nKeep=5\n");
            await ApplyAsync(host);
        }

        Write("web.container", "[Container]\nExec=serve 2\n[X-Sysctr]\nKeep=2\n");
        await ApplyAsync(host);
        await new RollbackOperation(host, _notes.Add).RunAsync("web", null, StartPolicy.Default, Cancellation);
        Assert.Equal(5, host.Catalog.Get("web").Declared!.Keep);
        await File.WriteAllTextAsync(settings, "keep = \n", Cancellation);

        await Assert.ThrowsAsync<SysctrException>(() =>
            new PruneOperation(host, _notes.Add).RunAsync([], keep: null, Cancellation)
        );
        Assert.Equal(3, host.Catalog.Numbers("web").Count);
        await File.WriteAllTextAsync(settings, "keep = 9\n", Cancellation);
        await new PruneOperation(host, _notes.Add).RunAsync([], keep: null, Cancellation);
        Assert.Equal([1, 2], host.Catalog.Numbers("web").Order());
    }

    /// <summary>It changes the record alone, and is what an update, and a prune without a number, leave.</summary>
    [Fact]
    public async Task A_file_says_how_many_deployments_stay()
    {
        using Host host = Host.Open(Root, _notes.Add);
        Write("web.container", "[Container]\nExec=serve 0\n");
        await ApplyAsync(host);
        Write("web.container", "[Container]\nExec=serve 1\n");
        await ApplyAsync(host);
        Assert.Equal(2, host.Catalog.Numbers("web").Count);

        Write("web.container", "[Container]\nExec=serve 1\n[X-Sysctr]\nKeep=1\n");
        await ApplyAsync(host);
        Assert.Contains("web: its record was changed, and nothing restarts", _notes);
        Assert.Equal(2, host.Catalog.Numbers("web").Count);

        await new PruneOperation(host, _notes.Add).RunAsync([], keep: null, Cancellation);
        Assert.Single(host.Catalog.Numbers("web"));
        Write("web.container", "[Container]\nExec=serve 2\n[X-Sysctr]\nKeep=1\n");
        await ApplyAsync(host);
        Assert.Single(host.Catalog.Numbers("web"));
    }

    private async Task<(string Name, ApplyAction Action)[]> ApplyAsync(Host host, bool prune = false) =>
        [
            .. (
                await new ApplyOperation(host, NoProgress.Instance, _notes.Add).RunAsync(
                    new ApplyRequest { Prune = prune },
                    Cancellation
                )
            ).Select(r => (r.Name, r.Action)),
        ];

    /// <summary>The lines begin in [Unit]; each [Container] gets the image.</summary>
    private void Write(string name, string lines) =>
        File.WriteAllText(
            $"{Root}/etc/sysctr/containers.d/{name}",
            $"[Unit]\n{(lines.Contains("[Container]", StringComparison.Ordinal) ? lines : lines + "\n[Container]").Replace("[Container]", $"[Container]\nImage={Image}", StringComparison.Ordinal)}\n"
        );

    /// <summary>What of the root is the host's: all but the store and the files themselves.</summary>
    private IEnumerable<string> Tree() =>
        Directory
            .EnumerateFiles(Root + "/etc/systemd", "*", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(Root + "/etc", "*.conf", SearchOption.AllDirectories))
            .Order(StringComparer.Ordinal)
            .Select(f => $"{f} {File.GetLastWriteTimeUtc(f):O}")
            .Concat(
                Directory.Exists(Root + "/var/lib/sysctr/deployments")
                    ? Directory
                        .EnumerateDirectories(
                            Root + "/var/lib/sysctr/deployments",
                            "*",
                            new EnumerationOptions { MaxRecursionDepth = 1, RecurseSubdirectories = true }
                        )
                        .Order(StringComparer.Ordinal)
                    : []
            );

    /// <summary>What its own unit makes before the payload starts is not there when the file is applied.</summary>
    [Theory]
    [InlineData("/srv/made", "ExecStartPre=mkdir -p /srv/made", true)]
    [InlineData("/srv/made", "ExecStartPre=-/usr/bin/mkdir -p /srv/made/sub", true)]
    [InlineData("/srv/%N/a", "ExecStartPre=/bin/sh -c 'mkdir -p /srv/%N/{a,b}'", true)]
    [InlineData("/srv/made/", "ExecStartPre=mkdir -p /srv/made", true)]
    [InlineData("/srv/./made", "ExecStartPre=mkdir -p /srv//made/", true)]
    [InlineData("/srv/made", "ExecStartPre=mkdir -p /srv/madeup", false)]
    [InlineData("/srv/made", "ExecStartPost=mkdir -p /srv/made", false)]
    [InlineData("/var/lib/made", "StateDirectory=other made", true)]
    [InlineData("/var/lib/made/", "StateDirectory=made/", true)]
    [InlineData("/var/cache/made", "CacheDirectory=made/sub", true)]
    [InlineData("/var/lib/made/sub", "StateDirectory=made", false)]
    public async Task What_the_unit_makes_need_not_be_there(string source, string key, bool isMade)
    {
        using Host host = Host.Open(Root, _notes.Add);
        Write("web.container", $"Description=d\n[Container]\nVolume={source}:/d\n[Service]\n{key}");

        if (isMade)
        {
            await ApplyAsync(host);
            Assert.Contains(_notes, n => n.Contains("the unit makes it before", StringComparison.Ordinal));
        }
        else
        {
            SysctrException refused = await Assert.ThrowsAsync<SysctrException>(() => ApplyAsync(host));
            Assert.Equal(ErrorKind.NotFound, refused.Kind);
        }
    }

    /// <summary>A user's systemd knows each specifier that the system's does (systemd.unit(5)).</summary>
    [Fact]
    public void A_user_has_all_specifiers()
    {
        IReadOnlyDictionary<char, string> users = QuadletHosts.Of(
            new HostUser("me", 0, 0, "/home/me", "/home/me/.config", "/home/me/.local/share", "/run/user/1000")
        );

        Assert.Equal(QuadletHost.System.Keys.Order(), users.Keys.Order());
        Assert.Equal(("root", "0", "0"), (users['g'], users['G'], users['U']));
        Assert.StartsWith("/", users['s'], StringComparison.Ordinal);
    }

    /// <summary>What an install would refuse a plan refuses, with the line.</summary>
    [Fact]
    public void A_plan_looks_for_secrets()
    {
        using Host host = Host.Open(Root, _notes.Add);
        Write("web.container", "Description=d\n[Container]\nSecret=nope,type=env,target=PW");
        ApplyPlanner planner = new(host, NoProgress.Instance, _notes.Add);

        SysctrException refused = Assert.Throws<SysctrException>(() =>
            planner.Offline(new ApplyRequest { Offline = true })
        );

        Assert.Contains("web.container:5: Secret=nope,type=env,target=PW:", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>What the unit's own lines, or an administrator's, give it needs no file.</summary>
    [Theory]
    [InlineData("LoadCredential=pw:/etc/pw", "", true)]
    [InlineData("SetCredential=pw:text", "", true)]
    [InlineData("ImportCredential=p*", "", true)]
    [InlineData("ImportCredential=shop.pw:pw", "", true)]
    [InlineData("ImportCredential=shop.*:p", "", true)]
    [InlineData("ImportCredential=p*:shop.", "", false)]
    [InlineData("", "LoadCredentialEncrypted=pw", true)]
    [InlineData("SetCredential=other:text", "LoadCredential=pwd:/x", false)]
    [InlineData("Environment=pw:x", "", false)]
    public void A_secret_can_be_a_credential_of_the_unit(string line, string dropIn, bool isThere)
    {
        using Host host = Host.Open(Root, _notes.Add);
        Write("web.container", $"[Service]\n{line}\n[Container]\nSecret=pw");
        string folder = Directory.CreateDirectory(Path.Join(Root, "etc/systemd/system/web.service.d")).FullName;
        File.WriteAllText(Path.Join(folder, "10.conf"), $"[Service]\n{dropIn}\n");
        ApplyPlanner planner = new(host, NoProgress.Instance, _notes.Add);

        SysctrException? refused = (SysctrException?)
            Record.Exception(() => planner.Offline(new ApplyRequest { Offline = true }));

        Assert.Equal(isThere ? null : ErrorKind.NotFound, refused?.Kind);
    }
}
