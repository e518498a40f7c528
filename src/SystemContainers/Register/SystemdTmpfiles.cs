using SystemContainers.Errors;
using SystemContainers.Linux;

namespace SystemContainers.Register;

/// <summary>systemd-tmpfiles(8) for one file of ours.</summary>
static class SystemdTmpfiles
{
    /// <summary>Makes what the file names.</summary>
    /// <exception cref="SysctrException">Template: systemd-tmpfiles does not take the file.</exception>
    public static async Task CreateAsync(string file, CancellationToken cancellation)
    {
        FaultPoint.Pass("systemd-tmpfiles --create");
        ProcessResult result = await ProcessRunner.RunAsync("systemd-tmpfiles", ["--create", file], cancellation);
        if (result.ExitCode != 0)
        {
            throw new SysctrException(ErrorKind.Template, $"systemd-tmpfiles --create {file}: {result.Error.Trim()}");
        }
    }

    /// <summary>Removes what the file names for removal (types r, R, D and those with <c>!</c>); the rest stays.</summary>
    /// <exception cref="SysctrException">Template: systemd-tmpfiles does not take the file.</exception>
    public static async Task RemoveAsync(string file, CancellationToken cancellation)
    {
        FaultPoint.Pass("systemd-tmpfiles --remove");
        ProcessResult result = await ProcessRunner.RunAsync("systemd-tmpfiles", ["--remove", file], cancellation);
        if (result.ExitCode != 0)
        {
            throw new SysctrException(ErrorKind.Template, $"systemd-tmpfiles --remove {file}: {result.Error.Trim()}");
        }
    }
}
