// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Pull.Trust.Signatures;

namespace SystemContainers.Pull.Signatures;

/// <summary>Layouts, archives and daemons have none, as for containers/image.</summary>
sealed class NoSignatures : ISignatureSource
{
    /// <inheritdoc/>
    public string Where => "nowhere: only images of registries and of dir: have signatures";

    /// <inheritdoc/>
    public Task<IReadOnlyList<ImageSignature>> GetAsync(Digest manifest, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ImageSignature>>([]);
}
