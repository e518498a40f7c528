// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.Timestamps;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Statements;

/// <summary>Whose statements count. Just one of <see cref="Keys"/>, <see cref="Pki"/> and <see cref="Identity"/> is
/// set.</summary>
sealed record BundleTrust
{
    /// <summary>Public keys, of which one has to have signed.</summary>
    public IReadOnlyList<VerificationKey>? Keys { get; init; }

    /// <summary>Where each of <see cref="Keys"/> is from, for people.</summary>
    public IReadOnlyList<string> KeyPlaces { get; init; } = [];

    /// <summary>Certificates of one's own authority.</summary>
    public PkiAuthority? Pki { get; init; }

    /// <summary>A person or workflow; needs <see cref="Authorities"/>, and <see cref="Logs"/> or
    /// <see cref="Stampers"/>, which know when.</summary>
    public SignerIdentity? Identity { get; init; }

    /// <summary>Whose certificates name identities.</summary>
    public IReadOnlyList<TrustedAuthority> Authorities { get; init; } = [];

    /// <summary>Logs, of which one has to hold the statement; null for no matter.</summary>
    public IReadOnlyList<TrustedLog>? Logs { get; init; }

    /// <summary>Whose timestamps say when an identity signed, beside logs that say it.</summary>
    public IReadOnlyList<TimestampAuthority> Stampers { get; init; } = [];
}
