// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests.Faults;

/// <summary>A host with the two versions of the image <c>tiny</c> and a plain one as layouts, and the scripts that
/// break sysctr.</summary>
public sealed class SweepHost : IAsyncLifetime
{
    /// <summary>The host.</summary>
    public NspawnHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        string first = await ImageBuilder.BuildAsync(new ImageSource("tiny"));
        string second = await ImageBuilder.BuildAsync(new ImageSource("tiny-v2"));
        Host = await NspawnHost.StartAsync(HostRoot.Tested, registryStorage: null);
        await Command.MustAsync("cp", "-a", first, Host.Root + "/srv/tiny-1");
        await Command.MustAsync("cp", "-a", second, Host.Root + "/srv/tiny-2");
        await new LayoutWriter()
            .File("/bin/app", "#!/bin/sh\n", (UnixFileMode)0b111_101_101)
            .WriteAsync(Host.Root + "/srv/plain");
        foreach (string script in (string[])["sweep.py", "storm.py"])
        {
            File.Copy(
                Path.Combine(Workspace.Root, "tests/sysctr.HostTests/Faults", script),
                Host.Root + Script(script)
            );
        }
    }

    public ValueTask DisposeAsync() => Host?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>Where one of the scripts beside this file is on the host.</summary>
    internal static string Script(string name) => "/srv/" + name;

    /// <summary>Breaks an operation at every point, or every Nth, and asserts that each left the old or the new
    /// state.</summary>
    internal async Task<SweepResult> SweepAsync(string where, string cut, string operation, int every = 1)
    {
        CommandResult run = await Host.RunAsync(
            ["env", $"SWEEP_EVERY={every}", "python3", Script("sweep.py"), where, cut, operation],
            TimeSpan.FromMinutes(15)
        );
        SweepResult result = SweepResult.Parse(run.MustSucceed().Output);
        await Console.Out.WriteLineAsync(result.Row);
        Assert.True(result.Failures.Count == 0, $"{result.Row}\n{string.Join('\n', result.Failures.Take(3))}");
        Assert.Equal(result.Points, result.Old + result.New);

        // Threads differ from run to run, and with them how many steps and system calls there are; else a cut that was
        // missed is no cut. A signal may come too late, and what is short, or has begun to remove, goes on to its end;
        // of the others who ignores all of them was started so ('env --default-signal' helps), and nothing was tried.
        bool heeds = cut is "int" or "term" && operation is ("install" or "update" or "rollback" or "pull");
        Assert.InRange(
            result.Missed,
            0,
            cut is "kill" ? result.Points / 10
                : cut is "strace" ? result.Points / 4
                : heeds ? result.Points - 1
                : result.Points
        );
        return result;
    }
}
