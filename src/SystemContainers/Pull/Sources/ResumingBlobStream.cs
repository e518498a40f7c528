// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Http.Headers;
using SystemContainers.Errors;
using SystemContainers.Pull.Http;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Streams;

namespace SystemContainers.Pull.Sources;

/// <summary>
/// The bytes of one blob of a registry. When the connection is cut or stalls it goes on where it was, by a request for
/// the rest, so that whoever hashes and inflates above need not begin again. Forward only, asynchronous only.
/// </summary>
/// <remarks>It does not verify. Too many bytes are handed on up to one too many, so that the verifier above sees
/// it.</remarks>
sealed class ResumingBlobStream : ForwardOnlyStream
{
    private readonly RegistryClient _client;
    private readonly RegistryRequest _request;
    private readonly long _size;
    private readonly ResumedBody _body;
    private long _position;

    /// <param name="request">For the whole blob.</param>
    /// <param name="size">What its descriptor says, in bytes.</param>
    /// <param name="options">Time-outs and attempts.</param>
    /// <param name="progress">Told about cuts.</param>
    public ResumingBlobStream(
        RegistryClient client,
        RegistryRequest request,
        long size,
        PullOptions options,
        IPullProgress progress
    )
    {
        _client = client;
        _request = request;
        _size = size;
        _body = new ResumedBody(request, size, options, progress);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
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
                    // Nothing is left to ask for; what came before is the verifier's to judge.
                    if (_position >= _size && _body.OpenedAt < _position)
                    {
                        return 0;
                    }

                    await OpenAsync(cancellationToken);
                }

                int read = await _body.ReadAsync(buffer, cancellationToken);
                if (read > 0 || _position >= _size)
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
            if (_position >= _size && _size > 0)
            {
                return 0;
            }

            await _body.PauseAsync(_position, why, cancellationToken);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await _body.DisposeAsync();
        await base.DisposeAsync();
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        long skip = 0;
        await _body.OpenAsync(
            _position,
            async () =>
            {
                HttpResponseMessage response = await _client.GetAsync(
                    _request with
                    {
                        Offset = _position,
                    },
                    static (response, _) => Task.FromResult(response),
                    cancellationToken
                );
                try
                {
                    skip = Skip(response);
                    return response;
                }
                catch
                {
                    response.Dispose();
                    throw;
                }
            },
            cancellationToken
        );
        byte[] discarded = new byte[(int)Math.Min(skip, 64 << 10)];
        while (skip > 0)
        {
            int read = await _body.ReadAsync(
                discarded.AsMemory(0, (int)Math.Min(skip, discarded.Length)),
                cancellationToken
            );
            if (read == 0)
            {
                throw new IOException("the answer ended early");
            }

            skip -= read;
        }
    }

    /// <summary>How many bytes of the answer we have already.</summary>
    private long Skip(HttpResponseMessage response)
    {
        long? length = response.Content.Headers.ContentLength;
        switch (response.StatusCode)
        {
            case HttpStatusCode.OK when length is null || length == _size:
                // A server that ignores Range starts anew. What we had is hashed; the same number of bytes is passed
                // over, and if they were others the digest of the whole will tell.
                return _position;
            case HttpStatusCode.OK:
                throw new SysctrException(
                    ErrorKind.Corrupt,
                    $"{_request.Doing}: the registry has {length} bytes where the manifest says {_size}",
                    "the image is damaged at the registry, or a proxy changes it; push it again"
                );
            case HttpStatusCode.PartialContent
                when response.Content.Headers.ContentRange is { Unit: "bytes", From: { } from } range
                    && from == _position
                    && _position > 0
                    && (range.Length is null || range.Length == _size):
                return 0;
            default:
                ContentRangeHeaderValue? wrong = response.Content.Headers.ContentRange;
                throw new SysctrException(
                    ErrorKind.Corrupt,
                    $"{_request.Doing}: asked for the bytes from {_position} of {_size}, the registry answers "
                        + $"HTTP {(int)response.StatusCode} with {(wrong is null ? "no range" : $"bytes {wrong.From}-{wrong.To} of {wrong.Length}")}"
                );
        }
    }
}
