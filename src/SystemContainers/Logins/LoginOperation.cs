// SPDX-License-Identifier: Apache-2.0

using System.Net;
using SystemContainers.Errors;
using SystemContainers.Linux.Users;
using SystemContainers.Pull.Auth;
using SystemContainers.Pull.Http;
using SystemContainers.Pull.Options;
using SystemContainers.Reference;

namespace SystemContainers.Logins;

/// <summary>Logging in to registries and out of them, where podman and skopeo find it, and the other way
/// round.</summary>
sealed class LoginOperation
{
    private readonly RegistriesConfig _registries;
    private readonly PullOptions _options;
    private readonly IPullProgress _progress;
    private readonly CredentialStore _read;
    private readonly CredentialWriter _writer;
    private readonly IReadOnlyList<string> _stronger;
    private readonly string _written;

    /// <param name="registries">Which registries are plain, and the helpers that keep passwords.</param>
    /// <param name="options">Time-outs, proxies and certificates.</param>
    /// <param name="progress">Told of further attempts.</param>
    /// <param name="authFile">The file to use alone; null for those of the caller.</param>
    /// <param name="environment">Gives a variable.</param>
    public LoginOperation(
        RegistriesConfig registries,
        PullOptions options,
        IPullProgress progress,
        string? authFile,
        Func<string, string?> environment
    )
    {
        _registries = registries;
        _options = options;
        _progress = progress;
        IReadOnlyList<string> files = authFile is null
            ? CredentialPaths.OfUser(environment, Linux.Native.Libc.geteuid())
            : [Path.GetFullPath(authFile)];
        _written = authFile is null ? CredentialPaths.Written(environment) : files[0];
        _stronger = [.. files.TakeWhile(f => f != _written)];
        _read = new CredentialStore(files, registries.CredentialHelpers);
        _writer = new CredentialWriter([_written, .. _stronger], registries.CredentialHelpers);
    }

    /// <summary>By the configuration of the caller, root or not: logins belong to whoever calls, and need no
    /// store.</summary>
    /// <param name="user">Null for who calls, as they are.</param>
    /// <param name="note">Told what registries.conf says without effect.</param>
    /// <param name="progress">Told of further attempts.</param>
    /// <param name="authFile">The file to use alone; null for those of the caller.</param>
    /// <exception cref="SysctrException">Policy: registries.conf can't be read.</exception>
    public static LoginOperation Open(HostUser? user, Action<string> note, IPullProgress progress, string? authFile)
    {
        RegistriesConfig registries = RegistriesConfig.Load(RegistriesConfPaths.Of(user));
        foreach (string without in registries.Notes)
        {
            note($"warning: {without}");
        }

        return new LoginOperation(
            registries,
            PullOptions.Of(user),
            progress,
            authFile,
            Environment.GetEnvironmentVariable
        );
    }

    /// <summary>The registry of a text, or the first of unqualified-search-registries for none.</summary>
    /// <exception cref="SysctrException">Usage: it is none, or there is none.</exception>
    public AuthKey KeyOf(string? typed) =>
        AuthKey.Parse(
            typed
                ?? (_registries.SearchRegistries is [var first, ..] ? first : null)
                ?? throw new SysctrException(
                    ErrorKind.Usage,
                    "no registry is named, and registries.conf has no unqualified-search-registries",
                    "name one: HOST[:PORT][/NAMESPACE]"
                )
        );

    /// <summary>Who is logged in; null for nobody.</summary>
    /// <exception cref="SysctrException">Unauthorized: a file or helper can't be read.</exception>
    public Task<Credential?> FindAsync(AuthKey key, CancellationToken cancellation) =>
        _read.FindAsync(key.Text, cancellation);

    /// <summary>Whether a registry takes a user's password.</summary>
    /// <param name="key">The registry, or a part of it; the registry is asked.</param>
    /// <param name="credential">What to show it.</param>
    /// <param name="verify">Whether TLS is wanted and its certificate verified; null to let registries.conf
    /// say.</param>
    /// <returns>False where it asks nobody for a password.</returns>
    /// <exception cref="SysctrException">Unauthorized: it does not; Unreachable: nobody can say; Policy:
    /// registries.conf blocks it.</exception>
    public async Task<bool> CheckAsync(AuthKey key, Credential credential, bool? verify, CancellationToken cancellation)
    {
        ImageReference place = ImageReference.Parse($"{key.Registry}/any");
        RegistrySettings settings = _registries.For(place);
        if (settings.Blocked)
        {
            throw new SysctrException(
                ErrorKind.Policy,
                $"logging in to {key.Registry}: registries.conf blocks it",
                "see [[registry]] in /etc/containers/registries.conf"
            );
        }

        RegistryEndpoint endpoint = new(
            place,
            Insecure: verify is { } wanted ? !wanted : settings.Registry?.Insecure ?? false,
            IsMirror: false
        );
        using RegistryClient client = new(endpoint, new CredentialStore(credential), _options, _progress)
        {
            Scopes = [],
        };
        return await client.GetAsync(
            new RegistryRequest($"logging in to {key.Registry}", "v2/", Accept: []),
            static (response, _) =>
            {
                using (response)
                {
                    return Task.FromResult(
                        response.StatusCode == HttpStatusCode.OK
                            && response.RequestMessage?.Headers.Authorization is not null
                    );
                }
            },
            cancellation
        );
    }

    /// <returns>Where, and what is in the way of its use; for people.</returns>
    /// <exception cref="SysctrException">It can't be kept.</exception>
    public async Task<(string Place, string? Warning)> KeepAsync(
        AuthKey key,
        string user,
        string password,
        CancellationToken cancellation
    )
    {
        string place = await _writer.SetAsync(key, user, password, cancellation);
        string? stronger = place == _written ? _stronger.FirstOrDefault(f => new AuthFile(f).Has(key)) : null;
        return (place, stronger is null ? null : $"{stronger} has credentials of {key.Text} too, and comes first");
    }

    /// <summary>Forgets a password.</summary>
    /// <returns>Where it was, for people.</returns>
    /// <exception cref="SysctrException">NotFound: there is none.</exception>
    public async Task<IReadOnlyList<string>> ForgetAsync(AuthKey key, CancellationToken cancellation)
    {
        IReadOnlyList<string> places = await _writer.RemoveAsync(key, cancellation);
        if (places.Count > 0)
        {
            return places;
        }

        Credential? other = await FindAsync(key, cancellation);
        throw new SysctrException(
            ErrorKind.NotFound,
            other is null
                ? $"logging out of {key.Text}: nobody is logged in"
                : $"logging out of {key.Text}: the {other} are not ours to remove",
            other is null
                ? null
                : "'docker logout' removes what 'docker login' wrote; what is for a whole registry is removed by the registry's name"
        );
    }

    /// <summary>Forgets all passwords.</summary>
    /// <returns>Where there were some, for people.</returns>
    /// <exception cref="SysctrException">A file or helper fails.</exception>
    public Task<IReadOnlyList<string>> ForgetAllAsync(CancellationToken cancellation) =>
        _writer.ClearAsync(cancellation);
}
