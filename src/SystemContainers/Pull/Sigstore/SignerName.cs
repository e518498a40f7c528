// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using SystemContainers.Errors;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Sigstore;

/// <summary>Who signed, in words.</summary>
static class SignerName
{
    /// <summary>A key, by the SHA-256 of its SubjectPublicKeyInfo, as Rekor and OpenSSL's users know it.</summary>
    /// <param name="place">The file that it is from; null where that is not known.</param>
    public static string OfKey(VerificationKey key, string? place) =>
        $"key SHA256:{Convert.ToHexStringLower(SHA256.HashData(key.Spki.Span))}{(place is null ? "" : $" ({Redact.Text(place)})")}";

    /// <summary>An identity that a certificate names.</summary>
    /// <param name="leaf">The certificate; it has been judged.</param>
    /// <param name="issuer">Where the signer logged in; null where the certificate is of one's own authority.</param>
    public static string OfCertificate(Certificate leaf, string? issuer) =>
        $"certificate of {Redact.Text(string.Join(", ", [.. leaf.Names.Emails, .. leaf.Names.Uris, .. leaf.Names.Hosts]))}{(issuer is null ? "" : $" (logged in at {Redact.Text(issuer)})")}";
}
