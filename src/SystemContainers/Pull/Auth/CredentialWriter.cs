// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Auth;

/// <summary>
/// Keeps and forgets credentials where they are configured to be: in an auth file, by the helper that the file names
/// for a registry, or by the helpers of registries.conf, in their order.
/// </summary>
/// <param name="files">Auth files: the first is written, entries are removed from all.</param>
/// <param name="helpers"><see cref="RegistriesConfig.CredentialHelpers"/>.</param>
sealed class CredentialWriter(IReadOnlyList<string> files, IReadOnlyList<string> helpers)
{
    private const string Files = "containers-auth.json";

    private readonly AuthFile[] _files = [.. files.Distinct(StringComparer.Ordinal).Select(f => new AuthFile(f))];

    /// <summary>Keeps a password.</summary>
    /// <returns>Where, for people.</returns>
    /// <exception cref="SysctrException">None of them takes it.</exception>
    public async Task<string> SetAsync(AuthKey key, string user, string password, CancellationToken cancellationToken)
    {
        List<SysctrException> failures = [];
        foreach (string helper in helpers)
        {
            try
            {
                if ((helper == Files ? _files[0].HelperOf(key) : helper) is { } named)
                {
                    RefuseNamespace(key, named);
                    await CredentialHelper.StoreAsync(named, key.Registry, user, password, cancellationToken);
                    return $"docker-credential-{named}";
                }

                _files[0].Set(key, user, password);
                return _files[0].Path;
            }
            catch (SysctrException e)
            {
                // As in podman: the next one may take it.
                failures.Add(e);
            }
        }

        throw failures is [{ } only]
            ? only
            : new SysctrException(
                failures[0].Kind,
                $"keeping the credentials of {key.Text}: {string.Join("; ", failures.Select(f => f.Message))}",
                failures[0].Hint,
                failures[0]
            );
    }

    /// <summary>Forgets a password wherever it is kept.</summary>
    /// <returns>Where it was, for people; empty where nobody had it.</returns>
    /// <exception cref="SysctrException">A file or helper fails; the others have forgotten it.</exception>
    public Task<IReadOnlyList<string>> RemoveAsync(AuthKey key, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> names = key.IsNamespace ? [] : AuthKey.InHelpers(key.Registry);
        return ForgetAsync(
            helper => EraseAsync(helper, names, cancellationToken),
            async file => file.HelperOf(key) is { } helper && await EraseAsync(helper, names, cancellationToken),
            file => file.Remove(key)
        );
    }

    /// <summary>Forgets all passwords. A helper that a file names keeps those of other programs too: of it only the
    /// registries that the file gives to it.</summary>
    /// <returns>Where there were some, for people.</returns>
    /// <exception cref="SysctrException">As <see cref="RemoveAsync"/>.</exception>
    public Task<IReadOnlyList<string>> ClearAsync(CancellationToken cancellationToken) =>
        ForgetAsync(
            async helper =>
                await EraseAsync(
                    helper,
                    await CredentialHelper.ListAsync(helper, cancellationToken),
                    cancellationToken
                ),
            async file =>
            {
                bool any = false;
                foreach ((string registry, string helper) in file.Helpers().Where(h => h.Helper.Length > 0))
                {
                    any |= await EraseAsync(
                        helper,
                        [.. AuthKey.InHelpers(registry).Append(registry).Distinct(StringComparer.Ordinal)],
                        cancellationToken
                    );
                }

                return any;
            },
            file => file.Clear()
        );

    private static async Task<bool> EraseAsync(
        string helper,
        IReadOnlyList<string> names,
        CancellationToken cancellationToken
    )
    {
        bool any = false;
        foreach (string name in names)
        {
            any |= await CredentialHelper.EraseAsync(helper, name, cancellationToken);
        }

        return any;
    }

    private async Task<IReadOnlyList<string>> ForgetAsync(
        Func<string, Task<bool>> ofHelper,
        Func<AuthFile, Task<bool>> ofItsHelpers,
        Func<AuthFile, bool> removed
    )
    {
        List<string> places = [];
        SysctrException? failure = null;
        foreach (string helper in helpers.Where(h => h != Files))
        {
            await TryAsync($"docker-credential-{helper}", () => ofHelper(helper));
        }

        foreach (AuthFile file in helpers.Contains(Files) ? _files : [])
        {
            await TryAsync(
                file.Path,
                async () =>
                {
                    bool any = await ofItsHelpers(file);
                    return removed(file) || any;
                }
            );
        }

        return failure is null ? places : throw failure;

        async Task TryAsync(string place, Func<Task<bool>> forget)
        {
            try
            {
                if (await forget())
                {
                    places.Add(place);
                }
            }
            catch (SysctrException e)
            {
                failure ??= e;
            }
        }
    }

    private static void RefuseNamespace(AuthKey key, string helper)
    {
        if (key.IsNamespace)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"keeping the credentials of {key.Text}: docker-credential-{helper} knows registries only, no part of one",
                $"log in to {key.Registry}"
            );
        }
    }
}
