// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Linux.Processes;
using SystemContainers.Pull;
using SystemContainers.Requests;
using SystemContainers.Target;
using SystemContainers.Verbs;
using Xunit;

namespace SystemContainers.Tests.Verbs;

/// <summary>
/// A source that sends nothing keeps nobody else from anything: no lock is held while it is waited for. It is a pipe
/// that nobody writes to; a registry that stalls is read from the same place.
/// </summary>
[Trait("needs", "root")]
public sealed class StalledSourceTests : IAsyncLifetime
{
    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-stalled-").FullName;

    private string Pipe => Path.Combine(_root, "pipe.tar");

    public async ValueTask InitializeAsync()
    {
        await ProcessRunner.RunAsync("mkfifo", [Pipe], TestContext.Current.CancellationToken);

        // Without a runtime nothing would be fetched.
        Directory.CreateDirectory(Path.Combine(_root, "usr/bin"));
        await File.WriteAllTextAsync(Path.Combine(_root, "usr/bin/runc"), "");
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_root, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public Task A_pull_holds_no_lease() =>
        StallsAsync(
            async (host, image) =>
            {
                using StoreLease lease = host.Locks.LeaseStore(default);
                await new ImageFetch(host, new NoProgress()).FetchAsync(
                    new WantedImage(host.Registries, image, PullPolicy.Always),
                    lease,
                    default
                );
            }
        );

    [Fact]
    public Task A_pull_by_another_name_holds_no_lease() =>
        StallsAsync(
            (host, image) =>
                new ImageFetch(host, new NoProgress()).FetchAsAsync(
                    new WantedImage(host.Registries, image, PullPolicy.Always),
                    "example.com/x",
                    default
                )
        );

    [Fact]
    public Task An_install_holds_neither_a_lease_nor_its_container() =>
        StallsAsync(
            (host, image) =>
                new InstallOperation(host, new NoProgress(), _ => { }).RunAsync(
                    [new InstallRequest(image) { Name = "x" }],
                    now: false,
                    new StartPolicy(),
                    default
                )
        );

    [Fact]
    public Task A_plan_with_a_store_of_its_own_holds_no_lease_of_the_hosts() =>
        StallsAsync(
            (host, image) =>
                new InstallOperation(host, new NoProgress(), _ => { }).DisplayAsync(
                    new InstallRequest(image) { Name = "x" },
                    _ => { },
                    default
                )
        );

    private async Task StallsAsync(Func<Host, string, Task> work)
    {
        using Host other = Host.Open(_root, _ => { });
        using (IDisposable? alone = other.OpenStore().Locks.TryLockStore())
        {
            Assert.NotNull(alone);
        }

        using Host host = Host.Open(_root, _ => { });
        Task running = Task.Run(() => work(host, $"oci-archive:{Pipe}"));

        // Opens as soon as it is read, and gives nothing.
        await using (
            await Task.Run(() => new FileStream(Pipe, FileMode.Open, FileAccess.Write))
                .WaitAsync(TimeSpan.FromSeconds(60))
        )
        {
            await Task.Delay(100);
            using IDisposable? alone = other.OpenStore().Locks.TryLockStore();
            using IDisposable? container = other.Locks.TryLockContainers(["x"]);
            Assert.NotNull(alone);
            Assert.NotNull(container);
            Assert.False(running.IsCompleted);
        }

        // The end of the pipe is no archive.
        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            running.WaitAsync(TimeSpan.FromSeconds(60))
        );
        Assert.Equal(ErrorKind.Corrupt, e.Kind);
    }
}
