// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using SystemContainers.Errors;
using SystemContainers.Pull.Http;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Streams;

namespace SystemContainers.Pull.Sources;

/// <summary>
/// The bytes of one blob of a registry. When the connection is cut or stalls it goes on where it was, by a request for the
/// rest, so that whoever hashes and inflates above need not begin again. Forward only, asynchronous only.
/// </summary>
/// <remarks>It does not verify. Too many bytes are handed on up to one too many, so that the verifier above sees it.</remarks>
sealed class ResumingBlobStream : ForwardOnlyStream
{
    /// <summary>A connection that brought this much was worth it: the count of attempts starts anew.</summary>
    private const long WorthwhileBytes = 1 << 20;

    private readonly RegistryClient _client;
    private readonly RegistryRequest _request;
    private readonly PullOptions _options;
    private readonly IPullProgress _progress;
    private readonly long _size;
    private HttpResponseMessage? _response;
    private Stream? _body;
    private long _position;
    private long _openedAt;
    private int _cuts;
    private RateFloor _rate;

    /// <param name="client">Of the blob's registry.</param>
    /// <param name="request">For the whole blob.</param>
    /// <param name="size">What its descriptor says, in bytes.</param>
    /// <param name="options">Time-outs and attempts.</param>
    /// <param name="progress">Told about cuts.</param>
    public ResumingBlobStream(
        RegistryClient client, RegistryRequest request, long size, PullOptions options, IPullProgress progress)
    {
        _client = client;
        _request = request;
        _size = size;
        _options = options;
        _progress = progress;
        _rate = new RateFloor(options);
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
                if (_body is null)
                {
                    // Nothing is left to ask for; what came before is the verifier's to judge.
                    if (_position >= _size && _openedAt < _position)
                    {
                        return 0;
                    }

                    await OpenAsync(cancellationToken);
                }

                int read = await ReadBodyAsync(buffer, cancellationToken);
                if (read > 0 || _position >= _size)
                {
                    _position += read;
                    return read;
                }

                why = "the answer ended early";
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException)
            {
                why = Redact.Text(NetworkWords.Plain(e));
            }

            await CloseBodyAsync();
            if (_position >= _size && _size > 0)
            {
                return 0;
            }

            _cuts = _position - _openedAt >= WorthwhileBytes ? 1 : _cuts + 1;
            if (_cuts >= _options.MaxAttempts)
            {
                throw new SysctrException(
                    ErrorKind.Unreachable,
                    $"{_request.Doing}: cut off or too slow at byte {_position} of {_size} again and again: {why}",
                    "try again later; layers that are complete are kept");
            }

            _progress.Retrying($"{_request.Doing}: {why}; going on at byte {_position} of {_size}");
            await Task.Delay(RetryRules.Pause(_options, _cuts + 1, retryAfter: null), cancellationToken);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await CloseBodyAsync();
        await base.DisposeAsync();
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        _openedAt = _position;
        _rate = new RateFloor(_options);
        _response = await _client.GetAsync(
            _request with { Offset = _position }, static (response, _) => Task.FromResult(response), cancellationToken);
        long skip = Skip(_response);
        _body = await _response.Content.ReadAsStreamAsync(cancellationToken);
        byte[] discarded = new byte[(int)Math.Min(skip, 64 << 10)];
        while (skip > 0)
        {
            int read = await ReadBodyAsync(discarded.AsMemory(0, (int)Math.Min(skip, discarded.Length)), cancellationToken);
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
                // A server that ignores Range starts anew. What we had is hashed; the same number of bytes is passed over,
                // and if they were others the digest of the whole will tell.
                return _position;
            case HttpStatusCode.OK:
                throw new SysctrException(
                    ErrorKind.Corrupt,
                    $"{_request.Doing}: the registry has {length} bytes where the manifest says {_size}",
                    "the image is damaged at the registry, or a proxy changes it; push it again");
            case HttpStatusCode.PartialContent
                when response.Content.Headers.ContentRange is { Unit: "bytes", From: { } from } range
                    && from == _position && _position > 0 && (range.Length is null || range.Length == _size):
                return 0;
            default:
                ContentRangeHeaderValue? wrong = response.Content.Headers.ContentRange;
                throw new SysctrException(
                    ErrorKind.Corrupt,
                    $"{_request.Doing}: asked for the bytes from {_position} of {_size}, the registry answers "
                    + $"HTTP {(int)response.StatusCode} with {(wrong is null ? "no range" : $"bytes {wrong.From}-{wrong.To} of {wrong.Length}")}");
        }
    }

    private async Task<int> ReadBodyAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        TimeSpan left = _rate.Patience;
        patience.CancelAfter(left);
        long start = Stopwatch.GetTimestamp();
        int read;
        try
        {
            read = await _body!.ReadAsync(buffer, patience.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw left < _options.StallTimeout ? _rate.TooSlow(e) : new TimeoutException($"no byte in {_options.StallTimeout.TotalSeconds} s", e);
        }

        _rate.Received(read, Stopwatch.GetElapsedTime(start));
        return read;
    }

    private async ValueTask CloseBodyAsync()
    {
        if (_body is not null)
        {
            await _body.DisposeAsync();
        }

        _response?.Dispose();
        (_body, _response) = (null, null);
    }
}
