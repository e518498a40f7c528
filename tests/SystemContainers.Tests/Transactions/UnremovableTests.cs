// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Images;
using SystemContainers.Linux.Processes;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.State;
using SystemContainers.Store;
using SystemContainers.SystemdText;
using SystemContainers.Target;
using SystemContainers.TestBed;
using SystemContainers.Tests.Fakes;
using SystemContainers.Transactions;
using SystemContainers.Verbs;
using SystemContainers.Verbs.Apply;
using Xunit;

namespace SystemContainers.Tests.Transactions;

/// <summary>What can't be removed, or is on another disk than the store, keeps nobody from going on, and nothing else
/// from going.</summary>
[Trait("needs", "root")]
public sealed class UnremovableTests : IAsyncLifetime
{
    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-unremovable-").FullName;
    private readonly List<string> _notes = [];
    private readonly CallOutcome _outcome = new();
    private readonly Host _host;

    public UnremovableTests()
    {
        Directory.CreateDirectory(_root + "/etc/systemd/system");
        Directory.CreateDirectory(_root + "/var/lib");
        _host = Host.Open(_root, _notes.Add, new HostOptions { Outcome = _outcome });
        _ = _host.OpenStore();
    }

    private string Deployments => Path.Join(_host.StoreHere, "deployments");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _host.Dispose();
        await Command.RunAsync("umount", "--lazy", Deployments);
        await Command.RunAsync("chattr", "-R", "-ia", _root);
        await Cache.DeleteAsync(_root);
    }

    [Fact]
    public async Task A_purge_that_the_disk_refuses_is_told_and_keeps_no_other_container()
    {
        foreach (string name in (string[])["a", "b"])
        {
            Place(name);
            new StateClaims(_host).Claim(name, [$"/var/lib/{name}"]);
            Directory.CreateDirectory($"{_root}/var/lib/{name}/data");
            await File.WriteAllTextAsync($"{_root}/var/lib/{name}/data/file", "");
        }

        await Command.MustAsync("chattr", "+i", _root + "/var/lib/a/data/file");

        SysctrException why = await Assert.ThrowsAsync<SysctrException>(() =>
            new UninstallOperation(_host, _notes.Add).RunAsync(["a", "b"], purge: true, CancellationToken.None)
        );

        Assert.Equal(ErrorKind.Permission, why.Kind);
        Assert.Contains("/var/lib/a", why.Message, StringComparison.Ordinal);
        Assert.Contains(_notes, n => n.StartsWith("/var/lib/a is not purged: ", StringComparison.Ordinal));
        Assert.Equal([], _host.Catalog.DirectoryNames());
        Assert.Equal((true, false), (Path.Exists(_root + "/var/lib/a"), Path.Exists(_root + "/var/lib/b")));
        Assert.Empty(_host.Transactions.Pending());
        Assert.Equal(["/var/lib/a"], new StateClaims(_host).Of("a"));
        Assert.Empty(new StateClaims(_host).Of("b"));
        Assert.Equal(
            ["a", "b"],
            _host
                .History.Read(container: null, last: null)
                .Where(e => e is { Operation: "uninstall", Outcome: HistoryOutcome.Done })
                .Select(e => e.Container)
        );
    }

    [Fact]
    public async Task A_container_that_can_not_go_keeps_no_other_and_the_next_call_goes_on()
    {
        Place("a");
        Place("b");
        DeploymentDirectory first = _host.Deployment("a", 0);
        Directory.CreateDirectory(first.Here + "/rootfs/mnt");
        await Command.MustAsync("mount", "-t", "tmpfs", "tmpfs", first.ContainerHere);
        try
        {
            // Only now, for what was below it is covered.
            Place("a");
            SysctrException why = await Assert.ThrowsAsync<SysctrException>(() =>
                new UninstallOperation(_host, _notes.Add).RunAsync(["a", "b"], purge: false, CancellationToken.None)
            );

            Assert.StartsWith("uninstalling a: ", why.Message, StringComparison.Ordinal);
            Assert.Equal(["a"], _host.Catalog.DirectoryNames());
            Assert.Equal(["a"], Assert.Single(_host.Transactions.Pending()).Record.Names);
        }
        finally
        {
            await Command.MustAsync("umount", first.ContainerHere);
        }

        await _host.RecoverAsync(CancellationToken.None);

        Assert.Empty(_host.Catalog.DirectoryNames());
        Assert.Empty(_host.Transactions.Pending());
        Assert.Equal(
            ["b", "a"],
            _host
                .History.Read(container: null, last: null)
                .Where(e => e is { Operation: "uninstall", Outcome: HistoryOutcome.Done })
                .Select(e => e.Container)
        );
    }

    /// <summary>Its name is somebody else's from then on, whatever keeps the rest from going.</summary>
    [Fact]
    public async Task One_that_is_gone_is_never_removed_again_for_another_that_can_not_go()
    {
        foreach (string name in (string[])["a", "b"])
        {
            Place(Installed(name));
            await File.WriteAllTextAsync(UnitOf(name), UnitText);
            new StateClaims(_host).Claim(name, [$"/var/lib/{name}"]);
            Directory.CreateDirectory($"{_root}/var/lib/{name}");
        }

        await Command.MustAsync("chattr", "+i", UnitOf("b"));
        SysctrException why = await Assert.ThrowsAsync<SysctrException>(() =>
            new UninstallOperation(_host, _notes.Add).RunAsync(["a", "b"], purge: true, CancellationToken.None)
        );

        Assert.Equal(ErrorKind.Permission, why.Kind);
        Assert.StartsWith(
            "uninstalling b: removing /etc/systemd/system/b.service: ",
            why.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("lsattr(1)", why.Hint, StringComparison.Ordinal);
        Assert.Equal(
            "a: uninstall is done; b: uninstall is left interrupted; the next call of sysctr, or the next boot, finishes it",
            _outcome.Describe()
        );

        // What comes to the name meanwhile is somebody's.
        Directory.CreateDirectory(_root + "/var/lib/a/restored");
        await File.WriteAllTextAsync(UnitOf("a"), "[Service]\nExecStart=/bin/mine\n");
        Place("a");
        _notes.Clear();
        await _host.RecoverAsync(CancellationToken.None);

        Assert.True(Directory.Exists(_root + "/var/lib/a/restored"));
        Assert.Contains("/bin/mine", await File.ReadAllTextAsync(UnitOf("a")), StringComparison.Ordinal);
        Assert.Equal(["a", "b"], _host.Catalog.DirectoryNames());
        Assert.StartsWith(
            "warning: b: ending an uninstall that was cut off: removing /etc/systemd/system/b.service: ",
            Assert.Single(_notes),
            StringComparison.Ordinal
        );
        using (await _host.LockAndRecoverAsync(["a"], CancellationToken.None))
        {
            Assert.Equal(["b"], Assert.Single(_host.Transactions.Pending()).Record.Names);
        }

        await Command.MustAsync("chattr", "-i", UnitOf("b"));
        await _host.RecoverAsync(CancellationToken.None);
        Assert.Empty(_host.Transactions.Pending());
        Assert.Equal(["a"], _host.Catalog.DirectoryNames());
        Assert.False(File.Exists(UnitOf("b")));
        Assert.Equal(
            ["a", "b"],
            _host
                .History.Read(container: null, last: null)
                .Where(e => e is { Operation: "uninstall", Outcome: HistoryOutcome.Done })
                .Select(e => e.Container)
        );
    }

    [Fact]
    public async Task A_file_of_an_image_that_the_disk_keeps_is_told_and_the_container_is_gone()
    {
        const string Kept = "/etc/kept.conf";
        InstalledFile file = new(Kept, Digest.Sha256("x"u8));
        Place(Installed("a") with { HostFiles = [file, new InstalledFile("/etc/other.conf", file.Sha256)] });
        await File.WriteAllTextAsync(UnitOf("a"), UnitText);
        await File.WriteAllTextAsync(_root + Kept, "x");
        await File.WriteAllTextAsync(_root + "/etc/other.conf", "x");
        await Command.MustAsync("chattr", "+i", _root + Kept);

        SysctrException why = await Assert.ThrowsAsync<SysctrException>(() =>
            new UninstallOperation(_host, _notes.Add).RunAsync(["a"], purge: false, CancellationToken.None)
        );

        Assert.Equal(ErrorKind.Permission, why.Kind);
        Assert.Contains("the containers are gone", why.Message, StringComparison.Ordinal);
        Assert.Contains(_notes, n => n.StartsWith($"{_root}{Kept} is left where it is: ", StringComparison.Ordinal));
        Assert.Equal(
            (true, false, false),
            (File.Exists(_root + Kept), File.Exists(_root + "/etc/other.conf"), File.Exists(UnitOf("a")))
        );
        Assert.Empty(_host.Catalog.DirectoryNames());
        Assert.Empty(_host.Transactions.Pending());
    }

    [Fact]
    public async Task An_apply_that_uninstalls_one_tells_it_as_well()
    {
        InstalledFile file = new("/etc/kept.conf", Digest.Sha256("x"u8));
        Directory.CreateDirectory(_root + ApplyFiles.Place);
        Place(
            Installed("a") with
            {
                HostFiles = [file],
                Declared = new Declaration(ApplyFiles.Place + "/a.container", []),
            }
        );
        await File.WriteAllTextAsync(UnitOf("a"), UnitText);
        await File.WriteAllTextAsync(_root + file.Path, "x");
        await Command.MustAsync("chattr", "+i", _root + file.Path);

        SysctrException why = await Assert.ThrowsAsync<SysctrException>(() =>
            new ApplyOperation(_host, NoProgress.Instance, _notes.Add).RunAsync(
                new ApplyRequest { Prune = true },
                CancellationToken.None
            )
        );

        Assert.Equal(ErrorKind.Permission, why.Kind);
        Assert.StartsWith("removing what a had: the containers are gone", why.Message, StringComparison.Ordinal);
        Assert.Empty(_host.Catalog.DirectoryNames());
        Assert.Empty(_host.Transactions.Pending());
        Assert.Equal([HistoryOutcome.Done], _host.History.Read(container: null, last: null).Select(e => e.Outcome));
    }

    /// <summary>What a later try may remove stays in the intent, for nobody else knows of it.</summary>
    [Fact]
    public async Task A_file_of_an_image_that_is_in_use_is_left_to_the_next_call_and_all_else_goes()
    {
        InstalledFile file = new("/etc/used.conf", Digest.Sha256("x"u8));
        Place(Installed("a") with { HostFiles = [file, new InstalledFile("/etc/other.conf", file.Sha256)] });
        await File.WriteAllTextAsync(UnitOf("a"), UnitText);
        await File.WriteAllTextAsync(_root + "/etc/other.conf", "x");
        await File.WriteAllTextAsync(_root + file.Path, "x");
        await Command.MustAsync("mount", "--bind", _root + file.Path, _root + file.Path);
        try
        {
            SysctrException why = await Assert.ThrowsAsync<SysctrException>(() =>
                new UninstallOperation(_host, _notes.Add).RunAsync(["a"], purge: false, CancellationToken.None)
            );

            Assert.Equal(ErrorKind.Storage, why.Kind);
            Assert.StartsWith("uninstalling a: removing /etc/used.conf: ", why.Message, StringComparison.Ordinal);
            Assert.Equal(
                (true, false, false),
                (File.Exists(_root + file.Path), File.Exists(_root + "/etc/other.conf"), File.Exists(UnitOf("a")))
            );
            Assert.Equal(["a"], Assert.Single(_host.Transactions.Pending()).Record.Names);
        }
        finally
        {
            await Command.MustAsync("umount", _root + file.Path);
        }

        await _host.RecoverAsync(CancellationToken.None);

        Assert.Empty(_host.Transactions.Pending());
        Assert.False(File.Exists(_root + file.Path));
        Assert.Empty(_host.Catalog.DirectoryNames());
    }

    [Fact]
    public async Task A_prune_goes_on_past_one_whose_transaction_can_not_be_ended()
    {
        Place(Installed("a"));
        await File.WriteAllTextAsync(UnitOf("a"), UnitText);
        Place("z");
        foreach (int number in (int[])[1, 2, 3])
        {
            Place(SampleRecord.Of("z", number));
        }

        // Nothing else of this machine runs from a deployment of that name and number.
        string blob = Directory.CreateDirectory(_host.StoreHere + "/blobs/sha256").FullName + "/" + new string('0', 64);
        await File.WriteAllTextAsync(blob, "orphan");
        _host.Transactions.Begin(TransactionRecord.Uninstall([_host.Catalog.Get("a")], purge: false));
        await Command.MustAsync("chattr", "+i", UnitOf("a"));

        SysctrException why = await Assert.ThrowsAsync<SysctrException>(() =>
            new PruneOperation(_host, _notes.Add).RunAsync([], keep: 1, CancellationToken.None)
        );

        Assert.Equal(ErrorKind.Permission, why.Kind);
        Assert.StartsWith("pruning a: kept as it was; all else is pruned: ", why.Message, StringComparison.Ordinal);
        Assert.Contains("lsattr(1)", why.Hint, StringComparison.Ordinal);
        Assert.Equal([3], _host.Catalog.Numbers("z"));
        Assert.Equal([0], _host.Catalog.Numbers("a"));
        Assert.False(File.Exists(blob));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Deployments_on_a_disk_of_their_own_are_removed_in_one_step(bool isBound)
    {
        string elsewhere = Directory.CreateDirectory(_root + "/elsewhere").FullName;
        await Command.MustAsync(
            "mount",
            [.. isBound ? ["--bind", elsewhere] : (string[])["-t", "tmpfs", "tmpfs"], Deployments]
        );
        Place("a");
        Place("b");

        await new UninstallOperation(_host, _notes.Add).RunAsync(["a"], purge: false, CancellationToken.None);
        _host.Discard(_host.Deployment("b", 0).Here);

        Assert.Equal([_host.Deployment("b", 0).ContainerHere], Directory.GetFileSystemEntries(Deployments));
        Assert.Empty(Directory.GetDirectories(_host.Deployment("b", 0).ContainerHere));
        Assert.Empty(_host.Transactions.Pending());
    }

    [Fact]
    public async Task What_a_kill_left_of_them_is_no_container_and_goes()
    {
        await Command.MustAsync("mount", "-t", "tmpfs", "tmpfs", Deployments);
        Place("b");
        string[] left =
        [
            Path.Join(Deployments, ".a.sysctr-1-1-1"),
            Path.Join(_host.Deployment("b", 0).ContainerHere, ".3.sysctr-1-1-1"),
        ];
        foreach (string directory in left)
        {
            Directory.CreateDirectory(directory + "/rootfs");
            File.CreateSymbolicLink(directory + "/current", "0");
            await File.WriteAllTextAsync(directory + "/rootfs/file", "");
            await Command.RunAsync("chattr", "+i", directory + "/rootfs/file");
        }

        string live = Directory.CreateDirectory($"{Deployments}/.c.{ProcessMark.NewName()}").FullName;

        Assert.Equal(["b"], _host.Catalog.DirectoryNames());
        Assert.Equal(["b"], _host.Catalog.List().Select(r => r.Name));
        Assert.Equal(left, _host.OpenStore().AbandonedStaging());

        // One that is uninstalled while somebody looks keeps nobody from it.
        string going = Directory.CreateDirectory(Path.Join(Deployments, "going")).FullName;
        IEnumerable<string> found = _host.OpenStore().AbandonedStaging();
        Directory.Delete(going);
        Assert.Equal(left, found);
        await _host.RecoverAsync(CancellationToken.None);
        Assert.Equal([live, _host.Deployment("b", 0).ContainerHere], Directory.GetDirectories(Deployments).Order());
        Assert.False(Path.Exists(left[1]));
        Assert.Equal([0], _host.Catalog.Numbers("b"));
    }

    /// <summary>What e2fsck(8) has found is nothing that a process of ours was writing, and no container.</summary>
    [Fact]
    public async Task What_a_file_system_has_of_its_own_stays_in_every_directory_of_the_store()
    {
        Place("b");
        string[] found =
        [
            .. ((string[])["deployments", "staging", "objects", "mounts"]).Select(d =>
                Directory.CreateDirectory(Path.Join(_host.StoreHere, d, "lost+found", "#12")).FullName
            ),
        ];
        Array.ForEach(found, f => File.WriteAllText(f + "/file", "x"));
        await File.WriteAllTextAsync(Path.Join(_host.StoreHere, "objects/lost+found/#13"), "x");

        ContentStore.Open(_host.StoreHere).Dispose();
        await _host.RecoverAsync(CancellationToken.None);
        new StorePrune(_host).Run(all: true, _notes.Add);

        Assert.Equal(["b"], _host.Catalog.DirectoryNames());
        Assert.Empty(_host.OpenStore().AbandonedStaging());
        Assert.Empty(_host.OpenStore().ObjectFiles());
        Assert.All(found, f => Assert.True(File.Exists(f + "/file"), f));
        Assert.True(File.Exists(Path.Join(_host.StoreHere, "objects/lost+found/#13")));
        Assert.False(ContainerName.IsValid("lost+found"));
    }

    [Fact]
    public async Task What_a_kill_left_of_a_file_of_the_store_goes()
    {
        string[] left =
        [
            .. ((string[])["", "images", "blobs/sha256", "transactions", "networks", "failed"]).Select(d =>
                Path.Join(Directory.CreateDirectory(Path.Join(_host.StoreHere, d)).FullName, ".x.json.sysctr-1-1-1")
            ),
        ];
        Array.ForEach(left, f => File.WriteAllText(f, "{"));

        await _host.RecoverAsync(CancellationToken.None);

        Assert.All(left, f => Assert.False(File.Exists(f), f));
    }

    [Fact]
    public async Task A_protected_file_bars_nobody_from_the_store()
    {
        string garbage = Path.Join(_host.StoreHere, "staging", "dead");
        string deployment = _host.Deployment("a", 0).ContainerHere;
        foreach (string directory in (string[])[garbage, deployment])
        {
            Directory.CreateDirectory(directory + "/inner");
            await File.WriteAllTextAsync(directory + "/inner/file", "");
            await Command.MustAsync("chattr", "+i", directory + "/inner/file");
            await Command.MustAsync("chattr", "+a", directory + "/inner");
            await Command.MustAsync("chattr", "+i", directory);
        }

        ContentStore.Open(_host.StoreHere).Dispose();
        _host.Discard(deployment);

        Assert.Equal((false, false), (Path.Exists(garbage), Path.Exists(deployment)));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Join(_host.StoreHere, "staging")));
    }

    [Fact]
    public async Task A_tree_that_a_container_still_runs_from_stays()
    {
        Place("a");
        string used = Path.Join(_host.Deployment("a", 0).Here, ".rootfs.sysctr-1-1-1");
        string unused = Path.Join(_host.Deployment("a", 0).Here, ".rootfs.sysctr-1-1-2");
        Directory.CreateDirectory(used);
        Directory.CreateDirectory(unused);
        using System.Diagnostics.Process container = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo(
                "unshare",
                ["--mount", "sh", "-c", $"mount --bind '{used}' '{used}' && echo there && exec sleep 1000"]
            )
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
            }
        )!;
        try
        {
            Assert.Equal("there", await container.StandardOutput.ReadLineAsync());
            ContainerRecord after = Record("a") with { Deployment = 1 };
            _host.Transactions.Begin(
                new TransactionRecord(TransactionKind.Update, [new ContainerChange(Record("a"), after)])
            );

            await _host.RecoverAsync(CancellationToken.None);

            Assert.Empty(_host.Transactions.Pending());
            Assert.Equal((true, false), (Path.Exists(used), Path.Exists(unused)));
        }
        finally
        {
            container.Kill();
            await container.WaitForExitAsync();
        }
    }

    [Fact]
    public void A_rollback_removes_nothing_through_a_link_that_a_payload_made()
    {
        string own = $"/var/lib/sysctr-test-{Path.GetFileName(_root)}";
        Directory.CreateDirectory(own + "/data/empty");
        Directory.CreateDirectory(_root + "/outside/empty");
        File.CreateSymbolicLink(own + "/link", _root + "/outside");
        File.CreateSymbolicLink(own + "/last", _root + "/outside/empty");
        try
        {
            using Host host = new(new HostTarget("/"), new FakeSystemd(TimeProvider.System), _notes.Add);
            new StateDirectories(host).RemoveNew(
                new ContainerChange(null, Record("a"))
                {
                    NewState = [own + "/link/empty", own + "/last", own + "/data/empty", own + "/data", own + "/gone"],
                }
            );

            Assert.True(Directory.Exists(_root + "/outside/empty"));
            Assert.Equal([own + "/last", own + "/link"], Directory.GetFileSystemEntries(own).Order());
            Assert.Contains(_notes, n => n.StartsWith(own + "/link/empty is kept: ", StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(own, recursive: true);
        }
    }

    private static ContainerRecord Record(string name) => SampleRecord.Of(name);

    private const string UnitText = "[Service]\nExecStart=/bin/true\n";

    private string UnitOf(string name) => $"{_root}/etc/systemd/system/{name}.service";

    /// <summary>One that has a unit on the host.</summary>
    private static ContainerRecord Installed(string name) =>
        Record(name) with
        {
            Units =
            [
                new InstalledFile(
                    $"/etc/systemd/system/{name}.service",
                    Digest.Sha256(System.Text.Encoding.UTF8.GetBytes(UnitText))
                ),
            ],
        };

    private void Place(string name) => Place(Record(name));

    private void Place(ContainerRecord record)
    {
        DeploymentDirectory directory = _host.Deployment(record.Name, record.Deployment);
        Directory.CreateDirectory(directory.Here);
        directory.WriteRecord(record);
        directory.MakeCurrent();
    }
}
