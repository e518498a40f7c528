// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using SystemContainers.Errors;
using SystemContainers.Pull.Http;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Streams;

namespace SystemContainers.Pull.Sources;

/// <summary>The answers of a registry that bring a blob's bytes, one after the other: each is read with patience, and
/// after a cut there is another, as long as it gets on.</summary>
/// <param name="request">For the whole blob.</param>
/// <param name="size">Of the blob.</param>
/// <param name="options">Time-outs and attempts.</param>
/// <param name="progress">Told about cuts.</param>
sealed class ResumedBody(RegistryRequest request, long size, PullOptions options, IPullProgress progress)
    : IAsyncDisposable
{
    /// <summary>A connection that brought this much was worth it: the count of attempts starts anew. A byte at a time
    /// would else take a day.</summary>
    private const long WorthwhileBytes = 1 << 20;

    private HttpResponseMessage? _response;
    private Stream? _body;
    private int _cuts;
    private RateFloor _rate = new(options);

    /// <summary>Whether there is an answer to read from.</summary>
    public bool IsOpen => _body is not null;

    /// <summary>Where in the blob the last answer was asked to begin.</summary>
    public long OpenedAt { get; private set; }

    /// <summary>Whether a failure is a cut, after which one goes on, and no answer of the registry's.</summary>
    public static bool IsCut(Exception e) => e is HttpRequestException or IOException or TimeoutException;

    /// <summary>Asks for bytes.</summary>
    /// <param name="position">Where in the blob they begin.</param>
    /// <param name="ask">Has the answer, once it was looked at; its bytes are read after.</param>
    public async Task OpenAsync(long position, Func<Task<HttpResponseMessage>> ask, CancellationToken cancellation)
    {
        OpenedAt = position;
        _rate = new RateFloor(options);
        _response = await ask();
        _body = await _response.Content.ReadAsStreamAsync(cancellation);
    }

    /// <exception cref="TimeoutException">It stalls, or brings too little for too long.</exception>
    public async Task<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        TimeSpan left = _rate.Patience;
        patience.CancelAfter(left);
        long start = Stopwatch.GetTimestamp();
        int read;
        try
        {
            read = await _body!.ReadAsync(buffer, patience.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw left < options.StallTimeout
                ? _rate.TooSlow(e)
                : new TimeoutException($"no byte in {options.StallTimeout.TotalSeconds} s", e);
        }

        _rate.Received(read, Stopwatch.GetElapsedTime(start));
        return read;
    }

    /// <summary>Waits a while after a cut.</summary>
    /// <param name="position">How far it came.</param>
    /// <param name="why">What cut it.</param>
    /// <exception cref="SysctrException">Unreachable: it is cut again and again.</exception>
    public async Task PauseAsync(long position, string why, CancellationToken cancellation)
    {
        _cuts = position - OpenedAt >= WorthwhileBytes ? 1 : _cuts + 1;
        if (_cuts >= options.MaxAttempts)
        {
            throw new SysctrException(
                ErrorKind.Unreachable,
                $"{request.Doing}: cut off or too slow at byte {position} of {size} again and again: {why}",
                "try again later; layers that are complete are kept"
            );
        }

        progress.Retrying($"{request.Doing}: {why}; going on at byte {position} of {size}");
        await Task.Delay(RetryRules.Pause(options, _cuts + 1, retryAfter: null), cancellation);
    }

    /// <summary>Drops the answer; another may be opened.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_body is not null)
        {
            await _body.DisposeAsync();
        }

        _response?.Dispose();
        (_body, _response) = (null, null);
    }
}
