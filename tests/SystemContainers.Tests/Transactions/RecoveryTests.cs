// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Inspect;
using SystemContainers.Linux.Processes;
using SystemContainers.Oci;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Tests.Fakes;
using SystemContainers.Transactions;
using SystemContainers.Verbs;
using Xunit;

namespace SystemContainers.Tests.Transactions;

/// <summary>What a killed process left is ended by the next call, on an offline root; the files are real, systemctl is
/// too.</summary>
[Trait("needs", "root")]
public sealed class RecoveryTests : IDisposable
{
    private const string Unit = "/etc/systemd/system/etcd.service";
    private const string Text = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n";

    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-recovery-").FullName;
    private readonly List<string> _notes = [];

    public RecoveryTests()
    {
        Directory.CreateDirectory(_root + "/etc/systemd/system");
        Directory.CreateDirectory(_root + "/var/lib");
    }

    [Fact]
    [Trait("needs", "programs")]
    public async Task An_install_that_was_cut_off_is_taken_back()
    {
        using Host host = Host.Open(_root, _notes.Add);
        host.Transactions.Begin(TransactionRecord.Install([Record]));
        Place(host, Text);

        await host.RecoverAsync(CancellationToken.None);

        Assert.False(File.Exists(_root + Unit));
        Assert.False(host.Catalog.IsInstalled("etcd"));
        Assert.False(Directory.Exists(host.Deployment("etcd", 0).ContainerHere));
        Assert.Empty(host.Transactions.Pending());
        Assert.Contains(_notes, n => n.Contains("rolled it back", StringComparison.Ordinal));
        HistoryEntry entry = Assert.Single(host.History.Read("etcd", last: null));
        Assert.Equal(("install", HistoryOutcome.RolledBack, true), (entry.Operation, entry.Outcome, entry.Recovered));
    }

    [Fact]
    public async Task An_uninstall_that_was_cut_off_is_finished()
    {
        using Host host = Host.Open(_root, _notes.Add);
        Place(host, Text);
        host.Transactions.Begin(TransactionRecord.Uninstall([Record], purge: false));
        File.Delete(_root + Unit);

        await host.RecoverAsync(CancellationToken.None);

        Assert.False(host.Catalog.IsInstalled("etcd"));
        Assert.Empty(host.Transactions.Pending());
        Assert.Contains(_notes, n => n.Contains("finished", StringComparison.Ordinal));
        HistoryEntry entry = Assert.Single(host.History.Read("etcd", last: null));
        Assert.Equal(("uninstall", HistoryOutcome.Done, true), (entry.Operation, entry.Outcome, entry.Recovered));
    }

    /// <summary>Of many that go the intent still names some that have gone.</summary>
    [Fact]
    public async Task The_file_of_who_came_after_one_that_was_uninstalled_stays()
    {
        using Host host = Host.Open(_root, _notes.Add);
        _ = host.OpenStore();
        string file = _root + "/etc/app.conf";
        await File.WriteAllTextAsync(file, "text");
        ContainerRecord gone = SampleRecord.Of("gone") with
        {
            HostFiles = [new InstalledFile("/etc/app.conf", Digest.Sha256("text"u8))],
        };
        host.Transactions.Begin(TransactionRecord.Uninstall([gone], purge: false));

        await host.RecoverAsync(CancellationToken.None);

        Assert.True(File.Exists(file));
        Assert.Empty(host.Transactions.Pending());
    }

    [Fact]
    [Trait("needs", "programs")]
    public async Task What_its_process_has_told_itself_is_not_told_twice()
    {
        using Host host = Host.Open(_root, _notes.Add);
        Place(host, Text);
        TransactionRecord transaction = TransactionRecord.Uninstall([Record], purge: false) with
        {
            Origin = HistoryOrigin.Now(),
        };
        host.History.Done(transaction, IntentRecords.Id(host.Transactions.Begin(transaction)));

        await host.RecoverAsync(CancellationToken.None);

        Assert.Empty(host.Transactions.Pending());
        Assert.Equal(transaction.Origin.StartedAt, Assert.Single(host.History.Read("etcd", last: null)).StartedAt);
    }

    [Fact]
    [Trait("needs", "programs")]
    public async Task A_unit_that_somebody_edited_is_kept_beside_its_place()
    {
        using Host host = Host.Open(_root, _notes.Add);
        Place(host, Text + "# mine\n");
        host.Transactions.Begin(TransactionRecord.Uninstall([Record], purge: false));

        await host.RecoverAsync(CancellationToken.None);

        Assert.False(File.Exists(_root + Unit));
        Assert.EndsWith("# mine\n", File.ReadAllText(_root + Unit + ".sysctr-save"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_live_process_works_on_is_left_alone()
    {
        using Host host = Host.Open(_root, _notes.Add);
        host.Transactions.Begin(TransactionRecord.Install([Record]));
        Place(host, Text);
        using Host other = Host.Open(_root, _notes.Add);
        using IDisposable held = other.Locks.LockContainers(["etcd"], CancellationToken.None);

        await host.RecoverAsync(CancellationToken.None);

        Assert.True(File.Exists(_root + Unit));
        Assert.Single(host.Transactions.Pending());
    }

    [Fact]
    [Trait("needs", "programs")]
    public async Task Who_gets_the_lock_of_a_process_that_died_finds_its_containers_whole()
    {
        using Host host = Host.Open(_root, _notes.Add);
        ContainerRecord other = Record with { Name = "other", Units = [], Enabled = [] };
        Place(host, Text);

        // No recovery runs here: the process may have died while this one waited for its lock.
        host.Transactions.Begin(TransactionRecord.Install([Record, other]));
        using IDisposable locks = await host.LockAndRecoverAsync(["other"], CancellationToken.None);

        Assert.Empty(host.Transactions.Pending());
        Assert.False(File.Exists(_root + Unit));
        Assert.False(host.Catalog.IsInstalled("etcd"));
    }

    [Fact]
    public async Task A_pull_that_was_cut_off_is_cleared_away_once_nobody_has_a_lease()
    {
        using Host host = Host.Open(_root, _notes.Add);
        Digest blob = Digest.Sha256("manifest"u8);
        host.Transactions.Begin(TransactionRecord.Pull());
        host.OpenStore().PutBlob(blob, "manifest"u8);
        using (Host live = Host.Open(_root, _notes.Add))
        {
            using StoreLease lease = live.Locks.LeaseStore(CancellationToken.None);
            await host.RecoverAsync(CancellationToken.None);
            Assert.True(host.OpenStore().HasBlob(blob));
        }

        await LockRelease.AwaitAsync(async () =>
        {
            await host.RecoverAsync(CancellationToken.None);
            return !host.OpenStore().HasBlob(blob);
        });

        Assert.False(host.OpenStore().HasBlob(blob));
        Assert.Empty(host.Transactions.Pending());
    }

    [Fact]
    public async Task Files_that_a_dead_process_was_writing_go_and_those_of_a_live_one_stay()
    {
        using Host host = Host.Open(_root, _notes.Add);
        Place(host, Text);
        string units = Path.GetDirectoryName(_root + Unit)!;
        File.WriteAllText(Path.Join(units, ".etcd.service.sysctr-1-1-1"), "half");
        File.WriteAllText(Path.Join(units, $".etcd.service.{ProcessMark.NewName()}"), "being written");
        File.WriteAllText(Path.Join(units, ".etcd.service.swp"), "somebody else's");
        host.Transactions.Begin(TransactionRecord.Install([Record]));

        await host.RecoverAsync(CancellationToken.None);

        Assert.Equal(2, Directory.GetFiles(units, ".*").Length);
        Assert.False(File.Exists(Path.Join(units, ".etcd.service.sysctr-1-1-1")));
    }

    [Fact]
    public async Task A_state_directory_of_an_install_that_is_taken_back_goes_unless_something_is_in_it()
    {
        using Host host = Host.Open(_root, _notes.Add);
        ContainerRecord record = Record with { StateDirectories = ["/var/lib/empty", "/var/lib/full"] };
        new StateClaims(host).Claim("etcd", record.StateDirectories);
        Directory.CreateDirectory(_root + "/var/lib/empty");
        Directory.CreateDirectory(_root + "/var/lib/full/data");
        host.Transactions.Begin(
            new TransactionRecord(
                TransactionKind.Install,
                [new ContainerChange(null, record) { NewState = record.StateDirectories }]
            )
        );

        await host.RecoverAsync(CancellationToken.None);

        Assert.False(Directory.Exists(_root + "/var/lib/empty"));
        Assert.True(Directory.Exists(_root + "/var/lib/full/data"));
        Assert.Equal(["/var/lib/full"], new StateClaims(host).Of("etcd"));
    }

    [Fact]
    public async Task A_deployment_that_no_transaction_knows_goes()
    {
        using Host host = Host.Open(_root, _notes.Add);
        Directory.CreateDirectory(host.Deployment("etcd", 0).Staged + "/rootfs");

        await host.RecoverAsync(CancellationToken.None);

        Assert.False(Directory.Exists(host.Deployment("etcd", 0).ContainerHere));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static ContainerRecord Record =>
        SampleRecord.Of("etcd") with
        {
            Units = [new InstalledFile(Unit, Digest.Sha256(Encoding.UTF8.GetBytes(Text)))],
            Enabled = ["etcd.service"],
        };

    [Fact]
    [Trait("needs", "programs")]
    public async Task A_pin_ends_what_was_cut_off_while_it_waited()
    {
        TaskCompletionSource waits = new();
        using Host host = Host.Open(
            _root,
            note => _ = note.StartsWith("waiting", StringComparison.Ordinal) && waits.TrySetResult()
        );
        using Host other = Host.Open(_root, _notes.Add);
        Place(host, Text);
        Task pin;
        using (other.Locks.LockContainers(["etcd"], CancellationToken.None))
        {
            pin = Task.Run(() =>
                new PinOperation(host, _notes.Add).RunAsync("etcd", null, pinned: true, CancellationToken.None)
            );
            await waits.Task.WaitAsync(TimeSpan.FromSeconds(30));

            // Its process dies here.
            other.Transactions.Begin(TransactionRecord.Install([Record]));
        }

        SysctrException failure = await Assert.ThrowsAsync<SysctrException>(() => pin);

        Assert.Equal(ErrorKind.NotFound, failure.Kind);
        Assert.Empty(host.Transactions.Pending());
        Assert.False(File.Exists(_root + Unit));
    }

    [Fact]
    public async Task An_update_that_was_cut_off_is_taken_back()
    {
        const string edited = Text + "# mine\n";
        using Host host = Host.Open(_root, _notes.Add);
        Place(host, edited);
        PlaceSecond(host);
        host.Transactions.Begin(Update);
        File.Move(_root + Unit, _root + Unit + ".sysctr-save");
        File.WriteAllText(_root + Unit, SecondText);

        await host.RecoverAsync(CancellationToken.None);

        Assert.Equal(edited, File.ReadAllText(_root + Unit));
        Assert.False(File.Exists(_root + Unit + ".sysctr-save"));
        Assert.Equal(0, host.Catalog.Get("etcd").Deployment);
        Assert.Equal([0], host.Catalog.Numbers("etcd"));
        Assert.Empty(host.Transactions.Pending());
    }

    [Fact]
    public async Task An_update_that_was_committed_is_finished()
    {
        using Host host = Host.Open(_root, _notes.Add);
        Place(host, SecondText);
        PlaceSecond(host);
        IntentRecords.Commit(host.Transactions.Begin(Update));

        await host.RecoverAsync(CancellationToken.None);

        Assert.Equal(1, host.Catalog.Get("etcd").Deployment);
        Assert.Equal(SecondText, File.ReadAllText(_root + Unit));
        Assert.Empty(host.Transactions.Pending());
    }

    /// <summary>What no sysctr has written: torn, of a later version, edited, or made to lead out of the
    /// store.</summary>
    public static TheoryData<string> Unusable =>
        [
            "{",
            "null",
            """{"operation":"install"}""",
            """{"operation":"update","changes":[{}]}""",
            """{"operation":"teleport","changes":[]}""",
            """{"operation":"install","changes":[null]}""",
            Json(TransactionRecord.Install([Record with { Name = "../../../../etc" }])),
            Json(
                TransactionRecord.Uninstall(
                    [Record with { Units = [new InstalledFile("relative", Digest.Sha256("text"u8))] }],
                    purge: true
                )
            ),
            Json(
                new TransactionRecord(
                    TransactionKind.Update,
                    [new ContainerChange(Record, Record with { Name = "other" })]
                )
            ),
            Json(new TransactionRecord(TransactionKind.Uninstall, [new ContainerChange(null, Record)])),
        ];

    [Theory]
    [Trait("needs", "programs")]
    [MemberData(nameof(Unusable))]
    public async Task An_intent_that_can_not_be_used_keeps_no_other_from_its_end_and_nobody_goes_by_it(string json)
    {
        using Host host = Host.Open(_root, _notes.Add);
        host.Transactions.Begin(TransactionRecord.Install([Record]));
        Place(host, Text);
        string file = Path.Join(host.StoreHere, "transactions", "00.json");
        File.WriteAllText(file, json);

        await host.RecoverAsync(CancellationToken.None);

        Assert.False(host.Catalog.IsInstalled("etcd"));
        Assert.Equal([file], host.Transactions.Files());
        Assert.Contains(_notes, n => n.StartsWith("warning: reading " + file, StringComparison.Ordinal));

        // It may be of any container: nobody changes one, and everybody may look.
        SysctrException refused = await Assert.ThrowsAsync<SysctrException>(() =>
            host.LockAndRecoverAsync(["etcd"], CancellationToken.None)
        );
        Assert.Equal(
            (ErrorKind.Corrupt, true),
            (refused.Kind, refused.Hint?.Contains("move it away", StringComparison.Ordinal))
        );
        await host.RecoverPendingAsync(CancellationToken.None);
        Assert.Empty(await new ContainerReports(host).ListAsync(all: false, CancellationToken.None));
    }

    [Fact]
    public async Task A_container_that_the_disk_keeps_from_its_end_keeps_no_other_and_is_not_pruned()
    {
        using Host host = Host.Open(_root, _notes.Add);
        Place(host, SecondText);
        PlaceSecond(host);
        File.Delete(host.Deployment("etcd", 0).CurrentLink);
        File.CreateSymbolicLink(host.Deployment("etcd", 0).CurrentLink, "1");
        string kept = host.Deployment("etcd", 0).KeptFile(Unit);
        File.Move(kept, kept + ".lost");
        host.Transactions.Begin(Update);
        ContainerRecord other = Record with { Name = "other", Units = [], Enabled = [] };
        Directory.CreateDirectory(host.Deployment("other", 0).Here);
        host.Transactions.Begin(TransactionRecord.Install([other]));

        await host.RecoverAsync(CancellationToken.None);

        Assert.False(Directory.Exists(host.Deployment("other", 0).ContainerHere));
        Assert.Equal(["etcd"], host.Transactions.Pending().SelectMany(t => t.Record.Names));
        await Assert.ThrowsAsync<SysctrException>(() =>
            new PruneOperation(host, _notes.Add).RunAsync([], keep: 1, CancellationToken.None)
        );
        Assert.Equal([0, 1], host.Catalog.Numbers("etcd"));

        File.Move(kept + ".lost", kept);
        await host.RecoverAsync(CancellationToken.None);
        Assert.Equal((Text, 0), (File.ReadAllText(_root + Unit), host.Catalog.Get("etcd").Deployment));
    }

    [Fact]
    [Trait("needs", "programs")]
    public async Task A_history_that_can_not_be_read_keeps_nothing_from_its_end()
    {
        using Host host = Host.Open(_root, _notes.Add);
        Place(host, Text);
        host.Transactions.Begin(TransactionRecord.Install([Record]));
        File.WriteAllText(Path.Join(host.StoreHere, "history.jsonl"), "");
        Directory.CreateDirectory(Path.Join(host.StoreHere, "locks", "+history.lock"));

        await host.RecoverAsync(CancellationToken.None);

        Assert.Empty(host.Transactions.Pending());
        Assert.False(host.Catalog.IsInstalled("etcd"));
    }

    [Fact]
    public async Task A_recovery_that_was_cut_off_between_two_entries_tells_the_other_one_too()
    {
        using Host host = Host.Open(_root, _notes.Add);
        ContainerRecord other = Record with { Name = "other", Units = [], Enabled = [] };
        TransactionRecord transaction = TransactionRecord.Install([Record, other]);
        string id = IntentRecords.Id(host.Transactions.Begin(transaction));
        host.History.Recovered(TransactionRecord.Install([Record]), id, HistoryOutcome.RolledBack);

        await host.RecoverAsync(CancellationToken.None);

        Assert.Equal(["etcd", "other"], host.History.Read(container: null, last: null).Select(e => e.Container));
    }

    [Fact]
    public async Task A_container_whose_current_link_was_lost_keeps_its_deployments()
    {
        using Host host = Host.Open(_root, _notes.Add);
        Place(host, Text);
        File.Delete(host.Deployment("etcd", 0).CurrentLink);

        await host.RecoverAsync(CancellationToken.None);

        Assert.Equal([0], host.Catalog.Numbers("etcd"));
        Assert.Contains(_notes, n => n.Contains("fsck --repair", StringComparison.Ordinal));
    }

    [Fact]
    public void A_directory_that_somebody_copied_is_no_container_and_hides_no_other()
    {
        using Host host = Host.Open(_root, _notes.Add);
        Place(host, Text);
        DeploymentDirectory copy = host.Deployment("copy", 0);
        Directory.CreateDirectory(copy.Here);
        File.Copy(Path.Join(host.Deployment("etcd", 0).Here, "info.json"), Path.Join(copy.Here, "info.json"));
        File.CreateSymbolicLink(copy.CurrentLink, "0");

        // Its record names the files and units of the other one: an uninstall of the copy would remove these.
        Assert.Equal(ErrorKind.Corrupt, Assert.Throws<SysctrException>(() => host.Catalog.Get("copy")).Kind);
        Assert.Equal(["etcd"], host.Catalog.List(e => _notes.Add(e.Message)).Select(c => c.Name));
        Assert.Contains(_notes, n => n.Contains(copy.Here, StringComparison.Ordinal));
    }

    [Fact]
    public void What_a_staged_deployment_was_made_of_is_not_pruned_before_it_gets_its_place()
    {
        using Host host = Host.Open(_root, _notes.Add);
        host.OpenStore().PutBlob(Record.ManifestDigest, "manifest"u8);
        host.OpenStore().PutBlob(Record.ImageId, "config"u8);
        DeploymentDirectory directory = host.Deployment("etcd", 0);
        Directory.CreateDirectory(directory.Staged);
        RecordDocument.Write(Path.Join(directory.Staged, "info.json"), Record, StateJson.Default.ContainerRecord);

        new StorePrune(host).Run(all: true, _notes.Add);
        Assert.True(host.OpenStore().HasBlob(Record.ManifestDigest) && host.OpenStore().HasBlob(Record.ImageId));

        Directory.Delete(directory.ContainerHere, recursive: true);
        new StorePrune(host).Run(all: true, _notes.Add);
        Assert.False(host.OpenStore().HasBlob(Record.ManifestDigest) || host.OpenStore().HasBlob(Record.ImageId));
    }

    private static string Json(TransactionRecord record) =>
        System.Text.Json.JsonSerializer.Serialize(record, StateJson.Default.TransactionRecord);

    private const string SecondText = Text + "# second\n";

    private static ContainerRecord Second =>
        Record with
        {
            Deployment = 1,
            Units = [new InstalledFile(Unit, Digest.Sha256(Encoding.UTF8.GetBytes(SecondText)))],
        };

    private static TransactionRecord Update =>
        new(TransactionKind.Update, [new ContainerChange(Record, Second) { Edited = [Unit] }]);

    private void PlaceSecond(Host host)
    {
        DeploymentDirectory directory = host.Deployment("etcd", 1);
        Directory.CreateDirectory(directory.Here);
        RecordDocument.Write(Path.Join(directory.Here, "info.json"), Second, StateJson.Default.ContainerRecord);
        Keep(directory, SecondText);
    }

    private static void Keep(DeploymentDirectory directory, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(directory.KeptFile(Unit))!);
        File.WriteAllText(directory.KeptFile(Unit), text);
    }

    private void Place(Host host, string text)
    {
        DeploymentDirectory directory = host.Deployment("etcd", 0);
        Directory.CreateDirectory(directory.Here);
        RecordDocument.Write(Path.Join(directory.Here, "info.json"), Record, StateJson.Default.ContainerRecord);
        Keep(directory, Text);
        File.CreateSymbolicLink(directory.CurrentLink, "0");
        File.WriteAllText(_root + Unit, text);
    }
}
