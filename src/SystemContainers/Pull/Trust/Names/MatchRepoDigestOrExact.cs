// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Trust.Names;

/// <summary>The same name with the same tag; where an image is asked for by its digest, the same name. What counts
/// where a policy says nothing.</summary>
sealed record MatchRepoDigestOrExact : SignedIdentity
{
    /// <inheritdoc/>
    public override string Type => "matchRepoDigestOrExact";

    /// <inheritdoc/>
    public override bool Matches(DockerName? image, string signed) =>
        image is not null && DockerName.Parse(signed) is { } name && SameOrByDigest(image, name);

    /// <inheritdoc/>
    public override string Wanted(DockerName? image) =>
        image?.Tag is null ? $"{image?.Name}, with any tag" : $"{image}";
}
