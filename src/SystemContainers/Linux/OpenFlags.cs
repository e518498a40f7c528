// SPDX-License-Identifier: Apache-2.0

using Tmds.Linux;

namespace SystemContainers.Linux;

/// <summary>Flags of open(2), in .NET's words. Four of them differ between x86-64 and arm64.</summary>
static class OpenFlags
{
    public static int ReadOnly => LibC.O_RDONLY;

    public static int WriteOnly => LibC.O_WRONLY;

    public static int ReadWrite => LibC.O_RDWR;

    public static int Create => LibC.O_CREAT;

    public static int Exclusive => LibC.O_EXCL;

    public static int NoControllingTerminal => LibC.O_NOCTTY;

    public static int Append => LibC.O_APPEND;

    public static int NonBlock => LibC.O_NONBLOCK;

    public static int CloseOnExec => LibC.O_CLOEXEC;

    public static int Path => LibC.O_PATH;

    public static int Directory => LibC.O_DIRECTORY;

    public static int NoFollow => LibC.O_NOFOLLOW;

    public static int TemporaryFile => LibC.O_TMPFILE;
}
