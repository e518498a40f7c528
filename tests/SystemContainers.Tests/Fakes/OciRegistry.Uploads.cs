// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using SystemContainers.Oci;

namespace SystemContainers.Tests.Fakes;

/// <summary>Uploads (distribution-spec, "Pushing Blobs") and tokens.</summary>
public sealed partial class OciRegistry
{
    private readonly ConcurrentDictionary<string, Upload> _uploads = new(StringComparer.Ordinal);

    /// <summary>A session: what came, and which Location is the last that was told.</summary>
    private sealed class Upload
    {
        public MemoryStream Bytes { get; } = new();

        public int State { get; set; }

        public SemaphoreSlim Turn { get; } = new(1, 1);
    }

    /// <summary>Sessions that were begun and not ended.</summary>
    public int OpenUploads => _uploads.Count;

    private async Task UploadAsync(HttpListenerContext context, string name, string id)
    {
        if (id.Length == 0)
        {
            await BeginAsync(context, name);
            return;
        }

        if (!_uploads.TryGetValue(id, out Upload? upload))
        {
            await ErrorAsync(context, 404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
            return;
        }

        await upload.Turn.WaitAsync();
        try
        {
            await GoOnAsync(context, name, id, upload);
        }
        finally
        {
            upload.Turn.Release();
        }
    }

    private async Task BeginAsync(HttpListenerContext context, string name)
    {
        if (context.Request.HttpMethod != "POST")
        {
            await RefuseAsync(context, 405, "UNSUPPORTED", "an upload begins with a POST");
            return;
        }

        if (context.Request.QueryString["mount"] is { } mount)
        {
            if (!Digest.TryParse(mount, out Digest wanted))
            {
                await RefuseAsync(context, 400, "DIGEST_INVALID", "no digest to mount");
                return;
            }

            if (
                Mounts
                && context.Request.QueryString["from"] is { } from
                && _repositories.TryGetValue(from, out OciRepository? other)
                && other.Blobs.TryGetValue(wanted, out byte[]? there)
            )
            {
                Made(context, name, wanted, there);
                return;
            }
        }

        if (context.Request.QueryString["digest"] is { } whole)
        {
            if (await ReadBodyAsync(context) is { } bytes)
            {
                await FinishAsync(context, name, whole, bytes);
            }

            return;
        }

        string id = Guid.NewGuid().ToString();
        Upload upload = _uploads[id] = new Upload();
        Tell(context, name, id, upload, 202);
    }

    private async Task GoOnAsync(HttpListenerContext context, string name, string id, Upload upload)
    {
        string method = context.Request.HttpMethod;
        if (method == "GET")
        {
            Tell(context, name, id, upload, 204);
            return;
        }

        if (method == "DELETE")
        {
            _uploads.TryRemove(id, out _);
            context.Response.StatusCode = 204;
            return;
        }

        if (method is not ("PATCH" or "PUT"))
        {
            await RefuseAsync(context, 405, "UNSUPPORTED", "an upload goes on with PATCH or PUT");
            return;
        }

        if (context.Request.QueryString["_state"] != upload.State.ToString(CultureInfo.InvariantCulture))
        {
            await RefuseAsync(context, 400, "BLOB_UPLOAD_INVALID", "this is not the Location that was told last");
            return;
        }

        if (context.Request.Headers["Content-Range"] is { } range)
        {
            Match parts = Ranges().Match(range);
            long from = parts.Success ? long.Parse(parts.Groups["from"].Value, CultureInfo.InvariantCulture) : -1;
            long to = parts.Success ? long.Parse(parts.Groups["to"].Value, CultureInfo.InvariantCulture) : -1;
            if (from != upload.Bytes.Length || to - from + 1 != context.Request.ContentLength64)
            {
                Tell(context, name, id, upload, 416);
                Violations.Enqueue(
                    $"{method}: range {range} of {context.Request.ContentLength64} bytes where {upload.Bytes.Length} are there"
                );
                return;
            }
        }
        else if (upload.Bytes.Length > 0 && context.Request.ContentLength64 != 0)
        {
            await RefuseAsync(context, 416, "BLOB_UPLOAD_INVALID", "a further chunk says no Content-Range");
            return;
        }

        if (context.Request.ContentLength64 != 0 && context.Request.ContentType != "application/octet-stream")
        {
            await RefuseAsync(context, 400, "BLOB_UPLOAD_INVALID", "the chunk is no application/octet-stream");
            return;
        }

        if (await ReadBodyAsync(context, upload.Bytes) is null)
        {
            return;
        }

        if (method == "PATCH")
        {
            Tell(context, name, id, upload, 202);
            return;
        }

        _uploads.TryRemove(id, out _);
        await FinishAsync(context, name, context.Request.QueryString["digest"] ?? "", upload.Bytes.ToArray());
    }

    private async Task FinishAsync(HttpListenerContext context, string name, string told, byte[] bytes)
    {
        if (
            !Digest.TryParse(told, out Digest digest)
            || Digest.FromHash(
                digest.HashName,
                System.Security.Cryptography.CryptographicOperations.HashData(digest.HashName, bytes)
            ) != digest
        )
        {
            await ErrorAsync(context, 400, "DIGEST_INVALID", "provided digest did not match uploaded content");
            return;
        }

        Made(context, name, digest, bytes);
    }

    private void Made(HttpListenerContext context, string name, Digest digest, byte[] bytes)
    {
        Repository(name).Blobs[digest] = bytes;
        context.Response.Headers["Docker-Content-Digest"] = digest.ToString();
        context.Response.Headers["Location"] = $"/v2/{name}/blobs/{digest}";
        context.Response.StatusCode = 201;
    }

    /// <summary>Where to go on, each time another place.</summary>
    private static void Tell(HttpListenerContext context, string name, string id, Upload upload, int status)
    {
        upload.State++;
        context.Response.Headers["Location"] = $"/v2/{name}/blobs/uploads/{id}?_state={upload.State}";
        if (upload.Bytes.Length > 0)
        {
            context.Response.Headers["Range"] = $"0-{upload.Bytes.Length - 1}";
        }

        context.Response.StatusCode = status;
    }

    private async Task<byte[]?> ReadBodyAsync(HttpListenerContext context)
    {
        using MemoryStream bytes = new();
        return await ReadBodyAsync(context, bytes) is null ? null : bytes.ToArray();
    }

    /// <summary>Null where the connection was cut on purpose; what came until then is kept.</summary>
    private async Task<MemoryStream?> ReadBodyAsync(HttpListenerContext context, MemoryStream bytes)
    {
        long left = CutBody(context.Request) ?? long.MaxValue;
        byte[] buffer = new byte[64 << 10];
        while (
            await context.Request.InputStream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)))
                is > 0
                    and int read
        )
        {
            bytes.Write(buffer, 0, read);
            left -= read;
            if (left == 0)
            {
                Cut(context);
                return null;
            }
        }

        return bytes;
    }

    /// <summary>Ends the connection without an answer, which the listener itself has no way to: its Abort answers
    /// 200.</summary>
    private static void Cut(HttpListenerContext context)
    {
        const BindingFlags Hidden = BindingFlags.Instance | BindingFlags.NonPublic;
        object connection = typeof(HttpListenerContext).GetProperty("Connection", Hidden)!.GetValue(context)!;
        Socket socket = (Socket)connection.GetType().GetField("_socket", Hidden)!.GetValue(connection)!;
        socket.Close(0);
        throw new IOException("cut, as the test wants it");
    }

    private async Task TokenAsync(HttpListenerContext context)
    {
        string expected = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Login?.User}:{Login?.Password}"));
        if (context.Request.Headers["Authorization"] != expected)
        {
            await ErrorAsync(context, 401, "UNAUTHORIZED", "wrong user or password");
            return;
        }

        string token = Convert.ToBase64String(
            Encoding.UTF8.GetBytes(
                _secret + " " + string.Join(' ', context.Request.QueryString.GetValues("scope") ?? [])
            )
        );
        await AnswerAsync(context, 200, Encoding.UTF8.GetBytes($$"""{"token":"{{token}}"}"""), "application/json");
    }

    private bool IsAuthorized(HttpListenerRequest request, Match route)
    {
        if (
            request.Headers["Authorization"] is not { } header
            || !header.StartsWith("Bearer ", StringComparison.Ordinal)
        )
        {
            return false;
        }

        string[] granted = Encoding.UTF8.GetString(Convert.FromBase64String(header["Bearer ".Length..])).Split(' ');
        return granted[0] == _secret
            && (
                !route.Success
                || Scope(request, route).Split(' ').All(wanted => granted.Skip(1).Any(g => Covers(g, wanted)))
            );
    }

    private static bool Covers(string granted, string wanted)
    {
        string[] has = granted.Split(':');
        string[] wants = wanted.Split(':');
        return has.Length == 3 && has[1] == wants[1] && wants[2].Split(',').All(has[2].Split(',').Contains);
    }

    /// <summary>What a request needs (distribution's "Token Scope Documentation").</summary>
    private static string Scope(HttpListenerRequest request, Match route)
    {
        string actions = request.HttpMethod switch
        {
            "GET" or "HEAD" => "pull",
            "DELETE" => "delete",
            _ => "pull,push",
        };
        string from = request.QueryString["from"] is { } other ? $" repository:{other}:pull" : "";
        return $"repository:{route.Groups["name"].Value}:{actions}{from}";
    }

    [GeneratedRegex(@"\A(?<from>[0-9]+)-(?<to>[0-9]+)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Ranges();
}
