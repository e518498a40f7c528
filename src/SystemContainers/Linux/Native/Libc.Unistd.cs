// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace SystemContainers.Linux.Native;

/// <summary>unistd.h: processes and their open files, links and owners.</summary>
static unsafe partial class Libc
{
    internal static int W_OK => LibC.W_OK;

    internal static void _exit(int status) => LibC._exit(status);

    internal static int execve(byte* path, byte** arguments, byte** environment) =>
        LibC.execve(path, arguments, environment);

    internal static nint read(int fd, byte* buffer, nuint count) =>
        (nint)(long)LibC.read(fd, buffer, (size_t)(ulong)count);

    internal static nint write(int fd, byte* buffer, nuint count) =>
        (nint)(long)LibC.write(fd, buffer, (size_t)(ulong)count);

    internal static int dup2(int fd, int other) => LibC.dup2(fd, other);

    internal static int setsid() => LibC.setsid();

    internal static int getpgrp() => LibC.getpgrp();

    internal static int getppid() => LibC.getppid();

    internal static uint geteuid() => LibC.geteuid();

    internal static uint getegid() => LibC.getegid();

    internal static int isatty(int fd) => LibC.isatty(fd);

    internal static int tcgetpgrp(int fd) => LibC.tcgetpgrp(fd);

    internal static int fsync(SafeFileHandle fd)
    {
        using Held held = new(fd);
        return LibC.fsync(held.Value);
    }

    internal static int syncfs(SafeFileHandle fd)
    {
        using Held held = new(fd);
        return LibC.syncfs(held.Value);
    }

    internal static int ftruncate(SafeFileHandle fd, long length)
    {
        using Held held = new(fd);
        return LibC.ftruncate(held.Value, length);
    }

    internal static int fchown(SafeFileHandle fd, uint owner, uint group)
    {
        using Held held = new(fd);
        return LibC.fchown(held.Value, owner, group);
    }

    internal static int fchownat(SafeFileHandle directory, byte* name, uint owner, uint group, int flags)
    {
        using Held held = new(directory);
        return LibC.fchownat(held.Value, name, owner, group, flags);
    }

    /// <param name="path">What is asked about; links are followed.</param>
    /// <param name="mode">W_OK.</param>
    internal static int access(string path, int mode)
    {
        fixed (byte* bytes = CString.Of(path))
        {
            return LibC.access(bytes, mode);
        }
    }

    internal static int faccessat(SafeFileHandle directory, byte* name, int mode, int flags)
    {
        using Held held = new(directory);
        return LibC.faccessat(held.Value, name, mode, flags);
    }

    internal static int link(string oldPath, string newPath)
    {
        fixed (
            byte* from = CString.Of(oldPath),
                to = CString.Of(newPath)
        )
        {
            return LibC.link(from, to);
        }
    }

    internal static int linkat(
        SafeFileHandle oldDirectory,
        byte* oldName,
        SafeFileHandle newDirectory,
        byte* newName,
        int flags
    )
    {
        using Held from = new(oldDirectory);
        using Held to = new(newDirectory);
        return LibC.linkat(from.Value, oldName, to.Value, newName, flags);
    }

    internal static int symlinkat(byte* target, SafeFileHandle directory, byte* name)
    {
        using Held held = new(directory);
        return LibC.symlinkat(target, held.Value, name);
    }

    /// <param name="directory">An open directory.</param>
    /// <param name="name">A symbolic link in it, zero-terminated.</param>
    /// <param name="target">Gets where it leads, without a zero.</param>
    /// <param name="size">Bytes there.</param>
    internal static nint readlinkat(SafeFileHandle directory, byte* name, byte* target, nuint size)
    {
        using Held held = new(directory);
        return (nint)(long)LibC.readlinkat(held.Value, name, target, (size_t)(ulong)size);
    }

    internal static int rmdir(string path)
    {
        fixed (byte* bytes = CString.Of(path))
        {
            return LibC.rmdir(bytes);
        }
    }

    internal static int unlinkat(SafeFileHandle directory, byte* name, int flags)
    {
        using Held held = new(directory);
        return LibC.unlinkat(held.Value, name, flags);
    }
}
