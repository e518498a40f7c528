// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;

namespace SystemContainers.Pull;

/// <summary>Which manifest of an index fits a machine (OCI image-spec, image-index.md; containerd's order of
/// variants).</summary>
static class PlatformChooser
{
    // Below all that say that they fit.
    private const int NoPlatform = 0;

    /// <summary>
    /// The best one; null where none fits. An entry without a platform is taken where none says that it fits, the first
    /// of several, as podman and containerd do: the image's configuration then says what it is for.
    /// </summary>
    public static Descriptor? Choose(IReadOnlyList<Descriptor> manifests, Platform wanted) =>
        manifests
            .Where(m => MediaTypes.IsManifest(m.MediaType) || MediaTypes.IsIndex(m.MediaType))
            .Select(m =>
                (
                    Manifest: m,
                    Rank: m.Platform is not null ? Rank(m.Platform, wanted) + 1
                    : IsAboutAnother(m) ? -1
                    : NoPlatform
                )
            )
            .Where(m => m.Rank > NoPlatform || (m.Rank == NoPlatform && m.Manifest.Platform is null))
            .OrderByDescending(m => m.Rank)
            .Select(m => m.Manifest)
            .FirstOrDefault();

    /// <summary>Whether it is an attestation of BuildKit's, a signature or a list of parts: no image, but about one
    /// beside it.</summary>
    private static bool IsAboutAnother(Descriptor manifest) =>
        manifest.Annotations?.ContainsKey("vnd.docker.reference.type") == true
        || manifest.ArtifactType is { Length: > 0 } and not (MediaTypes.OciConfig or MediaTypes.DockerConfig);

    /// <summary>Whether an image for <paramref name="offered"/> runs on <paramref name="wanted"/>.</summary>
    public static bool Fits(Platform offered, Platform wanted) => Rank(offered, wanted) >= 0;

    /// <summary>-1: does not run; 0: for any variant; above: the higher the closer.</summary>
    private static int Rank(Platform offered, Platform wanted)
    {
        if (offered.OperatingSystem != wanted.OperatingSystem || offered.Architecture != wanted.Architecture)
        {
            return -1;
        }

        int offeredLevel = Level(offered);
        int wantedLevel = Level(wanted);
        return offeredLevel <= wantedLevel ? offeredLevel : -1;
    }

    /// <summary>
    /// What the processor must have at least; a lower one runs on a higher. Unknown variants are above all that we
    /// have.
    /// </summary>
    private static int Level(Platform platform) =>
        (platform.Architecture, platform.Variant) switch
        {
            ("arm64", null or "" or "v8" or "8") => 8,
            (_, null or "") => 0,
            (_, { } variant) when int.TryParse(variant.TrimStart('v'), out int level) && level is > 0 and < 100 =>
                level,
            _ => 1000,
        };
}
