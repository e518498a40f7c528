// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Native;

namespace SystemContainers.Linux;

/// <summary>Mounts that the calling thread, and what it starts, see for themselves: unshare(2). They end with the last
/// of these, and there is no way back.</summary>
static class OwnMounts
{
    /// <summary>Leaves the host's.</summary>
    /// <param name="propagation">MS_SLAVE, to go on seeing what the host mounts and unmounts; MS_PRIVATE, not to
    /// (mount_namespaces(7)).</param>
    /// <exception cref="LinuxException">A call failed.</exception>
    public static void Leave(ulong propagation)
    {
        if (Libc.unshare(Libc.CLONE_NEWNS) != 0)
        {
            throw LinuxException.Last("unshare", "the host's mounts");
        }

        if (Libc.mount("", "/", Libc.MS_REC | propagation) != 0)
        {
            throw LinuxException.Last("mount", "/");
        }
    }
}
