// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
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

    private static bool Exists(string root, string path) =>
        File.Exists(root == "/" ? path : RootedPath.Resolve(root, path, followLast: true));
}
