using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Users;

namespace SystemContainers.Register;

/// <summary>systemd-tmpfiles(8) for one file of ours.</summary>
static class SystemdTmpfiles
{
    /// <summary>Makes what the file names.</summary>
    /// <param name="file">The system's, or the user's.</param>
    /// <param name="user">Whose it is, and in whose namespace this process is; null for the system's.</param>
    /// <param name="cancellation">Ends systemd-tmpfiles.</param>
    /// <exception cref="SysctrException">Template: systemd-tmpfiles does not take the file.</exception>
    public static async Task CreateAsync(string file, HostUser? user, CancellationToken cancellation)
    {
        if (user is not null)
        {
            await UserDirectories.MakeAsync(user, await File.ReadAllTextAsync(file, cancellation), cancellation);
        }

        await RunAsync("--create", file, user, cancellation);
    }

    /// <summary>Removes what the file names for removal (types r, R, D and those with <c>!</c>); the rest stays.</summary>
    /// <param name="file">As for <see cref="CreateAsync"/>.</param>
    /// <param name="user">As for <see cref="CreateAsync"/>.</param>
    /// <param name="cancellation">Ends systemd-tmpfiles.</param>
    /// <exception cref="SysctrException">Template: systemd-tmpfiles does not take the file.</exception>
    public static async Task RemoveAsync(string file, HostUser? user, CancellationToken cancellation)
    {
        if (user is not null)
        {
            UserDirectories.Remove(user, await File.ReadAllTextAsync(file, cancellation));
        }

        await RunAsync("--remove", file, user, cancellation);
    }

    private static async Task RunAsync(string verb, string file, HostUser? user, CancellationToken cancellation)
    {
        FaultPoint.Pass($"systemd-tmpfiles {verb}");

        // The user's systemd runs it outside of the namespace, where the host's directories are seen to be root's.
        ProcessResult result = user is null
            ? await ProcessRunner.RunAsync("systemd-tmpfiles", [verb, file], cancellation)
            : await ProcessRunner.RunAsync(
                "systemd-run", ["--user", "--quiet", "--wait", "--collect", "--pipe", "--", "systemd-tmpfiles", "--user", verb, file], cancellation);
        if (result.ExitCode != 0)
        {
            throw new SysctrException(ErrorKind.Template, $"systemd-tmpfiles {verb} {file}: {result.Error.Trim()}");
        }
    }
}
