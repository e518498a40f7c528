// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cmp;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.Ess;
using Org.BouncyCastle.Asn1.Tsp;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Cms;
using Org.BouncyCastle.Crypto.Operators;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Utilities.Collections;
using SystemContainers.Tests.Pull.Sigstore;
using Attribute = Org.BouncyCastle.Asn1.Cms.Attribute;
using AttributeTable = Org.BouncyCastle.Asn1.Cms.AttributeTable;
using Extension = Org.BouncyCastle.Asn1.X509.X509Extension;

namespace SystemContainers.Tests.Pull.Timestamps;

/// <summary>An authority for timestamps with certificates of its own, which stamps whatever a test wants, as
/// BouncyCastle builds it and not as the reader takes it apart.</summary>
sealed class TestStamper : IDisposable
{
    public const string TimeStamping = "1.3.6.1.5.5.7.3.8";

    private const string TokenType = "1.2.840.113549.1.9.16.1.4";
    private const string Policy = "1.3.6.1.4.1.57264.2";

    private static readonly Dictionary<string, string> s_oids = new(StringComparer.Ordinal)
    {
        ["SHA1"] = "1.3.14.3.2.26",
        ["SHA256"] = "2.16.840.1.101.3.4.2.1",
        ["SHA384"] = "2.16.840.1.101.3.4.2.2",
        ["SHA512"] = "2.16.840.1.101.3.4.2.3",
    };

    private readonly TestAuthority _authority;
    private readonly AsymmetricAlgorithm _key;
    private readonly X509Certificate2 _leaf;

    /// <param name="uri">Where it is asked.</param>
    /// <param name="key">What it signs with; it is disposed of with this.</param>
    /// <param name="usages">What its certificate is for.</param>
    /// <param name="critical">Whether nobody may overlook that.</param>
    /// <param name="from">When its certificate begins to count.</param>
    /// <param name="to">When that ends.</param>
    /// <param name="more">What else its certificate has.</param>
    /// <param name="middle">What the certificate above it has.</param>
    public TestStamper(
        string uri,
        AsymmetricAlgorithm? key = null,
        string[]? usages = null,
        bool critical = true,
        DateTimeOffset? from = null,
        DateTimeOffset? to = null,
        Action<CertificateRequest>? more = null,
        Action<CertificateRequest>? middle = null
    )
    {
        Uri = uri;
        _authority = new TestAuthority(new Uri(uri).Host, middle);
        _key = key ?? ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _leaf = _authority.Issue(
            _key,
            from: from,
            to: to,
            usage: "",
            more: r =>
            {
                OidCollection all = [];
                foreach (string usage in usages ?? [TimeStamping])
                {
                    all.Add(new Oid(usage));
                }

                if (all.Count > 0)
                {
                    r.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(all, critical));
                }

                more?.Invoke(r);
            }
        );
    }

    public string Uri { get; }

    public string ChainPem => _leaf.ExportCertificatePem() + "\n" + _authority.ChainPem;

    public void Dispose()
    {
        _leaf.Dispose();
        _key.Dispose();
        _authority.Dispose();
    }

    /// <summary>What a trusted root says of it.</summary>
    public string Json(bool withLeaf = true, string validFor = "\"start\":\"2026-01-01T00:00:00Z\"")
    {
        byte[][] chain = withLeaf
            ? [_leaf.RawData, _authority.MiddleDer, _authority.RootDer]
            : [_authority.MiddleDer, _authority.RootDer];
        return $$$$"""{"subject":{"organization":"x","commonName":"x"},"uri":"{{{{Uri}}}}","certChain":{"certificates":[{{{{string.Join(",", chain.Select(c => $"{{\"rawBytes\":\"{Convert.ToBase64String(c)}\"}}"))}}}}]},"validFor":{{{{{validFor}}}}}}""";
    }

    /// <summary>Its answer about a signature.</summary>
    /// <param name="signature">What was there.</param>
    /// <param name="time">When.</param>
    /// <param name="hash">How it is hashed.</param>
    /// <param name="status">0 for granted.</param>
    /// <param name="withCertificates">Whether its certificates come along.</param>
    /// <param name="bound">To which certificate it is bound: its own, another one, its own by SHA-1, or none.</param>
    /// <param name="signedAt">When it says to have signed; null for the same time.</param>
    /// <param name="type">As what it is signed.</param>
    /// <param name="critical">An extension that nobody knows and everybody has to.</param>
    public byte[] Stamp(
        byte[] signature,
        DateTimeOffset time,
        string hash = "SHA256",
        int status = 0,
        bool withCertificates = true,
        string bound = "own",
        DateTimeOffset? signedAt = null,
        string type = TokenType,
        bool critical = false
    )
    {
        X509Extensions? extensions = critical
            ? new X509Extensions(
                [new DerObjectIdentifier("1.2.3.4")],
                new Dictionary<DerObjectIdentifier, Extension>
                {
                    [new DerObjectIdentifier("1.2.3.4")] = new Extension(true, new DerOctetString([5, 0])),
                }
            )
            : null;
        TstInfo info = new(
            new DerObjectIdentifier(Policy),
            new MessageImprint(
                new AlgorithmIdentifier(new DerObjectIdentifier(s_oids[hash]), DerNull.Instance),
                CryptographicOperations.HashData(new HashAlgorithmName(hash), signature)
            ),
            DerInteger.ValueOf(7),
            new Asn1GeneralizedTime(time.UtcDateTime),
            new Accuracy(DerInteger.ValueOf(1), null, null),
            DerBoolean.False,
            DerInteger.ValueOf(99),
            null,
            extensions
        );
        Org.BouncyCastle.X509.X509Certificate own = new(_leaf.RawData);
        CmsSignedDataGenerator generator = new();
        generator.AddSignerInfoGenerator(
            new SignerInfoGeneratorBuilder()
                .WithSignedAttributeGenerator(
                    new DefaultSignedAttributeTableGenerator(Attributes(bound, signedAt ?? time))
                )
                .Build(
                    new Asn1SignatureFactory(
                        _key is RSA ? "SHA256withRSA" : "SHA256withECDSA",
                        PrivateKeyFactory.CreateKey(_key.ExportPkcs8PrivateKey())
                    ),
                    own
                )
        );
        if (withCertificates)
        {
            generator.AddCertificates(
                CollectionUtilities.CreateStore([own, new Org.BouncyCastle.X509.X509Certificate(_authority.MiddleDer)])
            );
        }

        CmsSignedData token = generator.Generate(
            new CmsProcessableByteArray(new DerObjectIdentifier(type), info.GetEncoded("DER")),
            true
        );
        return new TimeStampResp(new PkiStatusInfo(status), token.ContentInfo).GetEncoded("DER");
    }

    private AttributeTable Attributes(string bound, DateTimeOffset signedAt)
    {
        Dictionary<DerObjectIdentifier, object> all = new()
        {
            [CmsAttributes.SigningTime] = new Attribute(
                CmsAttributes.SigningTime,
                new DerSet(new Org.BouncyCastle.Asn1.Cms.Time(signedAt.UtcDateTime))
            ),
        };
        byte[] der = bound == "other" ? _authority.MiddleDer : _leaf.RawData;
        if (bound == "SHA-1")
        {
            DerObjectIdentifier id = new("1.2.840.113549.1.9.16.2.12");
            all[id] = new Attribute(
                id,
                new DerSet(
                    new SigningCertificate(new EssCertID(CryptographicOperations.HashData(HashAlgorithmName.SHA1, der)))
                )
            );
        }
        else if (bound != "none")
        {
            DerObjectIdentifier id = new("1.2.840.113549.1.9.16.2.47");
            all[id] = new Attribute(id, new DerSet(new SigningCertificateV2([new EssCertIDv2(SHA256.HashData(der))])));
        }

        return new AttributeTable(all);
    }
}
