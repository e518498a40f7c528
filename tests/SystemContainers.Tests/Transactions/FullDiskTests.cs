// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Fsck;
using SystemContainers.Fsck.Findings;
using SystemContainers.Linux;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Requests;
using SystemContainers.State;
using SystemContainers.Store;
using SystemContainers.Target;
using SystemContainers.TestBed;
using SystemContainers.Tests.Fakes;
using SystemContainers.Verbs;
using Xunit;

namespace SystemContainers.Tests.Transactions;

/// <summary>On a disk that is full to its last byte whatever gives room back does so: all of it begins with an intent,
/// which wants room itself.</summary>
[Trait("needs", "root")]
public sealed class FullDiskTests : IAsyncLifetime
{
    private readonly OfflineSystem _system = new();

    private string Reserve => _system.Store + "/reserve";

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(_system.Root);
        await Command.MustAsync("mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "tmpfs", _system.Root);
        await _system.MakeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Command.MustAsync("umount", "--lazy", _system.Root);
        _system.Dispose();
    }

    /// <summary>A store of an older version has no reserve.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_nothing_names_is_pruned(bool reserved)
    {
        using Host host = _system.Open();
        await _system.InstallAsync(host, "web");
        await _system.UninstallAsync(host, "web");
        Images(host).DeleteAll(force: true, CancellationToken.None);
        Fill(reserved);

        PruneResult pruned = await Images(host).PruneAsync(all: false, CancellationToken.None);

        Assert.Equal((1, 2), (pruned.Layers, pruned.Objects));
        Assert.Empty(host.Transactions.Pending());
        Assert.Empty(Wrong(await FsckAsync(host, repair: false)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Names_that_no_container_uses_are_pruned(bool reserved)
    {
        using Host host = _system.Open();
        await _system.InstallAsync(host, "web");
        await _system.UninstallAsync(host, "web");
        // What another image has left: what goes first, where there is no room for an intent.
        host.OpenStore().PutBlob(Digest.Sha256(new byte[100_000]), new byte[100_000]);
        Fill(reserved);

        PruneResult pruned = await Images(host).PruneAsync(all: true, CancellationToken.None);

        Assert.Equal((1, 2), (pruned.Layers, pruned.Objects));
        Assert.Empty(host.OpenStore().Images.List());
        Assert.Empty(host.Transactions.Pending());
    }

    [Fact]
    public async Task Old_deployments_are_pruned()
    {
        using Host host = _system.Open();
        // A name that no process of this machine runs from.
        await _system.InstallAsync(host, "fulldisk");
        await _system.UpdateAsync(host, "fulldisk", ("env", "A=1"));
        Assert.Equal([0, 1], host.Catalog.Numbers("fulldisk"));
        Fill();

        await new PruneOperation(host, _system.Notes.Add).RunAsync([], keep: 1, CancellationToken.None);

        Assert.True(host.Catalog.Numbers("fulldisk") is [1], string.Join('\n', _system.Notes));
        Assert.Empty(host.Transactions.Pending());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_container_is_uninstalled(bool purge)
    {
        using Host host = _system.Open();
        await _system.InstallAsync(host, "web", ("volume", "data:/data"));
        await _system.InstallAsync(host, "other");
        Fill();

        await new UninstallOperation(host, _system.Notes.Add).RunAsync(["web"], purge, CancellationToken.None);

        Assert.False(host.Catalog.IsInstalled("web"));
        Assert.False(File.Exists(_system.UnitOf("web")));
        Assert.Empty(host.Transactions.Pending());
        Assert.Empty(Directory.GetFileSystemEntries(_system.Store + "/transactions"));

        // With room again it is there for the next time.
        File.Delete(_system.Root + "/fill");
        await _system.UninstallAsync(host, "other");
        Assert.True(File.Exists(Reserve));
    }

    /// <summary>The room for the next one's intent is not taken from the one that is at work.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_has_a_little_room_keeps_it(bool reserved)
    {
        using Host host = _system.Open();
        await _system.InstallAsync(host, "web");
        await _system.UpdateAsync(host, "web", ("env", "A=1"));
        Fill(reserved);
        await using (FileStream fill = new(_system.Root + "/fill", FileMode.Open))
        {
            // As much as a reserve, and a page.
            fill.SetLength(fill.Length - (132 << 10));
        }

        await new RollbackOperation(host, _system.Notes.Add).RunAsync(
            "web",
            null,
            StartPolicy.Default,
            CancellationToken.None
        );

        Assert.Equal(0, host.Catalog.Get("web").Deployment);
        Assert.Empty(host.Transactions.Pending());
        Assert.Equal(reserved, File.Exists(Reserve));
        File.Delete(_system.Root + "/fill");
        await _system.UpdateAsync(host, "web", ("env", "B=1"));
        Assert.True(File.Exists(Reserve));
    }

    [Fact]
    public async Task What_no_layer_names_is_removed_by_a_repair()
    {
        using Host host = _system.Open();
        await _system.InstallAsync(host, "web");
        string orphan = $"{_system.Store}/objects/ab/{new string('0', 62)}";
        Directory.CreateDirectory(Path.GetDirectoryName(orphan)!);
        File.WriteAllBytes(orphan, new byte[100_000]);
        Fill();

        FsckReport report = await FsckAsync(host, repair: true);

        Assert.False(File.Exists(orphan));
        Assert.All(Wrong(report), f => Assert.True(f.Mended));
    }

    /// <summary>Of two calls that find the disk full one gets the room, and the other does not write over it.</summary>
    [Fact]
    public async Task An_intent_on_a_full_disk_is_whole_and_there_is_room_for_one()
    {
        using Host host = _system.Open();
        await _system.InstallAsync(host, "web");
        ContainerRecord record = host.Catalog.Get("web");
        Fill();
        Assert.True(
            HostFailure.IsFull(
                Assert.ThrowsAny<IOException>(() => host.Transactions.Begin(TransactionRecord.Install([record])))
            )
        );
        Assert.True(File.Exists(Reserve), "what takes room took the reserve");

        string intent = host.Transactions.Begin(TransactionRecord.Uninstall([record], purge: false));
        // A record of a page fits where another was; with more than is free it does not.
        ContainerRecord large = record with
        {
            Values = new Dictionary<string, string> { ["X"] = new string('x', 500_000) },
        };
        Assert.True(
            HostFailure.IsFull(
                Assert.ThrowsAny<IOException>(() =>
                    host.Transactions.Begin(TransactionRecord.Uninstall([large], purge: false))
                )
            )
        );

        PendingTransaction pending = Assert.Single(host.Transactions.Pending());
        Assert.Equal(
            (intent, TransactionKind.Uninstall, "web"),
            (pending.File, pending.Record.Operation, pending.Record.Names[0])
        );
        IntentRecords.End(intent);
    }

    /// <summary>A lock that was just let go of may be held for a moment more, and then something is not
    /// looked at.</summary>
    private static IEnumerable<Finding> Wrong(FsckReport report) =>
        report.Findings.Where(f => f.Kind != FindingKind.NotChecked);

    private ImageOperations Images(Host host) => new(host, NoProgress.Instance, _system.Notes.Add);

    private static Task<FsckReport> FsckAsync(Host host, bool repair) =>
        new FsckOperation(host, NoProgress.Instance).RunAsync(content: true, repair, CancellationToken.None);

    private void Fill(bool reserved = true)
    {
        Assert.True(File.Exists(Reserve));
        if (!reserved)
        {
            File.Delete(Reserve);
        }

        using FileStream file = new(_system.Root + "/fill", FileMode.Create, FileAccess.Write, FileShare.None, 0);
        byte[] page = new byte[4096];
        try
        {
            while (true)
            {
                file.Write(page);
            }
        }
        catch (IOException e) when (HostFailure.IsFull(e))
        {
            // So it is.
        }
    }
}
