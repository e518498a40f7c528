// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace SystemContainers.Linux.Native;

/// <summary>termios.h and sys/ioctl.h.</summary>
static unsafe partial class Libc
{
    internal static int TCSADRAIN => (int)LibC.TCSADRAIN;
    internal static int TIOCSCTTY => LibC.TIOCSCTTY;
    internal static int TIOCGWINSZ => LibC.TIOCGWINSZ;
    internal static int TIOCSWINSZ => LibC.TIOCSWINSZ;

    internal static int tcgetattr(int fd, termios* settings) => LibC.tcgetattr(fd, settings);

    internal static int tcsetattr(int fd, int when, termios* settings) => LibC.tcsetattr(fd, when, settings);

    internal static int ioctl(int fd, int request, winsize* size) => LibC.ioctl(fd, request, size);

    internal static int ioctl_int(int fd, int request, int value) => LibC.ioctl(fd, request, value);

    /// <summary>ioctl(2) with a descriptor: FICLONE takes the blocks of <paramref name="source"/>.</summary>
    internal static int ioctl(SafeFileHandle fd, uint request, SafeFileHandle source)
    {
        using Held held = new(fd);
        using Held from = new(source);
        return LibC.ioctl(held.Value, unchecked((int)request), from.Value);
    }

    /// <summary>ioctl(2) with a structure, or with nothing.</summary>
    internal static int ioctl(SafeFileHandle fd, uint request, void* argument)
    {
        using Held held = new(fd);
        return LibC.ioctl(held.Value, unchecked((int)request), argument);
    }
}
