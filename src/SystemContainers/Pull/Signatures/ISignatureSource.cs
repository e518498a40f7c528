// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Pull.Trust.Signatures;

namespace SystemContainers.Pull.Signatures;

/// <summary>Where an image has its signatures. They are fetched once something has to be proved, and not
/// before.</summary>
interface ISignatureSource
{
    /// <summary>Where signatures are looked for, for whoever misses one.</summary>
    string Where { get; }

    /// <summary>All signatures of a manifest, unverified.</summary>
    /// <exception cref="Errors.SysctrException">Unreachable: they can't be fetched; Policy: what is there is none, or
    /// too many.</exception>
    Task<IReadOnlyList<ImageSignature>> GetAsync(Digest manifest, CancellationToken cancellationToken);
}
