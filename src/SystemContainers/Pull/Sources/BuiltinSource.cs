// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Sources;

/// <summary>
/// The images of pods, and of containers on a directory of the host: no layer, for any platform, and the same bytes on
/// every host, so that each has one digest.
/// </summary>
sealed class BuiltinSource : IImageSource
{
    // image-spec has no form without an entry point for what shall be run; nothing of a pod is. What runs on a
    // directory is told by who installs it.
    private static readonly byte[] s_pod =
        """{"architecture":"","os":"","config":{"Entrypoint":["/pod"]},"rootfs":{"type":"layers","diff_ids":[]}}"""u8.ToArray();

    private static readonly byte[] s_rootfs =
        """{"architecture":"","os":"","config":{},"rootfs":{"type":"layers","diff_ids":[]}}"""u8.ToArray();

    private readonly byte[] _config;
    private readonly byte[] _manifest;

    public BuiltinSource(ImageReference reference)
    {
        _config = reference.Repository == ImageReference.PodName ? s_pod : s_rootfs;
        _manifest = System.Text.Encoding.UTF8.GetBytes(
            $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","config":{"mediaType":"{{MediaTypes.OciConfig}}","digest":"{{Digest.Sha256(_config)}}","size":{{_config.Length}}},"layers":[]}"""
        );
    }

    /// <inheritdoc/>
    public Task<RawManifest> GetRootAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new RawManifest(MediaTypes.OciManifest, _manifest, Announced: null));

    /// <inheritdoc/>
    public Task<RawManifest> GetManifestAsync(Descriptor manifest, CancellationToken cancellationToken) =>
        GetRootAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<Stream> OpenBlobAsync(Descriptor blob, CancellationToken cancellationToken) =>
        Task.FromResult<Stream>(new MemoryStream(_config, writable: false));

    /// <inheritdoc/>
    public void Dispose() { }
}
