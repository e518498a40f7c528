// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Composefs.Mounting;
using SystemContainers.Linux;
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
    /// <summary>Starts it.</summary>
    /// <param name="tree">The files.</param>
    /// <param name="place">An empty directory, where the program sees them.</param>
    /// <param name="start">The program.</param>
    /// <exception cref="LinuxException">A call failed: mount_setattr(2) is there since Linux 5.12.</exception>
    /// <exception cref="Errors.SysctrException">Host: the program can't be executed; Corrupt: the image of a tree is
    /// another one.</exception>
    public static Process Start(SourceTree tree, string place, ProcessStartInfo start)
    {
        Process? started = null;

        // The namespace lives as long as what is started in it.
        OwnThread.Run(() =>
        {
            Mount(tree, place);
            started = ProcessRunner.Start(start);
        });
        return started!;
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
