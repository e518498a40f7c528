// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Runtime.InteropServices;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Users;

/// <summary>The host's user database (getpwuid(3)).</summary>
static class UserNames
{
    private const int BufferBytes = 16 << 10;

    /// <summary>The name of a user; the number where the host knows none.</summary>
    public static unsafe string Of(uint uid)
    {
        byte[] buffer = new byte[BufferBytes];
        fixed (byte* strings = buffer)
        {
            Libc.passwd entry;
            Libc.passwd* found;
            return Libc.getpwuid_r(uid, &entry, strings, BufferBytes, &found) == 0 && found != null
                ? Marshal.PtrToStringUTF8((nint)found->pw_name)!
                : uid.ToString(CultureInfo.InvariantCulture);
        }
    }
}
