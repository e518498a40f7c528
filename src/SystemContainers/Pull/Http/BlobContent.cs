// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Net;
using System.Net.Http.Headers;

namespace SystemContainers.Pull.Http;

/// <summary>The body of an upload: bytes of a blob from where they are, of a length that is known.</summary>
sealed class BlobContent : HttpContent
{
    private const int PieceBytes = 128 << 10;

    private readonly Func<CancellationToken, Task<Stream>> _open;
    private readonly long _length;

    /// <param name="open">Opens what is to be sent, at its first byte; the stream has exactly <paramref name="length"/>
    /// bytes or throws.</param>
    /// <param name="length">In bytes.</param>
    public BlobContent(Func<CancellationToken, Task<Stream>> open, long length)
    {
        _open = open;
        _length = length;
        Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        Headers.ContentLength = length;
    }

    /// <summary>Told of each piece that got away.</summary>
    public Action? Sent { get; set; }

    /// <summary>What went wrong with the source of the bytes, and not with the connection; null where nothing
    /// did.</summary>
    public Exception? SourceFault { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream,
        TransportContext? context,
        CancellationToken cancellationToken
    )
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            await using Stream source = await FromSourceAsync(() => _open(cancellationToken));
            for (long left = _length; left > 0;)
            {
                int read = await FromSourceAsync(async () =>
                    await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancellationToken)
                );
                if (read == 0)
                {
                    throw new IOException("what is sent is shorter than it should be");
                }

                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                left -= read;
                Sent?.Invoke();
            }

            // A source that verifies does so at its end.
            await FromSourceAsync(async () => await source.ReadAsync(buffer.AsMemory(0, 1), cancellationToken));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _length;
        return true;
    }

    private async Task<T> FromSourceAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception e)
        {
            SourceFault = e;
            throw;
        }
    }
}
