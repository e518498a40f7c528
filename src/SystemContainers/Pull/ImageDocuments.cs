// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Http;
using SystemContainers.Pull.Sources;
using SystemContainers.Pull.Streams;
using SystemContainers.Reference;

namespace SystemContainers.Pull;

/// <summary>What describes an image, fetched from a place and verified: its manifest, that of an index for a platform,
/// and its configuration.</summary>
static class ImageDocuments
{
    /// <summary>The manifest or index that a place has by a name, verified.</summary>
    public static async Task<ManifestDocument> RootAsync(
        ImageReference place,
        IImageSource source,
        CancellationToken cancellationToken
    ) =>
        ManifestDocument.Read(
            await source.GetRootAsync(cancellationToken),
            place.Digest,
            size: null,
            $"fetching the manifest of {place.Identity}"
        );

    /// <summary>The manifest for a platform: the one that is there, or one that the index names, verified.</summary>
    /// <exception cref="SysctrException">NotFound: there is none for it.</exception>
    public static async Task<ManifestDocument> ChooseAsync(
        ImageReference place,
        IImageSource source,
        ManifestDocument root,
        Platform platform,
        CancellationToken cancellationToken
    )
    {
        string doing = $"fetching the manifest of {place.Identity}";
        ManifestDocument document = root;

        // An index in an index is allowed (image-spec), a chain of them is not sensible.
        for (int depth = 0; document.Index is { } index; depth++)
        {
            if (depth == OciLimits.MaxIndexDepth)
            {
                throw new SysctrException(
                    ErrorKind.Unsafe,
                    $"{doing}: indexes are nested more than {OciLimits.MaxIndexDepth} deep"
                );
            }

            Descriptor chosen =
                PlatformChooser.Choose(index.Manifests, platform) ?? throw NoPlatform(place, index, platform);
            RawManifest raw = await source.GetManifestAsync(chosen, cancellationToken);
            document = ManifestDocument.Read(
                raw with
                {
                    MediaType = raw.MediaType ?? chosen.MediaType,
                },
                chosen.Digest,
                chosen.Size,
                doing
            );
        }

        return document;
    }

    /// <summary>The configuration of an image, verified.</summary>
    /// <exception cref="SysctrException">Corrupt: it is no image; Unsafe: it is too large.</exception>
    public static async Task<byte[]> FetchConfigAsync(
        ImageReference place,
        IImageSource source,
        ImageManifest manifest,
        CancellationToken cancellationToken
    )
    {
        string doing = $"fetching the configuration of {place.Identity}";
        Descriptor config = manifest.Config;
        if (config.MediaType is not (MediaTypes.OciConfig or MediaTypes.DockerConfig))
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{doing}: it is a {Redact.Text(manifest.ArtifactType ?? config.MediaType)}, not a container image",
                "only images can be installed; this is another kind of artifact"
            );
        }

        if (config.Size is < 0 or > OciLimits.MaxConfigBytes)
        {
            throw new SysctrException(ErrorKind.Unsafe, $"{doing}: it is larger than {OciLimits.MaxConfigBytes} bytes");
        }

        await using VerifiedStream stream = new(await source.OpenBlobAsync(config, cancellationToken), config, doing);
        return await Body.ReadAtMostAsync(stream, OciLimits.MaxConfigBytes + 1, cancellationToken);
    }

    /// <summary>An image's configuration and the digests of its layers, unpacked.</summary>
    /// <param name="place">What the image is called.</param>
    /// <param name="bytes">The configuration, verified.</param>
    /// <param name="platform">What it has to be for; null for any.</param>
    /// <exception cref="SysctrException">Corrupt: it is none, or not the manifest's; Unsafe: too many layers; NotFound:
    /// of another platform.</exception>
    public static (ImageConfig Config, Digest[] DiffIds) ReadConfig(
        ImageReference place,
        ImageManifest manifest,
        byte[] bytes,
        Platform? platform
    )
    {
        string doing = $"reading the configuration of {place.Identity}";
        ImageConfig config;
        try
        {
            config =
                JsonSerializer.Deserialize(bytes, OciJson.Default.ImageConfig) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{doing}: it is malformed: {Redact.Text(JsonFault.Of(e))}",
                inner: e
            );
        }

        IReadOnlyList<string> texts = config.RootFs.DiffIds;
        if (manifest.Layers.Count > OciLimits.MaxLayers)
        {
            throw new SysctrException(ErrorKind.Unsafe, $"{doing}: it has more than {OciLimits.MaxLayers} layers");
        }

        if (config.RootFs.Type != "layers" || texts.Count != manifest.Layers.Count)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{doing}: it lists {texts.Count} {Redact.Text(config.RootFs.Type)}, the manifest {manifest.Layers.Count} layers",
                "the image was built broken; build it again"
            );
        }

        // A hand-made image may leave the architecture empty; then only the user can know.
        Platform offered = new(config.Architecture, config.OperatingSystem, config.Variant);
        if (
            platform is not null
            && (offered.Architecture.Length > 0 || offered.OperatingSystem.Length > 0)
            && !PlatformChooser.Fits(offered, platform)
        )
        {
            throw new SysctrException(
                ErrorKind.NotFound,
                $"pulling {place.Identity}: it is for {Redact.Text(offered.ToString())}, not for {platform}",
                "look for an image of this platform, or name another one"
            );
        }

        Digest[] diffIds =
        [
            .. texts.Select(t =>
                Digest.TryParse(t, out Digest digest)
                    ? digest
                    : throw new SysctrException(
                        ErrorKind.Corrupt,
                        $"{doing}: '{Redact.Text(t ?? "")}' is no digest of a layer"
                    )
            ),
        ];
        return (config, diffIds);
    }

    private static SysctrException NoPlatform(ImageReference place, ImageIndex index, Platform platform)
    {
        string[] there =
        [
            .. index
                .Manifests.Select(m => m.Platform)
                .OfType<Platform>()
                .Select(p => Redact.Text(p.ToString()))
                .Where(p => !p.StartsWith("unknown/", StringComparison.Ordinal))
                .Distinct(StringComparer.Ordinal)
                .Take(30),
        ];
        if (
            index.Others.FirstOrDefault(o => o.Platform is { } other && PlatformChooser.Fits(other, platform)) is
            { } unverifiable
        )
        {
            return new SysctrException(
                ErrorKind.Corrupt,
                $"pulling {place.Identity}: the one for {platform} has the digest '{Redact.Text(unverifiable.Digest)}', which can't be verified",
                "sha256 and sha512 are known; push the image again with one of them"
            );
        }

        return new SysctrException(
            ErrorKind.NotFound,
            $"pulling {place.Identity}: there is none for {platform}",
            there.Length == 0 ? "it names no platforms at all" : "there are images for " + string.Join(", ", there)
        );
    }
}
