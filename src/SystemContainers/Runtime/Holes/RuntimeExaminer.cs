// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Processes;
using SystemContainers.Systemd;

namespace SystemContainers.Runtime.Holes;

/// <summary>
/// Finds out which known holes a runtime has: by its version, and where that is too old by the changelog of its
/// package. What can't be found out is said to be unknown, never to be well.
/// </summary>
/// <param name="root">The host's root directory; nothing of another system is executed.</param>
sealed class RuntimeExaminer(string root)
{
    /// <summary>Whether the runtime itself may be asked for its version. Not where somebody else could have put another
    /// program there.</summary>
    public bool MayRun { get; init; } = true;

    /// <summary>How long all that is asked for may take together.</summary>
    public static TimeSpan Timeout { get; } = TimeSpan.FromSeconds(5);

    /// <param name="path">Absolute, as the host sees it.</param>
    /// <exception cref="OperationCanceledException">By the caller; what takes too long of itself is
    /// unknown.</exception>
    public async Task<RuntimeExamination> ExamineAsync(string path, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Timeout);
        string answer = root == "/" && MayRun ? await AskAsync(path, limit.Token) : "";
        cancellation.ThrowIfCancellationRequested();
        (string? program, string? version) = Parse(answer);
        program ??= Path.GetFileName(path) is "runc" or "crun" ? Path.GetFileName(path) : null;
        if (
            version is not null
            && RuntimeVersion.Parse(version) is { } said
            && HolesOf(program).All(h => h.IsFixedIn(said))
        )
        {
            return new RuntimeExamination(path, program, version, null, "its version", [], []) { Answer = answer };
        }

        (string? package, PackageChangelog? changelog) = await ChangelogAsync(path, program, limit.Token);
        cancellation.ThrowIfCancellationRequested();
        return Judge(path, program, version, package, changelog) with { Answer = answer };
    }

    /// <summary>The judgement alone.</summary>
    /// <param name="program">What it calls itself.</param>
    /// <param name="version">What it says; null where it can't be asked.</param>
    /// <param name="package">Who owns it.</param>
    internal static RuntimeExamination Judge(
        string path,
        string? program,
        string? version,
        string? package,
        PackageChangelog? changelog
    )
    {
        RuntimeVersion? said = version is null ? null : RuntimeVersion.Parse(version);
        RuntimeVersion? packaged = changelog?.Version is { } text ? RuntimeVersion.Parse(text) : null;

        // Somebody put another build in the place of the package's: what the package mended says nothing of it.
        bool replaced = said is not null && packaged is not null && said != packaged;
        if (replaced)
        {
            changelog = null;
        }

        said ??= packaged;
        List<KnownHole> open = [];
        List<KnownHole> unknown = [];
        foreach (KnownHole hole in HolesOf(program).Where(h => said is null || !h.IsFixedIn(said)))
        {
            HoleState state =
                changelog?.StateOf(hole.Id)
                ?? (said is null || (package is not null && !replaced) ? HoleState.Unknown : HoleState.Open);
            (
                state switch
                {
                    HoleState.Open => open,
                    HoleState.Unknown => unknown,
                    _ => null,
                }
            )?.Add(hole);
        }

        string basis = (said, changelog, package) switch
        {
            (null, _, _) => "its version can't be found out",
            (_, not null, _) => $"its version and the changelog of the package {package}",
            _ when replaced => $"its version, which is not that of the package {package}",
            (_, _, not null) =>
                $"its version; the changelog of the package {package}, which could name fixes, is not there",
            _ => "its version; it belongs to no package",
        };
        return new RuntimeExamination(path, program, version ?? changelog?.Version, package, basis, open, unknown);
    }

    private static IEnumerable<KnownHole> HolesOf(string? program) => KnownHole.All.Where(h => h.Program == program);

    /// <summary>The first line of what a runtime says, <c>runc version 1.1.5+ds1</c>.</summary>
    private static (string? Program, string? Version) Parse(string answer) =>
        answer.Split('\n')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)
            is [string program, "version", string version, ..]
            ? (program, RuntimeVersion.Parse(version) is null ? null : version.Trim())
            : (null, null);

    private static async Task<string> AskAsync(string path, CancellationToken limit)
    {
        try
        {
            ProcessResult result = await ProcessRunner.RunAsync(path, ["--version"], limit);
            return result.ExitCode == 0 ? result.Output : "";
        }
        catch (Exception e) when (e is SysctrException or OperationCanceledException or IOException)
        {
            return "";
        }
    }

    private async Task<(string? Package, PackageChangelog? Changelog)> ChangelogAsync(
        string path,
        string? program,
        CancellationToken limit
    )
    {
        try
        {
            // The file is read where asking the package manager would take longer than all the rest.
            string real = root == "/" ? RealPath.Of(path) : path;
            string? package =
                program is not null && (IsListed(program, path) || IsListed(program, real))
                    ? program
                    : Name(await PackageOwner.FindAsync(root, real, limit));
            return package is null
                ? (null, null)
                : (
                    package,
                    PackageChangelog.OfDebian(root, package) ?? await PackageChangelog.OfRpmAsync(root, package, limit)
                );
        }
        catch (OperationCanceledException)
        {
            return ("that was asked for", null);
        }
    }

    /// <summary>Whether dpkg(1) says that a package has a path. On a system with one /usr, /sbin/runc is
    /// /usr/sbin/runc.</summary>
    private bool IsListed(string package, string path)
    {
        try
        {
            string merged = path.StartsWith("/usr/", StringComparison.Ordinal) ? path["/usr".Length..] : path;
            return BoundedFile
                    .ReadText(root, $"/var/lib/dpkg/info/{package}.list", 4 << 20)
                    ?.Split('\n')
                    .Any(l => l == path || l == merged) == true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Of <c>runc:amd64</c> or <c>a, b</c> the name that /usr/share/doc has.</summary>
    private static string? Name(string? owner) =>
        owner?.Split(',')[0].Split(':')[0].Trim() is { Length: > 0 } name ? name : null;
}
