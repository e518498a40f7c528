// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SystemContainers.Errors;
using SystemContainers.Pull.Http;

namespace SystemContainers.Fleet.Etcd;

/// <summary>
/// Requests to a cluster by the JSON gateway that every member has on its client port. A member that does not answer is
/// passed over; the one that answered last is asked first.
/// </summary>
sealed class EtcdConnection : IDisposable
{
    private const int BodyLimit = 16 << 20;

    // Status codes of gRPC.
    private const int NotFound = 5;
    private const int PermissionDenied = 7;
    private const int Unavailable = 14;
    private const int Unauthenticated = 16;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(5);

    private readonly HttpMessageInvoker _http;
    private readonly Uri[] _members;
    private readonly (string Name, string Password)? _user;
    private volatile int _first;
    private volatile string? _token;

    /// <exception cref="SysctrException">Usage, Policy: the settings can't be used, or would give a password
    /// away.</exception>
    public EtcdConnection(LockReference reference, EtcdSettings settings)
    {
        string scheme = reference.Scheme ?? (settings.AsksForTls ? "https" : "http");
        _members = [.. reference.Endpoints.Select(e => new Uri($"{scheme}://{e}/"))];
        if (settings.User is { } user)
        {
            string[] pair = user.Split(':', 2);
            _user =
                pair.Length == 2
                    ? (pair[0], pair[1])
                    : throw new SysctrException(
                        ErrorKind.Usage,
                        $"signing in to etcd as '{user}': the password is missing",
                        "say NAME:PASSWORD, or set ETCDCTL_PASSWORD"
                    );
            if (scheme == "http" && _members.FirstOrDefault(m => !m.IsLoopback) is { } open)
            {
                throw new SysctrException(
                    ErrorKind.Policy,
                    $"signing in to etcd at {open.Authority}: a password would cross the network in clear",
                    "use https://"
                );
            }
        }

        _http = new HttpMessageInvoker(
            new SocketsHttpHandler
            {
                ConnectTimeout = s_limit,
                AllowAutoRedirect = false,
                UseCookies = false,
                ActivityHeadersPropagator = null,

                // As etcdctl: a cluster is never behind the proxy that leads out.
                UseProxy = false,
                SslOptions = Tls(settings),
            }
        );
    }

    /// <summary>Sends a request to the first member that takes it.</summary>
    /// <exception cref="SysctrException">Unreachable: no member answers. NotFound, Unauthorized, Failed: etcd says
    /// so.</exception>
    public async Task<TAnswer> AskAsync<TRequest, TAnswer>(
        string path,
        TRequest request,
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<TAnswer> answerType,
        CancellationToken cancellation
    )
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(request, requestType);
        Exception? why = null;
        for (int turn = 0; turn < _members.Length; turn++)
        {
            int member = (_first + turn) % _members.Length;
            using CancellationTokenSource limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limited.CancelAfter(s_limit);
            try
            {
                using HttpResponseMessage response = await SendAsync(_members[member], path, body, limited.Token);
                byte[] answer = await Body.ReadAtMostAsync(response, BodyLimit, limited.Token);
                _first = member;
                return JsonSerializer.Deserialize(answer, answerType) ?? throw new JsonException("it is null");
            }
            catch (Exception e)
                when (e is HttpRequestException or IOException or JsonException
                    || (e is OperationCanceledException && !cancellation.IsCancellationRequested)
                )
            {
                why =
                    e is OperationCanceledException
                        ? new TimeoutException($"no answer in {s_limit.TotalSeconds:0} s")
                        : e;
            }
        }

        throw new SysctrException(
            ErrorKind.Unreachable,
            $"asking etcd at {string.Join(", ", _members.Select(m => m.Authority))}: {(why is JsonException malformed ? "its answer can't be used: " + JsonFault.Of(malformed) : NetworkWords.Plain(why!))}",
            "see whether it runs and can be reached from this host: 'etcdctl endpoint health'",
            why
        );
    }

    /// <summary>Sends a request whose answer is a stream, to the member that answered last; the caller reads and
    /// disposes of it.</summary>
    public Task<HttpResponseMessage> StreamAsync<TRequest>(
        string path,
        TRequest request,
        JsonTypeInfo<TRequest> requestType,
        CancellationToken cancellation
    ) => SendAsync(_members[_first], path, JsonSerializer.SerializeToUtf8Bytes(request, requestType), cancellation);

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(
        Uri member,
        string path,
        byte[] body,
        CancellationToken cancellation
    )
    {
        if (_user is not null && _token is null)
        {
            await SignInAsync(member, cancellation);
        }

        for (bool again = false; ; again = true)
        {
            HttpResponseMessage response = await PostAsync(member, path, body, cancellation);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            EtcdError error = await ErrorAsync(response, cancellation);
            response.Dispose();
            if (error.Code == Unauthenticated && _user is not null && !again)
            {
                // Tokens end after some minutes, and with the member that gave them.
                await SignInAsync(member, cancellation);
                continue;
            }

            throw Refusal(member, error);
        }
    }

    private async Task SignInAsync(Uri member, CancellationToken cancellation)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(
            new AuthenticateRequest(_user!.Value.Name, _user.Value.Password),
            EtcdJson.Default.AuthenticateRequest
        );
        _token = null;
        using HttpResponseMessage response = await PostAsync(member, "v3/auth/authenticate", body, cancellation);
        if (!response.IsSuccessStatusCode)
        {
            EtcdError error = await ErrorAsync(response, cancellation);
            throw error.Code == Unavailable
                ? Refusal(member, error)
                : new SysctrException(
                    ErrorKind.Unauthorized,
                    $"signing in to etcd at {member.Authority} as {_user.Value.Name}: {error.Message ?? error.Error}"
                );
        }

        byte[] answer = await Body.ReadAtMostAsync(response, BodyLimit, cancellation);
        _token = JsonSerializer.Deserialize(answer, EtcdJson.Default.AuthenticateResponse)?.Token;
    }

    private Task<HttpResponseMessage> PostAsync(Uri member, string path, byte[] body, CancellationToken cancellation)
    {
        HttpRequestMessage request = new(HttpMethod.Post, new Uri(member, path))
        {
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (_token is { } token)
        {
            request.Headers.TryAddWithoutValidation("Authorization", token);
        }

        return _http.SendAsync(request, cancellation);
    }

    private static async Task<EtcdError> ErrorAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        byte[] body = await Body.ReadAtMostAsync(response, 64 << 10, cancellation);
        try
        {
            EtcdError? error = JsonSerializer.Deserialize(body, EtcdJson.Default.EtcdError);
            if (error is { Code: > 0 })
            {
                return error;
            }
        }
        catch (JsonException)
        {
            // Not etcd's own words: what answers there may be something else, or a gateway in front of it.
        }

        return new EtcdError(
            $"HTTP status {(int)response.StatusCode}",
            Code: response.StatusCode >= HttpStatusCode.InternalServerError ? Unavailable : 2
        );
    }

    /// <summary>An IOException where another member may do better.</summary>
    private static Exception Refusal(Uri member, EtcdError error)
    {
        string why = $"asking etcd at {member.Authority}: {error.Message ?? error.Error}";
        return error.Code switch
        {
            Unavailable => new IOException(error.Message ?? error.Error),
            NotFound => new SysctrException(ErrorKind.NotFound, why),
            PermissionDenied or Unauthenticated or 3 => new SysctrException(
                ErrorKind.Unauthorized,
                why,
                "set ETCDCTL_USER=NAME:PASSWORD, or user in the table [etcd] of sysctr.toml"
            ),
            _ => new SysctrException(ErrorKind.Failed, why),
        };
    }

    private static SslClientAuthenticationOptions Tls(EtcdSettings settings)
    {
        SslClientAuthenticationOptions options = new();
        string? file = settings.CaCertificate;
        try
        {
            if (settings.CaCertificate is { } authorities)
            {
                options.CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                };
                options.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(authorities);
                if (options.CertificateChainPolicy.CustomTrustStore.Count == 0)
                {
                    throw new CryptographicException("there is no certificate in it");
                }
            }

            file = settings.Certificate;
            if (settings.Certificate is { } certificate)
            {
                options.ClientCertificates = [X509Certificate2.CreateFromPemFile(certificate, settings.Key)];
            }

            return options;
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"reading {file}: {e.Message}",
                "cacert, cert and key for etcd are PEM files, as for etcdctl",
                e
            );
        }
    }
}
