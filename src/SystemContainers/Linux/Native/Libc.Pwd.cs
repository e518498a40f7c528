using System.Runtime.InteropServices;

namespace SystemContainers.Linux.Native;

/// <summary>pwd.h.</summary>
static unsafe partial class Libc
{
    [StructLayout(LayoutKind.Sequential)]
    internal struct passwd
    {
        public byte* pw_name;
        public byte* pw_passwd;
        public uint pw_uid;
        public uint pw_gid;
        public byte* pw_gecos;
        public byte* pw_dir;
        public byte* pw_shell;
    }

    /// <returns>0, or an errno.</returns>
    [LibraryImport(Library)]
    internal static partial int getpwuid_r(uint uid, passwd* pwd, byte* buf, nuint buflen, passwd** result);
}
