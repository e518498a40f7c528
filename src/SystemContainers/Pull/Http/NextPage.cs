// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using SystemContainers.Errors;

namespace SystemContainers.Pull.Http;

/// <summary>Where the next page of a list is: <c>Link: &lt;URL&gt;; rel="next"</c> (RFC 8288, as the distribution-spec
/// wants it).</summary>
static partial class NextPage
{
    /// <summary>The address, always of the host that answered; null at the last page.</summary>
    /// <param name="doing">"listing X", for messages.</param>
    /// <exception cref="SysctrException">Unsafe: it leads to another host.</exception>
    public static Uri? Of(HttpResponseMessage response, string doing)
    {
        if (
            !response.Headers.NonValidated.TryGetValues("Link", out var values)
            || values.Select(v => Next().Match(v)).FirstOrDefault(m => m.Success) is not { } link
        )
        {
            return null;
        }

        Uri here = response.RequestMessage!.RequestUri!;

        // Attack: a list that goes on elsewhere, where whoever answers chooses what there is.
        return Uri.TryCreate(here, link.Groups["url"].Value, out Uri? next) && RedirectRules.SameOrigin(here, next)
            ? next
            : throw new SysctrException(ErrorKind.Unsafe, $"{doing}: the next page is at another host");
    }

    [GeneratedRegex(
        @"<(?<url>[^<>]*)>[^<>,]*;\s*rel=""?next""?(?:[;,\s]|\z)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Next();
}
