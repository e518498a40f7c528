// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Tests.Fakes;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using SystemContainers.Oci;
using SystemContainers.Pull.Statements;
using SystemContainers.Pull.X509;
using SystemContainers.Tests.Pull.Sigstore;
using SystemContainers.Tests.Pull.Timestamps;

namespace SystemContainers.Tests.Pull.Statements;

/// <summary>Bundles with timestamps (RFC 3161) and with entries in logs of Rekor's second version, by authorities and
/// logs of their own. The ways to be wrong are in the other part.</summary>
sealed partial class StampedSamples : IDisposable
{
    private const string TsaUsage = TestStamper.TimeStamping;

    private static readonly DateTimeOffset s_time = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset s_before = new(2026, 5, 31, 0, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<string, ECDsa> _keys = new(StringComparer.Ordinal)
    {
        ["P-256"] = ECDsa.Create(ECCurve.NamedCurves.nistP256),
        ["P-384"] = ECDsa.Create(ECCurve.NamedCurves.nistP384),
        ["other"] = ECDsa.Create(ECCurve.NamedCurves.nistP256),
    };

    private readonly TestAuthority _fulcio = new("fulcio");
    private readonly TestLog _first = new();
    private readonly Dictionary<string, TestTiles> _logs = new(StringComparer.Ordinal)
    {
        ["log"] = new TestTiles("log.example"),
        ["ECDSA"] = new TestTiles("ecdsa.log.example", "P-256"),
        ["P-384"] = new TestTiles("p384.log.example", "P-384"),
        ["RSA"] = new TestTiles("rsa.log.example", "RSA"),
        ["ended"] = new TestTiles("ended.log.example"),
        ["without URL"] = new TestTiles("unnamed.log.example"),
        ["stranger"] = new TestTiles("log.example"),
    };

    // Of one, the certificate itself is trusted; of the others, those above it.
    private readonly Dictionary<string, TestStamper> _stampers = new(StringComparer.Ordinal)
    {
        ["tsa"] = new TestStamper("https://tsa.example"),
        ["second"] = new TestStamper("https://second.tsa.example"),
        ["RSA"] = new TestStamper("https://rsa.tsa.example", TestKeys.Rsa(2048)),
        ["expired since"] = new TestStamper("https://expired.tsa.example", to: s_time.AddDays(1)),
        ["expired"] = new TestStamper("https://old.tsa.example", to: s_before),
        ["ended"] = new TestStamper("https://ended.tsa.example"),
        ["for code"] = new TestStamper("https://code.tsa.example", usages: ["1.3.6.1.5.5.7.3.3"]),
        ["for more"] = new TestStamper("https://more.tsa.example", usages: [TsaUsage, "1.3.6.1.5.5.7.3.1"]),
        ["for anything"] = new TestStamper("https://any.tsa.example", usages: []),
        ["not critical"] = new TestStamper("https://lax.tsa.example", critical: false),
        ["an authority"] = new TestStamper(
            "https://ca.tsa.example",
            more: r => r.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true))
        ),
        ["below code"] = new TestStamper(
            "https://below.tsa.example",
            middle: r =>
                r.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.3")], false))
        ),
        ["stranger"] = new TestStamper("https://tsa.example"),
    };

    private static readonly string[] s_pinned = ["tsa", "RSA", "expired since"];

    public string KeyPem(string how) => KeyOf(how).ExportSubjectPublicKeyInfoPem();

    /// <summary>The certificates above those of identities, the root last.</summary>
    public string FulcioPem => _fulcio.ChainPem;

    /// <summary>The key of the log that is meant where none is named.</summary>
    public string LogPem => PemEncoding.WriteString("PUBLIC KEY", _logs["log"].KeyDer) + "\n";

    /// <summary>The certificates of the authority that stamps where none is named, the root last.</summary>
    public string StamperPem => _stampers["tsa"].ChainPem;

    public string TrustedRootJson =>
        "{\"mediaType\":\"application/vnd.dev.sigstore.trustedroot+json;version=0.1\",\"tlogs\":["
        + "{\"baseUrl\":\"https://rekor.example\",\"hashAlgorithm\":\"SHA2_256\",\"publicKey\":{\"rawBytes\":\""
        + Convert.ToBase64String(_first.KeyDer)
        + "\",\"keyDetails\":\"PKIX_ECDSA_P256_SHA_256\",\"validFor\":{\"start\":\"2026-01-01T00:00:00Z\"}},\"logId\":{\"keyId\":\""
        + Convert.ToBase64String(_first.Id)
        + "\"}},"
        + string.Join(
            ",",
            _logs.Where(l => l.Key != "stranger").Select(l => l.Value.Json(l.Key != "without URL", PeriodOf(l.Key)))
        )
        + "],\"certificateAuthorities\":[{\"subject\":{\"organization\":\"x\",\"commonName\":\"x\"},\"uri\":\"https://fulcio.example\",\"certChain\":{\"certificates\":[{\"rawBytes\":\""
        + Convert.ToBase64String(_fulcio.MiddleDer)
        + "\"},{\"rawBytes\":\""
        + Convert.ToBase64String(_fulcio.RootDer)
        + "\"}]},\"validFor\":{\"start\":\"2026-01-01T00:00:00Z\"}}],\"timestampAuthorities\":["
        + string.Join(
            ",",
            _stampers
                .Where(s => s.Key != "stranger")
                .Select(s => s.Value.Json(s_pinned.Contains(s.Key), PeriodOf(s.Key)))
        )
        + "]}";

    private static string PeriodOf(string name) =>
        "\"start\":\"2026-01-01T00:00:00Z\"" + (name == "ended" ? ",\"end\":\"2026-05-31T00:00:00Z\"" : "");

    public BundleTrust Trust(StampedRow row)
    {
        TrustedRoot root = TrustedRoot.Read(Encoding.UTF8.GetBytes(TrustedRootJson));
        return row.By == "key"
            ? new BundleTrust { Keys = [VerificationKey.FromPem(KeyPem(row.How))], Logs = root.Logs }
            : new BundleTrust
            {
                Identity = new SignerIdentity(BundleSamples.Issuer, BundleSamples.Workflow),
                Authorities = root.Authorities,
                Logs = row.By == "without log" ? null : root.Logs,
                Stampers = root.Stampers,
            };
    }

    public void Dispose()
    {
        foreach (
            IDisposable one in (IEnumerable<IDisposable>)
                [.. _keys.Values, _fulcio, _first, .. _logs.Values, .. _stampers.Values]
        )
        {
            one.Dispose();
        }
    }

    public byte[] Bundle(StampedRow row, Digest image)
    {
        string how = row.How;
        ECDsa key = KeyOf(how);
        byte[] payload = BundleSamples.Statement(how == "other image" ? Digest.Sha256([7]) : image);
        byte[] signed = new DsseEnvelope(InTotoStatement.MediaType, payload, []).Signed();
        byte[] signature = key.SignData(signed, HashOf(key), DSASignatureFormat.Rfc3279DerSequence);
        using X509Certificate2 leaf = Leaf(key);
        using X509Certificate2 otherLeaf = Leaf(key);
        bool isKey = row.By == "key";
        byte[] verifier = isKey ? key.ExportSubjectPublicKeyInfo() : leaf.RawData;
        byte[] other = isKey ? _keys["other"].ExportSubjectPublicKeyInfo() : otherLeaf.RawData;
        string body = TestTiles.Body(
            CryptographicOperations.HashData(
                how == "hash of another kind logged" ? HashAlgorithmName.SHA512 : HashOf(key),
                how == "other statement logged" ? [1] : signed
            ),
            how == "other signature logged"
                ? key.SignData(signed, HashOf(key), DSASignatureFormat.Rfc3279DerSequence)
                : signature,
            how == "other signer logged" ? other : verifier,
            isKey == (how == "signer logged as another kind"),
            how == "hash of another kind logged" ? "SHA2_512"
                : key.KeySize == 384 ? "SHA2_384"
                : "SHA2_256",
            how == "key of another kind logged" ? "PKIX_ECDSA_P384_SHA_384"
                : key.KeySize == 384 ? "PKIX_ECDSA_P384_SHA_384"
                : "PKIX_ECDSA_P256_SHA_256"
        );
        string firstBody = FirstBody(leaf, signature, payload);
        string[] entries =
        [
            .. row
                .Entries.Split(", ")
                .SelectMany(e =>
                    e switch
                    {
                        "none" => (string[])[],
                        "v2" => [Entry(how, body)],
                        "v2 of ECDSA" => [Entry("ECDSA", body)],
                        "v2 falsified" => [Entry("other root", body)],
                        "v2 of a stranger" => [Entry("stranger", body)],
                        "v2 with a time" => [Entry("time said", body)],
                        "v2 with a late time" => [Entry("late time said", body)],
                        _ =>
                        [
                            FirstEntry(
                                firstBody,
                                withPromise: !e.StartsWith("v1 proof", StringComparison.Ordinal),
                                e == "v1 proof with a late time" ? s_time.AddHours(1) : s_time
                            ),
                        ],
                    }
                ),
        ];
        string stamps = string.Join(
            ",",
            Stamps(how, signature).Select(s => $"{{\"signedTimestamp\":\"{Convert.ToBase64String(s)}\"}}")
        );
        string timestamps =
            stamps.Length == 0 ? "" : ",\"timestampVerificationData\":{\"rfc3161Timestamps\":[" + stamps + "]}";
        string named = isKey
            ? "\"publicKey\":{\"hint\":\"" + Convert.ToBase64String(SHA256.HashData(verifier)) + "\"}"
            : "\"certificate\":{\"rawBytes\":\"" + Convert.ToBase64String(leaf.RawData) + "\"}";
        return Encoding.UTF8.GetBytes(
            "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\",\"verificationMaterial\":{"
                + named
                + (entries.Length > 0 ? ",\"tlogEntries\":[" + string.Join(",", entries) + "]" : "")
                + timestamps
                + "},\"dsseEnvelope\":{\"payload\":\""
                + Convert.ToBase64String(payload)
                + "\",\"payloadType\":\""
                + InTotoStatement.MediaType
                + "\",\"signatures\":[{\"sig\":\""
                + Convert.ToBase64String(signature)
                + "\"}]}}"
        );
    }

    private static HashAlgorithmName HashOf(ECDsa key) =>
        key.KeySize == 384 ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256;

    private ECDsa KeyOf(string how) => _keys[how == "key on P-384" ? "P-384" : "P-256"];

    private X509Certificate2 Leaf(ECDsa key) =>
        _fulcio.Issue(
            key,
            n => n.AddUri(new Uri(BundleSamples.Workflow)),
            BundleSamples.Issuer,
            null,
            s_time.AddMinutes(-5),
            s_time.AddMinutes(5)
        );

    private static string FirstBody(X509Certificate2 leaf, byte[] signature, byte[] payload)
    {
        string hash = TestLog.Hex(SHA256.HashData(payload));
        return "{\"apiVersion\":\"0.0.1\",\"kind\":\"dsse\",\"spec\":{\"envelopeHash\":{\"algorithm\":\"sha256\",\"value\":\""
            + hash
            + "\"},\"payloadHash\":{\"algorithm\":\"sha256\",\"value\":\""
            + hash
            + "\"},\"signatures\":[{\"signature\":\""
            + Convert.ToBase64String(signature)
            + "\",\"verifier\":\""
            + TestLog.Base64(leaf.ExportCertificatePem() + "\n")
            + "\"}]}}";
    }

    // The entry is the second of three leaves.
    private string FirstEntry(string body, bool withPromise, DateTimeOffset said)
    {
        (byte[] left, byte[] right, byte[] root) = Tree(body);
        string proof = Proof(1, root, 3, [left, right], _first.Checkpoint("rekor.example", root, 3));
        string promise = withPromise
            ? ",\"inclusionPromise\":{\"signedEntryTimestamp\":\""
                + Convert.ToBase64String(_first.PromiseBytes(body, s_time))
                + "\"}"
            : "";
        return "{\"logIndex\":\"7\",\"logId\":{\"keyId\":\""
            + Convert.ToBase64String(_first.Id)
            + "\"},\"kindVersion\":{\"kind\":\"dsse\",\"version\":\"0.0.1\"},\"integratedTime\":\""
            + said.ToUnixTimeSeconds()
            + "\""
            + promise
            + proof
            + ",\"canonicalizedBody\":\""
            + TestLog.Base64(body)
            + "\"}";
    }

    private static (byte[] Left, byte[] Right, byte[] Root) Tree(string body)
    {
        byte[] left = SHA256.HashData([1]);
        byte[] right = SHA256.HashData([2]);
        byte[] leaf = SHA256.HashData([0, .. Encoding.UTF8.GetBytes(body)]);
        return (left, right, SHA256.HashData([1, .. SHA256.HashData([1, .. left, .. leaf]), .. right]));
    }

    private static string Proof(long index, byte[] root, long size, byte[][] hashes, string checkpoint) =>
        ",\"inclusionProof\":{\"logIndex\":\""
        + index
        + "\",\"rootHash\":\""
        + Convert.ToBase64String(root)
        + "\",\"treeSize\":\""
        + size
        + "\",\"hashes\":["
        + string.Join(",", hashes.Select(h => $"\"{Convert.ToBase64String(h)}\""))
        + "],\"checkpoint\":{\"envelope\":\""
        + checkpoint.Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal)
        + "\"}}";
}
