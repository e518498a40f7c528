// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text;

namespace SystemContainers.TestBed;

/// <summary>Runs programs of the build machine, without a shell and without standard input.</summary>
public static class Command
{
    /// <summary>More than the slowest step (a Debian root) takes on a busy machine.</summary>
    private static readonly TimeSpan s_timeout = TimeSpan.FromMinutes(20);

    /// <summary>Runs a program to its end.</summary>
    public static Task<CommandResult> RunAsync(string program, params string[] arguments) =>
        RunAsync([program, .. arguments]);

    /// <summary>Runs a program that has to succeed.</summary>
    public static async Task<CommandResult> MustAsync(string program, params string[] arguments) =>
        (await RunAsync([program, .. arguments])).MustSucceed();

    /// <summary>Runs a program to its end; one that takes longer than <paramref name="timeout"/> is killed with its
    /// children.</summary>
    public static async Task<CommandResult> RunAsync(
        IReadOnlyList<string> commandLine,
        TimeSpan? timeout = null,
        string? input = null
    )
    {
        ProcessStartInfo start = new(commandLine[0], commandLine.Skip(1))
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        StringBuilder output = new();
        StringBuilder error = new();
        process.OutputDataReceived += (_, line) => Append(output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(error, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using CancellationTokenSource limit = new(timeout ?? s_timeout);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException(
                $"{string.Join(' ', commandLine)}: not finished after {timeout ?? s_timeout}\n{output}\n{error}",
                e
            );
        }

        return new CommandResult(string.Join(' ', commandLine), process.ExitCode, output.ToString(), error.ToString());
    }

    private static void Append(StringBuilder text, string? line)
    {
        if (line is not null)
        {
            text.Append(line).Append('\n');
        }
    }
}
