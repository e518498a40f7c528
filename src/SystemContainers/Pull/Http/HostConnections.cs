// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Sockets;
using SystemContainers.Errors;
using SystemContainers.Pull.Options;

namespace SystemContainers.Pull.Http;

/// <summary>
/// Connections to every host that a pull talks to, a handler each: what the administrator allows or presents to the
/// registry (unverified TLS, a client certificate) shall not extend to a host that the registry names. Where a host
/// that the registry names may be is decided by the address that is connected to, once the name is resolved: what it
/// resolves to the next time does not matter.
/// </summary>
/// <remarks>
/// With a proxy the proxy resolves names and is all that is connected to: there <see cref="RealmRules"/>'s look at the
/// text is all that is checked, and where the proxy goes is its administrator's to rule.
/// </remarks>
sealed class HostConnections : IDisposable
{
    private readonly Dictionary<(string Origin, ConnectionUse Use), HttpMessageInvoker> _invokers = [];
    private readonly Lock _lock = new();
    private readonly string _registry;
    private readonly string _registryAuthority;
    private readonly bool _insecure;
    private readonly PullOptions _options;
    private NetworkReach? _registryReach;

    /// <param name="registry">The registry's name in references, by which certs.d knows it.</param>
    /// <param name="registryAuthority">The <c>host[:port]</c> that serves it.</param>
    /// <param name="insecure">Whether its certificate is to be taken unverified.</param>
    /// <param name="options">Time-outs and directories.</param>
    public HostConnections(string registry, string registryAuthority, bool insecure, PullOptions options)
    {
        _registry = registry;
        _registryAuthority = registryAuthority;
        _insecure = insecure;
        _options = options;
    }

    /// <summary>What sends requests to the address's host.</summary>
    /// <remarks>Sending throws <see cref="HttpRequestException"/> around a <see cref="SysctrException"/> where the host
    /// is at an address that is not allowed.</remarks>
    public HttpMessageInvoker For(Uri address, ConnectionUse use)
    {
        bool own = string.Equals(
            address.Authority,
            new Uri($"{address.Scheme}://{_registryAuthority}").Authority,
            StringComparison.OrdinalIgnoreCase
        );
        (string, ConnectionUse) key = (
            $"{address.Scheme}://{address.Authority}".ToLowerInvariant(),
            own ? ConnectionUse.Content : use
        );
        lock (_lock)
        {
            if (!_invokers.TryGetValue(key, out HttpMessageInvoker? invoker))
            {
                invoker = new HttpMessageInvoker(Handler(address, own, use));
                _invokers.Add(key, invoker);
            }

            return invoker;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (HttpMessageInvoker invoker in _invokers.Values)
            {
                invoker.Dispose();
            }

            _invokers.Clear();
        }
    }

    private SocketsHttpHandler Handler(Uri address, bool own, ConnectionUse use)
    {
        Uri? proxy = _options.Proxy.For(address);
        bool proxied = proxy is not null;
        return new SocketsHttpHandler
        {
            UseProxy = proxied,
            Proxy = proxy is null ? null : ProxyRules.Handle(proxy),

            // Digests are of the bytes on the wire.
            AutomaticDecompression = DecompressionMethods.None,

            // The built-in one hides hops from whoever attaches credentials; see RegistryClient.
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = _options.ConnectTimeout,
            ActivityHeadersPropagator = null,
            SslOptions = HostCertificates.Options(
                own ? _registry : address.Authority,
                _options.CertificateDirectories,
                own && _insecure
            ),
            ConnectCallback = (context, token) => ConnectAsync(context.DnsEndPoint, Allowed, token),
        };

        bool Allowed(NetworkReach there)
        {
            if (proxied)
            {
                return true;
            }

            if (own)
            {
                Reached(there);
                return true;
            }

            NetworkReach registry = _registryReach ?? NetworkReach.Global;
            return use == ConnectionUse.LogIn
                ? AddressRules.MayLogIn(there, registry)
                : AddressRules.MayFollow(there, registry);
        }
    }

    /// <summary>
    /// Attack: a name that leads to the internet first, where it says what the token server is, and inside the next
    /// time, to be taken for a registry of the network. So a registry that was ever outside is.
    /// </summary>
    private void Reached(NetworkReach there)
    {
        lock (_lock)
        {
            _registryReach = _registryReach is { } before && before < there ? before : there;
        }
    }

    private async ValueTask<Stream> ConnectAsync(
        DnsEndPoint host,
        Func<NetworkReach, bool> allowed,
        CancellationToken cancellationToken
    )
    {
        IPAddress[] all = IPAddress.TryParse(host.Host, out IPAddress? literal)
            ? [literal]
            : await _options.Resolve(host.Host, cancellationToken);
        Exception failure = new SocketException((int)SocketError.HostNotFound);
        foreach (IPAddress address in all)
        {
            if (!allowed(AddressRules.Of(address)))
            {
                failure = Refused(host, address);
                continue;
            }

            try
            {
                return await _options.Connect(new IPEndPoint(address, host.Port), cancellationToken);
            }
            catch (SocketException e)
            {
                failure = e;
            }
        }

        throw failure;
    }

    private SysctrException Refused(DnsEndPoint host, IPAddress address) =>
        new(
            ErrorKind.Unauthorized,
            $"asking {Redact.Text(host.Host)}, which {_registry} names: it is at {address}, inside this host or network, and the registry is not",
            "the registry is misconfigured, or not the one that you meant; a registry inside the network has to be named so that it is reached there"
        );
}
