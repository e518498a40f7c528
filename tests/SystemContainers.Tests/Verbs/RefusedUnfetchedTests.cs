// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Sockets;
using SystemContainers.Errors;
using SystemContainers.Inspect.Plan;
using SystemContainers.Linux.Processes;
using SystemContainers.Pull;
using SystemContainers.Requests;
using SystemContainers.Settings;
using SystemContainers.State;
using SystemContainers.Systemd;
using SystemContainers.SystemdText;
using SystemContainers.Target;
using SystemContainers.Tests.Fakes;
using SystemContainers.Verbs;
using Xunit;

namespace SystemContainers.Tests.Verbs;

/// <summary>What can be refused without the image is refused before it is fetched. The image is a pipe that nobody
/// writes to: whoever reads it waits.</summary>
[Trait("needs", "root")]
public sealed class RefusedUnfetchedTests : IAsyncLifetime
{
    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-refused-").FullName;

    private string Image => $"oci-archive:{_root}/pipe.tar";

    public async ValueTask InitializeAsync() =>
        await ProcessRunner.RunAsync(
            "mkfifo",
            [Path.Combine(_root, "pipe.tar")],
            TestContext.Current.CancellationToken
        );

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_root, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public Task An_install_without_the_runtime() =>
        RefusedAsync(
            host =>
                new InstallOperation(host, new NoProgress(), _ => { }).RunAsync(
                    [Request],
                    now: false,
                    new StartPolicy(),
                    default
                ),
            "OCI runtime"
        );

    [Fact]
    public Task An_install_that_shall_start_without_systemd() =>
        RefusedAsync(
            host =>
                new InstallOperation(host, new NoProgress(), _ => { }).RunAsync(
                    [Request],
                    now: true,
                    new StartPolicy(),
                    default
                ),
            "systemd"
        );

    /// <summary>Nobody takes that container away in the same call, though a file declares it.</summary>
    [Fact]
    public async Task An_install_that_shall_start_at_a_port_of_a_declared_container()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        ContainerSettings settings = new(
            new Dictionary<string, IReadOnlyList<string>>
            {
                ["publish"] = [$"{socket.LocalEndPoint}:80"],
                ["network"] = ["bridge"],
            }
        );
        using Host host = new(new HostTarget(_root), new FakeSystemd(TimeProvider.System), _ => { });
        _ = host.OpenStore();
        DeploymentDirectory directory = host.Deployment("db", 0);
        Directory.CreateDirectory(directory.Here);
        directory.WriteRecord(
            SampleRecord.Of("db") with
            {
                Declared = new Declaration("/etc/sysctr/containers.d/db.container", []),
                Options = settings.Values,
            }
        );
        directory.MakeCurrent();

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            new InstallOperation(host, new NoProgress(), _ => { }).RunAsync(
                [Request with { Settings = settings }],
                now: true,
                new StartPolicy(),
                default
            )
        );

        Assert.Equal(ErrorKind.Conflict, e.Kind);
    }

    [Fact]
    public Task A_plan_without_the_runtime() =>
        RefusedAsync(
            host => new PlanOperation(host, new NoProgress(), _ => { }).InstallAsync([Request], now: false, default),
            "OCI runtime"
        );

    [Fact]
    public async Task A_run_without_systemd()
    {
        await RefusedAsync(host => new RunOnceOperation(host, new NoProgress()).RunAsync(Request, default), "systemd");
        Assert.Equal([Path.Combine(_root, "pipe.tar")], Directory.EnumerateFileSystemEntries(_root));
    }

    /// <summary>As <c>--user</c> has it in a session that no user manager serves.</summary>
    [Fact]
    public async Task What_is_to_be_known_to_a_systemd_that_does_not_answer()
    {
        FakeSystemd systemd = new(TimeProvider.System)
        {
            Version = () => throw new SysctrException(ErrorKind.Host, "asking systemd: nobody is there"),
        };
        string runtime = Path.Combine(_root, "usr/bin/runc");
        Directory.CreateDirectory(Path.GetDirectoryName(runtime)!);
        await File.WriteAllTextAsync(runtime, "#!/bin/sh\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(runtime, (UnixFileMode)0b111_101_101);

        await RefusedAsync(
            host =>
                new InstallOperation(host, new NoProgress(), _ => { }).RunAsync(
                    [Request],
                    now: false,
                    new StartPolicy(),
                    default
                ),
            "nobody is there",
            systemd
        );
        await RefusedAsync(
            host => new PlanOperation(host, new NoProgress(), _ => { }).InstallAsync([Request], now: false, default),
            "nobody is there",
            systemd
        );
        await RefusedAsync(
            host => new RunOnceOperation(host, new NoProgress()).RunAsync(Request, default),
            "nobody is there",
            systemd
        );
    }

    private InstallRequest Request => new(Image) { Name = "x" };

    private async Task RefusedAsync(Func<Host, Task> work, string why, ISystemdManager? systemd = null)
    {
        using Host host = systemd is null
            ? Host.Open(_root, _ => { })
            : new Host(new HostTarget(_root), systemd, _ => { });

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            Task.Run(() => work(host)).WaitAsync(TimeSpan.FromSeconds(60))
        );

        Assert.Equal(ErrorKind.Host, e.Kind);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }
}
