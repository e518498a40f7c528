// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;

namespace SystemContainers.Pull.Sources;

/// <summary>The image of pods: no layer and no payload, for any platform, and the same bytes on every host, so that it has one digest.</summary>
sealed class BuiltinSource : IImageSource
{
    // image-spec has no form without an entry point for what shall be run; nothing of a pod is.
    private static readonly byte[] s_config = """{"architecture":"","os":"","config":{"Entrypoint":["/pod"]},"rootfs":{"type":"layers","diff_ids":[]}}"""u8.ToArray();

    private static readonly byte[] s_manifest = System.Text.Encoding.UTF8.GetBytes(
        $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","config":{"mediaType":"{{MediaTypes.OciConfig}}","digest":"{{Digest.Sha256(s_config)}}","size":{{s_config.Length}}},"layers":[]}""");

    /// <inheritdoc/>
    public Task<RawManifest> GetRootAsync(CancellationToken cancellationToken) => Task.FromResult(new RawManifest(MediaTypes.OciManifest, s_manifest, Announced: null));

    /// <inheritdoc/>
    public Task<RawManifest> GetManifestAsync(Descriptor manifest, CancellationToken cancellationToken) => GetRootAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<Stream> OpenBlobAsync(Descriptor blob, CancellationToken cancellationToken) => Task.FromResult<Stream>(new MemoryStream(s_config, writable: false));

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
