// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Runtime.InteropServices;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Users;

/// <summary>The host's user database (getpwuid(3), getgrgid(3)).</summary>
static class UserNames
{
    private const int BufferBytes = 64 << 10;

    /// <summary>The name of a user; the number where the host knows none.</summary>
    public static unsafe string Of(uint uid) => Entry(uid, &Name) ?? uid.ToString(CultureInfo.InvariantCulture);

    /// <summary>The shell of a user; /bin/sh where the host knows none.</summary>
    public static unsafe string ShellOf(uint uid) => Entry(uid, &Shell) is { Length: > 0 } shell ? shell : "/bin/sh";

    /// <summary>The name of a group; the number where the host knows none.</summary>
    public static unsafe string OfGroup(uint gid)
    {
        byte[] buffer = new byte[BufferBytes];
        fixed (byte* strings = buffer)
        {
            Libc.group entry;
            Libc.group* found;
            return Libc.getgrgid_r(gid, &entry, strings, BufferBytes, &found) == 0 && found != null
                ? Marshal.PtrToStringUTF8((nint)found->gr_name)!
                : gid.ToString(CultureInfo.InvariantCulture);
        }
    }

    private static unsafe byte* Name(Libc.passwd* entry) => entry->pw_name;

    private static unsafe byte* Shell(Libc.passwd* entry) => entry->pw_shell;

    private static unsafe string? Entry(uint uid, delegate*<Libc.passwd*, byte*> part)
    {
        byte[] buffer = new byte[BufferBytes];
        fixed (byte* strings = buffer)
        {
            Libc.passwd entry;
            Libc.passwd* found;
            return Libc.getpwuid_r(uid, &entry, strings, BufferBytes, &found) == 0 && found != null
                ? Marshal.PtrToStringUTF8((nint)part(found))
                : null;
        }
    }
}
