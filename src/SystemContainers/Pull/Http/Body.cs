// SPDX-License-Identifier: Apache-2.0

using System.Buffers;

namespace SystemContainers.Pull.Http;

/// <summary>Reads bodies with a limit, whatever Content-Length says.</summary>
static class Body
{
    /// <summary>The first bytes of a body, no more than <paramref name="limit"/> (one more is never kept).</summary>
    public static async Task<byte[]> ReadAtMostAsync(
        HttpResponseMessage response,
        int limit,
        CancellationToken cancellationToken
    )
    {
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        return await ReadAtMostAsync(stream, limit, cancellationToken);
    }

    /// <summary>The same of a stream.</summary>
    public static async Task<byte[]> ReadAtMostAsync(Stream stream, int limit, CancellationToken cancellationToken)
    {
        using MemoryStream all = new();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(32 << 10);
        try
        {
            int wanted;
            while ((wanted = (int)Math.Min(buffer.Length, limit - all.Length)) > 0)
            {
                int read = await stream.ReadAsync(buffer.AsMemory(0, wanted), cancellationToken);
                if (read == 0)
                {
                    break;
                }

                all.Write(buffer, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return all.ToArray();
    }
}
