// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Net;
using SystemContainers.Errors;
using SystemContainers.Pull.Http;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Streams;

namespace SystemContainers.Pull.Sources;

/// <summary>
/// A piece of one blob of a registry. When the connection is cut or stalls it goes on where it was. It has exactly the bytes that were asked for, or throws: an answer
/// with another range, or with all of the blob, is no piece. It does not verify them.
/// </summary>
/// <param name="client">Of the blob's registry.</param>
/// <param name="request">For the whole blob.</param>
/// <param name="offset">The first byte.</param>
/// <param name="length">How many; more than none.</param>
/// <param name="size">Of the blob.</param>
/// <param name="options">Time-outs and attempts.</param>
/// <param name="progress">Told about cuts.</param>
sealed class BlobRangeStream(
    RegistryClient client, RegistryRequest request, long offset, long length, long size, PullOptions options, IPullProgress progress) : ForwardOnlyStream
{
    /// <summary>A connection that brought this much was worth it: the count of attempts starts anew.</summary>
    private const long WorthwhileBytes = 1 << 20;

    private readonly long _end = offset + length;
    private HttpResponseMessage? _response;
    private Stream? _body;
    private long _position = offset;
    private long _openedAt;
    private int _cuts;
    private RateFloor _rate = new(options);

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
                if (_body is null)
                {
                    await OpenAsync(cancellationToken);
                }

                int read = await ReadBodyAsync(buffer[..(int)Math.Min(buffer.Length, _end - _position)], cancellationToken);
                if (read > 0)
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

            // A byte at a time would else take a day for a piece.
            _cuts = _position - _openedAt >= WorthwhileBytes ? 1 : _cuts + 1;
            if (_cuts >= options.MaxAttempts)
            {
                throw new SysctrException(
                    ErrorKind.Unreachable, $"{request.Doing}: cut off or too slow at byte {_position} of {size} again and again: {why}", "try again later; layers that are complete are kept");
            }

            progress.Retrying($"{request.Doing}: {why}; going on at byte {_position} of {size}");
            await Task.Delay(RetryRules.Pause(options, _cuts + 1, retryAfter: null), cancellationToken);
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
        _rate = new RateFloor(options);
        try
        {
            _response = await client.GetAsync(request with { Offset = _position, Last = _end - 1 }, static (response, _) => Task.FromResult(response), cancellationToken);
        }
        catch (SysctrException e) when (RegistryErrors.IsRefusedRange(e))
        {
            throw new RangeRefusedException(e.Message, e);
        }

        bool isIt = _response.StatusCode == HttpStatusCode.PartialContent &&
            _response.Content.Headers.ContentRange is { Unit: "bytes" } range && range.From == _position && range.To == _end - 1 && (range.Length is null || range.Length == size) &&
            (_response.Content.Headers.ContentLength is not { } told || told == _end - _position);
        if (!isIt)
        {
            throw new RangeRefusedException(
                $"asked for the bytes {_position} to {_end - 1} of {size}, the registry answers HTTP {(int)_response.StatusCode} with {Redact.Text(_response.Content.Headers.ContentRange?.ToString() ?? "no range")}");
        }

        _body = await _response.Content.ReadAsStreamAsync(cancellationToken);
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
            throw left < options.StallTimeout ? _rate.TooSlow(e) : new TimeoutException($"no byte in {options.StallTimeout.TotalSeconds} s", e);
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
