// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Native;

namespace SystemContainers.Linux;

/// <summary>What the kernel thinks of its clock (adjtimex(2)); asking needs no right and changes nothing.</summary>
static class KernelClock
{
    /// <summary>Whether somebody keeps it right, as timedatectl(1) says it; null where it can't be asked.</summary>
    public static unsafe bool? IsSynchronised
    {
        get
        {
            // modes = 0, the first field: read only.
            byte* timex = stackalloc byte[Libc.TimexRoom];
            new Span<byte>(timex, Libc.TimexRoom).Clear();
            int state = Libc.adjtimex(timex);
            return state < 0 ? null : state != Libc.TIME_ERROR;
        }
    }
}
