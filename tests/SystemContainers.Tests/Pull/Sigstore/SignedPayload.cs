// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using SystemContainers.Pull.Sigstore;

namespace SystemContainers.Tests.Pull.Sigstore;

/// <summary>A simple signing document and the ways to sign it.</summary>
static class SignedPayload
{
    public const string Digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    public const string Reference = "registry.example/team/app";

    public static byte[] Of(
        string digest = Digest,
        string reference = Reference,
        string optional = "null",
        string type = "cosign container image signature"
    ) =>
        Encoding.UTF8.GetBytes(
            $$$"""{"critical":{"identity":{"docker-reference":"{{{reference}}}"},"image":{"docker-manifest-digest":"{{{digest}}}"},"type":"{{{type}}}"},"optional":{{{optional}}}}"""
        );

    public static byte[] Sign(AsymmetricAlgorithm key, byte[] message) =>
        key is ECDsa ecdsa
            ? ecdsa.SignData(message, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)
            : ((RSA)key).SignData(message, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

    public static SigstoreAttachment Attach(
        byte[] payload,
        byte[] signature,
        X509Certificate2? certificate = null,
        string? chain = null,
        string? set = null
    )
    {
        Dictionary<string, string> annotations = new(StringComparer.Ordinal)
        {
            ["dev.cosignproject.cosign/signature"] = Convert.ToBase64String(signature),
        };
        if (certificate is not null)
        {
            annotations["dev.sigstore.cosign/certificate"] = certificate.ExportCertificatePem() + "\n";
        }

        if (chain is not null)
        {
            annotations["dev.sigstore.cosign/chain"] = chain;
        }

        if (set is not null)
        {
            annotations["dev.sigstore.cosign/bundle"] = set;
        }

        return new SigstoreAttachment(payload, annotations);
    }
}
