// SPDX-License-Identifier: Apache-2.0

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
        SysctrException? failure = null;
        foreach (string helper in _helpers)
        {
            try
            {
                Credential? found = helper == Files
                    ? await FindInFilesAsync(reference, cancellationToken)
                    : await AskAsync(helper, HelperKeys(reference.Registry), cancellationToken);
                if (found is not null)
                {
                    return found;
                }
            }
            catch (SysctrException e)
            {
                // As in podman: the next one may know.
                failure ??= e;
            }
        }

        return failure is null ? null : throw failure;
    }

    /// <summary>Asks a helper by each name that it may keep the credentials under.</summary>
    private static async Task<Credential?> AskAsync(string helper, IEnumerable<string> keys, CancellationToken cancellationToken)
    {
        foreach (string key in keys)
        {
            if (await CredentialHelper.GetAsync(helper, key, cancellationToken) is { } found)
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
        if (HelperKeys(host).FirstOrDefault(k => file.CredHelpers?.GetValueOrDefault(k) is { Length: > 0 }) is { } named)
        {
            return await AskAsync(file.CredHelpers![named]!, HelperKeys(host).OrderByDescending(k => k == named), cancellationToken);
        }

        return InAuths(path, file, reference)
            ?? (file.CredsStore is { Length: > 0 } store ? await AskAsync(store, HelperKeys(host), cancellationToken) : null);
    }

    private static Credential? InAuths(string path, AuthFileJson file, ImageReference reference)
    {
        // The most specific name decides, also where its entry is empty: host/ns/repo, host/ns, host.
        for (string key = reference.Name; ; key = key[..key.LastIndexOf('/')])
        {
            if (file.Auths?.TryGetValue(key, out AuthEntryJson? entry) == true)
            {
                return Decode(path, key, entry);
            }

            if (!key.Contains('/', StringComparison.Ordinal))
            {
                break;
            }
        }

        return (file.Auths ?? []).Where(a => LegacyHost(a.Key) == reference.Registry).Select(a => Decode(path, a.Key, a.Value)).FirstOrDefault(c => c is not null);
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

    /// <summary>Of Docker Hub: what docker login makes of it, and what podman login leaves of it. Helpers keep it under either.</summary>
    private static string[] HelperKeys(string host) => host == ImageReference.DockerHub ? [DockerHubKey, host] : [host];

    /// <returns>Null for an entry without any: <c>docker login</c> leaves such a one behind where a helper has the secret.</returns>
    private static Credential? Decode(string path, string key, AuthEntryJson? entry)
    {
        if (entry?.IdentityToken is { Length: > 0 } token)
        {
            return new Credential(entry.Username, password: null, token) { Source = path };
        }

        if (entry?.Auth is not { Length: > 0 } auth)
        {
            return entry?.Username is { Length: > 0 } name ? new Credential(name, entry.Password ?? "", identityToken: null) { Source = path } : null;
        }

        try
        {
            string text = Encoding.UTF8.GetString(Convert.FromBase64String(auth));
            int colon = text.IndexOf(':', StringComparison.Ordinal);
            if (colon >= 0)
            {
                // docker pads with NULs. Neither user nor password is nobody, too.
                string password = text[(colon + 1)..].TrimEnd('\0');
                return colon == 0 && password.Length == 0 ? null : new Credential(text[..colon], password, identityToken: null) { Source = path };
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
            return !File.Exists(path) ? null
                : Path.GetFileName(path) == CredentialPaths.OldFile
                ? new AuthFileJson { Auths = JsonSerializer.Deserialize(File.ReadAllBytes(path), AuthJson.Default.DictionaryStringAuthEntryJson) }
                : JsonSerializer.Deserialize(File.ReadAllBytes(path), AuthJson.Default.AuthFileJson);
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
