// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Trust.Names;

/// <summary>As <see cref="MatchRepoDigestOrExact"/> once the beginning of the image's name is replaced: for mirrors
/// that have names of their own.</summary>
/// <param name="Prefix">A host, or a host and namespaces; what does not begin so stays as it is.</param>
/// <param name="SignedPrefix">What stands in its place where it was signed.</param>
sealed record RemapIdentity(string Prefix, string SignedPrefix) : SignedIdentity
{
    /// <inheritdoc/>
    public override string Type => "remapIdentity";

    /// <summary>Whether it can be written into a policy.</summary>
    public bool IsValid => DockerName.IsPrefix(Prefix) && DockerName.IsPrefix(SignedPrefix);

    /// <inheritdoc/>
    public override bool Matches(DockerName? image, string signed) =>
        image is not null
        && DockerName.Parse(signed) is { } name
        && Remapped(image) is { } there
        && SameOrByDigest(there, name);

    /// <inheritdoc/>
    public override string Wanted(DockerName? image) =>
        image is null
            ? ""
            : $"{Remapped(image)?.ToString() ?? $"what begins with {SignedPrefix} in place of {Prefix}"}";

    private DockerName? Remapped(DockerName image)
    {
        if (image.Name != Prefix && !image.Name.StartsWith(Prefix + "/", StringComparison.Ordinal))
        {
            return image;
        }

        // What is no full name then, a short one or one of docker.io in another spelling, can't have been meant.
        string text = SignedPrefix + image.ToString()[Prefix.Length..];
        return DockerName.Parse(text) is { } name && name.ToString() == text ? name : null;
    }
}
