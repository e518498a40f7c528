// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Processes;

namespace SystemContainers.Systemd;

/// <summary>
/// A system that does not run, or whose systemd is only just starting: enablement is links, and systemctl --root makes
/// them; nothing can be started.
/// </summary>
sealed class OfflineSystemd(HostPaths paths) : ISystemdManager
{
    public bool IsBooted => false;

    /// <summary>
    /// The version of the systemd that will run the units. One below a directory can't be asked, but its library has it
    /// in its name, in every distribution; without that it is 0, and units are such that any version runs them.
    /// </summary>
    public async Task<int> GetVersionAsync(CancellationToken cancellation) =>
        paths.Root == "/"
            ? SystemdVersion.Parse((await ProcessRunner.RunAsync("systemctl", ["--version"], cancellation)).Output)
            : SystemdLibrary.Versions(paths.Inside).DefaultIfEmpty(0).Min();

    public Task<IReadOnlyDictionary<string, string>> GetEnvironmentAsync(CancellationToken cancellation) =>
        throw NotRunning("asking for the environment of", "units");

    /// <summary>It will read its units when it boots.</summary>
    public Task ReloadAsync(CancellationToken cancellation) => Task.CompletedTask;

    public Task EnableAsync(IReadOnlyList<string> units, CancellationToken cancellation) =>
        ChangeAsync("enable", units, cancellation);

    public Task DisableAsync(IReadOnlyList<string> units, CancellationToken cancellation)
    {
        // The links go before the files do: what has no file is enabled by nothing.
        string[] there = [.. units.Where(u => paths.UnitLoadPath.Any(d => File.Exists(paths.Here(Path.Join(d, u)))))];
        return there.Length > 0 ? ChangeAsync("disable", there, cancellation) : Task.CompletedTask;
    }

    public Task StartAsync(string unit, CancellationToken cancellation) => throw NotRunning("starting", unit);

    public Task StopAsync(string unit, CancellationToken cancellation) => throw NotRunning("stopping", unit);

    public Task RestartAsync(string unit, CancellationToken cancellation) => throw NotRunning("restarting", unit);

    public Task StartTogetherAsync(
        IReadOnlyList<string> units,
        IReadOnlyList<string> anew,
        CancellationToken cancellation
    ) => units.Count == 0 ? Task.CompletedTask : throw NotRunning("starting", units[0]);

    public Task StopTogetherAsync(IReadOnlyList<string> units, CancellationToken cancellation) =>
        units.Count == 0 ? Task.CompletedTask : throw NotRunning("stopping", units[0]);

    /// <summary>Nothing runs there.</summary>
    public Task SettleAsync(IReadOnlyList<string> units, TimeSpan time, bool mayEnd, CancellationToken cancellation) =>
        Task.CompletedTask;

    /// <summary>Nothing has failed there yet.</summary>
    public Task ResetFailedAsync(string unit, CancellationToken cancellation) => Task.CompletedTask;

    public Task<UnitStatus> GetStatusAsync(string unit, CancellationToken cancellation) =>
        throw NotRunning("asking for the state of", unit);

    public Task<UnitStatus> GetSettledStatusAsync(string unit, TimeSpan patience, CancellationToken cancellation) =>
        GetStatusAsync(unit, cancellation);

    public Task<IReadOnlyList<UnitState>> GetStatesAsync(IReadOnlyList<string> units, CancellationToken cancellation) =>
        units.Count == 0
            ? Task.FromResult<IReadOnlyList<UnitState>>([])
            : throw NotRunning("asking for the state of", units[0]);

    public Task<IReadOnlyDictionary<string, string>> GetFileStatesAsync(
        IReadOnlyList<string> units,
        CancellationToken cancellation
    ) =>
        units.Count == 0
            ? Task.FromResult<IReadOnlyDictionary<string, string>>(new Dictionary<string, string>())
            : throw NotRunning("asking for the enablement of", units[0]);

    public Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> GetAfterAsync(
        IReadOnlyList<string> units,
        CancellationToken cancellation
    ) =>
        units.Count == 0
            ? Task.FromResult<IReadOnlyDictionary<string, IReadOnlyList<string>>>(
                new Dictionary<string, IReadOnlyList<string>>()
            )
            : throw NotRunning("asking for the order of", units[0]);

    public Task<IReadOnlyList<string>> GetRunningDependentsAsync(
        IReadOnlyList<string> units,
        CancellationToken cancellation
    ) => Task.FromResult<IReadOnlyList<string>>([]);

    public void Dispose()
    {
        // Holds nothing.
    }

    private async Task ChangeAsync(string verb, IReadOnlyList<string> units, CancellationToken cancellation)
    {
        CheckPlaces();
        FaultPoint.Pass("systemctl " + verb);
        ProcessResult result = await ProcessRunner.ChangeAsync(
            "systemctl",
            [
                .. paths.User is null ? Array.Empty<string>() : ["--user"],
                $"--root={paths.Root}",
                "--quiet",
                verb,
                .. units,
            ],
            cancellation
        );
        if (result.ExitCode != 0)
        {
            throw new SysctrException(
                ErrorKind.Unit,
                $"systemctl --root={paths.Root} {verb} {string.Join(' ', units)}: {result.Error.Trim()}"
            );
        }
    }

    /// <summary>
    /// systemctl --root joins paths and lets the kernel follow what links there are, which may lead out of the root:
    /// into the running system.
    /// </summary>
    private void CheckPlaces()
    {
        string units = paths.Inside(paths.UnitDirectory);
        string[] inside = Directory.Exists(units)
            ?
            [
                .. Directory
                    .EnumerateFileSystemEntries(units)
                    .Where(e => Path.GetExtension(e) is ".wants" or ".requires" or ".upholds" or ".d")
                    .Select(e => Path.Join(paths.UnitDirectory, Path.GetFileName(e))),
            ]
            : [];
        if (
            paths.Root != "/"
            && paths.UnitLoadPath.Concat(inside).FirstOrDefault(p => !RootedPath.IsPlain(paths.Root, p)) is { } outside
        )
        {
            throw new SysctrException(
                ErrorKind.Unsafe,
                $"enabling units below {paths.Root}: {outside} there is, or is below, a symbolic link that leads out of {paths.Root}",
                "make it a directory, or a relative link"
            );
        }
    }

    private SysctrException NotRunning(string doing, string unit) =>
        new(
            ErrorKind.Host,
            $"{doing} {unit}: no systemd runs {(paths.Root == "/" ? "here" : "below " + paths.Root)}",
            "units start when that system boots"
        );
}
