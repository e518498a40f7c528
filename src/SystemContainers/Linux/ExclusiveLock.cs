// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux;

/// <summary>flock(2) for one at a time. The kernel gives it back whatever happens to who has it.</summary>
static class ExclusiveLock
{
    /// <summary>
    /// Of a directory, for files in it that are replaced as a whole: each is another one after a change, so that a lock
    /// of the file itself would keep nobody out.
    /// </summary>
    /// <returns>Held as long as this is open.</returns>
    /// <exception cref="LinuxException">It can't be locked.</exception>
    public static SafeFileHandle OfDirectory(string directory) =>
        Wait(Libc.open(directory, OpenFlags.Directory | OpenFlags.CloseOnExec, 0), directory);

    /// <summary>Waits until nobody else has it.</summary>
    /// <param name="opened">What open(2) gave just now.</param>
    /// <param name="path">Of what, for messages.</param>
    /// <returns>The handle; the lock is held as long as it is open.</returns>
    /// <exception cref="LinuxException">It was not opened, or can't be locked.</exception>
    public static SafeFileHandle Wait(SafeFileHandle opened, string path)
    {
        while (opened.IsInvalid || Libc.flock(opened, Libc.LOCK_EX) != 0)
        {
            LinuxException failed = LinuxException.Last(opened.IsInvalid ? "open" : "flock", path);
            if (opened.IsInvalid || failed.Errno != Errno.EINTR)
            {
                opened.Dispose();
                throw failed;
            }
        }

        return opened;
    }
}
