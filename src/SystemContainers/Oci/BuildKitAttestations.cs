// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Oci;

/// <summary>What BuildKit puts into an index beside images: statements about one of them (moby/buildkit,
/// docs/attestations/attestation-storage.md).</summary>
static class BuildKitAttestations
{
    private const string Type = "vnd.docker.reference.type";
    private const string About = "vnd.docker.reference.digest";

    /// <summary>Whether an entry is one, of whatever image.</summary>
    public static bool Is(Descriptor manifest) =>
        manifest.Annotations?.GetValueOrDefault(Type) == "attestation-manifest";

    /// <summary>Those about one image.</summary>
    public static IEnumerable<Descriptor> Of(ImageIndex index, Digest manifest) =>
        index.Manifests.Where(m => Is(m) && m.Annotations!.GetValueOrDefault(About) == manifest.ToString());
}
