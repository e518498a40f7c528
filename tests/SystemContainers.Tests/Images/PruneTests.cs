// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Fsck;
using SystemContainers.Fsck.Findings;
using SystemContainers.Images;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Requests;
using SystemContainers.State;
using SystemContainers.Store.Records;
using SystemContainers.Target;
using SystemContainers.Tests.Fakes;
using SystemContainers.Transactions;
using SystemContainers.Verbs;
using Xunit;

namespace SystemContainers.Tests.Images;

/// <summary>What a prune must not take: names that came after it was cut off, the deployment that a rollback needs, and
/// the contents that a deployment is mounted from.</summary>
[Trait("needs", "root")]
public sealed class PruneTests : IAsyncLifetime
{
    /// <summary>One that no process of this machine runs from.</summary>
    private const string Name = "pruned-here";

    private readonly OfflineSystem _system = new();

    public async ValueTask InitializeAsync() => await _system.MakeAsync();

    public ValueTask DisposeAsync()
    {
        _system.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_prune_that_was_cut_off_deletes_the_names_that_it_began_with_and_no_other()
    {
        using Host host = _system.Open();
        ImageRecord old = Named(host, "old", "1");
        ImageRecord moved = Named(host, "moved", "1");
        ImageRecord used = Named(host, "used", "2");
        host.Transactions.Begin(
            TransactionRecord.Prune([
                .. new[] { old, moved, used }.Select(i => new HistoryImage(i.Reference, i.ManifestDigest.ToString())),
            ])
        );

        // Meanwhile: one is pulled anew, one comes, a container is made of one.
        Named(host, "moved", "3");
        Named(host, "new", "1");
        DeploymentDirectory deployment = host.Deployment(Name, 0);
        Directory.CreateDirectory(deployment.Here);
        deployment.WriteRecord(SampleRecord.Of(Name) with { ImageId = used.ConfigDigest });
        File.CreateSymbolicLink(deployment.CurrentLink, "0");
        await host.RecoverAsync(CancellationToken.None);

        Assert.Empty(host.Transactions.Pending());
        Assert.Equal(
            ["moved", "new", "used"],
            host.OpenStore().Images.List().Select(i => i.Reference["docker://r.example/".Length..^":latest".Length])
        );
    }

    /// <summary>It does not say which names it meant.</summary>
    [Fact]
    public async Task A_prune_of_an_older_version_that_was_cut_off_deletes_no_name()
    {
        using Host host = _system.Open();
        Named(host, "a", "1");
        await File.WriteAllTextAsync(
            _system.Store + "/transactions/00.json",
            """{"operation":"prune","changes":[],"purge":false,"all":true}""",
            TestContext.Current.CancellationToken
        );

        await host.RecoverAsync(CancellationToken.None);

        Assert.Empty(host.Transactions.Pending());
        Assert.Single(host.OpenStore().Images.List());
    }

    [Fact]
    public async Task A_tag_ends_a_prune_that_was_cut_off_before_it_gives_a_name()
    {
        using Host host = _system.Open();
        ImageRecord image = Named(host, "a", "1");
        ImageRecord kept = Named(host, "kept", "2");
        host.Transactions.Begin(
            TransactionRecord.Prune([new HistoryImage(image.Reference, image.ManifestDigest.ToString())])
        );
        ImageOperations images = new(host, NoProgress.Instance, _system.Notes.Add);

        await images.TagAsync(kept.Reference[9..], image.Reference[9..], CancellationToken.None);

        Assert.Empty(host.Transactions.Pending());
        Assert.Equal(kept.ManifestDigest, host.OpenStore().Images.Find(image.Reference)!.ManifestDigest);
    }

    [Fact]
    public async Task A_prune_says_in_its_intent_which_names_it_deletes()
    {
        using Host host = _system.Open();
        ImageRecord image = Named(host, "a", "1");
        PendingTransaction? seen = null;
        new StorePrune(host).Run(all: true, _ => seen = Assert.Single(host.Transactions.Pending()));

        Assert.Equal([new HistoryImage(image.Reference, image.ManifestDigest.ToString())], seen!.Record.Images);
        await host.RecoverAsync(CancellationToken.None);
    }

    /// <summary>The end of a commit was cut after its link: what was in use before is named by its intent
    /// alone.</summary>
    [Fact]
    public async Task The_deployment_that_a_pending_transaction_goes_back_to_is_not_pruned()
    {
        using Host host = _system.Open();
        await _system.InstallAsync(host, Name);
        await _system.UpdateAsync(host, Name, ("env", "A=1"));
        await _system.UpdateAsync(host, Name, ("env", "A=2"));
        Restore(host);
        ContainerRecord[] records = [.. host.Catalog.All().OrderBy(r => r.Deployment)];
        Assert.Equal([0, 1, 2], records.Select(r => r.Deployment));
        string committed = IntentRecords.Commit(
            host.Transactions.Begin(
                new TransactionRecord(TransactionKind.Update, [new ContainerChange(records[1], records[2])])
            )
        );
        string previous = host.Deployment(Name, 0).PreviousLink;
        File.Delete(previous);
        File.CreateSymbolicLink(previous, "0");

        using (host.Locks.LockContainers([Name], CancellationToken.None))
        {
            new PruneOperation(host, _system.Notes.Add).AfterUpdate([Name]);
        }

        Assert.Equal([0, 1, 2], host.Catalog.Numbers(Name));
        Assert.Empty(new DeploymentPruner(host).Candidates(Name, 1));

        await host.RecoverAsync(CancellationToken.None);
        Assert.False(File.Exists(committed));
        Assert.Equal(1, host.Catalog.Previous(Name));
        await LockRelease.AwaitAsync(async () =>
        {
            await new PruneOperation(host, _system.Notes.Add).RunAsync([], keep: 2, CancellationToken.None);
            return host.Catalog.Numbers(Name).Count == 2;
        });
        Assert.Equal([1, 2], host.Catalog.Numbers(Name));
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("other form")]
    public async Task Contents_that_a_deployment_is_mounted_from_stay_where_no_index_says_which_they_are(string what)
    {
        using Host host = _system.Open();
        await _system.InstallAsync(
            host,
            new InstallRequest(_system.Image) { Name = Name, Checkout = CheckoutForm.Composefs }
        );
        ContainerRecord record = host.Catalog.Get(Name);
        Assert.NotNull(record.Composefs);
        Digest layer = Assert.Single(record.DiffIds);
        if (what == "missing")
        {
            File.Delete(host.OpenStore().IndexPath(layer));
        }
        else
        {
            host.OpenStore().Convert(layer, ObjectForm.Inode);
        }

        string[] objects = Objects();
        SysctrException refused = await Assert.ThrowsAsync<SysctrException>(() =>
            new ImageOperations(host, NoProgress.Instance, _system.Notes.Add).PruneAsync(
                all: false,
                CancellationToken.None
            )
        );

        Assert.Equal(ErrorKind.Corrupt, refused.Kind);
        Assert.Contains("fsck --repair", refused.Hint, StringComparison.Ordinal);
        FsckPass found = await FsckPass.RunAsync(host, content: true, _ => true, CancellationToken.None);
        new LeftoverRepair(host, new RepairLog()).Run(found, CancellationToken.None);
        Assert.Equal(objects, Objects());
        Assert.DoesNotContain(found.Findings, f => f.Kind == FindingKind.OrphanObject);

        await _system.UninstallAsync(host, Name);
        await new ImageOperations(host, NoProgress.Instance, _system.Notes.Add).PruneAsync(
            all: true,
            CancellationToken.None
        );
        Assert.Empty(Objects());
    }

    /// <summary>Its first try mustn't leave an intent that nobody can end, nor take names.</summary>
    [Fact]
    public async Task A_prune_that_refuses_has_begun_nothing_and_a_repair_ends_an_older_one()
    {
        using Host host = _system.Open();
        await _system.InstallAsync(
            host,
            new InstallRequest(_system.Image) { Name = Name, Checkout = CheckoutForm.Composefs }
        );
        ImageRecord unused = Named(host, "unused", "1");
        File.Delete(host.OpenStore().IndexPath(host.Catalog.Get(Name).DiffIds[0]));
        ImageOperations images = new(host, NoProgress.Instance, _system.Notes.Add);
        foreach (bool all in (bool[])[false, true])
        {
            SysctrException refused = await Assert.ThrowsAsync<SysctrException>(() =>
                images.PruneAsync(all, CancellationToken.None)
            );

            Assert.Equal(ErrorKind.Corrupt, refused.Kind);
            Assert.Empty(host.Transactions.Pending());
            Assert.NotNull(host.OpenStore().Images.Find(unused.Reference));
        }

        // What earlier versions have left, or who was killed in the middle of one.
        host.Transactions.Begin(
            TransactionRecord.Prune([new HistoryImage(unused.Reference, unused.ManifestDigest.ToString())])
        );
        host.Transactions.Begin(TransactionRecord.Prune([]));
        using Host other = _system.Open();
        FsckReport report = await new FsckOperation(other, NoProgress.Instance).RunAsync(
            content: true,
            repair: true,
            CancellationToken.None
        );

        Assert.All(
            report.Findings,
            f => Assert.True(f.Mended || f.Kind == FindingKind.NotChecked, $"{f.Kind} {f.Path}")
        );
        Assert.Empty(host.Transactions.Pending());
        Assert.Null(host.OpenStore().Images.Find(unused.Reference));
    }

    /// <summary>A mount that has found its deployment and is not made yet: nothing but its lock says so.</summary>
    [Fact]
    public async Task What_another_call_may_be_about_to_mount_is_neither_pruned_nor_uninstalled()
    {
        using Host host = _system.Open(new HostOptions { LockTimeout = TimeSpan.Zero });
        await _system.InstallAsync(host, Name);
        await _system.UpdateAsync(host, Name, ("env", "A=1"));
        using (Host other = _system.Open())
        using (other.Locks.LockMounts(CancellationToken.None))
        {
            await new PruneOperation(host, _system.Notes.Add).RunAsync([], keep: 1, CancellationToken.None);
            Assert.Equal([0, 1], host.Catalog.Numbers(Name));
            Assert.Equal(
                ErrorKind.Locked,
                (await Assert.ThrowsAsync<SysctrException>(() => _system.UninstallAsync(host, Name))).Kind
            );
            Assert.True(File.Exists(_system.UnitOf(Name)));
        }

        await LockRelease.AwaitAsync(async () =>
        {
            await new PruneOperation(host, _system.Notes.Add).RunAsync([], keep: 1, CancellationToken.None);
            return host.Catalog.Numbers(Name).Count == 1;
        });
        Assert.Equal([1], host.Catalog.Numbers(Name));
    }

    private string[] Objects() =>
        [
            .. Directory
                .GetFiles(_system.Store + "/objects", "*", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>Puts back a deployment that an update has pruned, such as one that was pinned till now.</summary>
    private static void Restore(Host host)
    {
        DeploymentDirectory gone = host.Deployment(Name, 0);
        Directory.CreateDirectory(gone.Here);
        gone.WriteRecord(host.Catalog.Get(Name) with { Deployment = 0 });
    }

    private static ImageRecord Named(Host host, string name, string content)
    {
        Digest blob = Digest.Sha256(System.Text.Encoding.UTF8.GetBytes(content));
        host.OpenStore().PutBlob(blob, System.Text.Encoding.UTF8.GetBytes(content));
        ImageRecord record = new($"docker://r.example/{name}:latest", blob, blob, [], DateTimeOffset.UnixEpoch);
        host.OpenStore().Images.Set(record);
        return record;
    }
}
