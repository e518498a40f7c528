// SPDX-License-Identifier: Apache-2.0

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

    [Fact]
    public async Task It_ends_with_whoever_waits_for_it()
    {
        using CancellationTokenSource soon = new(TimeSpan.FromMilliseconds(50));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            ProcessRunner.ChangeAsync("sleep", ["1000"], soon.Token)
        );
    }
}
