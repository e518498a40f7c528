// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;

namespace SystemContainers.Linux.Processes;

/// <summary>What a command gave.</summary>
sealed record ProcessResult(int ExitCode, string Output, string Error);

/// <summary>Runs a tool of the host to its end and captures what it says, within a bound: what an image or a payload
/// has written may be what it prints.</summary>
static class ProcessRunner
{
    /// <summary>What a program may print to each stream, in bytes; more is refused.</summary>
    public const int MaxOutputBytes = 32 << 20;

    /// <summary>Runs <paramref name="program"/> without a shell and without standard input.</summary>
    /// <exception cref="Errors.SysctrException">Host: the program is not there, can't be executed, or prints too
    /// much.</exception>
    public static Task<ProcessResult> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        CancellationToken cancellation
    ) => RunAsync(program, arguments, input: "", cancellation);

    /// <summary>Runs <paramref name="program"/> without a shell and with <paramref name="input"/> on standard
    /// input.</summary>
    /// <exception cref="Errors.SysctrException">Host: the program is not there, can't be executed, or prints too
    /// much.</exception>
    public static Task<ProcessResult> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        string input,
        CancellationToken cancellation
    ) => RunAsync(program, arguments, input, Start, keptEnd: null, patience: null, cancellation);

    /// <summary>As <see cref="RunAsync(string, IReadOnlyList{string}, CancellationToken)"/>, for what may print without
    /// end: the last lines are kept of it.</summary>
    /// <param name="program">As above.</param>
    /// <param name="arguments">As above.</param>
    /// <param name="most">Bytes of each stream that are kept.</param>
    /// <param name="patience">How long its streams are read on when it has ended: what it has left behind may hold them
    /// open; null for as long as somebody does.</param>
    /// <param name="cancellation">As above.</param>
    /// <exception cref="Errors.SysctrException">Host: the program is not there or can't be executed.</exception>
    public static Task<ProcessResult> RunForEndAsync(
        string program,
        IReadOnlyList<string> arguments,
        int most,
        TimeSpan? patience,
        CancellationToken cancellation
    ) => RunAsync(program, arguments, input: "", Start, most, patience, cancellation);

    /// <summary>
    /// As <see cref="RunAsync(string, IReadOnlyList{string}, CancellationToken)"/>, for what changes state: Ctrl-C in
    /// the terminal, and systemd that ends a unit, signal all of its processes, and whether this one stops half-way is
    /// for its caller to say. It is not for programs that leave a daemon behind.
    /// </summary>
    /// <exception cref="Errors.SysctrException">Host: the program is not there, can't be executed, or prints too
    /// much.</exception>
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
            keptEnd: null,
            patience: null,
            cancellation
        );

    private static async Task<ProcessResult> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        string input,
        Func<ProcessStartInfo, Process> starter,
        int? keptEnd,
        TimeSpan? patience,
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
        using CancellationTokenSource reading = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task<string> output = ReadAsync(process.StandardOutput.BaseStream);
        Task<string> error = ReadAsync(process.StandardError.BaseStream);
        try
        {
            await WriteInputAsync(process, input, cancellation);
            await process.WaitForExitAsync(cancellation);
            if (patience is { } left)
            {
                reading.CancelAfter(left);
            }

            return new ProcessResult(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await reading.CancelAsync();
            throw;
        }

        async Task<string> ReadAsync(Stream from)
        {
            try
            {
                return keptEnd is { } most
                    ? await BoundedOutput.EndAsync(from, most, reading.Token, cancellation)
                    : await BoundedOutput.AllAsync(from, MaxOutputBytes, reading.Token);
            }
            catch (IOException e)
            {
                // It would wait for ever for somebody to read on.
                process.Kill();
                throw new Errors.SysctrException(Errors.ErrorKind.Host, $"running {program}: {e.Message}", inner: e);
            }
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
