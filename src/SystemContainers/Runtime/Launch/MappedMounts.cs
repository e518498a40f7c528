// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Processes;
using SystemContainers.Linux.Users;

namespace SystemContainers.Runtime.Launch;

/// <summary>
/// The mounts of a container with a user namespace of its own. Its root and its volumes have on disk the owners that
/// the image gives them, and are mounted so that these are the namespace's (mount_setattr(2), MOUNT_ATTR_IDMAP):
/// nothing is copied or changed, whatever the ids are. What it mounts from elsewhere is cloned as it is to a place that
/// its root can reach: directories of ours are root's alone.
/// </summary>
static class MappedMounts
{
    /// <summary>A directory a container, which the container's root alone passes, besides the host's.</summary>
    private const string Place = MountGuard.MappedPlace;

    private const string Root = "root";

    /// <summary>Makes them for one start.</summary>
    /// <param name="document">config.json of this start, <c>root.path</c> absolute; gets the new paths.</param>
    /// <param name="id">The container's, with its instance.</param>
    /// <returns>Where further mounts for its root go; null where it has no such namespace.</returns>
    /// <exception cref="SysctrException">Host: the kernel or a file system can't map owners.</exception>
    public static MappedPlace? Mount(JsonObject document, string id)
    {
        IReadOnlyList<string> mapped = StartAnnotations.Lines(document, StartAnnotations.Mapped);
        if (mapped.Count == 0 || IdMappings.Find(document) is not { } map)
        {
            return null;
        }

        string place = Path.Join(Place, id);
        MakePlace();
        Set(Place, 0, 0b111_001_001);
        Directory.CreateDirectory(place);
        Set(place, map.GidOutside(0), 0b111_001_000);

        // Where each id is what it is outside nothing has to be mapped, and any file system will do.
        using SafeFileHandle? users = map.IsIdentity ? null : UserNamespace.Open(map);
        JsonObject root = document["root"]!.AsObject();

        // Whoever gets to it in another way finds links into the store, which nobody is to write to; somebody else's
        // directory may be meant to be written to.
        root["path"] = Clone(
            root["path"]!.GetValue<string>(),
            Path.Join(place, Root),
            users,
            isReadOnly: root["readonly"]?.GetValue<bool>() == true
        );
        int number = 0;
        foreach (JsonObject mount in ((JsonArray)document["mounts"]!).OfType<JsonObject>())
        {
            string type = mount["type"]?.GetValue<string>() ?? "";
            if (type == "sysfs" && HasNetwork(document, out string? network))
            {
                Sysfs(mount, Path.Join(place, "sys"), network);
            }
            else if (type == "bind" && mount["source"]?.GetValue<string>() is ['/', ..] source)
            {
                mount["source"] = Clone(
                    source,
                    Path.Join(place, $"{number++}"),
                    mapped.Contains(mount["destination"]!.GetValue<string>(), StringComparer.Ordinal) ? users : null,
                    // As the root: links into the store, too.
                    isReadOnly: MountedTrees.TreeOf(source) is not null
                );
            }
        }

        return new MappedPlace(place, map.UidOutside(0), map.GidOutside(0));
    }

    /// <summary>Makes the directory of all of them: where a container mounts what is around it, it has to be there to
    /// be covered.</summary>
    public static void MakePlace() => Directory.CreateDirectory(Place);

    /// <summary>Takes away what a start has mounted, or an earlier one has left.</summary>
    public static void Unmount(string id)
    {
        string place = Path.Join(Place, id);
        if (!Directory.Exists(place))
        {
            return;
        }

        // Of a unit with mounts of its own they are gone with it.
        MountTable.Detach(p => p.StartsWith(place + "/", StringComparison.Ordinal));
        foreach (string left in Directory.GetFileSystemEntries(place))
        {
            // A place for a mount, and empty: what can't be removed as one is not ours to empty.
            if (Directory.Exists(left))
            {
                Directory.Delete(left);
            }
            else
            {
                File.Delete(left);
            }
        }

        Directory.Delete(place);
    }

    /// <summary>Mounts a directory or file once more.</summary>
    /// <param name="target">A new place.</param>
    /// <param name="users">Whose users its owners become; null for the host's.</param>
    /// <param name="isReadOnly">Whether nobody may write there.</param>
    private static string Clone(string source, string target, SafeFileHandle? users, bool isReadOnly = false)
    {
        if (Directory.Exists(source))
        {
            Directory.CreateDirectory(target);
        }
        else
        {
            using SafeFileHandle made = File.OpenHandle(target, FileMode.Create, FileAccess.Write);
        }

        using SafeFileHandle tree = new(
            Libc.open_tree(
                source,
                Libc.OPEN_TREE_CLONE | Libc.OPEN_TREE_CLOEXEC | (users is null ? Libc.AT_RECURSIVE : 0)
            ),
            ownsHandle: true
        );
        if (tree.IsInvalid)
        {
            throw LinuxException.Last("open_tree", source);
        }

        Libc.mount_attr attributes = new()
        {
            attr_set = (users is null ? 0 : Libc.MOUNT_ATTR_IDMAP) | (isReadOnly ? Libc.MOUNT_ATTR_RDONLY : 0),
            userns_fd = users is null ? 0 : (ulong)users.DangerousGetHandle(),

            // crun opens what it binds before it is apart from the host: what it then mounts there must not be seen on
            // the host, least of all in the source's own place.
            propagation = Libc.MS_PRIVATE,
        };
        if (Libc.mount_setattr((int)tree.DangerousGetHandle(), users is null ? Libc.AT_RECURSIVE : 0, attributes) != 0)
        {
            LinuxException refused = LinuxException.Last("mount_setattr", source);
            throw new SysctrException(
                ErrorKind.Host,
                $"mapping the owners of {source} to the users of the container: {refused.Message}",
                "the kernel and the file system have to have it: ext4 from Linux 5.12, xfs 5.12, btrfs 5.15, tmpfs 6.3; overlayfs has it not. '--userns host' goes without",
                refused
            );
        }

        return Libc.move_mount((int)tree.DangerousGetHandle(), target) == 0
            ? target
            : throw LinuxException.Last("move_mount", target);
    }

    /// <summary>
    /// /sys tells of a network, and only whom the network belongs to can mount it: it was made before there was a
    /// namespace. Of the host's own the runtime makes a bind, which has to be private: crun 1.21 mounts the container's
    /// control group in it while it is the host's, and what was there is gone for the whole host.
    /// </summary>
    private static void Sysfs(JsonObject mount, string target, string? network)
    {
        string source = "/sys";
        if (network is not null)
        {
            Directory.CreateDirectory(target);
            ProcessResult done = ProcessRunner
                .RunAsync(
                    "nsenter",
                    [
                        $"--net={network}",
                        "--",
                        "mount",
                        "--make-private",
                        "-t",
                        "sysfs",
                        "-o",
                        "nosuid,nodev,noexec",
                        "sysctr",
                        target,
                    ],
                    CancellationToken.None
                )
                .GetAwaiter()
                .GetResult();
            source =
                done.ExitCode == 0
                    ? target
                    : throw new SysctrException(ErrorKind.Host, $"mounting sysfs for {network}: {done.Error.Trim()}");
        }

        mount["type"] = "bind";
        mount["source"] = source;
        mount["options"] = new JsonArray(
            network is null ? "rbind" : "bind",
            "rprivate",
            "nosuid",
            "noexec",
            "nodev",
            "ro"
        );
    }

    /// <summary>Whether the network is there before the container: one with a path, or the host's, which has none. Else
    /// the runtime makes it.</summary>
    private static bool HasNetwork(JsonObject document, out string? path)
    {
        JsonObject? own = (document["linux"]!["namespaces"] as JsonArray ?? [])
            .OfType<JsonObject>()
            .FirstOrDefault(n => n["type"]?.GetValue<string>() == "network");
        path = own?["path"]?.GetValue<string>();
        return own is null || !string.IsNullOrEmpty(path);
    }

    private static void Set(string directory, uint gid, uint mode)
    {
        using SafeFileHandle handle = Libc.open(
            directory,
            OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec,
            0
        );
        if (handle.IsInvalid || Libc.fchown(handle, 0, gid) != 0 || Libc.fchmod(handle, mode) != 0)
        {
            throw LinuxException.Last("open", directory);
        }
    }
}
