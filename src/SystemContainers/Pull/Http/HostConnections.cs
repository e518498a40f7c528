using System.Net;

namespace SystemContainers.Pull.Http;

/// <summary>
/// Connections to every host that a pull talks to, a handler each: what the administrator allows or presents to the registry
/// (unverified TLS, a client certificate) shall not extend to a host that the registry names.
/// </summary>
sealed class HostConnections : IDisposable
{
    private readonly Dictionary<string, HttpMessageInvoker> _invokers = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _lock = new();
    private readonly string _registry;
    private readonly string _registryAuthority;
    private readonly bool _insecure;
    private readonly PullOptions _options;

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
    public HttpMessageInvoker For(Uri address)
    {
        bool own = string.Equals(address.Authority, new Uri($"{address.Scheme}://{_registryAuthority}").Authority, StringComparison.OrdinalIgnoreCase);
        lock (_lock)
        {
            if (!_invokers.TryGetValue(address.Authority, out HttpMessageInvoker? invoker))
            {
                invoker = new HttpMessageInvoker(Handler(own ? _registry : address.Authority, own && _insecure));
                _invokers.Add(address.Authority, invoker);
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

    private SocketsHttpHandler Handler(string host, bool insecure) => new()
    {
        // Digests are of the bytes on the wire.
        AutomaticDecompression = DecompressionMethods.None,

        // The built-in one hides hops from whoever attaches credentials; see RegistryClient.
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = _options.ConnectTimeout,
        ActivityHeadersPropagator = null,
        SslOptions = HostCertificates.Options(host, _options.CertificateDirectories, insecure),
    };
}
