// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Processes;
using SystemContainers.Linux.Users;
using SystemContainers.SystemdText;
using SystemContainers.Templates;

namespace SystemContainers.Systemd;

/// <summary>systemd-tmpfiles(8) for one file of ours.</summary>
static class SystemdTmpfiles
{
    private const int MaxBytes = 16 << 20;

    /// <summary>Makes what the file names.</summary>
    /// <param name="file">The system's, or the user's.</param>
    /// <param name="user">Whose it is, and in whose namespace this process is; null for the system's.</param>
    /// <param name="cancellation">Honoured while a volume's first content is copied; systemd-tmpfiles ends what it has
    /// begun.</param>
    /// <exception cref="SysctrException">Template: systemd-tmpfiles does not take the file; Unsafe: a link stands on
    /// the way to what a line names.</exception>
    public static async Task CreateAsync(string file, HostUser? user, CancellationToken cancellation)
    {
        string text = Text(file);
        CheckWays(text);
        if (user is not null)
        {
            UserDirectories.Make(user, text, cancellation);
        }
        else
        {
            await SeedAsync(file, text, cancellation);
        }

        await RunAsync("--create", [], file, user, CancellationToken.None);
    }

    /// <summary>The administrator may have put a link in its place; a FIFO would keep systemd-tmpfiles waiting,
    /// too.</summary>
    private static string Text(string file)
    {
        try
        {
            return BoundedFile.ReadText("/", file, MaxBytes)
                ?? throw new FileNotFoundException($"there is no {file}", file);
        }
        catch (IOException e) when (e is not (LinuxException or FileNotFoundException))
        {
            throw new SysctrException(ErrorKind.Template, $"reading {file}: {e.Message}", inner: e);
        }
    }

    /// <summary>Copies what volumes begin with, before systemd-tmpfiles would: that leaves what is there.</summary>
    private static async Task SeedAsync(string file, string text, CancellationToken cancellation)
    {
        TmpfilesLine[] lines = [.. TmpfilesSyntax.Parse(text).Where(l => l.Error is null)];
        TmpfilesLine[] seeds = [.. lines.Where(VolumeSeeds.IsDue)];
        if (seeds.Length == 0)
        {
            return;
        }

        // What is above them comes first, with the owner, mode and label that it is to have.
        string[] others = [.. seeds.Select(s => $"--exclude-prefix={s.Path}")];
        await RunAsync("--create", others, file, user: null, CancellationToken.None);
        foreach (TmpfilesLine seed in seeds)
        {
            string parent = HostPath.Parent(seed.Path);
            FaultPoint.Pass("mkdir");
            Directory.CreateDirectory(parent);
            using SafeFileHandle? directory = GuardedPath.Open(
                parent,
                held => IsMade(lines, PathOf(held)) ? "the payload may have made it" : null
            );
            if (directory is not null)
            {
                VolumeSeeds.Copy(directory, seed, ids: null, cancellation);
            }
        }

        static string PathOf(SafeFileHandle directory) =>
            new FileInfo($"/proc/self/fd/{directory.DangerousGetHandle()}").LinkTarget!;
    }

    private static bool IsMade(TmpfilesLine[] lines, string path) =>
        lines.Any(l => l.IsDirectory && (path == l.Path || HostPath.IsBelow(path, l.Path)));

    /// <summary>Removes what the file names for removal (types r, R, D and those with <c>!</c>); the rest
    /// stays.</summary>
    /// <param name="file">As for <see cref="CreateAsync"/>.</param>
    /// <param name="user">As for <see cref="CreateAsync"/>.</param>
    /// <exception cref="SysctrException">Template: systemd-tmpfiles does not take the file; Unsafe: a link stands on
    /// the way to what a line names.</exception>
    public static async Task RemoveAsync(string file, HostUser? user, CancellationToken cancellation)
    {
        string text = Text(file);
        CheckWays(text);
        if (user is not null)
        {
            UserDirectories.Remove(user, text);
        }

        await RunAsync("--remove", [], file, user, cancellation);
    }

    /// <summary>
    /// systemd-tmpfiles follows root's links, and a payload that is root may have put one into a directory that the
    /// same file makes: an image before this one may have had a volume there.
    /// </summary>
    private static void CheckWays(string text)
    {
        TmpfilesLine[] lines = [.. TmpfilesSyntax.Parse(text).Where(l => l.Error is null)];
        string[] made = [.. lines.Where(l => l.IsDirectory).Select(l => l.Path)];
        foreach (TmpfilesLine line in lines)
        {
            for (
                string above = HostPath.Parent(line.Path);
                made.Any(m => above == m || HostPath.IsBelow(above, m));
                above = HostPath.Parent(above)
            )
            {
                if (new FileInfo(above).LinkTarget is { } target)
                {
                    throw new SysctrException(
                        ErrorKind.Unsafe,
                        $"making {line.Path}: {above} is a link to {target}, and {line.Path} would be made there",
                        $"remove {above}"
                    );
                }
            }
        }
    }

    private static async Task RunAsync(
        string verb,
        IReadOnlyList<string> options,
        string file,
        HostUser? user,
        CancellationToken cancellation
    )
    {
        FaultPoint.Pass($"systemd-tmpfiles {verb}");

        // The user's systemd runs it outside of the namespace, where the host's directories are seen to be root's.
        ProcessResult result = user is null
            ? await ProcessRunner.ChangeAsync("systemd-tmpfiles", [verb, .. options, file], cancellation)
            : await ProcessRunner.ChangeAsync(
                "systemd-run",
                ["--user", "--quiet", "--wait", "--collect", "--pipe", "--", "systemd-tmpfiles", "--user", verb, file],
                cancellation
            );
        if (result.ExitCode != 0)
        {
            throw new SysctrException(ErrorKind.Template, $"systemd-tmpfiles {verb} {file}: {result.Error.Trim()}");
        }
    }
}
