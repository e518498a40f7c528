// SPDX-License-Identifier: Apache-2.0

using System.Reflection;
using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Prepared;
using SystemContainers.Pull;
using SystemContainers.Reference;
using SystemContainers.Requests;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.TestBed;
using SystemContainers.Tests.Fakes;
using SystemContainers.Transactions;
using SystemContainers.Verbs;
using Xunit;

namespace SystemContainers.Tests.Transactions;

/// <summary>What a transaction leaves that ends before its commit: nothing, whichever step it had come to. On an
/// offline root.</summary>
[Trait("needs", "root")]
public sealed class ContainerTransactionTests : IAsyncLifetime
{
    private readonly string _base = Directory.CreateTempSubdirectory("sysctr-transaction-").FullName;
    private readonly List<string> _notes = [];

    private string Root => _base + "/root";

    private InstallRequest Request => new($"oci:{_base}/image:latest");

    public async ValueTask InitializeAsync()
    {
        foreach (
            string directory in (string[])
                ["etc/systemd/system", "etc/containers", "usr/bin", "usr/lib/systemd/system", "var/lib", "run"]
        )
        {
            Directory.CreateDirectory(Path.Combine(Root, directory));
        }

        foreach (string program in (string[])["runc", "sysctr"])
        {
            await File.WriteAllTextAsync($"{Root}/usr/bin/{program}", "");
        }

        await new LayoutWriter()
            .File("/bin/app", "#!/bin/sh\n", UnixFileMode.UserRead | UnixFileMode.UserExecute)
            .Label("atomic.name", "app")
            .WriteAsync(_base + "/image");
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_base, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("fetched")]
    [InlineData("prepared")]
    [InlineData("staged")]
    [InlineData("placed")]
    public async Task Disposed_of_before_the_commit_it_leaves_nothing_of_the_container(string until)
    {
        using Host host = Open();
        DeploymentDirectory directory = host.Deployment("app", 0);
        using (ContainerTransaction transaction = new(host, NoProgress.Instance))
        {
            await GoAsync(host, transaction, until);
            Assert.Equal(until == "staged", Directory.Exists(directory.Staged));
            Assert.Equal(until == "placed", Directory.Exists(directory.Here));
            Assert.False(IsFree(host));
        }

        await LockRelease.AwaitAsync(() => Task.FromResult(IsFree(host)));
        Assert.True(IsFree(host));
        Assert.False(Directory.Exists(directory.ContainerHere));
        Assert.Empty(host.Transactions.Pending());
        Assert.Empty(Directory.GetFileSystemEntries(Root + "/etc/systemd/system"));
        Assert.DoesNotContain(_notes, n => n.StartsWith("warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_new_deployment_that_is_not_committed_goes_and_the_old_one_stays()
    {
        using Host host = Open();
        DeploymentDirectory old = host.Deployment("app", 0);
        using (ContainerTransaction first = new(host, NoProgress.Instance))
        {
            await GoAsync(host, first, "staged");
            Directory.Move(old.Staged, old.Here);
            File.CreateSymbolicLink(old.CurrentLink, "0");
        }

        using (ContainerTransaction second = new(host, NoProgress.Instance))
        {
            await GoAsync(host, second, "staged", number: 1, host.Catalog.Get("app"));
            Assert.True(Directory.Exists(host.Deployment("app", 1).Staged));
        }

        Assert.False(Directory.Exists(host.Deployment("app", 1).Staged));
        Assert.Equal(0, host.Catalog.Get("app").Deployment);
        Assert.True(Directory.Exists(old.Here + "/rootfs"));
    }

    [Fact]
    public async Task What_is_staged_needs_nothing_of_the_store()
    {
        using Host host = Open();
        using ContainerTransaction transaction = new(host, NoProgress.Instance);
        await GoAsync(host, transaction, "staged");

        await LockRelease.AwaitAsync(() => Task.FromResult(IsUnleased(host)));
        Assert.True(IsUnleased(host));
    }

    [Fact]
    public async Task Locks_that_are_kept_outlive_it()
    {
        using Host host = Open();
        ContainerLocks? kept;
        using (ContainerTransaction transaction = new(host, NoProgress.Instance))
        {
            await GoAsync(host, transaction, "prepared");
            kept = transaction.KeepLocks();
        }

        using (kept)
        {
            Assert.Null(host.Locks.TryLockContainers(["app"]));
        }
    }

    /// <summary>However often it is rendered: an update does so twice where it has to be compared with what is
    /// there.</summary>
    [Fact]
    public async Task An_image_is_merged_once()
    {
        using Host host = Open();
        using ContainerTransaction transaction = new(host, NoProgress.Instance);
        StoredImage image = await FetchAsync(host, transaction);
        OpenedImage opened = transaction.Open(image, Request);

        PreparedContainer one = await transaction.PrepareAsync(
            opened,
            Request,
            "app",
            0,
            before: null,
            CancellationToken.None
        );
        PreparedContainer two = await transaction.PrepareAsync(
            opened,
            Request,
            "app",
            1,
            one.Record,
            CancellationToken.None
        );

        Assert.Same(one.Tree, two.Tree);
        Assert.NotEqual(one.Record.Values["DESTDIR"], two.Record.Values["DESTDIR"]);
    }

    [Fact]
    public async Task What_is_only_looked_at_makes_no_store()
    {
        using Host host = Open();
        using (ContainerTransaction transaction = new(host, NoProgress.Instance))
        {
            StoredImage image = await transaction.FetchAsideAsync(
                new WantedImage(host.Registries, Request),
                CancellationToken.None
            );
            Assert.NotNull(
                (await transaction.PrepareAsync(Request, "app", image, CancellationToken.None)).Rendered.Config
            );
        }

        Assert.False(Directory.Exists(host.StoreHere + "/objects"));
    }

    [Fact]
    public void An_image_that_nobody_fetched_is_not_opened()
    {
        using Host host = Open();
        using ContainerTransaction transaction = new(host, NoProgress.Instance);

        Assert.Throws<InvalidOperationException>(() => transaction.Open(null!, Request));
    }

    [Fact]
    public async Task What_was_prepared_and_not_staged_is_not_committed()
    {
        using Host host = Open();
        using ContainerTransaction transaction = new(host, NoProgress.Instance);
        await GoAsync(host, transaction, "prepared");

        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            transaction.CommitAsync(TransactionKind.Install, HistoryOrigin.Now(), CancellationToken.None)
        );
        Assert.False(host.Transactions.Any);
    }

    /// <summary>A process that changes it together with another dies while a run-once fetches: both are ended, for the
    /// run alone can't be.</summary>
    [Fact]
    public async Task A_run_ends_with_others_what_was_cut_off_while_it_fetched()
    {
        Host? host = null;
        FakeSystemd? fake = null;
        using FakeSystemd systemd = fake = new(TimeProvider.System)
        {
            Version = () =>
            {
                host!.Transactions.Begin(TransactionRecord.Install([SampleRecord.Of("app"), SampleRecord.Of("other")]));

                // Refused for this once the image is there.
                fake!["app.service"].IsThere = true;
                return 252;
            },
        };
        using (host = new Host(new HostTarget(Root), systemd, _notes.Add))
        {
            SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
                new RunOnceOperation(host, NoProgress.Instance).RunAsync(
                    Request with
                    {
                        Name = "app",
                    },
                    CancellationToken.None
                )
            );

            Assert.Equal(ErrorKind.Conflict, e.Kind);
            Assert.Contains("there is a unit app.service", e.Message, StringComparison.Ordinal);
            Assert.Empty(host.Transactions.Pending());
        }
    }

    /// <summary>What it would run in is between two deployments until somebody has ended that.</summary>
    [Fact]
    public async Task A_command_in_its_place_awaits_nobody_who_keeps_what_was_cut_off_from_being_ended()
    {
        using Host host = Open();
        host.Transactions.Begin(TransactionRecord.Install([SampleRecord.Of("app"), SampleRecord.Of("other")]));
        using Host second = Open();
        using IDisposable held = second.Locks.LockContainers(["other"], CancellationToken.None);

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            new StandInOperation(host).RunAsync(new ExecRequest("app", ["true"]), CancellationToken.None)
        );

        Assert.Equal(ErrorKind.Locked, e.Kind);
    }

    /// <summary>A short name may mean another image by the time that a caller asks again.</summary>
    [Fact]
    [Trait("needs", "programs")]
    public async Task An_install_tells_the_names_that_it_found()
    {
        using Host host = Open();
        InstallOperation operation = new(host, NoProgress.Instance, _notes.Add);

        await operation.RunAsync([Request], now: false, new StartPolicy(), CancellationToken.None);

        Assert.Equal([Assert.Single(host.Catalog.All()).Name], operation.Installed);
        Assert.DoesNotContain(
            typeof(InstallRequest).GetMethods(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public),
            m => m.GetParameters().Any(p => p.ParameterType == typeof(RegistriesConfig))
        );
    }

    private Host Open() => Host.Open(Root, _notes.Add);

    private Task<StoredImage> FetchAsync(Host host, ContainerTransaction transaction) =>
        FirstAsync(
            transaction.FetchAsync(
                () => Task.FromResult<IReadOnlyList<WantedImage>>([new WantedImage(host.Registries, Request)]),
                () => host.LockAndRecoverAsync(["app"], CancellationToken.None),
                CancellationToken.None
            )
        );

    private static async Task<StoredImage> FirstAsync(Task<IReadOnlyList<StoredImage>> images) =>
        Assert.Single(await images);

    private async Task GoAsync(
        Host host,
        ContainerTransaction transaction,
        string until,
        int number = 0,
        ContainerRecord? before = null
    )
    {
        StoredImage image = await FetchAsync(host, transaction);
        if (until == "fetched")
        {
            return;
        }

        PreparedContainer prepared = await transaction.PrepareAsync(
            transaction.Open(image, Request),
            Request,
            "app",
            number,
            before,
            CancellationToken.None
        );
        transaction.Add(before, prepared);
        if (until == "prepared")
        {
            return;
        }

        transaction.Stage(CancellationToken.None);
        if (until == "placed")
        {
            transaction.Place();
        }
    }

    private static bool IsFree(Host host)
    {
        using ContainerLocks? locks = host.Locks.TryLockContainers(["app"]);
        return locks is not null && IsUnleased(host);
    }

    private static bool IsUnleased(Host host)
    {
        using IDisposable? alone = host.Locks.TryLockStore();
        return alone is not null;
    }
}
