// SPDX-License-Identifier: Apache-2.0

using System.Net;
using SystemContainers.Errors;
using SystemContainers.Pull.Http;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Streams;

namespace SystemContainers.Pull.Sources;

/// <summary>
/// A piece of one blob of a registry. When the connection is cut or stalls it goes on where it was. It has exactly the
/// bytes that were asked for, or throws: an answer with another range, or with all of the blob, is no piece. It does
/// not verify them.
/// </summary>
/// <param name="request">For the whole blob.</param>
/// <param name="offset">The first byte.</param>
/// <param name="length">How many; more than none.</param>
/// <param name="options">Time-outs and attempts.</param>
/// <param name="progress">Told about cuts.</param>
sealed class BlobRangeStream(
    RegistryClient client,
    RegistryRequest request,
    long offset,
    long length,
    long size,
    PullOptions options,
    IPullProgress progress
) : ForwardOnlyStream
{
    private readonly long _end = offset + length;
    private readonly ResumedBody _body = new(request, size, options, progress);
    private long _position = offset;

    /// <exception cref="RangeRefusedException">The registry does not serve it.</exception>
    /// <exception cref="SysctrException">Unreachable: it is cut again and again; or what the registry says.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty || _position == _end)
        {
            return 0;
        }

        while (true)
        {
            string why;
            try
            {
                if (!_body.IsOpen)
                {
                    await _body.OpenAsync(_position, () => AskAsync(cancellationToken), cancellationToken);
                }

                int read = await _body.ReadAsync(
                    buffer[..(int)Math.Min(buffer.Length, _end - _position)],
                    cancellationToken
                );
                if (read > 0)
                {
                    _position += read;
                    return read;
                }

                why = "the answer ended early";
            }
            catch (Exception e) when (ResumedBody.IsCut(e))
            {
                why = Redact.Text(NetworkWords.Plain(e));
            }

            await _body.DisposeAsync();
            await _body.PauseAsync(_position, why, cancellationToken);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await _body.DisposeAsync();
        await base.DisposeAsync();
    }

    private async Task<HttpResponseMessage> AskAsync(CancellationToken cancellation)
    {
        HttpResponseMessage response;
        try
        {
            response = await client.GetAsync(
                request with
                {
                    Offset = _position,
                    Last = _end - 1,
                },
                static (response, _) => Task.FromResult(response),
                cancellation
            );
        }
        catch (SysctrException e) when (RegistryErrors.IsRefusedRange(e))
        {
            throw new RangeRefusedException(e.Message, e);
        }

        bool isIt =
            response.StatusCode == HttpStatusCode.PartialContent
            && response.Content.Headers.ContentRange is { Unit: "bytes" } range
            && range.From == _position
            && range.To == _end - 1
            && (range.Length is null || range.Length == size)
            && (response.Content.Headers.ContentLength is not { } told || told == _end - _position);
        if (!isIt)
        {
            using (response)
            {
                throw new RangeRefusedException(
                    $"asked for the bytes {_position} to {_end - 1} of {size}, the registry answers HTTP {(int)response.StatusCode} with {Redact.Text(response.Content.Headers.ContentRange?.ToString() ?? "no range")}"
                );
            }
        }

        return response;
    }
}
