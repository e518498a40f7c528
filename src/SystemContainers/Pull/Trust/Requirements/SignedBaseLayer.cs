// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Pull.Trust.Names;

namespace SystemContainers.Pull.Trust.Requirements;

/// <summary>Of a layer below the image's own. containers/image reads it and lets no image pass by it; so do
/// we.</summary>
/// <param name="BaseLayerIdentity">Whose layer.</param>
sealed record SignedBaseLayer(SignedIdentity BaseLayerIdentity) : PolicyRequirement
{
    /// <inheritdoc/>
    public override string Type => "signedBaseLayer";
}
