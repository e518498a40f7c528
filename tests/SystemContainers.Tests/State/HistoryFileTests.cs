// SPDX-License-Identifier: Apache-2.0

using SystemContainers.History;
using SystemContainers.State;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.State;

/// <summary>The file of the history: entries stay whole whatever happens to the last line, and it does not grow for
/// ever.</summary>
public sealed class HistoryFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sysctr-history-").FullName;

    private string Path => System.IO.Path.Join(_directory, "history.jsonl");

    [Fact]
    public void What_was_appended_is_read_in_order_and_whole()
    {
        HistoryFile file = Open();
        file.Append(Entry("a"));
        file.Append(Entry("b") with { Outcome = HistoryOutcome.RolledBack, Reason = "it\nfailed", ExitCode = 11 });

        IReadOnlyList<HistoryEntry> entries = file.Read();

        Assert.Equal(
            [Entry("a"), Entry("b") with { Outcome = HistoryOutcome.RolledBack, Reason = "it\nfailed", ExitCode = 11 }],
            entries
        );
        Assert.Equal(2, File.ReadAllLines(Path).Length);
    }

    [Fact]
    public void The_outcome_of_earlier_versions_is_read_and_one_of_later_ones_passed_over()
    {
        Open().Append(Entry("a") with { Outcome = HistoryOutcome.RolledBack });
        string line = File.ReadAllText(Path);
        Assert.Contains("\"outcome\":\"rolledBack\"", line, StringComparison.Ordinal);
        File.WriteAllText(
            Path,
            line.Replace("rolledBack", "takenBack", StringComparison.Ordinal)
                + line.Replace("rolledBack", "teleported", StringComparison.Ordinal)
        );

        Assert.Equal(HistoryOutcome.RolledBack, Assert.Single(Open().Read()).Outcome);
    }

    [Fact]
    public void A_torn_last_line_is_passed_over_and_the_next_entry_stands_on_its_own()
    {
        HistoryFile file = Open();
        file.Append(Entry("a"));
        file.Append(Entry("torn"));
        using (FileStream stream = File.OpenWrite(Path))
        {
            stream.SetLength(stream.Length - 20);
        }

        Assert.Equal(["a"], file.Read().Select(e => e.Container));
        file.Append(Entry("b"));

        Assert.Equal(["a", "b"], file.Read().Select(e => e.Container));
    }

    [Fact]
    public void A_full_file_makes_room_and_one_before_it_stays()
    {
        HistoryFile file = Open(limit: 1000);
        for (int i = 0; i < 20; i++)
        {
            file.Append(Entry($"c{i}"));
        }

        string[] kept = [.. file.Read().Select(e => e.Container!)];

        Assert.Equal("c19", kept[^1]);
        Assert.Equal(Enumerable.Range(20 - kept.Length, kept.Length).Select(i => $"c{i}"), kept);
        Assert.InRange(kept.Length, 4, 16);
        Assert.All(Directory.GetFiles(_directory), f => Assert.InRange(new FileInfo(f).Length, 1, 1500));
    }

    [Fact]
    public void Entries_of_images_stand_beside_those_of_versions_that_knew_none()
    {
        const string old =
            """{"startedAt":"2026-01-01T00:00:00+00:00","seconds":1.5,"operation":"install","container":"etcd","by":{"uid":0,"user":"root"},"to":{"deployment":0,"image":"docker://example.com/etcd:1","digest":"sha256:aa"},"outcome":"done","exitCode":0}""";
        File.WriteAllText(Path, old + "\n");
        HistoryFile file = Open();
        string digest = "sha256:" + new string('b', 64);
        HistoryEntry pulled = Entry("") with
        {
            Operation = "pull",
            Container = null,
            From = null,
            Image = new HistoryImage("docker://example.com/etcd:1", To: digest),
        };
        HistoryEntry pruned = Entry("") with
        {
            Operation = "images prune",
            Container = null,
            From = null,
            Removed = new HistoryRemoval(1, 20, 3000),
        };
        file.Append(pulled);
        file.Append(pruned);

        IReadOnlyList<HistoryEntry> entries = file.Read();

        Assert.Equal([pulled, pruned], entries.Skip(1));
        Assert.Equal(("etcd", "docker://example.com/etcd:1"), (entries[0].Container, HistoryText.Image(entries[0])));
        Assert.Equal(("-", "bbbbbbbbbbbb"), (HistoryText.From(pulled), HistoryText.To(pulled)));

        // A container's name is no image's, and what it was installed from is no image of the store.
        Assert.Equal(["install"], entries.Where(e => e.IsAbout("etcd")).Select(e => e.Operation));
        Assert.Equal(["pull"], entries.Where(e => e.IsAbout("example.com/etcd:1")).Select(e => e.Operation));
        Assert.Equal(["pull"], entries.Where(e => e.IsAbout("docker://example.com/etcd:1")).Select(e => e.Operation));
        Assert.DoesNotContain(HistoryJournal.Fields(pulled), f => f.Key is "SYSCTR_CONTAINER" or "OBJECT_SYSTEMD_UNIT");
        Assert.Contains(
            KeyValuePair.Create("SYSCTR_IMAGE", "docker://example.com/etcd:1"),
            HistoryJournal.Fields(pulled)
        );
    }

    /// <summary>Each container of a transaction is told by itself as it is ended, once; the file is long.</summary>
    [Fact]
    public void Who_ends_a_transaction_reads_what_there_is_of_it_once()
    {
        Open().Append(Entry("b") with { Transaction = "id", Outcome = HistoryOutcome.Done });
        int locked = 0;
        HistoryLog log = new(
            _directory,
            "/elsewhere",
            () =>
            {
                locked++;
                return new MemoryStream();
            },
            new ContainerCatalog(_directory),
            new CallOutcome(),
            _ => { }
        );

        foreach (string name in (string[])["a", "b", "c", "a"])
        {
            log.Recovered(
                TransactionRecord.Uninstall([SampleRecord.Of(name)], purge: false),
                "id",
                HistoryOutcome.Done
            );
        }

        Assert.Equal(["b", "a", "c"], Open().Read().Select(e => e.Container));
        Assert.Equal(3, locked);
    }

    [Theory]
    [InlineData("0::/system.slice/sysctr-update.service", "sysctr-update.service")]
    [InlineData("0::/user.slice/user-0.slice/session-4.scope", null)]
    [InlineData("0::/", null)]
    [InlineData("", null)]
    public void A_caller_is_in_a_service_or_not(string line, string? service) =>
        Assert.Equal(service, HistoryActor.ServiceOf(line));

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private HistoryFile Open(long limit = long.MaxValue) => new(Path, () => new MemoryStream(), limit);

    private static HistoryEntry Entry(string container) =>
        new()
        {
            StartedAt = DateTimeOffset.UnixEpoch,
            Seconds = 1.5,
            Operation = "update",
            Container = container,
            By = new HistoryActor
            {
                Uid = 0,
                User = "root",
                SudoUser = "alice",
            },
            From = new HistoryDeployment(0, "docker://example.com/etcd:1", "sha256:" + new string('a', 64)),
            Outcome = HistoryOutcome.Done,
        };
}
