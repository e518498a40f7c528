// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Trust.Names;

/// <summary>The same name with the same tag or digest.</summary>
sealed record MatchExact : SignedIdentity
{
    /// <inheritdoc/>
    public override string Type => "matchExact";

    /// <inheritdoc/>
    public override bool Matches(DockerName? image, string signed) =>
        image is { IsNameOnly: false }
        && DockerName.Parse(signed) is { IsNameOnly: false } name
        && name.ToString() == image.ToString();

    /// <inheritdoc/>
    public override string Wanted(DockerName? image) => $"{image}";
}
