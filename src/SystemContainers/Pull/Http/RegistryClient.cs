// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Http.Headers;
using SystemContainers.Errors;
using SystemContainers.Pull.Auth;
using SystemContainers.Pull.Options;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Http;

/// <summary>
/// Sends requests to one registry for one repository: attempts again, follows redirects, logs in. It attaches
/// credentials to requests to the registry's own origin alone, and none once a redirect has led away from it.
/// </summary>
sealed partial class RegistryClient : IDisposable
{
    private static readonly string s_userAgent =
        "sysctr/" + (typeof(RegistryClient).Assembly.GetName().Version?.ToString(3) ?? "0");

    private readonly RegistryEndpoint _endpoint;
    private readonly CredentialStore _credentials;
    private readonly PullOptions _options;
    private readonly IPullProgress _progress;
    private readonly HostConnections _connections;
    private readonly Uri _secureRoot;
    private Uri _root;

    /// <param name="endpoint">The registry, and the repository that tokens are asked for.</param>
    /// <param name="credentials">Asked only when the registry wants some.</param>
    /// <param name="options">Time-outs and attempts.</param>
    /// <param name="progress">Told about further attempts.</param>
    public RegistryClient(
        RegistryEndpoint endpoint,
        CredentialStore credentials,
        PullOptions options,
        IPullProgress progress
    )
    {
        _endpoint = endpoint;
        _credentials = credentials;
        _options = options;
        _progress = progress;

        // Docker's registry has another name than its references.
        string authority = Registry == ImageReference.DockerHub ? "registry-1.docker.io" : Registry;
        _root = _secureRoot = new Uri($"https://{authority}/");
        _connections = new HostConnections(Registry, authority, endpoint.Insecure, options);
    }

    /// <summary>The registry's name in references.</summary>
    public string Registry => _endpoint.Reference.Registry;

    /// <summary>What tokens are asked for (distribution's "Token Scope Documentation"); null to pull from the
    /// repository.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>
    /// Sends a request and reads its answer, which is a success (2xx). An attempt that fails in transit, also within
    /// <paramref name="read"/>, is made again.
    /// </summary>
    /// <param name="request">What to get.</param>
    /// <param name="read">Reads the answer; it owns the answer from there on if it returns, and the token bounds
    /// it.</param>
    public Task<T> GetAsync<T>(
        RegistryRequest request,
        Func<HttpResponseMessage, CancellationToken, Task<T>> read,
        CancellationToken cancellationToken
    ) => AttemptAsync(request.Doing, token => SendOnceAsync(request, token), read, cancellationToken);

    /// <summary>Sends a request once and gives whatever comes of it: for what can't be sent twice without looking where
    /// the registry is.</summary>
    /// <returns>The answer, of any status; the caller's to dispose of.</returns>
    /// <exception cref="HttpRequestException">No answer came.</exception>
    /// <exception cref="TimeoutException">The same, for it took too long.</exception>
    public Task<HttpResponseMessage> SendAsync(RegistryRequest request, CancellationToken cancellationToken) =>
        SendOnceAsync(request, cancellationToken);

    /// <summary>Our error for an answer of <see cref="SendAsync(RegistryRequest, CancellationToken)"/> that is no
    /// success.</summary>
    public Task<SysctrException> ErrorAsync(
        RegistryRequest request,
        HttpResponseMessage response,
        CancellationToken cancellationToken
    ) =>
        RegistryErrors.FromResponseAsync(
            request.Doing,
            Registry,
            response,
            CredentialOf(response),
            anonymous: _looked && _credential is null,
            cancellationToken
        );

    public void Dispose()
    {
        _connections.Dispose();
        _authorizing.Dispose();
    }

    private async Task<T> AttemptAsync<T>(
        string doing,
        Func<CancellationToken, Task<HttpResponseMessage>> send,
        Func<HttpResponseMessage, CancellationToken, Task<T>> read,
        CancellationToken cancellationToken
    )
    {
        for (int attempt = 1; ; attempt++)
        {
            string why;
            RetryConditionHeaderValue? retryAfter = null;
            bool last = attempt >= _options.MaxAttempts;
            HttpResponseMessage? response = null;
            using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            try
            {
                response = await send(cancellationToken);
                patience.CancelAfter(_options.StallTimeout);
                if (response.IsSuccessStatusCode)
                {
                    T result = await read(response, patience.Token);
                    response = null;
                    return result;
                }

                if (last || !RetryRules.IsTransient(response.StatusCode))
                {
                    throw await RegistryErrors.FromResponseAsync(
                        doing,
                        Registry,
                        response,
                        CredentialOf(response),
                        anonymous: _looked && _credential is null,
                        patience.Token
                    );
                }

                why = $"HTTP {(int)response.StatusCode}";
                retryAfter = response.Headers.RetryAfter;
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
            {
                why = "the answer stalls";
                if (last)
                {
                    throw RegistryErrors.FromException(doing, Registry, new TimeoutException(why, e));
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException)
            {
                why = Redact.Text(NetworkWords.Of(Registry, e).Why);
                if (last || !RetryRules.IsTransient(e))
                {
                    throw RegistryErrors.FromException(doing, Registry, e);
                }
            }
            finally
            {
                response?.Dispose();
            }

            _progress.Retrying($"{doing}: {why}; trying again ({attempt + 1} of {_options.MaxAttempts})");
            await Task.Delay(RetryRules.Pause(_options, attempt + 1, retryAfter), cancellationToken);
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(RegistryRequest request, CancellationToken cancellationToken)
    {
        for (bool renewed = false; ; renewed = true)
        {
            AuthenticationHeaderValue? used = _authorization;
            (HttpResponseMessage response, bool own) = await FollowAsync(request, used, cancellationToken);

            // Attack: a storage service that answers 401 must not get to name a token server for the registry's
            // credentials.
            if (renewed || !own || response.StatusCode != HttpStatusCode.Unauthorized)
            {
                return response;
            }

            try
            {
                if (!await AuthorizeAsync(response, used, cancellationToken))
                {
                    return response;
                }
            }
            catch
            {
                response.Dispose();
                throw;
            }

            response.Dispose();
        }
    }

    private async Task<(HttpResponseMessage Response, bool Own)> FollowAsync(
        RegistryRequest request,
        AuthenticationHeaderValue? authorization,
        CancellationToken cancellationToken
    )
    {
        Uri address = request.Location ?? new Uri(_root, request.Path);
        bool own = RedirectRules.SameOrigin(address, _root);
        for (int hops = 0; ; hops++)
        {
            using HttpRequestMessage message = Message(request, address);
            message.Headers.Authorization = own ? authorization : null;
            HttpResponseMessage response;
            try
            {
                response = await SendAsync(message, ConnectionUse.Content, request.Patience, cancellationToken);
            }
            catch (HttpRequestException e) when (hops == 0 && request.Location is null && FallBackToPlain(address, e))
            {
                return await FollowAsync(request, authorization, cancellationToken);
            }

            if (!RedirectRules.IsRedirect(response.StatusCode, request.Method))
            {
                return (response, own);
            }

            using (response)
            {
                if (hops == RedirectRules.MaxRedirects)
                {
                    throw new SysctrException(
                        ErrorKind.Unsafe,
                        $"{request.Doing}: more than {RedirectRules.MaxRedirects} redirects, the last to {Redact.Url(address)}"
                    );
                }

                address = RedirectRules.Next(address, response.Headers.Location);
                own = own && RedirectRules.SameOrigin(address, _root);
            }
        }
    }

    /// <summary>
    /// Only for registries that the administrator called insecure: HTTPS first, plain HTTP where that can't be had, as
    /// podman does. From then on the registry is plain, so that not each request tries TLS again. Never for an address
    /// that an answer gave: it stays what it is, and may be another host's.
    /// </summary>
    private bool FallBackToPlain(Uri address, HttpRequestException e)
    {
        if (
            !_endpoint.Insecure
            || address.Scheme != "https"
            || !RedirectRules.SameOrigin(address, _secureRoot)
            || e.HttpRequestError is not (HttpRequestError.SecureConnectionError or HttpRequestError.ConnectionError)
        )
        {
            return false;
        }

        _root = new Uri($"http://{_secureRoot.Authority}/");
        return true;
    }

    private static HttpRequestMessage Message(RegistryRequest request, Uri address)
    {
        // HTTP/1.1: a blob a connection, so no flow control between layers, and Content-Length tells a cut.
        HttpRequestMessage message = new(request.Method, address)
        {
            Content = request.Content?.Invoke(),
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        message.Headers.TryAddWithoutValidation("User-Agent", s_userAgent);

        // Digests are of the bytes as they are; without a word a server may choose (RFC 9110, 12.5.3).
        message.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        foreach (string type in request.Accept)
        {
            message.Headers.TryAddWithoutValidation("Accept", type);
        }

        if (request.Offset > 0 || request.Last is not null)
        {
            message.Headers.Range = new RangeHeaderValue(request.Offset, request.Last);
        }

        return message;
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage message,
        ConnectionUse use,
        TimeSpan? longer,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await SendOnAsync(message, use, longer ?? _options.StallTimeout, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException)
        {
            // For whoever says why: of several hosts it has to be the one that failed.
            e.Data[NetworkWords.Address] = message.RequestUri;
            e.Data[NetworkWords.Proxy] = _options.Proxy.For(message.RequestUri!);
            throw;
        }
    }

    private async Task<HttpResponseMessage> SendOnAsync(
        HttpRequestMessage message,
        ConnectionUse use,
        TimeSpan answer,
        CancellationToken cancellationToken
    )
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(_options.ConnectTimeout + answer);
        if (message.Content is BlobContent body)
        {
            // However long all of it takes: each piece has to get away.
            body.Sent = () => patience.CancelAfter(answer);
        }

        try
        {
            return await _connections.For(message.RequestUri!, use).SendAsync(message, patience.Token);
        }
        catch (HttpRequestException e) when (e.InnerException is SysctrException refused)
        {
            // HostConnections'; nothing was sent.
            throw new SysctrException(refused.Kind, refused.Message, refused.Hint, e);
        }
        catch (OperationCanceledException e)
            when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"no answer in {answer.TotalSeconds} s", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            string why = $"no connection in {_options.ConnectTimeout.TotalSeconds} s";
            throw new HttpRequestException(HttpRequestError.ConnectionError, why, new TimeoutException(why, e));
        }
    }
}
