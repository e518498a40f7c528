// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Http;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Streams;

namespace SystemContainers.Push;

/// <summary>
/// A blob on its way into a repository (distribution-spec, "Pushing Blobs"): mounted from another repository where the
/// registry can; else sent in one piece, small ones with the request that ends the upload. After a cut the registry is
/// asked how far it came, and what is left is sent; where it does not know any more, all of it again.
/// </summary>
sealed class BlobUpload : IAsyncDisposable
{
    /// <summary>Up to here a blob goes with the last request: a session that can be gone on with costs one
    /// more.</summary>
    private const int SmallBytes = 1 << 20;

    /// <summary>A connection that took this much was worth it: the count of attempts starts anew.</summary>
    private const long WorthwhileBytes = 1 << 20;

    /// <summary>How much longer than anything else a registry may take to end an upload: it reads all of the blob for
    /// its digest, and storage services copy it.</summary>
    private const int EndPatience = 10;

    private readonly RegistryClient _client;
    private readonly string _uploads;
    private readonly Descriptor _blob;
    private readonly Func<CancellationToken, Task<Stream>> _open;
    private readonly PullOptions _options;
    private readonly IPullProgress _progress;
    private readonly string _doing;
    private RewindableStream? _source;
    private Uri? _location;
    private long _there;

    /// <param name="client">Of the repository's registry, with a scope to push.</param>
    /// <param name="repository">Its path.</param>
    /// <param name="name">Of the repository with its registry, for messages.</param>
    /// <param name="blob">What is sent.</param>
    /// <param name="open">Opens it at its start, verified to its end.</param>
    /// <param name="options">Time-outs and attempts.</param>
    /// <param name="progress">Told of further attempts.</param>
    public BlobUpload(
        RegistryClient client,
        string repository,
        string name,
        Descriptor blob,
        Func<CancellationToken, Task<Stream>> open,
        PullOptions options,
        IPullProgress progress
    )
    {
        _client = client;
        _uploads = $"v2/{repository}/blobs/uploads/";
        _blob = blob;
        _open = open;
        _options = options;
        _progress = progress;
        _doing = $"pushing {blob.Digest.Short} to {name}";
    }

    /// <summary>Sends it, or has it mounted.</summary>
    /// <param name="mountFrom">A repository of the same registry that has it; null where none is known.</param>
    /// <exception cref="SysctrException">Unreachable, Unauthorized; Corrupt: the registry got other bytes than were
    /// sent; what the source throws.</exception>
    public async Task SendAsync(string? mountFrom, CancellationToken cancellation)
    {
        long furthest = 0;
        for (int failures = 0; ;)
        {
            string why;
            RetryConditionHeaderValue? retryAfter = null;
            try
            {
                if (_location is null && await BeginAsync(mountFrom, cancellation))
                {
                    return;
                }

                (HttpResponseMessage? refusal, RegistryRequest request) = await SendRestAsync(cancellation);
                if (refusal is null)
                {
                    return;
                }

                using (refusal)
                {
                    retryAfter = refusal.Headers.RetryAfter;
                    why = $"HTTP {(int)refusal.StatusCode}";
                    if (!IsWorthAnother(refusal.StatusCode) || failures + 1 >= _options.MaxAttempts)
                    {
                        throw await ErrorAsync(request, refusal, cancellation);
                    }
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException)
            {
                why = Redact.Text(NetworkWords.Of(_client.Registry, e).Why);
                if (!RetryRules.IsTransient(e) || failures + 1 >= _options.MaxAttempts)
                {
                    throw RegistryErrors.FromException(_doing, _client.Registry, e);
                }
            }

            await FindPlaceAsync(cancellation);

            // A registry that forgets again and again comes to no end, however much it takes each time.
            failures = _there - furthest >= WorthwhileBytes ? 1 : failures + 1;
            furthest = Math.Max(furthest, _there);
            _progress.Retrying($"{_doing}: {why}; going on at byte {_there} of {_blob.Size}");
            await Task.Delay(RetryRules.Pause(_options, failures + 1, retryAfter), cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_source is { } source)
        {
            _source = null;
            await source.DisposeAsync();
        }
    }

    /// <returns>Whether there is nothing more to do.</returns>
    private async Task<bool> BeginAsync(string? mountFrom, CancellationToken cancellation)
    {
        string query = mountFrom is null ? "" : $"?mount={_blob.Digest}&from={Uri.EscapeDataString(mountFrom)}";
        RegistryRequest request = new(_doing, _uploads + query, Accept: []) { Method = HttpMethod.Post };
        _there = 0;
        return await _client.GetAsync(
            request,
            (response, _) =>
            {
                using (response)
                {
                    _location = response.StatusCode == HttpStatusCode.Created ? null : Next(response);
                    return Task.FromResult(_location is null);
                }
            },
            cancellation
        );
    }

    /// <summary>Sends what is left and ends the upload.</summary>
    /// <returns>Null where the blob is there; else what the registry says, and to which request.</returns>
    private async Task<(HttpResponseMessage? Refusal, RegistryRequest Request)> SendRestAsync(
        CancellationToken cancellation
    )
    {
        bool small = _there == 0 && _blob.Size <= SmallBytes;
        if (!small && _there < _blob.Size)
        {
            RegistryRequest chunk = new(_doing, "", Accept: [])
            {
                Method = HttpMethod.Patch,
                Location = _location,
                Content = Rest,
                Patience = Longer,
            };
            HttpResponseMessage taken = await SendAsync(chunk, cancellation);
            if (!taken.IsSuccessStatusCode)
            {
                return (taken, chunk);
            }

            using (taken)
            {
                _location = Next(taken);
                if (Received(taken) is > 0 and { } received && received != _blob.Size)
                {
                    throw new IOException($"the registry took {received} of {_blob.Size} bytes");
                }

                _there = _blob.Size;
            }
        }

        Uri end = new UriBuilder(_location!)
        {
            Query =
                $"{_location!.Query.TrimStart('?')}{(_location.Query.Length > 1 ? "&" : "")}digest={Uri.EscapeDataString(_blob.Digest.ToString())}",
        }.Uri;
        RegistryRequest finish = new(_doing, "", Accept: [])
        {
            Method = HttpMethod.Put,
            Location = end,
            Content = small ? Rest : null,
            Patience = Longer,
        };
        HttpResponseMessage ended = await SendAsync(finish, cancellation);
        if (!ended.IsSuccessStatusCode)
        {
            return (ended, finish);
        }

        ended.Dispose();
        return (null, finish);
    }

    private TimeSpan Longer => _options.StallTimeout * EndPatience;

    private async Task<HttpResponseMessage> SendAsync(RegistryRequest request, CancellationToken cancellation)
    {
        BlobContent? content = null;
        Func<HttpContent>? make = request.Content;
        try
        {
            return await _client.SendAsync(
                make is null ? request : request with { Content = () => content = (BlobContent)make() },
                cancellation
            );
        }
        catch (Exception) when (content?.SourceFault is SysctrException fault)
        {
            // HTTP's own exception says only that the body could not be had.
            throw new SysctrException(fault.Kind, fault.Message, fault.Hint, fault);
        }
    }

    private BlobContent Rest()
    {
        long from = _there;
        BlobContent content = new(token => OpenAtAsync(from, token), _blob.Size - from);
        if (from > 0)
        {
            // The distribution-spec's own form, without the unit and the whole length of RFC 9110. Only to go on: with
            // it a registry may take the first request for a chunk, for which it need not be ready.
            content.Headers.TryAddWithoutValidation(
                "Content-Range",
                string.Create(CultureInfo.InvariantCulture, $"{from}-{_blob.Size - 1}")
            );
        }

        return content;
    }

    /// <summary>The bytes from a place on. All of them are read in one go from the first, so that all are verified;
    /// only where the place lies too far back, or the source has failed, from the first again.</summary>
    private async Task<Stream> OpenAtAsync(long from, CancellationToken cancellation)
    {
        if (_source is not null && await _source.AtAsync(from, cancellation) is { } rest)
        {
            return rest;
        }

        await DisposeAsync();
        _source = new RewindableStream(await _open(cancellation), _blob.Size);
        Stream stream = (await _source.AtAsync(0, cancellation))!;
        try
        {
            byte[] passed = new byte[(int)Math.Min(from, 128 << 10)];
            for (long left = from; left > 0;)
            {
                int read = await stream.ReadAsync(passed.AsMemory(0, (int)Math.Min(left, passed.Length)), cancellation);
                left -= read > 0 ? read : throw new IOException("what is sent is shorter than it should be");
            }

            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks how far the registry came; where it does not say, the upload begins anew.</summary>
    private async Task FindPlaceAsync(CancellationToken cancellation)
    {
        Uri? location = _location;
        (_location, _there) = (null, 0);
        if (location is null)
        {
            return;
        }

        try
        {
            using HttpResponseMessage response = await _client.SendAsync(
                new RegistryRequest(_doing, "", Accept: []) { Location = location },
                cancellation
            );
            if (
                response.StatusCode == HttpStatusCode.NoContent
                && Received(response) is { } received
                && received <= _blob.Size
            )
            {
                (_location, _there) = (Next(response), received);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException)
        {
            // The next attempt will say why it can't be reached.
        }
    }

    /// <summary><c>Range: 0-N</c>, N the last byte that is there; of an empty upload some say <c>0-0</c>, which can't
    /// be told from one byte, and so is taken for none.</summary>
    private static long? Received(HttpResponseMessage response)
    {
        if (!response.Headers.NonValidated.TryGetValues("Range", out HeaderStringValues values))
        {
            return 0;
        }

        string[] parts = values.ToString().Replace("bytes=", "", StringComparison.Ordinal).Split('-');
        return
            parts is ["0", { } last]
            && long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out long end)
            ? end == 0
                ? null
                : end + 1
            : null;
    }

    /// <summary>Where the registry wants the next request; it says so each time, and only the last counts.</summary>
    private Uri Next(HttpResponseMessage response)
    {
        Uri here = response.RequestMessage!.RequestUri!;
        return response.Headers.Location is { } location
            ? RedirectRules.Next(here, location)
            : throw new SysctrException(
                ErrorKind.Unreachable,
                $"{_doing}: the registry begins no upload: it does not say where",
                "it may be read-only, or something else answers at its address"
            );
    }

    /// <summary>A session that is gone, or whose bytes are not where we left them, is begun anew.</summary>
    private static bool IsWorthAnother(HttpStatusCode status) =>
        RetryRules.IsTransient(status)
        || status is HttpStatusCode.RequestedRangeNotSatisfiable or HttpStatusCode.NotFound;

    private async Task<SysctrException> ErrorAsync(
        RegistryRequest request,
        HttpResponseMessage response,
        CancellationToken cancellation
    )
    {
        SysctrException error = await _client.ErrorAsync(request, response, cancellation);
        return
            response.StatusCode == HttpStatusCode.BadRequest
            && error.Message.Contains("digest", StringComparison.OrdinalIgnoreCase)
            ? new SysctrException(
                ErrorKind.Corrupt,
                error.Message,
                "what arrived there is not what was sent; a proxy on the way may change it",
                error
            )
            : error;
    }
}
