// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Templates;

/// <summary>Absolute paths as text, for checks before anything is opened; whoever opens them works with handles all the
/// same.</summary>
static class HostPath
{
    /// <summary>The parts of a path without empty ones and <c>.</c>.</summary>
    public static string[] Parts(string path) =>
        [.. path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p != ".")];

    /// <summary>The path from the root, without empty parts, <c>.</c> and a slash at the end; <c>..</c> stays as it
    /// is.</summary>
    public static string Absolute(string path) => "/" + string.Join('/', Parts(path));

    /// <summary>Whether the path has a part that leads upwards.</summary>
    public static bool LeadsUpwards(string path) => Parts(path).Contains("..", StringComparer.Ordinal);

    /// <summary>The directory above a normalized path; the root for the root.</summary>
    public static string Parent(string path) => path.LastIndexOf('/') is > 0 and int slash ? path[..slash] : "/";

    /// <summary>A normalized path below /var/run as one below /run, which it is on every host that systemd boots
    /// (file-hierarchy(7)).</summary>
    public static string WithoutVarRun(string path) =>
        path == "/var/run" || IsBelow(path, "/var/run") ? path["/var".Length..] : path;

    /// <summary>Whether a normalized path is strictly below a normalized directory.</summary>
    public static bool IsBelow(string path, string directory) =>
        directory == "/" ? path.Length > 1 : path.StartsWith(directory + "/", StringComparison.Ordinal);
}
