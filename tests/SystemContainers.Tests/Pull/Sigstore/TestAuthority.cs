// SPDX-License-Identifier: Apache-2.0

using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace SystemContainers.Tests.Pull.Sigstore;

/// <summary>An authority for certificates of signers: a root, one below it, and leaves that either issues. Of a
/// company, or as Fulcio is.</summary>
sealed class TestAuthority : IDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset End = new(2036, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // Made when a test first asks: its keys and signatures take milliseconds, and most tests that could have one have
    // none.
    private readonly Lazy<(X509Certificate2 Root, X509Certificate2 Middle)> _made;

    public TestAuthority(string name = "sysctr test", Action<CertificateRequest>? middle = null) =>
        _made = new(() => Make(name, middle));

    public string RootPem => Root.ExportCertificatePem();

    public string MiddlePem => Middle.ExportCertificatePem();

    public byte[] RootDer => Root.RawData;

    public byte[] MiddleDer => Middle.RawData;

    /// <summary>As signatures carry it: what is above the leaf, the root last.</summary>
    public string ChainPem => MiddlePem + "\n" + RootPem + "\n";

    private X509Certificate2 Root => _made.Value.Root;

    private X509Certificate2 Middle => _made.Value.Middle;

    public void Dispose()
    {
        if (_made.IsValueCreated)
        {
            Root.Dispose();
            Middle.Dispose();
        }
    }

    /// <summary>A leaf for a key.</summary>
    public X509Certificate2 Issue(
        AsymmetricAlgorithm key,
        Action<SubjectAlternativeNameBuilder>? names = null,
        string? issuer = null,
        string? issuerV2 = null,
        DateTimeOffset? from = null,
        DateTimeOffset? to = null,
        string usage = "1.3.6.1.5.5.7.3.3",
        Action<CertificateRequest>? more = null,
        bool byRoot = false
    )
    {
        X500DistinguishedName subject = new("");
        CertificateRequest request = key is ECDsa ecdsa
            ? new CertificateRequest(subject, ecdsa, HashAlgorithmName.SHA256)
            : new CertificateRequest(subject, (RSA)key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        if (usage.Length > 0)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        }

        if (names is not null)
        {
            SubjectAlternativeNameBuilder builder = new();
            names(builder);
            request.CertificateExtensions.Add(builder.Build(critical: true));
        }

        if (issuer is not null)
        {
            request.CertificateExtensions.Add(
                new X509Extension("1.3.6.1.4.1.57264.1.1", Encoding.UTF8.GetBytes(issuer), false)
            );
        }

        if (issuerV2 is not null)
        {
            AsnWriter writer = new(AsnEncodingRules.DER);
            writer.WriteCharacterString(UniversalTagNumber.UTF8String, issuerV2);
            request.CertificateExtensions.Add(new X509Extension("1.3.6.1.4.1.57264.1.8", writer.Encode(), false));
        }

        more?.Invoke(request);
        X509Certificate2 parent = byRoot ? Root : Middle;
        using ECDsa signer = parent.GetECDsaPrivateKey()!;
        return request.Create(
            parent.SubjectName,
            X509SignatureGenerator.CreateForECDsa(signer),
            from ?? Start,
            to ?? End,
            RandomNumberGenerator.GetBytes(8).Prepend((byte)1).ToArray()
        );
    }

    private static (X509Certificate2 Root, X509Certificate2 Middle) Make(
        string name,
        Action<CertificateRequest>? middle
    )
    {
        using ECDsa rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        X509Certificate2 root = Authority($"CN={name} root", rootKey).CreateSelfSigned(Start, End);
        using ECDsa middleKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest below = Authority($"CN={name} middle", middleKey);
        middle?.Invoke(below);
        using X509Certificate2 bare = below.Create(root, Start, End, [1, 2, 3]);
        return (root, bare.CopyWithPrivateKey(middleKey));
    }

    private static CertificateRequest Authority(string name, ECDsa key)
    {
        CertificateRequest request = new(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true)
        );
        return request;
    }
}
