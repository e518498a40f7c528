// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Processes;

namespace SystemContainers.Systemd;

/// <summary>Which package of the host's package manager owns a file.</summary>
static class PackageOwner
{
    /// <summary>Where rpm has its database: today's place and that of older systems.</summary>
    private static readonly string[] s_rpmDatabases = ["/usr/lib/sysimage/rpm", "/var/lib/rpm"];

    private const string DpkgDatabase = "/var/lib/dpkg";

    /// <summary>Whether the package manager may read its database: in a system below a directory, which anybody may
    /// have made, something else than a file can stand in it, and dpkg and rpm would wait for a FIFO.</summary>
    /// <param name="root">The host's root directory.</param>
    public static bool IsReadable(string root) =>
        root == "/"
        || s_rpmDatabases
            .Append(DpkgDatabase)
            .SelectMany(d => (string[])[d, d + "/info", d + "/updates", d + "/triggers", d + "/parts"])
            .Select(d => RootedPath.Resolve(root, d, followLast: true))
            .Where(Directory.Exists)
            .SelectMany(Directory.EnumerateFileSystemEntries)
            .All(RegularFile.IsPlain);

    /// <summary>Asks dpkg, then rpm; rpm only where it has a database, for it would make one.</summary>
    /// <param name="root">The host's root directory.</param>
    /// <param name="path">Absolute, as the host sees it.</param>
    /// <param name="cancellation">Ends the question.</param>
    /// <returns>The package's name; null where none owns it, or there is no package manager that we know.</returns>
    public static async Task<string?> FindAsync(string root, string path, CancellationToken cancellation)
    {
        if (!IsReadable(root))
        {
            return null;
        }

        // "coreutils: /usr/bin/ls", with further packages in front where several own a directory.
        string? line = await AskAsync(
            "dpkg-query",
            [$"--admindir={RootedPath.Resolve(root, DpkgDatabase, followLast: true)}", "--search", path],
            cancellation
        );
        return line is not null ? line[..Math.Max(line.LastIndexOf(": ", StringComparison.Ordinal), 0)]
            : !s_rpmDatabases.Any(d => Directory.Exists(RootedPath.Resolve(root, d, followLast: true))) ? null
            : await AskAsync(
                "rpm",
                ["--root", root, "--query", "--queryformat", "%{NAME}\\n", "--file", path],
                cancellation
            );
    }

    /// <returns>The first line of what it says; null where it is not there or knows nothing.</returns>
    private static async Task<string?> AskAsync(string program, string[] arguments, CancellationToken cancellation)
    {
        try
        {
            ProcessResult result = await ProcessRunner.RunAsync(program, arguments, cancellation);
            return result.ExitCode == 0 ? result.Output.Split('\n')[0] : null;
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Host)
        {
            return null;
        }
    }
}
