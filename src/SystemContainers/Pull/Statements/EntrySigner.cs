// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Statements;

/// <summary>Whom a log's entry about a statement has to name.</summary>
/// <param name="Key">Whose key signed it.</param>
/// <param name="Certificate">Of the key, where it is judged by that.</param>
sealed record EntrySigner(VerificationKey Key, Certificate? Certificate)
{
    /// <summary>The certificate, or else the key, as DER: what the entry names.</summary>
    public ReadOnlyMemory<byte> Der => Certificate?.Der ?? Key.Spki;
}
