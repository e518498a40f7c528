// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace SystemContainers.Linux.Processes;

/// <summary>What a program prints, read to its end within a bound: others may decide how much that is.</summary>
static class BoundedOutput
{
    /// <param name="from">Where it comes from.</param>
    /// <param name="most">Bytes at most.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="IOException">It is more.</exception>
    public static async Task<string> AllAsync(Stream from, int most, CancellationToken cancellation)
    {
        using MemoryStream read = new();
        byte[] buffer = new byte[1 << 14];
        for (int got; (got = await from.ReadAsync(buffer, cancellation)) > 0;)
        {
            read.Write(buffer, 0, got);
            if (read.Length > most)
            {
                throw new IOException($"it printed more than {most} bytes");
            }
        }

        return Encoding.UTF8.GetString(read.GetBuffer(), 0, (int)read.Length);
    }

    /// <summary>The end of it, from the begin of a line where it has lines.</summary>
    /// <inheritdoc cref="AllAsync"/>
    public static Task<string> EndAsync(Stream from, int most, CancellationToken cancellation) =>
        EndAsync(from, most, cancellation, cancellation);

    /// <summary>The end of what comes until somebody has read enough.</summary>
    /// <param name="from">Where it comes from.</param>
    /// <param name="most">Bytes at most.</param>
    /// <param name="enough">Ends the reading, and what was read counts; ends with <paramref name="cancellation"/>,
    /// too.</param>
    /// <param name="cancellation">Breaks it off.</param>
    public static async Task<string> EndAsync(
        Stream from,
        int most,
        CancellationToken enough,
        CancellationToken cancellation
    )
    {
        using MemoryStream read = new();
        byte[] buffer = new byte[1 << 14];
        bool isCut = false;
        for (int got; (got = await UntilAsync()) > 0;)
        {
            if (read.Length > 2L * most)
            {
                byte[] end = read.GetBuffer()[(int)(read.Length - most)..(int)read.Length];
                read.SetLength(0);
                read.Write(end);
                isCut = true;
            }

            read.Write(buffer, 0, got);
        }

        Span<byte> kept = read.GetBuffer().AsSpan(0, (int)read.Length);
        if (kept.Length > most)
        {
            kept = kept[^most..];
            isCut = true;
        }

        int line = isCut ? kept.IndexOf((byte)'\n') + 1 : 0;
        return Encoding.UTF8.GetString(line < kept.Length ? kept[line..] : kept);

        async Task<int> UntilAsync()
        {
            try
            {
                return await from.ReadAsync(buffer, enough);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return 0;
            }
        }
    }
}
