using System.Diagnostics;

namespace SystemContainers.Linux;

/// <summary>What a command gave.</summary>
sealed record ProcessResult(int ExitCode, string Output, string Error);

/// <summary>Runs a tool of the host to its end and captures what it says.</summary>
static class ProcessRunner
{
    /// <summary>Runs <paramref name="program"/> without a shell and without standard input.</summary>
    /// <exception cref="Errors.SysctrException">Host: the program is not there or can't be executed.</exception>
    public static async Task<ProcessResult> RunAsync(
        string program, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Start(start);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation);
        Task<string> error = process.StandardError.ReadToEndAsync(cancellation);
        try
        {
            await process.WaitForExitAsync(cancellation);
            return new ProcessResult(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new Errors.SysctrException(
                Errors.ErrorKind.Host, $"running {start.FileName}: {e.Message}", inner: e);
        }
    }
}
