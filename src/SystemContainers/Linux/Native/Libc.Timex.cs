using System.Runtime.InteropServices;

namespace SystemContainers.Linux.Native;

/// <summary>sys/timex.h.</summary>
static unsafe partial class Libc
{
    /// <summary>The clock is not synchronised.</summary>
    internal const int TIME_ERROR = 5;

    /// <param name="timex">A struct timex, whose first field says what to change: 0 for nothing.</param>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int adjtimex(byte* timex);
}
