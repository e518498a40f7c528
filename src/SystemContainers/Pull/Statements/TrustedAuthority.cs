// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Statements;

/// <summary>An authority like Fulcio, whose certificates say who logged in where.</summary>
/// <param name="Intermediates">What stands between it and the certificates.</param>
/// <param name="From">When it began to count; null for ever.</param>
/// <param name="To">When it ended.</param>
sealed record TrustedAuthority(
    Certificate Root,
    IReadOnlyList<Certificate> Intermediates,
    DateTimeOffset? From,
    DateTimeOffset? To
)
{
    /// <summary>Throws unless a certificate is of it and counted at a time.</summary>
    /// <exception cref="Errors.SysctrException">Policy: it is not.</exception>
    public void Check(Certificate leaf, DateTimeOffset time)
    {
        if (time < From || time > To)
        {
            throw Fault.Of("the authority did not count when the statement was signed");
        }

        CertificateChain.Check(leaf, [Root], Intermediates, time);
    }
}
