// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Processes;

namespace SystemContainers.Store;

/// <summary>
/// The store of a system below a directory, which may have come from anywhere: it has no symbolic links but the few
/// that we make, or what is written into it would land where they lead, outside of that system; and nothing that is
/// neither file nor directory, or whoever reads a FIFO would wait for ever.
/// </summary>
static class StoreLinks
{
    /// <summary>Looks at all names that a call goes through on its way to what it writes, and at what it reads. Objects
    /// and the trees of deployments are too many: they are opened so that nothing holds the reader up.</summary>
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
        foreach (
            (string directory, int depth) in ((string, int)[])
                [
                    ("objects", 1),
                    ("layers", 1),
                    ("sums", 1),
                    ("blobs", 2),
                    ("images", 1),
                    ("transactions", 1),
                    ("networks", 1),
                    ("locks", 1),
                    ("failed", 1),
                    ("staging", 1),
                    ("mounts", 2),
                    ("scratch", 1),
                ]
        )
        {
            CheckNames(Path.Join(store, directory), _ => true, depth);
        }

        foreach (string deployment in Deployments(store))
        {
            CheckKept(Path.Join(deployment, "host"));
        }
    }

    private static IEnumerable<string> Deployments(string store)
    {
        string directory = Path.Join(store, "deployments");
        return Directory.Exists(directory)
            ? Directory
                .EnumerateDirectories(directory)
                .SelectMany(Directory.EnumerateDirectories)
                .Where(d => new FileInfo(d).LinkTarget is null)
            : [];
    }

    /// <summary>What a deployment keeps for the host may be links, whose targets nobody opens.</summary>
    private static void CheckKept(string directory)
    {
        Stack<string> left = new([directory]);
        while (left.TryPop(out string? next))
        {
            foreach (
                FileSystemInfo entry in Directory.Exists(next) ? new DirectoryInfo(next).EnumerateFileSystemInfos() : []
            )
            {
                if (entry.LinkTarget is not null)
                {
                    continue;
                }

                if (!RegularFile.IsPlain(entry.FullName))
                {
                    throw Unsafe(next, entry);
                }

                if (entry is DirectoryInfo)
                {
                    left.Push(entry.FullName);
                }
            }
        }
    }

    private static SysctrException Unsafe(string directory, FileSystemInfo entry) =>
        new(
            ErrorKind.Unsafe,
            $"opening the store {directory}: {entry.Name} there is {(entry.LinkTarget is null ? "neither a file nor a directory" : "a symbolic link, and may lead out of the system")}",
            "remove it"
        );

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
                throw Unsafe(directory, entry);
            }

            if (depth > 1 && entry is DirectoryInfo && entry.LinkTarget is null)
            {
                CheckNames(entry.FullName, isLinkless, depth - 1);
            }
        }
    }
}
