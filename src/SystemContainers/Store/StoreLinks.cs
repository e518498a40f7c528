// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Processes;

namespace SystemContainers.Store;

/// <summary>
/// The store of a system below a directory, which may have come from anywhere: it has no symbolic links but the few
/// that we make, and nothing that is neither file nor directory, or what is written into it would land where they lead,
/// outside of that system.
/// </summary>
static class StoreLinks
{
    /// <summary>Looks at all names that a call goes through on its way to what it writes.</summary>
    /// <param name="store">Absolute path; need not be there.</param>
    /// <exception cref="SysctrException">Unsafe: names the link.</exception>
    public static void Check(string store)
    {
        if (!Directory.Exists(store))
        {
            return;
        }

        CheckNames(store, _ => true, depth: 1);
        CheckNames(Path.Join(store, "deployments"), name => !IsOurs(name), depth: 3);
        foreach (string directory in (string[])["objects", "blobs", "staging", "mounts", "scratch"])
        {
            CheckNames(Path.Join(store, directory), _ => true, depth: 1);
        }
    }

    /// <summary>Also while it is being made: a call that was killed leaves <c>.current.sysctr-PID-START-COUNT</c>,
    /// which the next one removes.</summary>
    private static bool IsOurs(string name) =>
        name is "current" or "previous" or "rootfs"
        || (name.Split('.', 3) is ["", "current" or "previous" or "rootfs", string mark] && ProcessMark.IsMark(mark));

    private static void CheckNames(string directory, Func<string, bool> isLinkless, int depth)
    {
        foreach (
            FileSystemInfo entry in Directory.Exists(directory)
                ? new DirectoryInfo(directory).EnumerateFileSystemInfos()
                : []
        )
        {
            if (
                !RegularFile.IsPlain(entry.FullName)
                && (entry.LinkTarget is null || isLinkless(entry.Name) || depth == 3)
            )
            {
                throw new SysctrException(
                    ErrorKind.Unsafe,
                    $"opening the store {directory}: {entry.Name} there is {(entry.LinkTarget is null ? "neither a file nor a directory" : "a symbolic link, and may lead out of the system")}",
                    "remove it"
                );
            }

            if (depth > 1 && entry is DirectoryInfo && entry.LinkTarget is null)
            {
                CheckNames(entry.FullName, isLinkless, depth - 1);
            }
        }
    }
}
