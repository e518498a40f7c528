// SPDX-License-Identifier: Apache-2.0

using System.Net;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Auth;
using SystemContainers.Pull.Http;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Sources;
using SystemContainers.Reference;
using SystemContainers.Target;

namespace SystemContainers.Verbs.Transfer;

/// <summary>Images deleted where they are, in a registry (distribution-spec, "Deleting Manifests"), as
/// <c>skopeo delete</c> does it: by the digest that the name leads to, so that every name of it goes.</summary>
sealed class RemoteDeletion(Host host, IPullProgress progress)
{
    /// <summary>Whether what was typed means an image in a registry and not one of the store.</summary>
    public static bool Is(string typed) => typed.StartsWith("docker://", StringComparison.Ordinal);

    /// <summary>Deletes one. Its blobs are for the registry's own garbage collection.</summary>
    /// <param name="typed">With its transport.</param>
    /// <returns>The digest of what was deleted: an index, where the name leads to one.</returns>
    /// <exception cref="SysctrException">NotFound, Unauthorized, Unreachable; Policy: registries.conf blocks it; Host:
    /// the registry lets nobody delete.</exception>
    public async Task<Digest> DeleteAsync(string typed, CancellationToken cancellation)
    {
        ImageReference reference = ImageReference.Parse(typed);
        string doing = $"deleting {reference.Identity}";
        RegistrySettings settings = host.Registries.For(reference);
        if (settings.Blocked)
        {
            throw new SysctrException(
                ErrorKind.Policy,
                $"{doing}: registries.conf blocks it",
                "see [[registry]] in /etc/containers/registries.conf"
            );
        }

        // Mirrors and rewritten locations are for pulls.
        RegistryEndpoint endpoint = new(reference, settings.Registry?.Insecure ?? false, IsMirror: false);
        CredentialStore credentials = CredentialStore.OfUser(host.Registries);
        PullOptions options = host.PullOptions();
        using RegistrySource source = new(endpoint, credentials, options, progress);
        ManifestDocument found = ManifestDocument.Read(
            await source.GetRootAsync(cancellation),
            reference.Digest,
            size: null,
            doing
        );

        // Registries disagree about what right it takes; all of them is what containers/image asks for.
        using RegistryClient client = new(endpoint, credentials, options, progress)
        {
            Scopes = [$"repository:{reference.Repository}:*"],
        };
        RegistryRequest request = new(doing, $"v2/{reference.Repository}/manifests/{found.Digest}", Accept: [])
        {
            Method = HttpMethod.Delete,
        };
        using HttpResponseMessage response = await SendAsync(client, request, cancellation);
        return response.IsSuccessStatusCode ? found.Digest
            : response.StatusCode
                is HttpStatusCode.MethodNotAllowed
                    or HttpStatusCode.BadRequest
                    or HttpStatusCode.NotImplemented
                ? throw new SysctrException(
                    ErrorKind.Host,
                    $"{doing}: the registry lets nobody delete images this way (HTTP {(int)response.StatusCode})",
                    "its administrator can allow it (storage.delete.enabled in docker-registry's config.yml), or there is another way, such as its web page"
                )
            : throw await client.ErrorAsync(request, response, cancellation);
    }

    private static async Task<HttpResponseMessage> SendAsync(
        RegistryClient client,
        RegistryRequest request,
        CancellationToken cancellation
    )
    {
        try
        {
            return await client.SendAsync(request, cancellation);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException)
        {
            throw RegistryErrors.FromException(request.Doing, client.Registry, e);
        }
    }
}
