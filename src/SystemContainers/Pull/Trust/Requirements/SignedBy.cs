// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Pull.Trust.Names;

namespace SystemContainers.Pull.Trust.Requirements;

/// <summary>A simple signature (containers-signature(5)) by one of some OpenPGP keys, for a name.</summary>
/// <param name="KeyType">Only <see cref="GpgKeys"/> can be met; the others are read, as in containers/image.</param>
/// <param name="Keys">The keyrings.</param>
/// <param name="Identity">For which name.</param>
sealed record SignedBy(string KeyType, KeySource Keys, SignedIdentity Identity) : PolicyRequirement
{
    /// <summary>The key type that exists.</summary>
    public const string GpgKeys = "GPGKeys";

    /// <inheritdoc/>
    public override string Type => "signedBy";

    /// <inheritdoc/>
    public override IEnumerable<KeySource> Sources => [Keys];
}
