// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Referrers;

/// <summary>Where a registry's list goes on (RFC 8288, distribution-spec).</summary>
static class LinkHeader
{
    /// <summary>The path of the next page from the registry's root; null where there is none. A registry can't send us elsewhere by it.</summary>
    public static string? Next(HttpResponseMessage response, string path)
    {
        if (!response.Headers.NonValidated.TryGetValues("Link", out var values))
        {
            return null;
        }

        foreach (string link in values.SelectMany(v => v.Split(',')))
        {
            int start = link.IndexOf('<', StringComparison.Ordinal);
            int end = link.IndexOf('>', StringComparison.Ordinal);
            if (start < 0 || end < start || !link[end..].Replace("\"", "", StringComparison.Ordinal).Contains("rel=next", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            // Against a host of no meaning: what is kept is path and query.
            Uri here = new($"http://registry.invalid/{path}");
            return Uri.TryCreate(here, link[(start + 1)..end], out Uri? next) && next.AbsolutePath == here.AbsolutePath ? next.PathAndQuery.TrimStart('/') : null;
        }

        return null;
    }
}
