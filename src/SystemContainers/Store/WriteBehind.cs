// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;

namespace SystemContainers.Store;

/// <summary>
/// Has what is written go to the disk while more is inflated: else the disk rests until the commit, and the commit
/// waits for all of it. It promises nothing: the commit syncs as before, and finds little left to do.
/// </summary>
/// <param name="fileSystem">Anything open on it.</param>
sealed class WriteBehind(SafeFileHandle fileSystem)
{
    /// <summary>After so many bytes: rarely enough that a sync does not follow at the heels of the last one.</summary>
    private const long Each = 24 << 20;

    private readonly Lock _lock = new();
    private long _written;
    private Thread? _running;
    private int _errno;

    /// <summary>Told of bytes that were written.</summary>
    public void ReportWritten(long bytes)
    {
        lock (_lock)
        {
            _written += bytes;
            if (_written < Each || _running is not null)
            {
                return;
            }

            _written = 0;
            _running = new Thread(Sync) { IsBackground = true };
            _running.Start();
        }
    }

    /// <summary>Waits until nothing is on its way.</summary>
    /// <param name="path">Of the file system, for the error.</param>
    /// <exception cref="LinuxException">The disk has failed: the kernel tells that once for each open file, and has
    /// told it here.</exception>
    public void Finish(string path)
    {
        Thread? running;
        lock (_lock)
        {
            running = _running;
        }

        running?.Join();
        if (_errno != 0)
        {
            throw new LinuxException("syncfs", path, _errno);
        }
    }

    private void Sync()
    {
        if (Libc.syncfs(fileSystem) != 0)
        {
            _errno = Marshal.GetLastPInvokeError();
        }

        lock (_lock)
        {
            _running = null;
        }
    }
}
