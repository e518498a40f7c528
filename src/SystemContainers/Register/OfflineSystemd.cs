using SystemContainers.Errors;
using SystemContainers.Linux;

namespace SystemContainers.Register;

/// <summary>
/// A system that does not run, or whose systemd is only just starting: enablement is links, and systemctl --root makes them; nothing can be started.
/// </summary>
sealed class OfflineSystemd(HostPaths paths) : ISystemdManager
{
    public bool IsBooted => false;

    /// <summary>The version of this machine's systemctl: the other system's can't be asked, and newer keys are only warned of.</summary>
    public int Version => _version.Value;

    private readonly Lazy<int> _version = new(() => SystemdManager.ParseVersion(Systemctl(["--version"]).Output));

    public void Reload(CancellationToken cancellation)
    {
        // It will read its units when it boots.
    }

    public void Enable(IReadOnlyList<string> units, CancellationToken cancellation) => Change("enable", units);

    public void Disable(IReadOnlyList<string> units, CancellationToken cancellation)
    {
        // The links go before the files do: what has no file is enabled by nothing.
        string[] there = [.. units.Where(u => paths.UnitLoadPath.Any(d => File.Exists(paths.Here(Path.Join(d, u)))))];
        if (there.Length > 0)
        {
            Change("disable", there);
        }
    }

    public void Start(string unit, CancellationToken cancellation) => throw NotRunning("starting", unit);

    public void Stop(string unit, CancellationToken cancellation) => throw NotRunning("stopping", unit);

    public void Restart(string unit, CancellationToken cancellation) => throw NotRunning("restarting", unit);

    public void StartTogether(IReadOnlyList<string> units, IReadOnlyList<string> anew, CancellationToken cancellation)
    {
        if (units.Count > 0)
        {
            throw NotRunning("starting", units[0]);
        }
    }

    public void StopTogether(IReadOnlyList<string> units, CancellationToken cancellation)
    {
        if (units.Count > 0)
        {
            throw NotRunning("stopping", units[0]);
        }
    }

    public void Settle(IReadOnlyList<string> units, TimeSpan time, bool mayEnd, CancellationToken cancellation)
    {
        // Nothing runs there.
    }

    public void ResetFailed(string unit, CancellationToken cancellation)
    {
        // Nothing has failed there yet.
    }

    public UnitStatus GetStatus(string unit) => throw NotRunning("asking for the state of", unit);

    public IReadOnlyList<string> GetAfter(string unit) => throw NotRunning("asking for the order of", unit);

    public IReadOnlyList<string> RunningDependents(IReadOnlyList<string> units) => [];

    public void Dispose()
    {
        // Holds nothing.
    }

    private void Change(string verb, IReadOnlyList<string> units)
    {
        CheckPlaces();
        FaultPoint.Pass("systemctl " + verb);
        ProcessResult result = Systemctl([.. paths.User is null ? Array.Empty<string>() : ["--user"], $"--root={paths.Root}", "--quiet", verb, .. units]);
        if (result.ExitCode != 0)
        {
            throw new SysctrException(
                ErrorKind.Unit, $"systemctl --root={paths.Root} {verb} {string.Join(' ', units)}: {result.Error.Trim()}");
        }
    }

    /// <summary>
    /// systemctl --root joins paths and lets the kernel follow what links there are, which may lead out of the root: into the running system.
    /// </summary>
    private void CheckPlaces()
    {
        string units = paths.Inside(paths.UnitDirectory);
        string[] inside = Directory.Exists(units)
            ? [.. Directory.EnumerateFileSystemEntries(units).Where(e => Path.GetExtension(e) is ".wants" or ".requires" or ".upholds" or ".d").Select(e => Path.Join(paths.UnitDirectory, Path.GetFileName(e)))]
            : [];
        if (paths.Root != "/" && paths.UnitLoadPath.Concat(inside).FirstOrDefault(p => !RootedPath.IsPlain(paths.Root, p)) is { } outside)
        {
            throw new SysctrException(
                ErrorKind.Unsafe, $"enabling units below {paths.Root}: {outside} there is, or is below, a symbolic link that leads out of {paths.Root}",
                "make it a directory, or a relative link");
        }
    }

    private static ProcessResult Systemctl(IReadOnlyList<string> arguments) =>
        ProcessRunner.RunAsync("systemctl", arguments, CancellationToken.None).GetAwaiter().GetResult();

    private SysctrException NotRunning(string doing, string unit) => new(
        ErrorKind.Host, $"{doing} {unit}: no systemd runs {(paths.Root == "/" ? "here" : "below " + paths.Root)}",
        "units start when that system boots");
}
