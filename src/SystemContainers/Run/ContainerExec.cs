using System.Globalization;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;

namespace SystemContainers.Run;

/// <summary>A further process in a container that runs: <c>runc exec</c>, with the payload's user, environment and rights.</summary>
static class ContainerExec
{
    /// <summary>Runs a command to its end.</summary>
    /// <param name="runtime">The container's.</param>
    /// <param name="id">The runtime's name for the container.</param>
    /// <param name="command">Program and words.</param>
    /// <param name="cancellation">Kills it, with what it has started.</param>
    /// <returns>Null for status 0; else the status, and the last line that it wrote.</returns>
    public static async Task<string?> RunAsync(OciRuntime runtime, string id, IReadOnlyList<string> command, CancellationToken cancellation)
    {
        string pidFile = Path.Join("/run", $"sysctr-exec-{Guid.NewGuid():N}.pid");
        try
        {
            // Killing the runtime would leave the process in the container; it is a session of its own, so that one signal ends all of it.
            using CancellationTokenRegistration kill = cancellation.Register(() => KillSession(pidFile));
            ProcessResult result = await ProcessRunner.RunAsync(
                runtime.Command[0], [.. runtime.Command.Skip(1), "exec", "--pid-file", pidFile, id, .. command], cancellation);

            // It may have ended because it was killed.
            cancellation.ThrowIfCancellationRequested();
            if (result.ExitCode == 0)
            {
                return null;
            }

            string last = (result.Output + result.Error).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault("");
            return last.Length > 0 ? $"status {result.ExitCode}, {last}" : $"status {result.ExitCode}";
        }
        finally
        {
            File.Delete(pidFile);
        }
    }

    private static void KillSession(string pidFile)
    {
        if (File.Exists(pidFile) && int.TryParse(File.ReadAllText(pidFile), NumberStyles.None, CultureInfo.InvariantCulture, out int process) &&
            Libc.kill(-process, Libc.SIGKILL) != 0)
        {
            _ = Libc.kill(process, Libc.SIGKILL);
        }
    }
}
