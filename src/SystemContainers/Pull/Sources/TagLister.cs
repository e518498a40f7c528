// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Auth;
using SystemContainers.Pull.Http;
using SystemContainers.Pull.Options;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Sources;

/// <summary>The tags of a repository (OCI distribution-spec, "Content Discovery"): page by page, as the registry links
/// them.</summary>
static class TagLister
{
    /// <summary>What we ask for at once; registries give fewer where they like.</summary>
    private const int PageSize = 1000;

    /// <summary>All tags, each once, in ordinal order.</summary>
    /// <param name="endpoint">The repository; its tag does not count.</param>
    /// <param name="credentials">Asked where the registry wants some.</param>
    /// <param name="options">Time-outs and attempts.</param>
    /// <param name="progress">Told about further attempts.</param>
    /// <exception cref="SysctrException">NotFound, Unreachable, Unauthorized; Corrupt: what came is no list of tags;
    /// Unsafe: it has no end.</exception>
    public static async Task<IReadOnlyList<string>> ListAsync(
        RegistryEndpoint endpoint,
        CredentialStore credentials,
        PullOptions options,
        IPullProgress progress,
        CancellationToken cancellation
    )
    {
        string doing = $"listing the tags of {endpoint.Reference.Name}";
        using RegistryClient client = new(endpoint, credentials, options, progress);
        SortedSet<string> tags = new(StringComparer.Ordinal);
        RegistryRequest request = new(doing, $"v2/{endpoint.Reference.Repository}/tags/list?n={PageSize}", Accept: []);
        HashSet<Uri> asked = [];
        while (true)
        {
            (byte[] page, Uri? next) = await client.GetAsync(
                request,
                (response, token) => ReadAsync(response, doing, token),
                cancellation
            );
            int before = tags.Count;
            tags.UnionWith(Parse(page, doing));
            if (tags.Count > OciLimits.MaxTags)
            {
                throw new SysctrException(ErrorKind.Unsafe, $"{doing}: there are more than {OciLimits.MaxTags}");
            }

            if (next is null)
            {
                return [.. tags];
            }

            // Attack: pages that lead round in circles, or on and on without a tag.
            if (!asked.Add(next) || tags.Count == before)
            {
                throw new SysctrException(ErrorKind.Unsafe, $"{doing}: the registry's pages have no end");
            }

            request = request with { Location = next };
        }
    }

    private static async Task<(byte[] Page, Uri? Next)> ReadAsync(
        HttpResponseMessage response,
        string doing,
        CancellationToken cancellation
    )
    {
        using (response)
        {
            byte[] page = await Body.ReadAtMostAsync(response, OciLimits.MaxTagPageBytes + 1, cancellation);
            return page.Length > OciLimits.MaxTagPageBytes
                ? throw new SysctrException(
                    ErrorKind.Unsafe,
                    $"{doing}: a page is larger than {OciLimits.MaxTagPageBytes} bytes"
                )
                : (page, NextPage.Of(response, doing));
        }
    }

    private static IEnumerable<string> Parse(byte[] page, string doing)
    {
        try
        {
            // Null for a repository without any, as Go writes an empty list.
            return (
                    JsonSerializer.Deserialize(page, RegistryJson.Default.TagsJson)
                    ?? throw new JsonException("it is null")
                ).Tags?.OfType<string>() ?? [];
        }
        catch (JsonException e)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{doing}: the answer is no list of tags: {Redact.Text(JsonFault.Of(e))}",
                inner: e
            );
        }
    }
}
