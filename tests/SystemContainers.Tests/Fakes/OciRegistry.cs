// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SystemContainers.Oci;

namespace SystemContainers.Tests.Fakes;

/// <summary>
/// A registry in this process that keeps to the OCI distribution-spec 1.1 to the letter, and refuses what it lets a
/// registry refuse: sessions whose Location is an old one, ranges that do not join, manifests whose blobs are not
/// there, names and digests that are none. With referrers, or without. Beside Debian's docker-registry (2.8), which
/// knows none of 1.1.
/// </summary>
public sealed partial class OciRegistry : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly ConcurrentDictionary<string, OciRepository> _repositories = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly string _secret = Guid.NewGuid().ToString("N");

    public OciRegistry()
    {
        Host = $"127.0.0.1:{LoopbackPort.Next()}";
        _listener.Prefixes.Add($"http://{Host}/");
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>As references name it; plain HTTP.</summary>
    public string Host { get; }

    /// <summary>Whether <c>/referrers/</c> is there, and <c>OCI-Subject</c> told; else clients have to keep the
    /// fallback tag.</summary>
    public bool HasReferrers { get; init; } = true;

    /// <summary>The most that a page of a list has.</summary>
    public int PageSize { get; init; } = 1000;

    /// <summary>Whether a mount is taken; else it begins an upload, as the specification allows.</summary>
    public bool Mounts { get; init; } = true;

    /// <summary>Whether a token with the right scopes is wanted, of <c>/token</c> with this user's password.</summary>
    public (string User, string Password)? Login { get; init; }

    /// <summary>Asked before each request is served: how many bytes of its body to take before the connection is cut;
    /// null for all of them.</summary>
    public Func<HttpListenerRequest, long?> CutBody { get; set; } = static _ => null;

    /// <summary>Asked before each request is served: a status to answer in place of what it asks for; null to serve
    /// it.</summary>
    public Func<HttpListenerRequest, int?> Fail { get; set; } = static _ => null;

    /// <summary>What was asked for: <c>PUT /v2/app/manifests/v1</c>, with the query.</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    /// <summary>What the registry refused that a client must not send; a test of a client looks that it is
    /// empty.</summary>
    public ConcurrentQueue<string> Violations { get; } = new();

    /// <summary>A repository, made where it is not there.</summary>
    public OciRepository Repository(string name) => _repositories.GetOrAdd(name, static _ => new OciRepository());

    /// <summary>Forgets what was asked for.</summary>
    public void ForgetRequests() => _requests.Clear();

    public void Dispose() => _listener.Close();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                _ = Task.Run(() => ServeAsync(context));
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
        {
            // Disposed of.
        }
    }

    private async Task ServeAsync(HttpListenerContext context)
    {
        try
        {
            _requests.Enqueue($"{context.Request.HttpMethod} {context.Request.Url!.PathAndQuery}");
            if (Fail(context.Request) is { } status)
            {
                await ErrorAsync(context, status, "UNAVAILABLE", "as the test wants it");
            }
            else
            {
                await RouteAsync(context);
            }

            context.Response.Close();
        }
        catch (Exception e)
            when (e is HttpListenerException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            context.Response.Abort();
        }
    }

    private async Task RouteAsync(HttpListenerContext context)
    {
        string path = context.Request.Url!.AbsolutePath;
        if (path == "/token")
        {
            await TokenAsync(context);
            return;
        }

        Match match = Routes().Match(path);
        if (Login is not null && !IsAuthorized(context.Request, match))
        {
            string scope = match.Success ? $",scope=\"{Scope(context.Request, match)}\"" : "";
            context.Response.Headers["WWW-Authenticate"] =
                $"Bearer realm=\"http://{Host}/token\",service=\"test\"{scope}";
            await ErrorAsync(context, 401, "UNAUTHORIZED", "authentication required");
        }
        else if (path == "/v2/")
        {
            context.Response.StatusCode = 200;
        }
        else if (!match.Success)
        {
            await ErrorAsync(context, 404, "NAME_INVALID", "there is no such endpoint");
        }
        else
        {
            string name = match.Groups["name"].Value;
            string last = Uri.UnescapeDataString(match.Groups["last"].Value);
            await (
                match.Groups["kind"].Value switch
                {
                    "manifests" => ManifestAsync(context, name, last),
                    "blobs/uploads" => UploadAsync(context, name, last),
                    "blobs" => BlobAsync(context, name, last),
                    "tags/list" => TagsAsync(context, name),
                    _ => ReferrersAsync(context, name, last),
                }
            );
        }
    }

    private async Task ManifestAsync(HttpListenerContext context, string name, string reference)
    {
        OciRepository repository = Repository(name);
        if (context.Request.HttpMethod == "PUT")
        {
            await PutManifestAsync(context, name, repository, reference);
            return;
        }

        Digest? digest = repository.Resolve(reference);
        if (digest is null || !repository.Manifests.TryGetValue(digest.Value, out (string Type, byte[] Bytes) manifest))
        {
            await ErrorAsync(context, 404, "MANIFEST_UNKNOWN", "manifest unknown");
            return;
        }

        if (context.Request.HttpMethod == "DELETE")
        {
            repository.Delete(reference);
            context.Response.StatusCode = 202;
            return;
        }

        context.Response.Headers["Docker-Content-Digest"] = digest.Value.ToString();
        await AnswerAsync(context, 200, manifest.Bytes, manifest.Type);
    }

    private async Task PutManifestAsync(
        HttpListenerContext context,
        string name,
        OciRepository repository,
        string reference
    )
    {
        if (await ReadBodyAsync(context) is not { } bytes)
        {
            return;
        }

        string type = context.Request.ContentType ?? "";
        (Digest? digest, string? why) = repository.Check(bytes, type, reference);
        if (digest is null)
        {
            await RefuseAsync(context, 400, "MANIFEST_INVALID", why!);
            return;
        }

        Digest? subject = repository.Put(digest.Value, type, bytes, reference);
        if (subject is { } about && HasReferrers)
        {
            context.Response.Headers["OCI-Subject"] = about.ToString();
        }

        context.Response.Headers["Docker-Content-Digest"] = digest.Value.ToString();
        context.Response.Headers["Location"] = $"/v2/{name}/manifests/{digest}";
        context.Response.StatusCode = 201;
    }

    private async Task BlobAsync(HttpListenerContext context, string name, string last)
    {
        OciRepository repository = Repository(name);
        if (!Digest.TryParse(last, out Digest digest) || !repository.Blobs.TryGetValue(digest, out byte[]? blob))
        {
            await ErrorAsync(context, 404, "BLOB_UNKNOWN", "blob unknown to registry");
            return;
        }

        if (context.Request.HttpMethod == "DELETE")
        {
            repository.Blobs.TryRemove(digest, out _);
            context.Response.StatusCode = 202;
            return;
        }

        context.Response.Headers["Docker-Content-Digest"] = digest.ToString();
        if (context.Request.Headers["Range"] is not { } range)
        {
            await AnswerAsync(context, 200, blob, "application/octet-stream");
            return;
        }

        long from = long.Parse(range["bytes=".Length..].Split('-')[0], CultureInfo.InvariantCulture);
        if (from >= blob.Length)
        {
            await ErrorAsync(context, 416, "RANGE_INVALID", "there is no such range");
            return;
        }

        int end = range.Split('-') is [_, { Length: > 0 } until]
            ? (int)Math.Min(long.Parse(until, CultureInfo.InvariantCulture) + 1, blob.Length)
            : blob.Length;
        context.Response.Headers["Content-Range"] = $"bytes {from}-{end - 1}/{blob.Length}";
        await AnswerAsync(context, 206, blob[(int)from..end], "application/octet-stream");
    }

    private async Task TagsAsync(HttpListenerContext context, string name)
    {
        if (
            !_repositories.TryGetValue(name, out OciRepository? repository)
            || (repository.Manifests.IsEmpty && repository.Blobs.IsEmpty)
        )
        {
            await ErrorAsync(context, 404, "NAME_UNKNOWN", "repository name not known to registry");
            return;
        }

        string? last = context.Request.QueryString["last"];
        int most = Math.Min(
            PageSize,
            int.Parse(context.Request.QueryString["n"] ?? "1000", CultureInfo.InvariantCulture)
        );
        string[] rest =
        [
            .. repository
                .Tags.Keys.Order(StringComparer.Ordinal)
                .Where(t => last is null || string.CompareOrdinal(t, last) > 0),
        ];
        string[] page = [.. rest.Take(most)];
        if (rest.Length > page.Length)
        {
            context.Response.Headers["Link"] =
                $"</v2/{name}/tags/list?n={most}&last={Uri.EscapeDataString(page[^1])}>; rel=\"next\"";
        }

        JsonObject list = new() { ["name"] = name, ["tags"] = new JsonArray([.. page.Select(t => (JsonNode)t)]) };
        await AnswerAsync(context, 200, Encoding.UTF8.GetBytes(list.ToJsonString()), "application/json");
    }

    private async Task ReferrersAsync(HttpListenerContext context, string name, string last)
    {
        if (!HasReferrers || !Digest.TryParse(last, out Digest subject))
        {
            await ErrorAsync(context, HasReferrers ? 400 : 404, "UNSUPPORTED", "there are no referrers");
            return;
        }

        string? wanted = context.Request.QueryString["artifactType"];
        JsonArray manifests =
        [
            .. Repository(name).ReferrersOf(subject).Where(r => wanted is null || (string?)r["artifactType"] == wanted),
        ];
        if (wanted is not null)
        {
            context.Response.Headers["OCI-Filters-Applied"] = "artifactType";
        }

        JsonObject index = new()
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciIndex,
            ["manifests"] = manifests,
        };
        await AnswerAsync(context, 200, Encoding.UTF8.GetBytes(index.ToJsonString()), MediaTypes.OciIndex);
    }

    private async Task RefuseAsync(HttpListenerContext context, int status, string code, string why)
    {
        Violations.Enqueue($"{context.Request.HttpMethod} {context.Request.Url!.PathAndQuery}: {why}");
        await ErrorAsync(context, status, code, why);
    }

    private static Task ErrorAsync(HttpListenerContext context, int status, string code, string message) =>
        AnswerAsync(
            context,
            status,
            JsonSerializer.SerializeToUtf8Bytes(
                new JsonObject { ["errors"] = new JsonArray(new JsonObject { ["code"] = code, ["message"] = message }) }
            ),
            "application/json"
        );

    private static async Task AnswerAsync(HttpListenerContext context, int status, byte[] body, string type)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength64 = body.Length;
        if (context.Request.HttpMethod != "HEAD")
        {
            await context.Response.OutputStream.WriteAsync(body);
        }
    }

    // distribution-spec, "Pull": names as it has them.
    [GeneratedRegex(
        @"\A/v2/(?<name>[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*?)/(?:(?<kind>blobs/uploads)/(?<last>[^/]*)|(?<kind>manifests|blobs|referrers)/(?<last>[^/]+)|(?<kind>tags/list))\z",
        RegexOptions.ExplicitCapture
    )]
    private static partial Regex Routes();
}
