// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Sigstore;

/// <summary>Certificates of an authority of one's own ("bring your own PKI").</summary>
/// <param name="Roots">What is trusted.</param>
/// <param name="Intermediates">What may stand between, beside what comes with a signature.</param>
/// <param name="SubjectEmail">An address that the certificate is for; null for no matter.</param>
/// <param name="SubjectHostname">A host that it is for; null for no matter.</param>
sealed record PkiAuthority(
    IReadOnlyList<Certificate> Roots,
    IReadOnlyList<Certificate> Intermediates,
    string? SubjectEmail,
    string? SubjectHostname
)
{
    private const int MaxCertificates = 32;

    /// <summary>Throws unless a certificate counts now, for the signer.</summary>
    /// <param name="certificate">As PEM.</param>
    /// <param name="chain">What came with it.</param>
    /// <param name="now">When it has to count.</param>
    /// <exception cref="SysctrException">Policy: it does not.</exception>
    public VerificationKey Check(string certificate, string? chain, DateTimeOffset now)
    {
        IReadOnlyList<Certificate> between = Between(chain);
        return Check(Leaf(certificate), between, now);
    }

    /// <summary>The same, of certificates that were read.</summary>
    /// <exception cref="SysctrException">Policy: it does not count.</exception>
    public VerificationKey Check(Certificate leaf, IReadOnlyList<Certificate> between, DateTimeOffset now)
    {
        CertificateChain.Check(leaf, Roots, [.. Intermediates, .. between], now);
        return SubjectEmail is { } email && !leaf.Names.Emails.Contains(email)
                ? throw Fault.Of($"the certificate is not for {email}{For(leaf)}")
            : SubjectHostname is { } host && !leaf.Names.Holds(host)
                ? throw Fault.Of($"the certificate is not for {host}{For(leaf)}")
            : leaf.Key;
    }

    /// <summary>The one certificate of a PEM text.</summary>
    /// <exception cref="SysctrException">Policy: it holds none or several.</exception>
    public static Certificate Leaf(string pem) =>
        Certificate.ReadAll(pem, MaxCertificates) is [{ } leaf]
            ? leaf
            : throw Fault.Of("there is not just one certificate with the signature");

    /// <summary>What came with a certificate: without the last, which is the root and no evidence of itself.</summary>
    /// <exception cref="SysctrException">Policy: it is malformed.</exception>
    public static IReadOnlyList<Certificate> Between(string? chain) =>
        string.IsNullOrEmpty(chain) ? [] : [.. Certificate.ReadAll(chain, MaxCertificates).SkipLast(1)];

    /// <summary>", but for X", for messages.</summary>
    public static string For(Certificate leaf)
    {
        string[] names = [.. leaf.Names.Emails, .. leaf.Names.Uris, .. leaf.Names.Hosts];
        return names.Length == 0 ? "" : $", but for {Redact.Text(string.Join(", ", names))}";
    }
}
