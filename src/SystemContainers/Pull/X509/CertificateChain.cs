// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;

namespace SystemContainers.Pull.X509;

/// <summary>
/// Whether a certificate leads to a trusted one, by the rules of Go's crypto/x509, which containers/image and cosign
/// judge by: RFC 5280 without revocation and policies. What is trusted is trusted as it is, self-signed or not; nothing
/// is fetched, nothing of the host's own store counts.
/// </summary>
static class CertificateChain
{
    /// <summary>The use of a key that a certificate for signatures has to allow.</summary>
    public const string CodeSigning = "1.3.6.1.5.5.7.3.3";

    /// <summary>The use of a key that a certificate for timestamps has to allow.</summary>
    public const string TimeStamping = "1.3.6.1.5.5.7.3.8";

    // Attack: certificates of one name that all might be the next; Go's bound, too.
    private const int MaxSignatureChecks = 100;

    // There are up to 32 timestamps, each with certificates of its own, where a signature has one.
    private const int MaxTimestampChecks = 16;

    /// <summary>Throws unless there is a chain in which each certificate counts at <paramref name="time"/> and allows
    /// <paramref name="usage"/>.</summary>
    /// <param name="leaf">Which one it is about.</param>
    /// <param name="roots">What is trusted.</param>
    /// <param name="intermediates">What may stand between; not trusted.</param>
    /// <param name="time">When all have to count.</param>
    /// <param name="usage">What for: <see cref="CodeSigning"/> or <see cref="TimeStamping"/>.</param>
    /// <exception cref="SysctrException">Policy: there is none.</exception>
    public static void Check(
        Certificate leaf,
        IReadOnlyList<Certificate> roots,
        IReadOnlyList<Certificate> intermediates,
        DateTimeOffset time,
        string usage = CodeSigning
    )
    {
        int checks = 0;
        string why = "no trusted certificate is its issuer";
        if (leaf.WhyNotAt(time, [], isIntermediate: false) is { } fault)
        {
            throw Fault.Of($"the certificate does not count: {fault}");
        }

        bool found = roots.Any(r => r.Der.Span.SequenceEqual(leaf.Der.Span)) ? Usable([leaf]) : Extend([leaf]);
        if (!found)
        {
            throw Fault.Of($"the certificate does not count: {why}");
        }

        bool Extend(List<Certificate> chain) =>
            roots.Any(c => Try(c, isRoot: true, chain)) || intermediates.Any(c => Try(c, isRoot: false, chain));

        bool Try(Certificate candidate, bool isRoot, List<Certificate> chain)
        {
            if (!candidate.Subject.Span.SequenceEqual(chain[^1].Issuer.Span) || chain.Exists(candidate.IsSameAs))
            {
                return false;
            }

            if (++checks > (usage == TimeStamping ? MaxTimestampChecks : MaxSignatureChecks))
            {
                why = "there are too many certificates that might be its issuer";
                return false;
            }

            if (
                (candidate.WhyNotIssuerOf(chain[^1]) ?? candidate.WhyNotAt(time, chain, isIntermediate: !isRoot)) is
                { } fault
            )
            {
                why = fault;
                return false;
            }

            return isRoot ? Usable([.. chain, candidate]) : Extend([.. chain, candidate]);
        }

        bool Usable(List<Certificate> chain)
        {
            bool usable = chain.TrueForAll(c => c.Allows(usage));
            why = usable
                ? why
                : $"it is not for {(usage == TimeStamping ? "timestamps" : "code signing")}, or one above it is not";
            return usable;
        }
    }
}
