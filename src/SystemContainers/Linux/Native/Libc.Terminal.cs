// SPDX-License-Identifier: Apache-2.0

using Tmds.Linux;

namespace SystemContainers.Linux.Native;

/// <summary>termios.h and sys/ioctl.h.</summary>
static unsafe partial class Libc
{
    internal static int TCSADRAIN => (int)LibC.TCSADRAIN;
    internal static int TIOCSCTTY => LibC.TIOCSCTTY;
    internal static int TIOCGWINSZ => LibC.TIOCGWINSZ;

    internal static int tcgetattr(int fd, termios* settings) => LibC.tcgetattr(fd, settings);

    internal static int tcsetattr(int fd, int when, termios* settings) => LibC.tcsetattr(fd, when, settings);

    internal static int ioctl(int fd, int request, winsize* size) => LibC.ioctl(fd, request, size);

    internal static int ioctl_int(int fd, int request, int value) => LibC.ioctl(fd, request, value);
}
