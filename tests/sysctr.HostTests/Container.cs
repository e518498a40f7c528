// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>A container that a test installed and that is gone when the test ends.</summary>
sealed class Container : IAsyncDisposable
{
    private static int s_count;

    private Container(TestHost host, string name)
    {
        Host = host;
        Name = name;
    }

    /// <summary>Where it is installed.</summary>
    public TestHost Host { get; }

    /// <summary>Its name, used by no other test.</summary>
    public string Name { get; }

    /// <summary>NAME.service.</summary>
    public string Service => Name + ".service";

    /// <summary>NAME.socket.</summary>
    public string Socket => Name + ".socket";

    /// <summary>Where its socket listens, as far as tests say.</summary>
    public string SocketPath => $"/run/{Name}.sock";

    /// <summary>A name that no other test uses.</summary>
    public static string NewName() => $"c{Interlocked.Increment(ref s_count)}";

    /// <summary>Installs an image; it has to succeed.</summary>
    public static async Task<Container> InstallAsync(TestHost host, string image, params string[] options)
    {
        Container container = new(host, NewName());
        (await host.SysctrAsync(["install", "--system", "--name", container.Name, .. options, image])).MustSucceed();
        return container;
    }

    /// <summary>Installs an image that listens on <see cref="SocketPath"/>, and starts its socket.</summary>
    public static async Task<Container> InstallSocketAsync(TestHost host, string image, params string[] options)
    {
        Container container = new(host, NewName());
        (
            await host.SysctrAsync([
                "install",
                "--system",
                "--name",
                container.Name,
                "--set",
                $"SOCKET={container.SocketPath}",
                .. options,
                image,
            ])
        ).MustSucceed();
        await host.MustAsync("systemctl", "start", container.Socket);
        return container;
    }

    /// <summary>One property of its service.</summary>
    public Task<string> PropertyAsync(string property) => Host.UnitPropertyAsync(Service, property);

    /// <summary>The number of the deployment in use.</summary>
    public async Task<string> DeploymentAsync() =>
        (await Host.ShellAsync($"readlink /var/lib/sysctr/deployments/{Name}/current")).Trim();

    /// <summary>A member of what <c>info --json</c> says of it, that is a text.</summary>
    public async Task<string> InfoAsync(string member)
    {
        using JsonDocument info = JsonDocument.Parse(
            (await Host.SysctrAsync("info", Name, "--json")).MustSucceed().Output
        );
        return info.RootElement.GetProperty(member).GetString()!;
    }

    /// <summary>Its main process, on the host.</summary>
    public Task<long> MainProcessAsync() => Host.UnitNumberAsync(Service, "MainPID");

    /// <summary>When its service last went from one state to another (InactiveExit, ActiveEnter …), in microseconds of
    /// the monotonic clock.</summary>
    public Task<long> TimeAsync(string change) => Host.UnitNumberAsync(Service, change + "TimestampMonotonic");

    /// <summary>Everything that its units wrote to the journal.</summary>
    public Task<string> JournalAsync() =>
        Host.ShellAsync($"journalctl --sync; journalctl --unit {Service} --output=cat --no-pager");

    /// <summary>Connects to its socket and reads until the other end closes.</summary>
    public async Task<Dictionary<string, string>> AskAsync()
    {
        const string client = """
            import socket, sys
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(60)
            s.connect(sys.argv[1])
            while True:
                data = s.recv(65536)
                if not data:
                    break
                sys.stdout.write(data.decode())
            """;
        return Parse((await Host.MustAsync("python3", "-c", client, SocketPath)).Output);
    }

    /// <summary>
    /// What the probe told when it started: KEY=VALUE lines in its state directory, which is a volume below the
    /// container's where sysctr made the configuration, and the container's own where the image did.
    /// </summary>
    public async Task<Dictionary<string, string>> ReportAsync() =>
        Parse(
            (
                await Host.EventuallyAsync(
                    $"report=$(find /var/lib/{Name} -name report -size +0 | grep .); cat $report",
                    TimeSpan.FromMinutes(3)
                )
            ).Output
        );

    /// <summary>
    /// Starts or restarts a probe and waits for its report: a first process without a handler yet would not hear the
    /// signal to stop, and systemd would wait its 90 s.
    /// </summary>
    public async Task StartedAsync(string verb)
    {
        await Host.ShellAsync($"find /var/lib/{Name} -name report -delete; systemctl {verb} {Service}");
        await ReportAsync();
    }

    /// <summary>Waits until its service is in a state; fails with the journal.</summary>
    public async Task WaitForAsync(string script, string what)
    {
        try
        {
            await Host.EventuallyAsync(script, TimeSpan.FromMinutes(3));
        }
        catch (CommandFailedException e)
        {
            Assert.Fail($"{what}: not seen.\n{e.Message}\n{await JournalAsync()}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        CommandResult result = await Host.SysctrAsync("uninstall", "--purge", Name);
        // What is left of a container would be met by the next test on this host.
        result.MustSucceed();
        Assert.Equal("not-found", await Host.UnitPropertyAsync(Service, "LoadState"));
    }

    /// <summary>KEY=VALUE lines.</summary>
    public static Dictionary<string, string> Parse(string lines) =>
        lines
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => l.Split('=', 2))
            .ToDictionary(p => p[0], p => p.Length == 2 ? p[1] : "", StringComparer.Ordinal);
}
