// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Pull.Auth;
using SystemContainers.Pull.Options;
using SystemContainers.Reference;

namespace SystemContainers.Push;

/// <summary>Opens what an image is to be copied to.</summary>
/// <param name="registries">Which registries are insecure or blocked. What is rewritten or mirrored there is so for
/// pulls alone.</param>
/// <param name="credentials">For registries that want some.</param>
/// <param name="options">Time-outs, attempts, where to spool.</param>
/// <param name="progress">Told of further attempts.</param>
sealed class Destinations(
    RegistriesConfig registries,
    CredentialStore credentials,
    PullOptions options,
    IPullProgress progress
)
{
    /// <summary>Opens a destination. Nothing is sent or made visible yet.</summary>
    /// <param name="source">Where the image is from; null where that is not known.</param>
    /// <exception cref="SysctrException">Policy: registries.conf blocks it; Usage: nothing can be written there;
    /// Conflict, Storage.</exception>
    public IImageDestination Open(ImageReference reference, ImageReference? source)
    {
        string doing = $"writing {reference}";
        return reference.Transport switch
        {
            ImageTransport.Docker => new RegistryDestination(
                Endpoint(reference),
                source,
                credentials,
                options,
                progress
            ),
            ImageTransport.OciLayout or ImageTransport.OciArchive when reference.Digest is not null =>
                throw new SysctrException(
                    ErrorKind.Usage,
                    $"{doing}: a name to write to has no digest",
                    "leave it out"
                ),
            ImageTransport.OciLayout => new LayoutDestination(reference),
            ImageTransport.OciArchive => new OciArchiveDestination(
                new ArchiveWriter(reference.FilePath, doing),
                reference.Tag
            ),
            ImageTransport.DockerArchive => new DockerArchiveDestination(
                new ArchiveWriter(reference.FilePath, doing),
                reference,
                options
            ),
            ImageTransport.Directory => new DirectoryDestination(reference),
            _ => throw new SysctrException(
                ErrorKind.Usage,
                $"{doing}: nothing can be written there",
                "write to docker://, oci:, oci-archive:, docker-archive: or dir:"
            ),
        };
    }

    private RegistryEndpoint Endpoint(ImageReference reference)
    {
        RegistrySettings settings = registries.For(reference);
        return settings.Blocked
            ? throw new SysctrException(
                ErrorKind.Policy,
                $"pushing to {reference.Identity}: registries.conf blocks it",
                "see [[registry]] in /etc/containers/registries.conf"
            )
            : new RegistryEndpoint(reference, settings.Registry?.Insecure ?? false, IsMirror: false);
    }
}
