// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Pull.Referrers;

namespace SystemContainers.Inspect.Remote;

/// <summary>The object that <c>sysctr sbom --json</c> prints: what a registry has about an image, unverified.</summary>
/// <param name="Digest">The manifest or index that the name leads to; of what is installed the manifest, where the name
/// leads elsewhere now.</param>
/// <param name="ManifestDigest">The manifest for the platform.</param>
/// <param name="Attached">What is attached to either.</param>
sealed record AttachedList(Digest Digest, Digest ManifestDigest, IReadOnlyList<AttachedDocument> Attached)
{
    /// <summary>The report of what was found.</summary>
    public static AttachedList Of(ReferrerList list) =>
        new(
            list.Root,
            list.Manifest,
            [
                .. list.All.Select(r => new AttachedDocument(
                    r.Kind,
                    r.Type,
                    r.IsSigned,
                    r.Subject,
                    r.Blob.Digest,
                    r.Blob.Size
                )),
            ]
        );
}

/// <param name="Type">The predicate's type of a statement, the media type of anything else.</param>
/// <param name="Signed">Whether it has a signature; by whom was not verified.</param>
/// <param name="Subject">What it is about.</param>
/// <param name="Digest">Of the document.</param>
/// <param name="Size">In bytes.</param>
sealed record AttachedDocument(ReferrerKind Kind, string Type, bool Signed, Digest Subject, Digest Digest, long Size);
