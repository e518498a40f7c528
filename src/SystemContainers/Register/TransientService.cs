using System.Diagnostics;
using SystemContainers.Errors;
using SystemContainers.Linux.Users;

namespace SystemContainers.Register;

/// <summary>A service that is there for one run, made by systemd-run(1).</summary>
static class TransientService
{
    /// <summary>The words that call systemd-run for a service with the caller's standard streams, which is waited for; options and the command follow.</summary>
    /// <param name="user">Whose systemd; null for the system's.</param>
    public static IReadOnlyList<string> Caller(HostUser? user) =>
        ["systemd-run", .. user is null ? Array.Empty<string>() : ["--user"], "--quiet", "--wait", "--collect", "--pipe"];

    /// <summary>Runs a command as a service, with this process's standard streams, and waits until it has ended.</summary>
    /// <param name="unit">The service's name; nothing of it is left afterwards.</param>
    /// <param name="properties">Such as <c>Delegate=yes</c>.</param>
    /// <param name="user">Whose systemd; null for the system's.</param>
    /// <param name="command">Absolute path of the program, and its words.</param>
    /// <param name="cancellation">Ends the wait; the service then has to be stopped.</param>
    /// <returns>The command's exit status.</returns>
    /// <exception cref="SysctrException">Host: systemd-run is not there.</exception>
    public static async Task<int> RunAsync(
        string unit, IReadOnlyList<string> properties, HostUser? user, IReadOnlyList<string> command, CancellationToken cancellation)
    {
        string[] words = [.. Caller(user), "--unit", unit, .. properties.Select(p => "--property=" + p), "--", .. command];
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(words[0], words[1..]) { UseShellExecute = false })!;
            try
            {
                await process.WaitForExitAsync(cancellation);
                return process.ExitCode;
            }
            catch (OperationCanceledException)
            {
                // It only waits; the service is stopped by the caller.
                process.Kill();
                throw;
            }
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new SysctrException(ErrorKind.Host, $"running {unit} by systemd-run: {e.Message}", "it comes with systemd", e);
        }
    }
}
