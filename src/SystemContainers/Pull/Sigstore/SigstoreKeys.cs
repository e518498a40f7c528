// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Sigstore;

/// <summary>What a policy's <c>sigstoreSigned</c> trusts (containers-policy.json(5)). Just one of <see cref="Keys"/>,
/// <see cref="Fulcio"/> and <see cref="Pki"/> is set.</summary>
sealed record SigstoreKeys
{
    /// <summary>Public keys, of which one has to have signed.</summary>
    public IReadOnlyList<VerificationKey>? Keys { get; init; }

    /// <summary>Where each of <see cref="Keys"/> is from, for people.</summary>
    public IReadOnlyList<string> KeyPlaces { get; init; } = [];

    /// <summary>Identities by certificates of Fulcio; needs <see cref="Rekor"/>.</summary>
    public FulcioAuthority? Fulcio { get; init; }

    /// <summary>Certificates of one's own authority; without <see cref="Rekor"/>.</summary>
    public PkiAuthority? Pki { get; init; }

    /// <summary>Keys of the logs, of which one has to promise that it holds the signature; null for no
    /// matter.</summary>
    public IReadOnlyList<VerificationKey>? Rekor { get; init; }

    /// <summary>Reads the keys of logs, each a PEM text.</summary>
    /// <exception cref="Errors.SysctrException">Policy: one is no ECDSA key.</exception>
    public static IReadOnlyList<VerificationKey> RekorKeys(IEnumerable<string> pems) =>
        [
            .. pems.Select(p =>
                VerificationKey.FromPem(p) is { IsEcdsa: true } key
                    ? key
                    : throw Fault.Of("the key of a log is none for ECDSA")
            ),
        ];
}
