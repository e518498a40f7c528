// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Trust.Names;

/// <summary>containers-policy.json(5), <c>signedIdentity</c>: which name a signature has to have been made
/// for.</summary>
abstract record SignedIdentity
{
    /// <summary>Its <c>type</c>.</summary>
    public abstract string Type { get; }

    /// <summary>Whether a signature for a name counts for an image.</summary>
    /// <param name="image">What was asked for, with tag or digest; null where the image's place knows no such
    /// names.</param>
    /// <param name="signed">What the signature says. Not to be trusted for more than this.</param>
    public abstract bool Matches(DockerName? image, string signed);

    /// <summary>What it wants, for a message: <c>matchExact, so for quay.io/x:1</c>.</summary>
    /// <param name="image">As of <see cref="Matches"/>.</param>
    public abstract string Wanted(DockerName? image);

    /// <summary>By digest the name is enough, for the digest is what is signed; by tag all of it has to be the
    /// same.</summary>
    private protected static bool SameOrByDigest(DockerName image, DockerName signed) =>
        !signed.IsNameOnly
        && (
            image.Tag is not null
                ? signed.ToString() == image.ToString()
                : image.Digest is not null && signed.Name == image.Name
        );
}
