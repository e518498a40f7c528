// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;

namespace SystemContainers.Linux.Processes;

/// <summary>What a command gave.</summary>
sealed record ProcessResult(int ExitCode, string Output, string Error);

/// <summary>Runs a tool of the host to its end and captures what it says.</summary>
static class ProcessRunner
{
    /// <summary>Runs <paramref name="program"/> without a shell and without standard input.</summary>
    /// <exception cref="Errors.SysctrException">Host: the program is not there or can't be executed.</exception>
    public static Task<ProcessResult> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        CancellationToken cancellation
    ) => RunAsync(program, arguments, input: "", cancellation);

    /// <summary>Runs <paramref name="program"/> without a shell and with <paramref name="input"/> on standard
    /// input.</summary>
    /// <exception cref="Errors.SysctrException">Host: the program is not there or can't be executed.</exception>
    public static Task<ProcessResult> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        string input,
        CancellationToken cancellation
    ) => RunAsync(program, arguments, input, Start, cancellation);

    /// <summary>
    /// As <see cref="RunAsync(string, IReadOnlyList{string}, CancellationToken)"/>, for what changes state: Ctrl-C in
    /// the terminal, and systemd that ends a unit, signal all of its processes, and whether this one stops half-way is
    /// for its caller to say. It is not for programs that leave a daemon behind.
    /// </summary>
    /// <exception cref="Errors.SysctrException">Host: the program is not there or can't be executed.</exception>
    public static Task<ProcessResult> ChangeAsync(
        string program,
        IReadOnlyList<string> arguments,
        CancellationToken cancellation
    ) =>
        RunAsync(
            program,
            arguments,
            input: "",
            start =>
            {
                using IDisposable held = ProcessSignals.HoldBack();
                return Start(start);
            },
            cancellation
        );

    private static async Task<ProcessResult> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        string input,
        Func<ProcessStartInfo, Process> starter,
        CancellationToken cancellation
    )
    {
        ProcessStartInfo start = new(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = starter(start);
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation);
        Task<string> error = process.StandardError.ReadToEndAsync(cancellation);
        try
        {
            await WriteInputAsync(process, input, cancellation);
            await process.WaitForExitAsync(cancellation);
            return new ProcessResult(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    private static async Task WriteInputAsync(Process process, string input, CancellationToken cancellation)
    {
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancellation);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading; its exit code and what it printed say why.
        }
    }

    /// <summary>Starts a program.</summary>
    /// <exception cref="Errors.SysctrException">Host: the program is not there or can't be executed.</exception>
    public static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new Errors.SysctrException(
                Errors.ErrorKind.Host,
                $"running {start.FileName}: {System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage(e.NativeErrorCode)}",
                inner: e
            );
        }
    }
}
