// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Trust.Names;

/// <summary>One name, whatever the tag and whatever the image is called here.</summary>
/// <param name="Repository">As the policy has it.</param>
sealed record ExactRepository(string Repository) : SignedIdentity
{
    private readonly DockerName? _wanted = DockerName.Parse(Repository);

    /// <inheritdoc/>
    public override string Type => "exactRepository";

    /// <summary>Whether it can be written into a policy.</summary>
    public bool IsValid => _wanted is not null;

    /// <inheritdoc/>
    public override bool Matches(DockerName? image, string signed) =>
        IsValid && DockerName.Parse(signed)?.Name == _wanted!.Name;

    /// <inheritdoc/>
    public override string Wanted(DockerName? image) => $"{_wanted?.Name}, with any tag or none";
}
