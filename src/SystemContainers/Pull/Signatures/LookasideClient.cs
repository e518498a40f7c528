// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Http.Headers;
using SystemContainers.Errors;
using SystemContainers.Pull.Http;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Trust.Signatures;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Signatures;

/// <summary>Asks a web server for signatures. It gets no credentials, for none are configured for it; certificates are
/// those of certs.d for its own name.</summary>
sealed class LookasideClient : IDisposable
{
    private readonly ImageReference _image;
    private readonly PullOptions _options;
    private readonly IPullProgress _progress;
    private readonly HostConnections _connections;

    /// <param name="server">Its base.</param>
    /// <param name="image">For messages.</param>
    /// <param name="options">Time-outs and attempts.</param>
    /// <param name="progress">Told of further attempts.</param>
    public LookasideClient(Uri server, ImageReference image, PullOptions options, IPullProgress progress)
    {
        _image = image;
        _options = options;
        _progress = progress;
        _connections = new HostConnections(server.Authority, server.Authority, insecure: false, options);
    }

    /// <summary>A file of it.</summary>
    /// <returns>Null where there is none.</returns>
    /// <exception cref="SysctrException">Unreachable: it does not answer; Policy: it answers something
    /// else.</exception>
    public async Task<byte[]?> GetAsync(Uri address, CancellationToken cancellationToken)
    {
        string doing = $"looking for signatures of {_image.Identity}: {Redact.Url(address)}";
        for (int attempt = 1; ; attempt++)
        {
            string why;
            RetryConditionHeaderValue? retryAfter = null;
            using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(_options.ConnectTimeout + _options.StallTimeout);
            try
            {
                using HttpResponseMessage response = await SendAsync(address, patience.Token);
                if (response.StatusCode == HttpStatusCode.NotFound)
                {
                    return null;
                }

                if (response.StatusCode == HttpStatusCode.OK)
                {
                    byte[] blob = await Body.ReadAtMostAsync(response, SignatureBlob.MaxBytes + 1, patience.Token);
                    return blob.Length <= SignatureBlob.MaxBytes
                        ? blob
                        : throw new SysctrException(
                            ErrorKind.Policy,
                            $"{doing}: it is larger than {SignatureBlob.MaxBytes} bytes"
                        );
                }

                why = $"HTTP {(int)response.StatusCode}";
                retryAfter = response.Headers.RetryAfter;
                if (attempt >= _options.MaxAttempts || !RetryRules.IsTransient(response.StatusCode))
                {
                    throw Unreachable(doing, why);
                }
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
            {
                why = "the answer stalls";
                if (attempt >= _options.MaxAttempts)
                {
                    throw Unreachable(doing, why, e);
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                e.Data[NetworkWords.Address] = address;
                e.Data[NetworkWords.Proxy] = _options.Proxy.For(address);
                why = Redact.Text(NetworkWords.Of(address.Authority, e).Why);
                if (attempt >= _options.MaxAttempts || !RetryRules.IsTransient(e))
                {
                    throw Unreachable(doing, why, e);
                }
            }

            _progress.Retrying($"{doing}: {why}; trying again ({attempt + 1} of {_options.MaxAttempts})");
            await Task.Delay(RetryRules.Pause(_options, attempt + 1, retryAfter), cancellationToken);
        }
    }

    public void Dispose() => _connections.Dispose();

    private async Task<HttpResponseMessage> SendAsync(Uri address, CancellationToken cancellationToken)
    {
        for (int hops = 0; ; hops++)
        {
            using HttpRequestMessage message = new(HttpMethod.Get, address)
            {
                Version = HttpVersion.Version11,
                VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            };
            HttpResponseMessage response = await _connections
                .For(address, ConnectionUse.Content)
                .SendAsync(message, cancellationToken);
            if (!RedirectRules.IsRedirect(response.StatusCode, message.Method))
            {
                return response;
            }

            using (response)
            {
                address =
                    hops < RedirectRules.MaxRedirects
                        ? RedirectRules.Next(address, response.Headers.Location)
                        : throw new SysctrException(
                            ErrorKind.Unsafe,
                            $"looking for signatures of {_image.Identity}: more than {RedirectRules.MaxRedirects} redirects, the last to {Redact.Url(address)}"
                        );
            }
        }
    }

    private static SysctrException Unreachable(string doing, string why, Exception? inner = null) =>
        new(
            ErrorKind.Unreachable,
            $"{doing}: {why}",
            "policy.json wants a signature; registries.d says that they are there: check the server, or its URL (containers-registries.d(5))",
            inner
        );
}
