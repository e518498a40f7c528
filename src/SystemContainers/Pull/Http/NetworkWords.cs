// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.RegularExpressions;
using SystemContainers.Errors;

namespace SystemContainers.Pull.Http;

/// <summary>Why a connection failed, in words; those of the framework are of frames, chains and its own
/// enumerations.</summary>
static partial class NetworkWords
{
    /// <summary>Under this key an exception of a request has the address that was asked.</summary>
    public const string Address = "sysctr.address";

    /// <summary>Under this one the proxy that it was asked through.</summary>
    public const string Proxy = "sysctr.proxy";

    /// <summary>The reason, and what can be done about it.</summary>
    /// <param name="registry">As certs.d and registries.conf know it.</param>
    /// <param name="e">What was thrown; <see cref="Address"/> and <see cref="Proxy"/> may be in its data.</param>
    public static (string Why, string Hint) Of(string registry, Exception e)
    {
        Uri? proxy = e.Data[Proxy] as Uri;
        (string why, string hint) = Reason(registry, e, proxy ?? e.Data[Address] as Uri, proxy is not null);
        return proxy is null
            ? (why, hint)
            : (
                $"through the proxy {Redact.Url(proxy)}: {why}",
                $"{hint} (HTTPS_PROXY, HTTP_PROXY and NO_PROXY say where there is a proxy)"
            );
    }

    /// <summary>The reason alone, of a connection that was there.</summary>
    public static string Plain(Exception e) => Plain(Innermost(e).Message);

    private static (string Why, string Hint) Reason(string registry, Exception e, Uri? peer, bool proxied)
    {
        // Where a redirect or a token server led elsewhere, that host's certificates are meant (HostConnections).
        string place =
            proxied
            || peer is null
            || peer.Authority == "registry-1.docker.io"
            || string.Equals(peer.Authority, registry, StringComparison.OrdinalIgnoreCase)
                ? registry
                : peer.Authority;
        string insecure =
            $"for a registry without (valid) TLS set insecure = true for it in /etc/containers/registries.conf";
        string authority = $"put the CA into /etc/containers/certs.d/{place}/ca.crt; {insecure}";
        string host = peer is null ? "its host" : $"the host {peer.IdnHost}";
        switch (Innermost(e))
        {
            case SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData }:
                return ($"{host} has no address: there is no such name", "check the spelling, and /etc/resolv.conf");
            case SocketException { SocketErrorCode: SocketError.TryAgain }:
                return (
                    $"{host} can't be looked up: no name server answers",
                    "check the network, and the name servers in /etc/resolv.conf"
                );
            case SocketException { SocketErrorCode: SocketError.NoRecovery }:
                return (
                    $"{host} can't be looked up: the name server fails",
                    "check the name servers in /etc/resolv.conf"
                );
        }

        if (e is HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError } tunnel)
        {
            int code = tunnel.StatusCode is { } status ? (int)status : 0;
            return code == (int)HttpStatusCode.ProxyAuthenticationRequired
                ? (
                    "it wants a user and a password, or others (HTTP 407)",
                    "write them into its address: http://USER:PASSWORD@HOST:PORT"
                )
                : (
                    $"it does not connect us{(code == 0 ? "" : $" (HTTP {code})")}",
                    "check whether it allows the registry"
                );
        }

        if (Innermost(e) is CertificateFault fault)
        {
            return (
                fault.Message,
                fault.Cause switch
                {
                    CertificateCause.Name => $"use the name that is in the certificate; {insecure}",
                    CertificateCause.Time =>
                        $"check the clock of this host, and the registry's certificate; {insecure}",
                    _ => authority,
                }
            );
        }

        string said = Innermost(e).Message;
        if (
            e
                is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }
                    or AuthenticationException
            || Innermost(e) is AuthenticationException
        )
        {
            return said switch
            {
                _ when said.Contains("frame", StringComparison.Ordinal)
                        || said.Contains("wrong version number", StringComparison.Ordinal) => (
                    "what answers there does not speak TLS; it may be plain HTTP",
                    insecure
                ),
                _ when said.Contains("EOF", StringComparison.Ordinal) => (
                    "it closes the connection instead of speaking TLS",
                    insecure
                ),
                _ when said.Contains("TLS alert", StringComparison.Ordinal) => (
                    "it ends the TLS handshake"
                        + (
                            Quoted().Match(said) is { Success: true } alert
                                ? $" with the alert '{Words(alert.Groups["text"].Value)}'"
                                : ""
                        ),
                    $"it may want a client's certificate: NAME.cert and NAME.key in /etc/containers/certs.d/{place}"
                ),
                _ when said.Contains("certificate", StringComparison.Ordinal) => (
                    "its certificate is invalid",
                    authority
                ),
                _ => ($"no TLS connection comes about ({Plain(said)})", authority),
            };
        }

        if (Innermost(e) is TimeoutException)
        {
            return (
                Plain(said),
                proxied
                    ? "the proxy, or the registry behind it, is too slow; try again later"
                    : "it is too slow, or a firewall on the way drops what is sent; try again later"
            );
        }

        return (
            Plain(said),
            proxied
                ? "check the proxy's address, and that it runs"
                : "check the name, the network and the proxy settings"
        );
    }

    /// <summary>The reason is in the innermost: "Connection refused".</summary>
    private static Exception Innermost(Exception e)
    {
        while (e is not TimeoutException && e.InnerException is { } inner)
        {
            e = inner;
        }

        return e;
    }

    /// <summary>Without the name of an enumeration's member in brackets, which ends some messages.</summary>
    private static string Plain(string message) => Member().Replace(message, "");

    /// <summary>HandshakeFailure: handshake failure.</summary>
    private static string Words(string name) => Capital().Replace(name, " $0").Trim().ToLowerInvariant();

    [GeneratedRegex(@" \([A-Z][A-Za-z]+\)$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Member();

    [GeneratedRegex("(?<=[a-z])[A-Z]", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Capital();

    [GeneratedRegex(
        "'(?<text>[^']*)'",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Quoted();
}
