// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Composefs.Mounting;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Processes;
using SystemContainers.Mounts;

namespace SystemContainers.Scan;

/// <summary>
/// Starts a program that alone sees a tree at a place, read-only, and from which nothing can be executed: in a mount
/// namespace of its own, so that nothing stays mounted whatever ends us.
/// </summary>
static class PrivateView
{
    /// <param name="tree">The files.</param>
    /// <param name="place">An empty directory, where the program sees them.</param>
    /// <param name="start">The program.</param>
    /// <exception cref="LinuxException">A call failed: mount_setattr(2) is there since Linux 5.12.</exception>
    /// <exception cref="SysctrException">Host: the program can't be executed; Corrupt: the image of a tree is another
    /// one; Unsafe: the tree lacks what a word of the program names in it.</exception>
    public static Process Start(SourceTree tree, string place, ProcessStartInfo start)
    {
        Process? started = null;

        // The namespace lives as long as what is started in it.
        OwnThread.Run(() =>
        {
            Mount(tree, place);
            for (int word = 0; word < start.ArgumentList.Count; word++)
            {
                start.ArgumentList[word] = Inside(start.ArgumentList[word], place);
            }

            started = ProcessRunner.Start(start);
        });
        return started!;
    }

    /// <summary>
    /// A word that names a path below the files, with the tree's own symbolic links followed inside of it. Attack: the
    /// image's /var/lib/dpkg leads to the host's, and the host is judged in its place.
    /// </summary>
    /// <param name="word">Of the program's.</param>
    /// <param name="place">The files.</param>
    /// <exception cref="SysctrException">Unsafe: there is neither a file nor a directory, or nothing in the
    /// file.</exception>
    private static string Inside(string word, string place)
    {
        int at = word.IndexOf(place + "/", StringComparison.Ordinal);
        if (at < 0 || word.AsSpan(at + place.Length).TrimEnd('/').IsEmpty)
        {
            return word;
        }

        string path = word[(at + place.Length)..];

        // A FIFO would be waited for.
        string found =
            Find(place, path) is { } there && (Directory.Exists(there) || RegularFile.IsPlain(there))
                ? there
                : throw new SysctrException(
                    ErrorKind.Unsafe,
                    $"there is no regular file {path} among the files",
                    "it is what the scanner looks at"
                );

        // Of nothing at all a scanner says what it says of all that is well.
        return new FileInfo(found) is { Exists: true, Length: 0 }
            ? throw new SysctrException(
                ErrorKind.Unsafe,
                $"the file {path} is empty",
                "it is what the scanner looks at"
            )
            : word[..at] + found;
    }

    /// <returns>Null where the links of the tree do not end.</returns>
    private static string? Find(string place, string path)
    {
        try
        {
            return RootedPath.Resolve(place, path, followLast: true);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static void Mount(SourceTree tree, string place)
    {
        OwnMounts.Leave(Libc.MS_PRIVATE);
        const ulong Attributes = Libc.MOUNT_ATTR_NOSUID | Libc.MOUNT_ATTR_NODEV | Libc.MOUNT_ATTR_NOEXEC;
        if (tree.Digest is { } digest)
        {
            ComposefsMount.Mount(tree.Path, digest, tree.Objects, place, place, above: null, Attributes);
            return;
        }

        // With what is mounted in it: a root of somebody else's may have mounts.
        using SafeFileHandle view = new(
            Libc.open_tree(tree.Path, Libc.OPEN_TREE_CLONE | Libc.OPEN_TREE_CLOEXEC | Libc.AT_RECURSIVE),
            ownsHandle: true
        );
        if (view.IsInvalid)
        {
            throw LinuxException.Last("open_tree", tree.Path);
        }

        if (
            Libc.mount_setattr(
                (int)view.DangerousGetHandle(),
                Libc.AT_RECURSIVE,
                new Libc.mount_attr { attr_set = Libc.MOUNT_ATTR_RDONLY | Attributes }
            ) != 0
        )
        {
            throw LinuxException.Last("mount_setattr", tree.Path);
        }

        if (Libc.move_mount((int)view.DangerousGetHandle(), place) != 0)
        {
            throw LinuxException.Last("move_mount", place);
        }
    }
}
