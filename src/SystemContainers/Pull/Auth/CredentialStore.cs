// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Auth;

/// <summary>
/// Finds the credentials for an image in the files and helpers that podman, skopeo and docker use
/// (containers-auth.json(5), and <c>credential-helpers</c> of containers-registries.conf(5)).
/// </summary>
sealed class CredentialStore
{
    private const string Files = "containers-auth.json";

    private readonly IReadOnlyList<string> _paths;
    private readonly IReadOnlyList<string> _helpers;
    private readonly Credential? _given;

    /// <param name="paths">Auth files, in order; missing ones are passed over.</param>
    /// <param name="helpers">Where to look, in order: names of helpers, <c>containers-auth.json</c> for the
    /// files.</param>
    public CredentialStore(IReadOnlyList<string> paths, IReadOnlyList<string>? helpers = null)
    {
        _paths = paths;
        _helpers = helpers ?? [Files];
    }

    /// <summary>One that has nothing but these credentials, which are every registry's.</summary>
    public CredentialStore(Credential given)
        : this([]) => _given = given;

    /// <summary>The stores of the user who runs us.</summary>
    public static CredentialStore OfUser(RegistriesConfig registries) =>
        new(CredentialPaths.OfUser(), registries.CredentialHelpers);

    /// <summary>The credentials for an image of a registry; null where there are none: anonymous.</summary>
    /// <exception cref="SysctrException">Unauthorized: a file or helper can't be read (going on as nobody would only
    /// confuse).</exception>
    public Task<Credential?> FindAsync(ImageReference reference, CancellationToken cancellationToken) =>
        FindAsync(reference.Name, cancellationToken);

    /// <summary>The credentials for a key of auth.json; those of a namespace, or of its registry, count for what is
    /// below.</summary>
    /// <param name="key"><c>HOST[:PORT][/PATH]</c>.</param>
    /// <exception cref="SysctrException">Unauthorized, as above.</exception>
    public async Task<Credential?> FindAsync(string key, CancellationToken cancellationToken)
    {
        if (_given is not null)
        {
            return _given;
        }

        SysctrException? failure = null;
        foreach (string helper in _helpers)
        {
            try
            {
                Credential? found =
                    helper == Files
                        ? await FindInFilesAsync(key, cancellationToken)
                        : await AskAsync(helper, HelperKeys(HostOf(key)), cancellationToken);
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
    private static async Task<Credential?> AskAsync(
        string helper,
        IEnumerable<string> keys,
        CancellationToken cancellationToken
    )
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

    private async Task<Credential?> FindInFilesAsync(string key, CancellationToken cancellationToken)
    {
        foreach (string path in _paths)
        {
            if (Read(path) is { } file && await FindAsync(path, file, key, cancellationToken) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private static async Task<Credential?> FindAsync(
        string path,
        AuthFileJson file,
        string key,
        CancellationToken cancellationToken
    )
    {
        string host = HostOf(key);
        if (
            HelperKeys(host).FirstOrDefault(k => file.CredHelpers?.GetValueOrDefault(k) is { Length: > 0 }) is { } named
        )
        {
            return await AskAsync(
                file.CredHelpers![named]!,
                HelperKeys(host).OrderByDescending(k => k == named),
                cancellationToken
            );
        }

        return InAuths(path, file, key)
            ?? (
                file.CredsStore is { Length: > 0 } store
                    ? await AskAsync(store, HelperKeys(host), cancellationToken)
                    : null
            );
    }

    private static Credential? InAuths(string path, AuthFileJson file, string wanted)
    {
        // The most specific name decides, also where its entry is empty: host/ns/repo, host/ns, host. Docker's old file
        // knew hosts alone.
        bool isOld = IsOldFile(path);
        for (string key = isOld ? HostOf(wanted) : wanted; ; key = key[..key.LastIndexOf('/')])
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

        return (file.Auths ?? [])
            .Where(a => AuthKey.LegacyHost(a.Key, isOld) == HostOf(wanted))
            .Select(a => Decode(path, a.Key, a.Value))
            .FirstOrDefault(c => c is not null);
    }

    private static string HostOf(string key) => key.Split('/')[0];

    private static bool IsOldFile(string path) => Path.GetFileName(path) == CredentialPaths.OldFile;

    private static IReadOnlyList<string> HelperKeys(string host) => AuthKey.InHelpers(host);

    /// <returns>Null for an entry without any: <c>docker login</c> leaves such a one behind where a helper has the
    /// secret.</returns>
    private static Credential? Decode(string path, string key, AuthEntryJson? entry)
    {
        if (entry?.IdentityToken is { Length: > 0 } token)
        {
            return new Credential(entry.Username, password: null, token) { Source = path };
        }

        if (entry?.Auth is not { Length: > 0 } auth)
        {
            return entry?.Username is { Length: > 0 } name
                ? new Credential(name, entry.Password ?? "", identityToken: null) { Source = path }
                : null;
        }

        try
        {
            string text = Encoding.UTF8.GetString(Convert.FromBase64String(auth));
            int colon = text.IndexOf(':', StringComparison.Ordinal);
            if (colon >= 0)
            {
                // docker pads with NULs. Neither user nor password is nobody, too.
                string password = text[(colon + 1)..].TrimEnd('\0');
                return colon == 0 && password.Length == 0
                    ? null
                    : new Credential(text[..colon], password, identityToken: null) { Source = path };
            }
        }
        catch (FormatException)
        {
            // Said below, without the text: it may be a secret.
        }

        throw new SysctrException(
            ErrorKind.Unauthorized,
            $"reading credentials for {key} in {path}: 'auth' is not the base64 of user:password",
            $"log in again: sysctr login --authfile {path} {key}"
        );
    }

    private static AuthFileJson? Read(string path)
    {
        try
        {
            return !File.Exists(path) || BoundedFile.Read("/", path, AuthFile.MaxBytes) is not { } text ? null
                : IsOldFile(path)
                    ? new AuthFileJson
                    {
                        Auths = JsonSerializer.Deserialize(text, AuthJson.Default.DictionaryStringAuthEntryJson),
                    }
                : JsonSerializer.Deserialize(text, AuthJson.Default.AuthFileJson);
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
                "correct or remove the file"
            );
        }
    }
}
