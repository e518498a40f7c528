// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;

namespace SystemContainers.Pull.Sources;

/// <summary>A place that has one image. What it gives is not verified; <see cref="ImagePuller"/> does that alike for
/// all.</summary>
interface IImageSource : IDisposable
{
    /// <summary>What the source itself calls the image, <c>etcd:latest</c>, known once its root was got; most say
    /// nothing. Not to be trusted.</summary>
    IReadOnlyList<string> Names => [];

    /// <summary>The manifest or index that the reference names.</summary>
    Task<RawManifest> GetRootAsync(CancellationToken cancellationToken);

    /// <summary>A manifest that an index names.</summary>
    Task<RawManifest> GetManifestAsync(Descriptor manifest, CancellationToken cancellationToken);

    /// <summary>A manifest that stands beside the image, under a tag of its own; null where there is none, as
    /// everywhere but in a registry.</summary>
    Task<RawManifest?> FindTagAsync(string tag, CancellationToken cancellationToken) =>
        Task.FromResult<RawManifest?>(null);

    /// <summary>The bytes of a blob from its start. The stream survives cut connections by itself, and ends early or
    /// late where the source lies.</summary>
    Task<Stream> OpenBlobAsync(Descriptor blob, CancellationToken cancellationToken);

    /// <summary>
    /// A piece of a blob: the stream has exactly these bytes, or throws <see cref="RangeRefusedException"/> from its
    /// first read where there is no such piece to be had.
    /// </summary>
    /// <param name="blob">As in <see cref="OpenBlobAsync"/>.</param>
    /// <param name="offset">Its first byte.</param>
    /// <param name="length">More than none; all of it within the blob.</param>
    /// <returns>Null where blobs are to be had whole alone, as everywhere but in a registry.</returns>
    Stream? OpenRange(Descriptor blob, long offset, long length) => null;
}

/// <summary>A manifest as it came.</summary>
/// <param name="MediaType">What the source calls it; null or a generic type where it does not know.</param>
/// <param name="Bytes">At most <see cref="OciLimits.MaxManifestBytes"/>.</param>
/// <param name="Announced">The digest that the source itself says it has; null where it says none.</param>
sealed record RawManifest(string? MediaType, byte[] Bytes, Digest? Announced);
