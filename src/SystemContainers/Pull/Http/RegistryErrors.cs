using System.Net;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Oci;

namespace SystemContainers.Pull.Http;

/// <summary>Turns what a registry says, or that it can't be reached, into our error.</summary>
static class RegistryErrors
{
    /// <summary>For an answer that is none of the wanted ones.</summary>
    /// <param name="doing">"fetching the manifest of X from Y".</param>
    /// <param name="registry">The registry's name, for the hint.</param>
    /// <param name="response">The answer; its body is read, up to a limit.</param>
    /// <param name="cancellationToken">Bounds the reading of the body too.</param>
    public static async Task<SysctrException> FromResponseAsync(
        string doing, string registry, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        string said = await SaidAsync(response, cancellationToken);
        int code = (int)response.StatusCode;
        string why = said.Length > 0 ? $"{said} (HTTP {code})" : $"HTTP {code}";
        return response.StatusCode switch
        {
            HttpStatusCode.NotFound or HttpStatusCode.Gone => new SysctrException(
                ErrorKind.NotFound, $"{doing}: {why}", "check the name and the tag; skopeo list-tags shows those that exist"),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new SysctrException(
                ErrorKind.Unauthorized,
                $"{doing}: {why}",
                $"the image may not exist, or needs a login: skopeo login {registry}"),
            HttpStatusCode.TooManyRequests => new SysctrException(
                ErrorKind.Unreachable, $"{doing}: {why}", $"the registry limits the rate; wait, or log in: skopeo login {registry}"),
            _ => new SysctrException(ErrorKind.Unreachable, $"{doing}: {why}"),
        };
    }

    /// <summary>For a connection that failed.</summary>
    public static SysctrException FromException(string doing, string registry, Exception e)
    {
        // The reason is in the innermost: "Connection refused", "The remote certificate is invalid …".
        Exception innermost = e;
        while (innermost is not TimeoutException && innermost.InnerException is { } inner)
        {
            innermost = inner;
        }

        string? hint = e is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }
            ? $"put the CA into /etc/containers/certs.d/{registry}/ca.crt; "
                + "for a registry without (valid) TLS set insecure = true for it in /etc/containers/registries.conf"
            : "check the name, the network and the proxy settings";
        return new SysctrException(ErrorKind.Unreachable, $"{doing}: {Redact.Text(innermost.Message)}", hint, e);
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
