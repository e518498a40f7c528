// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Processes;

/// <summary>Descriptors 0, 1 and 2 of this process.</summary>
static class StandardStreams
{
    private const int Output = 1;
    private const int Last = 2;

    /// <summary>O_ACCMODE.</summary>
    private const int AccessMode = 3;

    /// <summary>Whether standard output was closed when the process began.</summary>
    public static bool OutputWasClosed { get; private set; }

    /// <summary>
    /// Gives each that is closed to /dev/null. Else the next file that is opened gets its number, and what is meant for
    /// people is written into a file of the store (open(2): "the lowest-numbered file descriptor not currently open").
    /// </summary>
    public static void OpenClosed()
    {
        for (int descriptor = 0; descriptor <= Last; descriptor++)
        {
            int flags = Libc.fcntl(descriptor, Libc.F_GETFL, 0);
            if (flags >= 0)
            {
                // The runtime has been quicker, and reads something of its own there.
                OutputWasClosed |= descriptor == Output && (flags & AccessMode) == OpenFlags.ReadOnly;
                continue;
            }

            OutputWasClosed |= descriptor == Output;
            SafeFileHandle opened = Libc.open("/dev/null", OpenFlags.ReadWrite, 0);
            if (!opened.IsInvalid)
            {
                // For as long as the process lives.
                opened.SetHandleAsInvalid();
            }
        }
    }
}
