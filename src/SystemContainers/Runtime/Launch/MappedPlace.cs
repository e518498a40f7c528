// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;

namespace SystemContainers.Runtime.Launch;

/// <summary>Where a start has the mounts of a container with a user namespace: a directory that the container's root
/// alone passes, besides the host's.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Uid">The container's root, as the host knows it.</param>
/// <param name="Gid">Its group.</param>
sealed record MappedPlace(string Path, uint Uid, uint Gid)
{
    /// <summary>Gives the container's root a directory.</summary>
    /// <exception cref="LinuxException">It can't be given.</exception>
    public void Give(string directory)
    {
        using SafeFileHandle handle = Libc.open(
            directory,
            OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec,
            0
        );
        if (handle.IsInvalid || Libc.fchown(handle, Uid, Gid) != 0)
        {
            throw LinuxException.Last("chown", directory);
        }
    }
}
