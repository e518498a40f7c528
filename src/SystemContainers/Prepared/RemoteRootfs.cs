// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Render.Spec;
using SystemContainers.Target;
using SystemContainers.Tree;

namespace SystemContainers.Prepared;

/// <summary>
/// <c>--rootfs DIR</c>: a container on a root file system that is somebody else's, such as a network or shared mount.
/// Nothing is checked out, and sysctr writes nothing there; a runtime may, where a mount point is missing.
/// </summary>
static class RemoteRootfs
{
    /// <summary>The root file system that a user means.</summary>
    /// <param name="typed">A directory with the tree, or with a bundle's <c>rootfs</c>, as the host sees it.</param>
    /// <returns>Absolute path as the host sees it, without links: runtimes refuse a root that is one.</returns>
    /// <exception cref="SysctrException">NotFound: there is no such directory; Usage: it is no root file
    /// system.</exception>
    public static string Find(HostTarget host, string typed)
    {
        string path = Path.GetFullPath(typed);
        string bundled = Path.Join(path, "rootfs");
        string found = Directory.Exists(host.Inside(bundled)) ? bundled : path;
        if (!Directory.Exists(host.Inside(found)))
        {
            throw new SysctrException(
                ErrorKind.NotFound,
                $"looking for the root file system {typed}: there is no such directory",
                "mount it first"
            );
        }

        string here = RealPath.Of(host.Inside(found));
        if (
            host.Mounts("", "")
                .IsOwn(host.Root == "/" ? here : "/" + Path.GetRelativePath(RealPath.Of(host.Root), here))
        )
        {
            throw new SysctrException(
                ErrorKind.Unsafe,
                $"looking for the root file system {typed}: it is in sysctr's own store",
                "copy it from there: its files are those of other containers, too"
            );
        }

        foreach (string name in SystemDirectories.Names)
        {
            // What a checkout of ours never has: runtimes have been led out of the tree by it.
            if (new FileInfo(Path.Join(here, name)) is var place && (place.LinkTarget is not null || place.Exists))
            {
                throw new SysctrException(
                    ErrorKind.Unsafe,
                    $"looking for the root file system {typed}: its /{name} is {(place.LinkTarget is null ? "a file" : "a symbolic link")}",
                    "it has to be a directory, or not there"
                );
            }
        }

        if (!((string[])["usr", "bin", "exports"]).Any(d => Directory.Exists(Path.Join(here, d))))
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"looking for the root file system {typed}: it has none of usr, bin and exports, and no rootfs that has",
                "name the directory that holds the tree, as 'sysctr mount' makes it"
            );
        }

        return host.Root == "/" ? here : "/" + Path.GetRelativePath(RealPath.Of(host.Root), here);
    }

    /// <summary>config.json with the absolute path of the root file system.</summary>
    /// <param name="document">A copy of it, which is changed and returned.</param>
    /// <param name="rootfs">As the host sees it.</param>
    public static JsonObject WithRoot(JsonObject document, string rootfs)
    {
        document["root"]!["path"] = rootfs;
        return document;
    }

    /// <summary>Refuses what a runtime would have to make there and can't.</summary>
    /// <exception cref="SysctrException">Host: the tree lacks a mount point and can't be written.</exception>
    public static void CheckMounts(HostTarget host, string rootfs, IReadOnlyList<RequiredMount> missing)
    {
        if (missing.Count > 0 && Libc.access(host.Here(rootfs), Libc.W_OK) != 0)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"checking the root file system {rootfs}: it lacks {string.Join(", ", missing.Select(m => m.Path))}, which config.json mounts on, and is read-only",
                "make these there, or install without --rootfs"
            );
        }
    }
}
