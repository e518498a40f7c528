using System.Net;
using System.Net.Sockets;
using SystemContainers.Errors;

namespace SystemContainers.Pull.Http;

/// <summary>
/// Decides whether a token server that a registry names may be asked, before credentials are even looked up. The realm is
/// text of the registry: a hostile or taken-over registry (a mirror, a typo'd name) would point it at whoever collects
/// passwords, or at a service inside the host's network that trusts its callers' address.
/// </summary>
static class RealmRules
{
    /// <summary>The realm as an address to ask.</summary>
    /// <param name="realm">The parameter of the challenge.</param>
    /// <param name="registry">Where the challenge came from.</param>
    /// <exception cref="SysctrException">Unauthorized: it must not be asked.</exception>
    public static Uri Check(string? realm, Uri registry)
    {
        if (!Uri.TryCreate(realm, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("https" or "http"))
        {
            throw Refused(registry, "it names no address of a token server");
        }

        // Attack: a challenge over TLS that sends the password out in the clear.
        if (uri.Scheme == "http" && registry.Scheme != "http")
        {
            throw Refused(registry, $"its token server {Redact.Url(uri)} would get the password without TLS");
        }

        // Attack: "https://good.example@evil.example/" reads like good.example in a log.
        if (uri.UserInfo.Length > 0)
        {
            throw Refused(registry, "its token server's address has a user name in it");
        }

        string host = Normal(uri);
        if (host.Length == 0)
        {
            throw Refused(registry, "its token server's address has no host");
        }

        // Attack: "https://169.254.169.254/", "https://[::1]:2379/", "https://localhost./": services that answer
        // anyone on this host or network. A registry that is itself there may of course name itself.
        return host != Normal(registry) && IsInside(host)
            ? throw Refused(registry, $"its token server {Redact.Url(uri)} is an address inside this host or network")
            : uri;
    }

    // IdnHost folds Unicode's look-alikes of the dot, and Uri folds 0x7f.1 and 2130706433 to 127.0.0.1.
    private static string Normal(Uri uri) => uri.IdnHost.TrimEnd('.').ToLowerInvariant();

    private static bool IsInside(string host)
    {
        if (host is "localhost" || host.EndsWith(".localhost", StringComparison.Ordinal))
        {
            return true;
        }

        if (!IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address))
        {
            return false;
        }

        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            return IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || address.IsIPv6UniqueLocal ||
                address.IsIPv6SiteLocal || address.IsIPv6Multicast || address.Equals(IPAddress.IPv6Any);
        }

        byte[] b = address.GetAddressBytes();
        return b[0] is 0 or 10 or 127 or >= 224 ||
            (b[0] == 172 && b[1] is >= 16 and < 32) ||
            (b[0] == 192 && b[1] == 168) ||
            (b[0] == 169 && b[1] == 254) ||
            (b[0] == 100 && b[1] is >= 64 and < 128);
    }

    private static SysctrException Refused(Uri registry, string why) =>
        new(
            ErrorKind.Unauthorized,
            $"logging in to {registry.Authority}: {why}",
            "the registry is misconfigured, or not the one that you meant");
}
