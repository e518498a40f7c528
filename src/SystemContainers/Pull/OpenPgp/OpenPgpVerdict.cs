// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.OpenPgp;

/// <summary>What became of a signed message.</summary>
/// <param name="Content">What was signed; null where the signature does not count.</param>
/// <param name="Signer">The fingerprint of the signer's primary key; null where no key could be told.</param>
/// <param name="Fault">Why the signature does not count; null where it does.</param>
sealed record OpenPgpVerdict(byte[]? Content, string? Signer, string? Fault)
{
    /// <summary>It does not count.</summary>
    public static OpenPgpVerdict Bad(string fault, string? signer = null) => new(null, signer, fault);
}
