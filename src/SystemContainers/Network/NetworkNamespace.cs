// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Processes;
using SystemContainers.Linux.Users;

namespace SystemContainers.Network;

/// <summary>A network namespace with a name, where ip-netns(8) has its own: <c>ip netns</c> lists it, and
/// <c>ip netns exec</c> looks into it. Of a user it is with the records, and seen by those alone who are where the
/// user's networks are.</summary>
static class NetworkNamespace
{
    private const string Place = "/run/netns";

    /// <param name="id">The container's, with its instance.</param>
    public static string PathOf(string id) =>
        Path.Join(NetworkRecords.AreUsers ? Path.Join(NetworkRecords.Place, "netns") : Place, $"sysctr-{id}");

    /// <summary>Of a user's, beside it: the namespace of users that owns it, where that is its own. No container's name
    /// makes this one.</summary>
    public static string UsersOf(string path) =>
        Path.Join(Path.GetDirectoryName(path), "users-" + Path.GetFileName(path));

    /// <param name="users">Of a user's that a namespace of users of its own is to own: the map of that, as this process
    /// sees the ids.</param>
    /// <exception cref="LinuxException">A call failed.</exception>
    public static void Make(string path, IdMap? users = null)
    {
        if (NetworkRecords.AreUsers)
        {
            // No other namespace for mounts has it, so that it may be private.
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        }
        else
        {
            MakePlace();
        }

        File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write).Dispose();
        try
        {
            if (users is not null)
            {
                File.OpenHandle(UsersOf(path), FileMode.OpenOrCreate, FileAccess.Write).Dispose();
                UserNamespace.Mount(users, UsersOf(path), path);
                return;
            }

            // The namespace lives on by its mount.
            OwnThread.Run(() =>
            {
                if (Libc.unshare(Libc.CLONE_NEWNET) != 0)
                {
                    throw LinuxException.Last("unshare", path);
                }

                if (Libc.mount("/proc/thread-self/ns/net", path, Libc.MS_BIND) != 0)
                {
                    throw LinuxException.Last("mount", path);
                }
            });
        }
        catch (LinuxException)
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Takes one away; whether it is there does not matter. Who is in it still, keeps it.</summary>
    /// <exception cref="LinuxException">A call failed.</exception>
    public static void Remove(string path)
    {
        RemoveFile(path);
        if (NetworkRecords.AreUsers)
        {
            RemoveFile(UsersOf(path));
        }
    }

    /// <summary>The same where the mounts have gone with the namespace that they were in.</summary>
    public static void Forget(string path)
    {
        File.Delete(path);
        File.Delete(UsersOf(path));
    }

    private static void RemoveFile(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        // One that is mounted on another would come to light.
        while (Libc.umount2(path, Libc.MNT_DETACH) == 0) { }

        File.Delete(path);
    }

    /// <summary>Whether there is one at a path, and not the file alone that a boot or a cut start has left.</summary>
    public static bool IsThere(string path) => File.Exists(path) && MountTable.Read().Any(m => m.Point == path);

    /// <summary>
    /// As ip-netns(8) does it when it makes its first: a mount of its own that is shared, so that what is unmounted
    /// here is unmounted in the mount namespaces of services, too. Were it left to ip, it would bind the directory over
    /// itself later, with our mounts in it twice.
    /// </summary>
    private static void MakePlace()
    {
        Directory.CreateDirectory(Place);
        if (Libc.mount("", Place, Libc.MS_SHARED | Libc.MS_REC) == 0)
        {
            return;
        }

        if (
            Libc.mount(Place, Place, Libc.MS_BIND | Libc.MS_REC) != 0
            || Libc.mount("", Place, Libc.MS_SHARED | Libc.MS_REC) != 0
        )
        {
            throw LinuxException.Last("mount", Place);
        }
    }
}
