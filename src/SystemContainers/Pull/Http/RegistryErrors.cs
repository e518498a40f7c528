// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Auth;

namespace SystemContainers.Pull.Http;

/// <summary>Turns what a registry says, or that it can't be reached, into our error.</summary>
static class RegistryErrors
{
    private const string Status = "HTTP status";

    /// <summary>Whether a registry said that it does not have what was asked for, or does not know such a request: old
    /// ones say so in several ways.</summary>
    public static bool IsUnknown(SysctrException e) =>
        e.Kind == ErrorKind.NotFound || e.Data[Status] is 400 or 405 or 406 or 501;

    /// <summary>Whether a registry said that it does not have a piece of a blob, or no pieces at all.</summary>
    public static bool IsRefusedRange(SysctrException e) => e.Data[Status] is 416 || IsUnknown(e);

    /// <summary>For an answer that is none of the wanted ones.</summary>
    /// <param name="doing">"fetching the manifest of X from Y".</param>
    /// <param name="registry">The registry's name, for the hint.</param>
    /// <param name="response">The answer; its body is read, up to a limit.</param>
    /// <param name="used">What the request said who we are with; null for nothing.</param>
    /// <param name="anonymous">Whether credentials were looked for, and there are none.</param>
    /// <param name="cancellationToken">Bounds the reading of the body too.</param>
    public static async Task<SysctrException> FromResponseAsync(
        string doing,
        string registry,
        HttpResponseMessage response,
        Credential? used,
        bool anonymous,
        CancellationToken cancellationToken
    )
    {
        string said = await SaidAsync(response, cancellationToken);
        int code = (int)response.StatusCode;
        string why = said.Length > 0 ? $"{said} (HTTP {code})" : $"HTTP {code}";
        why += RetryRules.Asked(response.Headers.RetryAfter) is { } wait
            ? $"; it asks to come again in {(long)Math.Ceiling(wait.TotalSeconds)} s"
            : "";
        SysctrException error = response.StatusCode switch
        {
            HttpStatusCode.NotFound or HttpStatusCode.Gone => new SysctrException(
                ErrorKind.NotFound,
                $"{doing}: {why}",
                "check the name and the tag; 'sysctr list-tags NAME' shows those that exist"
            ),
            HttpStatusCode.Unauthorized when used is not null => new SysctrException(
                ErrorKind.Unauthorized,
                $"{doing}: the {used} are not accepted: {why}",
                $"they may be wrong or too old; log in again: sysctr login {registry}"
            ),
            HttpStatusCode.Forbidden when used is not null => new SysctrException(
                ErrorKind.Unauthorized,
                $"{doing}: the {used} do not allow it: {why}",
                $"the image may not exist, or be for others; log in as one of them: sysctr login {registry}"
            ),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new SysctrException(
                ErrorKind.Unauthorized,
                $"{doing}: {(anonymous ? "without credentials, for there are none for it: " : "")}{why}",
                $"the image may not exist, or needs a login: sysctr login {registry}"
            ),
            HttpStatusCode.ProxyAuthenticationRequired => new SysctrException(
                ErrorKind.Unreachable,
                $"{doing}: the proxy wants a user and a password, or others ({why})",
                "write them into its address in HTTPS_PROXY or HTTP_PROXY: http://USER:PASSWORD@HOST:PORT"
            ),
            HttpStatusCode.TooManyRequests => new SysctrException(
                ErrorKind.Unreachable,
                $"{doing}: {why}",
                $"the registry limits the rate; wait, or log in: sysctr login {registry}"
            ),
            >= HttpStatusCode.InternalServerError => new SysctrException(
                ErrorKind.Unreachable,
                $"{doing}: the registry fails: {why}",
                "the fault is the registry's, or that of a proxy before it; try again later"
            ),
            _ => new SysctrException(
                ErrorKind.Unreachable,
                $"{doing}: {why}",
                "what answers there may be no registry; check its name"
            ),
        };
        error.Data[Status] = code;
        return error;
    }

    /// <summary>For a connection that failed.</summary>
    public static SysctrException FromException(string doing, string registry, Exception e)
    {
        (string why, string hint) = NetworkWords.Of(registry, e);
        return new SysctrException(ErrorKind.Unreachable, $"{doing}: {Redact.Text(why)}", hint, e);
    }

    private static async Task<string> SaidAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            byte[] body = await Body.ReadAtMostAsync(response, OciLimits.MaxErrorBytes, cancellationToken);
            RegistryErrorsJson? errors = JsonSerializer.Deserialize(body, RegistryJson.Default.RegistryErrorsJson);
            return errors?.Errors is [{ } first, ..]
                ? Redact.Text(string.IsNullOrEmpty(first.Message) ? first.Code ?? "" : first.Message)
                : "";
        }
        catch (Exception e) when (e is JsonException or HttpRequestException or IOException)
        {
            // A proxy's HTML page, or a body that was cut: the status says enough.
            return "";
        }
    }
}
