// SPDX-License-Identifier: Apache-2.0

using System.Net;
using SystemContainers.Errors;

namespace SystemContainers.Pull.Http;

/// <summary>Where a redirect may lead. Registries send us to storage services this way, so other hosts are
/// normal.</summary>
static class RedirectRules
{
    /// <summary>Longer chains are loops.</summary>
    public const int MaxRedirects = 5;

    /// <summary>Whether an answer sends us on. What changes something goes on only where it stays what it is (RFC 9110,
    /// 15.4: 307 and 308).</summary>
    public static bool IsRedirect(HttpStatusCode status, HttpMethod method) =>
        status is HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect
        || (
            status is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
            && (method == HttpMethod.Get || method == HttpMethod.Head)
        );

    /// <summary>The next address.</summary>
    /// <param name="current">The address that answered with the redirect.</param>
    /// <param name="location">Its <c>Location</c> header.</param>
    /// <exception cref="SysctrException">Unsafe: it must not be followed.</exception>
    public static Uri Next(Uri current, Uri? location)
    {
        if (location is null)
        {
            throw Refused(current, "it does not say where");
        }

        Uri next = location.IsAbsoluteUri ? location : new Uri(current, location);

        // Attack: a hop to http:// lets anyone on the way see and change what follows. Plain stays allowed where the
        // administrator allowed it for this registry, and for that case only: file: and the like never.
        if (next.Scheme != "https" && !(next.Scheme == "http" && current.Scheme == "http"))
        {
            throw Refused(current, $"{Redact.Url(next)} is not https");
        }

        return next.UserInfo.Length > 0 ? throw Refused(current, "the address has a user name in it") : next;
    }

    public static bool SameOrigin(Uri a, Uri b) =>
        a.Scheme == b.Scheme
        && a.Port == b.Port
        && string.Equals(a.IdnHost, b.IdnHost, StringComparison.OrdinalIgnoreCase);

    private static SysctrException Refused(Uri current, string why) =>
        new(ErrorKind.Unsafe, $"following a redirect of {Redact.Url(current)}: {why}");
}
