// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Trust.Requirements;

/// <summary>Nothing has to hold.</summary>
sealed record AcceptAnything : PolicyRequirement
{
    /// <summary>Its <c>type</c>.</summary>
    public const string Name = "insecureAcceptAnything";

    /// <inheritdoc/>
    public override string Type => Name;
}
