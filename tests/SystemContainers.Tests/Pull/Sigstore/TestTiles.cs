// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Tests.Fakes;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;

namespace SystemContainers.Tests.Pull.Sigstore;

/// <summary>A log of Rekor's second version (rekor-tiles) with a key of its own: its entries, and checkpoints as C2SP
/// has them.</summary>
sealed class TestTiles : IDisposable
{
    private readonly AsymmetricAlgorithm? _key;
    private readonly Ed25519PrivateKeyParameters? _edwards;

    /// <param name="origin">Its name.</param>
    /// <param name="kind">Of its key: Ed25519, P-256, P-384 or RSA.</param>
    public TestTiles(string origin, string kind = "Ed25519")
    {
        Origin = origin;
        _key = kind switch
        {
            "P-256" => ECDsa.Create(ECCurve.NamedCurves.nistP256),
            "P-384" => ECDsa.Create(ECCurve.NamedCurves.nistP384),
            "RSA" => TestKeys.Rsa(2048),
            _ => null,
        };
        _edwards = _key is null ? new Ed25519PrivateKeyParameters(new SecureRandom()) : null;
        KeyDer = _key switch
        {
            ECDsa ecdsa => ecdsa.ExportSubjectPublicKeyInfo(),
            RSA rsa => rsa.ExportSubjectPublicKeyInfo(),
            _ => SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(_edwards!.GeneratePublicKey()).GetEncoded(),
        };
        Details = kind switch
        {
            "P-256" => "PKIX_ECDSA_P256_SHA_256",
            "P-384" => "PKIX_ECDSA_P384_SHA_384",
            "RSA" => "PKIX_RSA_PKCS1V15_2048_SHA256",
            _ => "PKIX_ED25519",
        };
        Id = SHA256.HashData(
            _key switch
            {
                ECDsa => KeyDer,
                RSA => [.. Encoding.UTF8.GetBytes(origin), 10, 255, .. "PKIX-RSA-PKCS#1v1.5"u8, .. KeyDer],
                _ => [.. Encoding.UTF8.GetBytes(origin), 10, 1, .. _edwards!.GeneratePublicKey().GetEncoded()],
            }
        );
    }

    public string Origin { get; }

    public byte[] KeyDer { get; }

    public string Details { get; }

    public byte[] Id { get; }

    public void Dispose() => _key?.Dispose();

    /// <summary>What a trusted root says of it.</summary>
    public string Json(bool withUrl = true, string validFor = "\"start\":\"2026-01-01T00:00:00Z\"") =>
        $$$$"""{{{{{(withUrl ? $"\"baseUrl\":\"https://{Origin}\"," : "")}}}}"hashAlgorithm":"SHA2_256","publicKey":{"rawBytes":"{{{{Convert.ToBase64String(KeyDer)}}}}","keyDetails":"{{{{Details}}}}","validFor":{{{{{validFor}}}}}},"logId":{"keyId":"{{{{Convert.ToBase64String(Id)}}}}"}}""";

    /// <summary>The body of an entry, canonical.</summary>
    public static string Body(
        byte[] digest,
        byte[] signature,
        byte[] verifier,
        bool isCertificate,
        string algorithm = "SHA2_256",
        string details = "PKIX_ECDSA_P256_SHA_256"
    ) =>
        "{\"apiVersion\":\"0.0.2\",\"kind\":\"hashedrekord\",\"spec\":{\"hashedRekordV002\":{\"data\":{\"algorithm\":\""
        + algorithm
        + "\",\"digest\":\""
        + Convert.ToBase64String(digest)
        + "\"},\"signature\":{\"content\":\""
        + Convert.ToBase64String(signature)
        + "\",\"verifier\":{\"keyDetails\":\""
        + details
        + "\",\""
        + (isCertificate ? "x509Certificate" : "publicKey")
        + "\":{\"rawBytes\":\""
        + Convert.ToBase64String(verifier)
        + "\"}}}}}}";

    /// <summary>The text that a checkpoint signs.</summary>
    public static string Text(string origin, byte[] root, long size) =>
        FormattableString.Invariant($"{origin}\n{size}\n{Convert.ToBase64String(root)}\n");

    /// <summary>A line with its signature.</summary>
    public string Line(string text, string? name = null, byte[]? id = null) =>
        $"\u2014 {name ?? Origin} {Convert.ToBase64String([.. (id ?? Id)[..4], .. Sign(Encoding.UTF8.GetBytes(text))])}\n";

    private byte[] Sign(byte[] text)
    {
        switch (_key)
        {
            case ECDsa ecdsa:
                return ecdsa.SignData(
                    text,
                    ecdsa.KeySize == 384 ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256,
                    DSASignatureFormat.Rfc3279DerSequence
                );
            case RSA rsa:
                return rsa.SignData(text, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            default:
                byte[] signature = new byte[64];
                _edwards!.Sign(
                    Org.BouncyCastle.Math.EC.Rfc8032.Ed25519.Algorithm.Ed25519,
                    null,
                    text,
                    0,
                    text.Length,
                    signature,
                    0
                );
                return signature;
        }
    }
}
