// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Trust.Names;

/// <summary>The same name, whatever the tag: an older image of the name passes for a newer one.</summary>
sealed record MatchRepository : SignedIdentity
{
    /// <inheritdoc/>
    public override string Type => "matchRepository";

    /// <inheritdoc/>
    public override bool Matches(DockerName? image, string signed) =>
        image is not null && DockerName.Parse(signed)?.Name == image.Name;

    /// <inheritdoc/>
    public override string Wanted(DockerName? image) => $"{image?.Name}, with any tag or none";
}
