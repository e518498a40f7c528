// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Pull;

namespace SystemContainers.Push;

/// <summary>
/// A place that takes images: blobs first, in any order, then manifests, those of an index before it, and last the
/// name. Nobody sees an image there of which a part is missing: until <see cref="CommitAsync"/> no name means it, and
/// disposing of it without leaves what was there before.
/// </summary>
interface IImageDestination : IAsyncDisposable
{
    /// <summary>How many blobs may be put at once.</summary>
    int ParallelBlobs { get; }

    /// <summary>Whether it has manifests byte for byte, and so the same digests.</summary>
    bool KeepsManifests { get; }

    /// <summary>Whether it has a blob already, so that it need not be put.</summary>
    Task<bool> HasBlobAsync(Descriptor blob, CancellationToken cancellation);

    /// <summary>Takes a blob.</summary>
    /// <param name="open">Opens it at its start; the stream throws at its end, at the latest, where it is not what
    /// <paramref name="blob"/> says. May be called again, after a cut.</param>
    /// <exception cref="Errors.SysctrException">Unreachable, Unauthorized, Storage, or what the stream
    /// throws.</exception>
    Task PutBlobAsync(Descriptor blob, Func<CancellationToken, Task<Stream>> open, CancellationToken cancellation);

    /// <summary>Takes a manifest or index all of whose blobs and manifests were put.</summary>
    Task PutManifestAsync(ManifestDocument manifest, CancellationToken cancellation);

    /// <summary>Has the destination's name mean an image that was put, in one step.</summary>
    Task CommitAsync(ManifestDocument root, CancellationToken cancellation);
}
