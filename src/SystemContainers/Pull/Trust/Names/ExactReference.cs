// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Trust.Names;

/// <summary>One name with its tag or digest, whatever the image is called here.</summary>
/// <param name="Reference">As the policy has it.</param>
sealed record ExactReference(string Reference) : SignedIdentity
{
    private readonly DockerName? _wanted = DockerName.Parse(Reference);

    /// <inheritdoc/>
    public override string Type => "exactReference";

    /// <summary>Whether it can be written into a policy.</summary>
    public bool IsValid => _wanted is { IsNameOnly: false };

    /// <inheritdoc/>
    public override bool Matches(DockerName? image, string signed) =>
        IsValid && DockerName.Parse(signed) is { IsNameOnly: false } name && name.ToString() == _wanted!.ToString();

    /// <inheritdoc/>
    public override string Wanted(DockerName? image) => $"{_wanted}";
}
