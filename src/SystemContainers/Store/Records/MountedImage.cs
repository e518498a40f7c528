// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.Oci;

namespace SystemContainers.Store.Records;

/// <summary>Another image, whose files a deployment mounts at paths of its container.</summary>
/// <param name="Name">As it was named; the name of a mount (<c>--mount type=image</c>) leads to it.</param>
/// <param name="Image">The full reference that the name meant.</param>
/// <param name="ImageId">The digest of its configuration.</param>
/// <param name="DiffIds">Its layers, base first.</param>
sealed record MountedImage(
    [property: JsonRequired] string Name,
    [property: JsonRequired] string Image,
    [property: JsonRequired, JsonConverter(typeof(DigestConverter))] Digest ManifestDigest,
    [property: JsonRequired, JsonConverter(typeof(DigestConverter))] Digest ImageId,
    [property: JsonRequired] IReadOnlyList<Digest> DiffIds
)
{
    /// <summary>What a mount's name meant.</summary>
    public static MountedImage Of(string name, ImageRecord image) =>
        new(name, image.Reference, image.ManifestDigest, image.ConfigDigest, image.DiffIds);

    /// <summary>As if the store had a name for it.</summary>
    public ImageRecord AsImage(DateTimeOffset since) => new(Image, ManifestDigest, ImageId, DiffIds, since);

    /// <summary>Whether it is the same image by the same name.</summary>
    public bool IsSameAs(MountedImage other) =>
        Name == other.Name && Image == other.Image && ManifestDigest == other.ManifestDigest;
}
