// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux;

/// <summary>
/// flock(2) of a directory, for files in it that are replaced as a whole: each is another one after a change, so that a lock of the file itself would keep nobody out. The kernel gives it back whatever happens.
/// </summary>
static class DirectoryLock
{
    /// <summary>Waits until nobody else has it.</summary>
    /// <param name="directory">It is there.</param>
    /// <returns>Held as long as this is open.</returns>
    /// <exception cref="LinuxException">It can't be locked.</exception>
    public static SafeFileHandle Take(string directory)
    {
        SafeFileHandle handle = Libc.open(directory, OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        while (handle.IsInvalid || Libc.flock(handle, Libc.LOCK_EX) != 0)
        {
            LinuxException failed = LinuxException.Last("flock", directory);
            if (handle.IsInvalid || failed.Errno != Errno.EINTR)
            {
                handle.Dispose();
                throw failed;
            }
        }

        return handle;
    }
}
