// SPDX-License-Identifier: Apache-2.0

using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Processes;

/// <summary>A line that somebody types on the terminal of standard input.</summary>
static class TypedLine
{
    private const int Input = 0;

    /// <summary>Longer lines are no user's name and no password.</summary>
    private const int MaxBytes = 64 << 10;

    /// <summary>Reads it; null at the end of the input.</summary>
    /// <param name="ask">Says what is wanted; from then on whoever types may be quick.</param>
    /// <param name="hidden">Whether what is typed does not appear. The terminal has its settings back in any
    /// case.</param>
    /// <param name="cancellation">Ends it: nothing more is read.</param>
    public static async Task<string?> ReadAsync(Action ask, bool hidden, CancellationToken cancellation)
    {
        termios? before = hidden ? Hide() : null;
        try
        {
            ask();

            // A read of a terminal can't be taken back, but left behind.
            return await Task
                .Factory.StartNew(Read, cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default)
                .WaitAsync(cancellation);
        }
        finally
        {
            if (before is { } settings)
            {
                Restore(settings);
            }
        }
    }

    /// <returns>How the terminal was; null where there is none.</returns>
    private static unsafe termios? Hide()
    {
        termios before;
        if (Libc.isatty(Input) != 1 || Libc.tcgetattr(Input, &before) != 0)
        {
            return null;
        }

        // The fourth word of the structure is c_lflag, ECHO is 8 in it (bits/termios-struct.h, asm-generic/termbits.h;
        // the same on x64 and arm64).
        termios hiding = before;
        ((uint*)&hiding)[3] &= ~8u;
        return Libc.tcsetattr(Input, Libc.TCSADRAIN, &hiding) == 0 ? before : null;
    }

    private static unsafe void Restore(termios before) => _ = Libc.tcsetattr(Input, Libc.TCSADRAIN, &before);

    // By itself: the console of .NET would show what it reads.
    private static string? Read()
    {
        using SafeFileHandle input = new(Input, ownsHandle: false);
        using FileStream stream = new(input, FileAccess.Read, bufferSize: 0);
        List<byte> line = [];
        for (int read; (read = stream.ReadByte()) != '\n' && line.Count < MaxBytes; line.Add((byte)read))
        {
            if (read < 0)
            {
                return line.Count == 0 ? null : Encoding.UTF8.GetString([.. line]);
            }
        }

        return Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
    }
}
