// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Globalization;
using SystemContainers.Errors;
using SystemContainers.Linux.Processes;
using Xunit;

namespace SystemContainers.Tests.Linux.Processes;

public sealed class ProcessRunnerTests
{
    private static readonly string[] s_group = ["INT", "TERM", "HUP", "QUIT", "TSTP"];

    /// <summary>As Ctrl-C in the terminal sends it to all that run there.</summary>
    [Fact]
    public async Task What_changes_state_ends_what_it_does_though_its_group_is_signalled()
    {
        foreach (string signal in s_group)
        {
            ProcessResult result = await ProcessRunner.ChangeAsync(
                "sh",
                ["-c", $"kill -{signal} $$; echo the end"],
                CancellationToken.None
            );

            Assert.Equal((0, "the end\n"), (result.ExitCode, result.Output));
        }
    }

    [Fact]
    public async Task All_else_gets_signals_also_after_such_a_program()
    {
        await ProcessRunner.ChangeAsync("true", [], CancellationToken.None);

        ProcessResult result = await ProcessRunner.RunAsync(
            "sh",
            ["-c", "kill -INT $$; echo the end"],
            CancellationToken.None
        );

        Assert.Equal((130, ""), (result.ExitCode, result.Output));
    }

    [Theory]
    [InlineData("yes")]
    [InlineData("yes >&2")]
    public async Task What_prints_without_end_is_ended(string script)
    {
        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            ProcessRunner.RunAsync("sh", ["-c", "exec " + script], CancellationToken.None)
        );

        Assert.Equal(ErrorKind.Host, e.Kind);
        Assert.Contains($"more than {ProcessRunner.MaxOutputBytes} bytes", e.Message, StringComparison.Ordinal);
    }

    /// <summary>As a health check does that starts something and goes.</summary>
    [Fact]
    public async Task What_it_leaves_behind_with_its_streams_is_not_waited_for()
    {
        long begin = Environment.TickCount64;

        ProcessResult result = await ProcessRunner.RunForEndAsync(
            "sh",
            ["-c", "sleep 60 & echo $!; echo why >&2; exit 3"],
            1000,
            TimeSpan.FromMilliseconds(500),
            TestContext.Current.CancellationToken
        );

        using Process left = Process.GetProcessById(int.Parse(result.Output, CultureInfo.InvariantCulture));
        left.Kill();
        Assert.Equal((3, "why\n"), (result.ExitCode, result.Error));
        Assert.InRange(Environment.TickCount64 - begin, 0, 50_000);
    }

    [Fact]
    public async Task It_ends_with_whoever_waits_for_it()
    {
        using CancellationTokenSource soon = new(TimeSpan.FromMilliseconds(50));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            ProcessRunner.ChangeAsync("sleep", ["1000"], soon.Token)
        );
    }
}
