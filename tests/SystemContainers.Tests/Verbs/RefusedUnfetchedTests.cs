using SystemContainers.Errors;
using SystemContainers.Inspect.Plan;
using SystemContainers.Linux.Processes;
using SystemContainers.Pull;
using SystemContainers.Requests;
using SystemContainers.Target;
using SystemContainers.Verbs;
using Xunit;

namespace SystemContainers.Tests.Verbs;

/// <summary>What can be refused without the image is refused before it is fetched. The image is a pipe that nobody writes to: whoever reads it waits.</summary>
public sealed class RefusedUnfetchedTests : IAsyncLifetime
{
    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-refused-").FullName;

    private string Image => $"oci-archive:{_root}/pipe.tar";

    public async ValueTask InitializeAsync() => await ProcessRunner.RunAsync("mkfifo", [Path.Combine(_root, "pipe.tar")], TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_root, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public Task An_install_without_the_runtime() =>
        RefusedAsync(host => new InstallOperation(host, new NoProgress(), _ => { }).RunAsync([Request], now: false, new StartPolicy(), default), "OCI runtime");

    [Fact]
    public Task An_install_that_shall_start_without_systemd() =>
        RefusedAsync(host => new InstallOperation(host, new NoProgress(), _ => { }).RunAsync([Request], now: true, new StartPolicy(), default), "systemd");

    [Fact]
    public Task A_plan_without_the_runtime() =>
        RefusedAsync(host => new PlanOperation(host, new NoProgress(), _ => { }).InstallAsync([Request], now: false, default), "OCI runtime");

    [Fact]
    public Task A_run_without_systemd() => RefusedAsync(host => new RunOnceOperation(host, new NoProgress()).RunAsync(Request, default), "systemd");

    private InstallRequest Request => new(Image) { Name = "x" };

    private async Task RefusedAsync(Func<Host, Task> work, string why)
    {
        using Host host = Host.Open(_root, _ => { });

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() => Task.Run(() => work(host)).WaitAsync(TimeSpan.FromSeconds(60)));

        Assert.Equal(ErrorKind.Host, e.Kind);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }
}
