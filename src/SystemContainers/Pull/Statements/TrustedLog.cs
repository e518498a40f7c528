// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Statements;

/// <summary>A transparency log whose word is taken.</summary>
/// <param name="Id">By which entries name it: SHA-256 of its key, or of name and key (Rekor's second version).</param>
/// <param name="Key">What it signs with.</param>
/// <param name="From">When its key began to count; null for ever.</param>
/// <param name="To">When it ended.</param>
/// <param name="Origin">By which name its checkpoints are signed in Rekor's second version: the host of its URL; null
/// where that is not known.</param>
sealed record TrustedLog(
    byte[] Id,
    VerificationKey Key,
    DateTimeOffset? From,
    DateTimeOffset? To,
    string? Origin = null
)
{
    /// <summary>One of which only the key is known.</summary>
    public static TrustedLog Of(VerificationKey key) =>
        new(System.Security.Cryptography.SHA256.HashData(key.Spki.Span), key, null, null);

    /// <summary>Whether its key counted at a time.</summary>
    public bool CountsAt(DateTimeOffset time) => !(time < From) && !(time > To);
}
