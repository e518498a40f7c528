using System.Text;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Auth;

/// <summary>
/// Finds the credentials for an image in the files and helpers that podman, skopeo and docker use
/// (containers-auth.json(5), and <c>credential-helpers</c> of containers-registries.conf(5)).
/// </summary>
sealed class CredentialStore
{
    private const string Files = "containers-auth.json";

    // The names under which docker login keeps what belongs to docker.io.
    private const string DockerHubKey = "https://index.docker.io/v1/";

    private readonly IReadOnlyList<string> _paths;
    private readonly IReadOnlyList<string> _helpers;

    /// <param name="paths">Auth files, in order; missing ones are passed over.</param>
    /// <param name="helpers">Where to look, in order: names of helpers, <c>containers-auth.json</c> for the files.</param>
    public CredentialStore(IReadOnlyList<string> paths, IReadOnlyList<string>? helpers = null)
    {
        _paths = paths;
        _helpers = helpers ?? [Files];
    }

    /// <summary>The stores of the user who runs us.</summary>
    public static CredentialStore OfUser(RegistriesConfig registries) =>
        new(CredentialPaths.OfUser(), registries.CredentialHelpers);

    /// <summary>The credentials for an image of a registry; null where there are none: anonymous.</summary>
    /// <exception cref="SysctrException">Unauthorized: a file or helper can't be read (going on as nobody would only confuse).</exception>
    public async Task<Credential?> FindAsync(ImageReference reference, CancellationToken cancellationToken)
    {
        foreach (string helper in _helpers)
        {
            Credential? found = helper == Files
                ? await FindInFilesAsync(reference, cancellationToken)
                : await CredentialHelper.GetAsync(helper, HelperKey(reference.Registry), cancellationToken);
            if (found is not null)
            {
                return found;
            }
        }

        return null;
    }

    private async Task<Credential?> FindInFilesAsync(ImageReference reference, CancellationToken cancellationToken)
    {
        foreach (string path in _paths)
        {
            if (Read(path) is { } file && await FindAsync(path, file, reference, cancellationToken) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private static async Task<Credential?> FindAsync(
        string path, AuthFileJson file, ImageReference reference, CancellationToken cancellationToken)
    {
        string host = reference.Registry;
        if (file.CredHelpers is { } helpers &&
            (helpers.TryGetValue(host, out string? helper) || helpers.TryGetValue(HelperKey(host), out helper)))
        {
            return await CredentialHelper.GetAsync(helper, HelperKey(host), cancellationToken);
        }

        // The most specific name wins: host/ns/repo, host/ns, host.
        for (string key = reference.Name; ; key = key[..key.LastIndexOf('/')])
        {
            if (file.Auths?.GetValueOrDefault(key) is { } entry && Decode(path, key, entry) is { } found)
            {
                return found;
            }

            if (!key.Contains('/', StringComparison.Ordinal))
            {
                break;
            }
        }

        foreach ((string key, AuthEntryJson? entry) in file.Auths ?? [])
        {
            if (entry is not null && LegacyHost(key) == host && Decode(path, key, entry) is { } found)
            {
                return found;
            }
        }

        return file.CredsStore is { Length: > 0 } store
            ? await CredentialHelper.GetAsync(store, HelperKey(host), cancellationToken)
            : null;
    }

    /// <summary>The host that a key of an old <c>docker login</c> means: they were URLs with a path of the API's version.</summary>
    private static string LegacyHost(string key)
    {
        int scheme = key.IndexOf("://", StringComparison.Ordinal);
        string rest = scheme < 0 ? key : key[(scheme + 3)..];
        bool versioned = rest.TrimEnd('/') is var trimmed &&
            (trimmed.EndsWith("/v1", StringComparison.Ordinal) || trimmed.EndsWith("/v2", StringComparison.Ordinal));

        // Without a scheme or version a path is a namespace, and its secret is not the whole host's.
        string host = scheme >= 0 || versioned ? rest.Split('/')[0] : rest;
        return host is "index.docker.io" or "registry-1.docker.io" ? ImageReference.DockerHub : host;
    }

    private static string HelperKey(string host) => host == ImageReference.DockerHub ? DockerHubKey : host;

    private static Credential? Decode(string path, string key, AuthEntryJson entry)
    {
        if (entry.IdentityToken is { Length: > 0 } token)
        {
            return new Credential(entry.Username, password: null, token);
        }

        if (entry.Auth is not { Length: > 0 } auth)
        {
            return entry.Username is { Length: > 0 } name ? new Credential(name, entry.Password, identityToken: null) : null;
        }

        try
        {
            string text = Encoding.UTF8.GetString(Convert.FromBase64String(auth));
            int colon = text.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
            {
                // docker pads with NULs.
                return new Credential(text[..colon], text[(colon + 1)..].TrimEnd('\0'), identityToken: null);
            }
        }
        catch (FormatException)
        {
            // Said below, without the text: it may be a secret.
        }

        throw new SysctrException(
            ErrorKind.Unauthorized,
            $"reading credentials for {key} in {path}: 'auth' is not the base64 of user:password",
            $"log in again: skopeo login --authfile {path} {key}");
    }

    private static AuthFileJson? Read(string path)
    {
        try
        {
            return File.Exists(path)
                ? JsonSerializer.Deserialize(File.ReadAllBytes(path), AuthJson.Default.AuthFileJson)
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SysctrException(ErrorKind.Unauthorized, $"reading credentials in {path}: {e.Message}", inner: e);
        }
        catch (JsonException e)
        {
            // Where only: the parser's message may quote the file.
            throw new SysctrException(
                ErrorKind.Unauthorized,
                $"reading credentials in {path}: line {e.LineNumber + 1} is not as containers-auth.json(5) says",
                "correct or remove the file");
        }
    }
}
