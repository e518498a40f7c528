// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Pull.Trust.Names;

namespace SystemContainers.Pull.Trust.Requirements;

/// <summary>A sigstore signature. Exactly one of <paramref name="Keys"/>, <paramref name="Fulcio"/> and
/// <paramref name="Pki"/> is set.</summary>
/// <param name="Keys">Public keys, PEM.</param>
/// <param name="Fulcio">Certificates of a moment, for who logged in; then there is
/// <paramref name="RekorKeys"/>.</param>
/// <param name="Pki">Certificates of a CA; then there is none.</param>
/// <param name="RekorKeys">Public keys of transparency logs, PEM; null where no log has to have seen it.</param>
/// <param name="Identity">For which name.</param>
sealed record SigstoreSigned(
    KeySource? Keys,
    FulcioSource? Fulcio,
    PkiSource? Pki,
    KeySource? RekorKeys,
    SignedIdentity Identity
) : PolicyRequirement
{
    /// <inheritdoc/>
    public override string Type => "sigstoreSigned";

    /// <inheritdoc/>
    public override IEnumerable<KeySource> Sources =>
        new[] { Keys, Fulcio?.Authority, Pki?.Roots, Pki?.Intermediates, RekorKeys }.OfType<KeySource>();
}
