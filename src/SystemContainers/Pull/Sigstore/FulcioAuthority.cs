// SPDX-License-Identifier: Apache-2.0

using System.Formats.Asn1;
using System.Text;
using SystemContainers.Errors;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Sigstore;

/// <summary>Certificates of Fulcio, which last minutes and name who logged in where (fulcio's
/// docs/oid-info.md).</summary>
/// <param name="Authorities">Fulcio's own.</param>
/// <param name="OidcIssuer">Where the signer logged in.</param>
/// <param name="SubjectEmail">As whom.</param>
sealed record FulcioAuthority(IReadOnlyList<Certificate> Authorities, string OidcIssuer, string SubjectEmail)
{
    private const string IssuerV1 = "1.3.6.1.4.1.57264.1.1";
    private const string IssuerV2 = "1.3.6.1.4.1.57264.1.8";

    /// <summary>Throws unless a certificate is of Fulcio, for the signer, and counted at a time.</summary>
    /// <param name="certificate">As PEM.</param>
    /// <param name="chain">What came with it.</param>
    /// <param name="time">When the log took the signature in.</param>
    /// <exception cref="SysctrException">Policy: it is not.</exception>
    public VerificationKey Check(string certificate, string? chain, DateTimeOffset time)
    {
        Certificate leaf = PkiAuthority.Leaf(certificate).JudgingNames();
        CertificateChain.Check(leaf, Authorities, PkiAuthority.Between(chain), time);
        if (IssuerOf(leaf) is var issuer && issuer != OidcIssuer)
        {
            throw Fault.Of($"its signer logged in at {Redact.Text(issuer)}, and {OidcIssuer} is required");
        }

        return leaf.Names.Emails.Contains(SubjectEmail)
            ? leaf.Key
            : throw Fault.Of($"the certificate is not for {SubjectEmail}{PkiAuthority.For(leaf)}");
    }

    /// <summary>Where the signer logged in: two extensions say it, and both say the same where both are
    /// there.</summary>
    /// <exception cref="SysctrException">Policy: neither is there, or they differ.</exception>
    public static string IssuerOf(Certificate leaf)
    {
        string? first = leaf.Extension(IssuerV1) is { } raw ? Encoding.UTF8.GetString(raw) : null;
        string? second = leaf.Extension(IssuerV2) is { } der
            ? Fault.Reading("the certificate's issuer", () => Text(der))
            : null;
        return first is not null && second is not null && first != second
            ? throw Fault.Of("the certificate names two issuers")
            : first
                ?? second
                ?? throw Fault.Of("the certificate does not say where its signer logged in, so it is none of Fulcio");
    }

    private static string Text(byte[] der)
    {
        AsnReader reader = new(der, AsnEncodingRules.DER);
        string text = reader.ReadCharacterString((UniversalTagNumber)reader.PeekTag().TagValue);
        reader.ThrowIfNotEmpty();
        return text;
    }
}
