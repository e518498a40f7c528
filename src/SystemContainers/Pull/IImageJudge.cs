// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Pull.Sources;
using SystemContainers.Pull.Trust;
using SystemContainers.Reference;

namespace SystemContainers.Pull;

/// <summary>Whoever has a say about an image once its digest is known, and before any layer of it is fetched.</summary>
interface IImageJudge
{
    /// <summary>Throws unless the image may be pulled.</summary>
    /// <param name="reference">The logical name.</param>
    /// <param name="place">The image as it is reached.</param>
    /// <param name="root">The manifest or index that the name leads to.</param>
    /// <param name="document">The manifest that is pulled: the same, or one that the index names.</param>
    /// <returns>Who proved what was required; none where nothing was.</returns>
    /// <exception cref="Errors.SysctrException">Policy: it may not; with an inner one where what is required can't be
    /// used, so that no other place of the image helps. Else as a pull.</exception>
    Task<IReadOnlyList<ImageProof>> JudgeAsync(
        ImageReference reference,
        ImageReference place,
        IImageSource source,
        Digest root,
        ManifestDocument document,
        CancellationToken cancellationToken
    );

    /// <summary>What a verdict about an image depends on here: another text once a rule or a key is another. Null where
    /// there is no say about it.</summary>
    /// <exception cref="Errors.SysctrException">Policy: a key can't be read.</exception>
    string? JudgementFor(ImageReference reference);
}
