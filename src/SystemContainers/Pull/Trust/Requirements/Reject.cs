// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Trust.Requirements;

/// <summary>Never holds.</summary>
sealed record Reject : PolicyRequirement
{
    /// <inheritdoc/>
    public override string Type => "reject";
}
