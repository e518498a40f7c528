// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Processes;
using SystemContainers.SystemdText;

namespace SystemContainers.Runtime;

/// <summary>An OCI runtime on the host.</summary>
/// <param name="Path">Absolute, as the host sees it.</param>
/// <param name="Kind">Whose options it takes; told by its name.</param>
sealed record OciRuntime(string Path, RuntimeKind Kind)
{
    private static readonly string[] s_directories =
    [
        "/usr/bin",
        "/usr/sbin",
        "/usr/local/bin",
        "/usr/local/sbin",
        "/bin",
        "/sbin",
    ];

    /// <summary>Finds a runtime.</summary>
    /// <param name="requested">A name or absolute path; null for runc.</param>
    /// <param name="root">The host's root directory.</param>
    /// <exception cref="SysctrException">Host: it is not installed.</exception>
    public static OciRuntime Find(string? requested, string root)
    {
        string name = requested ?? "runc";
        string? path = name.StartsWith('/')
            ? Exists(root, name)
                ? name
                : null
            : s_directories
                .Select(d => System.IO.Path.Join(d, name))
                .FirstOrDefault(p => !name.Contains('/') && Exists(root, p));
        return path is not null
            ? new OciRuntime(
                path,
                System.IO.Path.GetFileName(path).Contains("crun", StringComparison.Ordinal)
                    ? RuntimeKind.Crun
                    : RuntimeKind.Runc
            )
            : throw new SysctrException(
                ErrorKind.Host,
                $"looking for the OCI runtime '{name}': it is not installed{(root == "/" ? "" : " below " + root)}",
                $"install it ('apt install {System.IO.Path.GetFileName(name)}' or 'dnf install {System.IO.Path.GetFileName(name)}'), or name another one with --runtime"
            );
    }

    /// <summary>The words that begin every call of it.</summary>
    /// <remarks>
    /// crun's own cgroup managers would move the payload out of the unit; disabled, it stays where systemd put it.
    /// runc has no such switch; config.json tells it a place inside the unit.
    /// </remarks>
    public IReadOnlyList<string> Command => Kind == RuntimeKind.Crun ? [Path, "--cgroup-manager=disabled"] : [Path];

    /// <summary>
    /// What gives a command of its <c>exec</c> the payload's user. None where the runtime does that itself, which it
    /// does with the supplementary groups: runc, and crun since 1.17 (containers/crun#1521), whose <c>--user</c> has no
    /// word for these.
    /// </summary>
    /// <param name="payload"><c>UID:GID</c>; null for root.</param>
    /// <param name="cancellation">Ends the question which version it is.</param>
    public async Task<string[]> UserWordsAsync(string? payload, CancellationToken cancellation) =>
        payload is null
        || Kind != RuntimeKind.Crun
        || InheritsUser((await ProcessRunner.RunAsync(Path, ["--version"], cancellation)).Output)
            ? []
            : ["--user", payload];

    /// <summary>What keeps a command of its <c>exec</c> from gaining privileges where the payload is kept from it. runc
    /// does that by itself; crun goes by its option alone.</summary>
    /// <param name="gainsNothing">Whether the payload is.</param>
    public string[] PrivilegeWords(bool gainsNothing) =>
        gainsNothing && Kind == RuntimeKind.Crun ? ["--no-new-privs"] : [];

    /// <summary>Whether a crun does, by what its <c>--version</c> prints; one that can't be told does not.</summary>
    internal static bool InheritsUser(string printed) =>
        printed.Split((char[])[' ', '\n'], 4) is ["crun", "version", var version, ..]
        && version.Split('.') is [var major, var minor, ..]
        && int.TryParse(major, NumberStyles.None, CultureInfo.InvariantCulture, out int first)
        && int.TryParse(minor, NumberStyles.None, CultureInfo.InvariantCulture, out int second)
        && (first, second).CompareTo((1, 17)) >= 0;

    private static bool Exists(string root, string path) =>
        File.Exists(root == "/" ? path : RootedPath.Resolve(root, path, followLast: true));
}
