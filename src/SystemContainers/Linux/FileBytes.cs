// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace SystemContainers.Linux;

/// <summary>Reading a file by its handle, whose own position is nobody's: a read(2) gives what it likes, and these go
/// on.</summary>
static class FileBytes
{
    private const int PieceBytes = 128 << 10;

    /// <summary>Shows all of a file, in order, a piece at a time.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    public static void Each(SafeFileHandle file, Action<ReadOnlySpan<byte>> look)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            long offset = 0;
            for (
                int read = RandomAccess.Read(file, buffer, offset);
                read > 0;
                read = RandomAccess.Read(file, buffer, offset)
            )
            {
                look(buffer.AsSpan(0, read));
                offset += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Fills a buffer, as far as the file reaches.</summary>
    /// <param name="buffer">Gets what stands there.</param>
    /// <param name="offset">Where in the file it begins.</param>
    /// <returns>How much there was; less than the buffer at the file's end alone.</returns>
    /// <exception cref="IOException">It can't be read.</exception>
    public static int Fill(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        int done = 0;
        for (int read = -1; done < buffer.Length && read != 0; done += read)
        {
            read = RandomAccess.Read(file, buffer[done..], offset + done);
        }

        return done;
    }
}
