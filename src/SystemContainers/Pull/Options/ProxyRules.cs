// SPDX-License-Identifier: Apache-2.0

using System.Net;
using SystemContainers.Errors;

namespace SystemContainers.Pull.Options;

/// <summary>
/// Which proxy an address is reached through: <c>HTTPS_PROXY</c>, <c>HTTP_PROXY</c> and <c>NO_PROXY</c> (capitals
/// first) as Go reads them (golang.org/x/net/http/httpproxy), for podman and skopeo do; <c>ALL_PROXY</c> where they say
/// nothing, as curl. This host is never reached through one.
/// </summary>
sealed class ProxyRules
{
    private readonly string? _https;
    private readonly string? _http;
    private readonly bool _isHttpForged;
    private readonly NoProxyList _none;

    /// <param name="environment">Gives a variable; null for one that is not set.</param>
    public ProxyRules(Func<string, string?> environment)
    {
        string? all = Variable("ALL_PROXY");
        _https = Variable("HTTPS_PROXY") ?? all;

        _http = Variable("HTTP_PROXY") ?? all;

        // CVE-2016-5385: in a CGI program HTTP_PROXY is a header of the client's.
        _isHttpForged = environment("REQUEST_METHOD") is { Length: > 0 } && Variable("HTTP_PROXY") is not null;
        _none = new NoProxyList(Variable("NO_PROXY") ?? "");

        string? Variable(string name) =>
            environment(name) is { Length: > 0 } value ? value
            : environment(name.ToLowerInvariant()) is { Length: > 0 } lower ? lower
            : null;
    }

    public static ProxyRules OfProcess() => new(Environment.GetEnvironmentVariable);

    /// <summary>The proxy's address, with user and password where it has some; null where there is none for
    /// it.</summary>
    /// <exception cref="SysctrException">Unreachable: the address in the variable is none, or a caller of a CGI program
    /// may have chosen it.</exception>
    public Uri? For(Uri address)
    {
        string? proxy = address.Scheme switch
        {
            "https" => _https,
            "http" => _http,
            _ => null,
        };
        if (_isHttpForged && address.Scheme == "http")
        {
            throw new SysctrException(
                ErrorKind.Unreachable,
                "reading HTTP_PROXY: REQUEST_METHOD is set, so this may be a CGI program, where the client chooses HTTP_PROXY",
                "unset one of them"
            );
        }

        if (proxy is null || _none.Contains(address.IdnHost, address.Port))
        {
            return null;
        }

        string whole = proxy.Contains("://", StringComparison.Ordinal) ? proxy : "http://" + proxy;

        // For a host to resolve here or there Go and .NET have different words; both let the proxy do it.
        whole = whole.StartsWith("socks5h://", StringComparison.OrdinalIgnoreCase)
            ? "socks5" + whole["socks5h".Length..]
            : whole;
        return
            Uri.TryCreate(whole, UriKind.Absolute, out Uri? parsed)
            && parsed.Scheme is "http" or "https" or "socks5"
            && parsed.Host.Length > 0
            ? parsed
            : throw new SysctrException(
                ErrorKind.Unreachable,
                $"reading {(address.Scheme == "https" ? "HTTPS_PROXY" : "HTTP_PROXY")}: it is no address of a proxy",
                "write http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT"
            );
    }

    /// <summary>The same as the framework wants it.</summary>
    public static IWebProxy Handle(Uri proxy)
    {
        string[] user = proxy.UserInfo.Split(':', 2);
        return new WebProxy(new UriBuilder(proxy) { UserName = "", Password = "" }.Uri)
        {
            Credentials =
                user[0].Length == 0
                    ? null
                    : new NetworkCredential(
                        Uri.UnescapeDataString(user[0]),
                        user.Length > 1 ? Uri.UnescapeDataString(user[1]) : ""
                    ),
        };
    }
}
