using System.Runtime.InteropServices;

namespace SystemContainers.Linux.Native;

/// <summary>stdlib.h.</summary>
static partial class Libc
{
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int setenv(string name, string value, int overwrite);
}
