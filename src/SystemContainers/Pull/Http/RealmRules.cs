// SPDX-License-Identifier: Apache-2.0

using System.Net;
using SystemContainers.Errors;

namespace SystemContainers.Pull.Http;

/// <summary>
/// Decides whether a token server that a registry names may be asked, before credentials are even looked up. The realm
/// is text of the registry: a hostile or taken-over registry (a mirror, a typo'd name) would point it at whoever
/// collects passwords, or at a service inside the host's network that trusts its callers' address.
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
        // anyone on this host or network. A registry that is itself there may of course name itself. Names are looked
        // at when they are resolved (HostConnections).
        if (host != Normal(registry) && IsInside(host))
        {
            throw Refused(registry, $"its token server {Redact.Url(uri)} is an address inside this host or network");
        }

        // Attack: "?scope=repository:secret:push&": the first of two wins with some servers, the last with others, and
        // "Scope", "scope[]" or "x;scope" are scopes to some. A query is the registry's words in a request with the
        // user's password, and no registry needs one.
        return new UriBuilder(uri) { Query = "", Fragment = "" }.Uri;
    }

    // IdnHost folds Unicode's look-alikes of the dot, and Uri folds 0x7f.1 and 2130706433 to 127.0.0.1.
    private static string Normal(Uri uri) => uri.IdnHost.TrimEnd('.').ToLowerInvariant();

    private static bool IsInside(string host)
    {
        if (host is "localhost" || host.EndsWith(".localhost", StringComparison.Ordinal))
        {
            return true;
        }

        return IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address)
            && AddressRules.Of(address) != NetworkReach.Global;
    }

    private static SysctrException Refused(Uri registry, string why) =>
        new(
            ErrorKind.Unauthorized,
            $"logging in to {registry.Authority}: {why}",
            "the registry is misconfigured, or not the one that you meant"
        );
}
