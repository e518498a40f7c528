// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux;
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
    /// <exception cref="LinuxException">A directory can't be read.</exception>
    public static void Check(string store)
    {
        CheckNames(store, depth: 1);
        foreach (
            (string directory, int depth) in ((string, int)[])
                [
                    ("deployments", 1),
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
            CheckNames(Path.Join(store, directory), depth);
        }

        // Some directories a container: with a thousand of them it is what most calls would wait for.
        string deployments = Path.Join(store, "deployments");
        SideBySide.ForEach(
            Entries(deployments).Where(e => e.Kind == EntryKind.Directory),
            container => CheckContainer(Path.Join(deployments, container.Name))
        );
    }

    private static void CheckContainer(string container)
    {
        foreach ((string name, EntryKind kind) in Entries(container))
        {
            CheckOurs(container, name, kind);
            if (kind != EntryKind.Directory)
            {
                continue;
            }

            string deployment = Path.Join(container, name);
            foreach ((string part, EntryKind partKind) in Entries(deployment))
            {
                CheckOurs(deployment, part, partKind);
            }

            CheckKept(Path.Join(deployment, "host"));
        }
    }

    /// <summary>What a deployment keeps for the host may be links, whose targets nobody opens.</summary>
    private static void CheckKept(string directory)
    {
        Stack<string> left = new([directory]);
        while (left.TryPop(out string? next))
        {
            foreach ((string name, EntryKind kind) in Entries(next))
            {
                if (kind == EntryKind.Other)
                {
                    throw Unsafe(next, name, kind);
                }

                if (kind == EntryKind.Directory)
                {
                    left.Push(Path.Join(next, name));
                }
            }
        }
    }

    private static IReadOnlyList<(string Name, EntryKind Kind)> Entries(string directory) =>
        DirectoryNames.Kinds(directory) ?? [];

    private static SysctrException Unsafe(string directory, string name, EntryKind kind) =>
        new(
            ErrorKind.Unsafe,
            $"opening the store {directory}: {name} there is {(kind == EntryKind.Link ? "a symbolic link, and may lead out of the system" : "neither a file nor a directory")}",
            "remove it"
        );

    private static void CheckOurs(string directory, string name, EntryKind kind)
    {
        if (kind == EntryKind.Other || (kind == EntryKind.Link && !IsOurs(name)))
        {
            throw Unsafe(directory, name, kind);
        }
    }

    /// <summary>Also while it is being made: a call that was killed leaves <c>.current.sysctr-PID-START-COUNT</c>,
    /// which the next one removes.</summary>
    private static bool IsOurs(string name) =>
        name is "current" or "previous" or "rootfs"
        || (name.Split('.', 3) is ["", "current" or "previous" or "rootfs", string mark] && ProcessMark.IsMark(mark));

    private static void CheckNames(string directory, int depth)
    {
        foreach ((string name, EntryKind kind) in Entries(directory))
        {
            if (kind is EntryKind.Other or EntryKind.Link)
            {
                throw Unsafe(directory, name, kind);
            }

            if (depth > 1 && kind == EntryKind.Directory)
            {
                CheckNames(Path.Join(directory, name), depth - 1);
            }
        }
    }
}
