// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Fsck;
using SystemContainers.Fsck.Findings;
using SystemContainers.Pull;
using SystemContainers.State;
using SystemContainers.Store.Records;
using SystemContainers.Target;
using SystemContainers.Tests.Fakes;
using SystemContainers.Transactions;
using Xunit;

namespace SystemContainers.Tests.Fsck;

/// <summary>A repair mends what is wrong when it has the lock, and not what was wrong when everything was looked at:
/// between the two a container may have been updated, reinstalled or put right by its administrator.</summary>
[Trait("needs", "root")]
public sealed class StaleFindingTests : IAsyncLifetime
{
    private readonly OfflineSystem _system = new();

    public async ValueTask InitializeAsync() => await _system.MakeAsync();

    public ValueTask DisposeAsync()
    {
        _system.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_missing_unit_that_an_update_has_written_since_stays_the_update_s()
    {
        using Host host = _system.Open();
        await _system.InstallAsync(host, "web");
        File.Delete(_system.UnitOf("web"));
        FsckPass found = await LookAsync(host);
        Assert.Single(found.Containers.Missing);

        using (Host other = _system.Open())
        {
            await _system.UpdateAsync(other, "web", ("env", "A=1"));
        }

        string written = File.ReadAllText(_system.UnitOf("web"));
        await MendAsync(host, found);

        Assert.Equal(written, File.ReadAllText(_system.UnitOf("web")));
        Assert.Contains("/deployments/web/1", written, StringComparison.Ordinal);
        Assert.Empty((await LookAsync(host)).Findings);
    }

    [Fact]
    public async Task A_damaged_rootfs_of_a_container_that_was_installed_anew_since_is_not_written_over_the_new_one()
    {
        using Host host = _system.Open();
        await _system.InstallAsync(host, "web");
        string version = host.Deployment("web", 0).Here + "/rootfs/etc/version";
        File.Delete(version);
        FsckPass found = await LookAsync(host);
        Assert.Single(found.Containers.Damaged);

        using (Host other = _system.Open())
        {
            await _system.UninstallAsync(other, "web");
            await _system.WriteImageAsync("second");
            await _system.InstallAsync(other, "web");
        }

        await MendAsync(host, found);

        Assert.Equal("second", File.ReadAllText(version));
        Assert.Empty((await LookAsync(host)).Findings);
    }

    [Fact]
    public async Task What_an_administrator_has_put_where_a_file_was_missing_stays()
    {
        using Host host = _system.Open();
        await _system.InstallAsync(host, "web");
        File.Delete(_system.UnitOf("web"));
        FsckPass found = await LookAsync(host);
        File.WriteAllText(_system.UnitOf("web"), "# mine\n");

        await MendAsync(host, found);

        Assert.Equal("# mine\n", File.ReadAllText(_system.UnitOf("web")));
    }

    /// <summary>It may come even between the look and the write, for no lock keeps an administrator away.</summary>
    [Fact]
    public async Task A_file_that_is_written_again_takes_no_other_s_place()
    {
        using Host host = _system.Open();
        await _system.InstallAsync(host, "web");
        ContainerRecord record = host.Catalog.Get("web");
        File.WriteAllText(_system.UnitOf("web"), "# mine\n");

        Assert.False(new HostFileSwitch(host).Restore(record, record.Units[0]));

        Assert.Equal("# mine\n", File.ReadAllText(_system.UnitOf("web")));
        Assert.DoesNotContain(
            Directory.GetFileSystemEntries(Path.GetDirectoryName(_system.UnitOf("web"))!),
            e => Path.GetFileName(e).StartsWith('.')
        );
        File.Delete(_system.UnitOf("web"));
        Assert.True(new HostFileSwitch(host).Restore(record, record.Units[0]));
        Assert.Equal(record.Units[0].Sha256, HostFileFacts.DigestOf(_system.UnitOf("web")));
    }

    [Fact]
    public async Task A_container_that_an_intent_names_is_left_to_recovery()
    {
        using Host host = _system.Open();
        await _system.InstallAsync(host, "web");
        File.Delete(_system.UnitOf("web"));
        FsckPass found = await LookAsync(host);
        ContainerRecord record = host.Catalog.Get("web");
        host.Transactions.Begin(TransactionRecord.Uninstall([record], purge: false));

        await MendAsync(host, found);

        Assert.False(File.Exists(_system.UnitOf("web")));
    }

    [Fact]
    public async Task A_broken_ref_that_a_pull_has_written_since_keeps_what_it_means_now()
    {
        using Host host = _system.Open();
        await _system.InstallAsync(host, "web");
        ImageRecord before = Assert.Single(host.OpenStore().Images.List());
        File.WriteAllText(host.OpenStore().Images.FileOf(before.Reference), "{");
        FsckPass found = await LookAsync(host);

        ImageRecord after = before with { PulledAt = DateTimeOffset.UnixEpoch };
        host.OpenStore().Images.Set(after);
        await new StoreRepair(host, NoProgress.Instance, new RepairLog()).RunAsync(found, CancellationToken.None);

        Assert.Equal(after.PulledAt, host.OpenStore().Images.Find(before.Reference)!.PulledAt);

        File.WriteAllText(host.OpenStore().Images.FileOf(before.Reference), "{");
        await new StoreRepair(host, NoProgress.Instance, new RepairLog()).RunAsync(found, CancellationToken.None);
        Assert.Equal(before.ManifestDigest, host.OpenStore().Images.Find(before.Reference)!.ManifestDigest);
    }

    /// <summary>A record alone that can't be read is no layer that is not there.</summary>
    [Fact]
    public async Task Why_orphans_are_not_looked_for_is_said_as_it_is()
    {
        using Host host = _system.Open();
        await _system.InstallAsync(host, "web");
        File.WriteAllText(host.Deployment("web", 0).RecordFile, "{");
        Finding? note = null;

        await LockRelease.AwaitAsync(async () =>
        {
            FsckPass pass = await FsckPass.RunAsync(host, content: false, _ => true, CancellationToken.None);
            note = pass.Findings.SingleOrDefault(f => f.Kind == FindingKind.NotChecked);
            return note?.Text.Contains("another sysctr", StringComparison.Ordinal) == false;
        });

        Assert.Contains("nobody can tell what deployments are mounted from (", note!.Text, StringComparison.Ordinal);
    }

    /// <summary>At everything: a lock that was just let go of may be held for a moment more.</summary>
    private static async Task<FsckPass> LookAsync(Host host)
    {
        FsckPass? pass = null;
        await LockRelease.AwaitAsync(async () =>
        {
            pass = await FsckPass.RunAsync(host, content: true, _ => true, CancellationToken.None);
            return pass.Findings.All(f => f.Kind != FindingKind.NotChecked);
        });
        return pass!;
    }

    private static Task<IReadOnlyList<Finding>> MendAsync(Host host, FsckPass found) =>
        new DeploymentRepair(host, new RepairLog()).RunAsync(found, CancellationToken.None);
}
