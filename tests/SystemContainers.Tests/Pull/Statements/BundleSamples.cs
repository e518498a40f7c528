// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Tests.Fakes;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using SystemContainers.Oci;
using SystemContainers.Pull.Statements;
using SystemContainers.Pull.X509;
using SystemContainers.Tests.Pull.Sigstore;

namespace SystemContainers.Tests.Pull.Statements;

/// <summary>Bundles of a key and of an identity, right and wrong in one way each, with an authority and a log of their
/// own.</summary>
sealed class BundleSamples : IDisposable
{
    public const string Issuer = "https://token.actions.example";
    public const string Workflow = "https://github.example/team/app/.github/workflows/release.yml@refs/tags/v1";

    /// <summary>Ways to be wrong, and why each is refused; null for what counts.</summary>
    public static readonly IReadOnlyList<(string How, string? Why)> OfIdentity =
    [
        ("good", null),
        ("two entries of other logs", null),
        ("email", "not for"),
        ("other subject", "not for"),
        ("other issuer", "is required"),
        ("no proof", "no proof"),
        ("no promise", "says when it was signed"),
        ("no entry", "no trusted log"),
        ("other log", "no trusted log"),
        ("false promise", "not signed by a trusted log"),
        ("false root", "another entry"),
        ("false checkpoint", "not signed by it"),
        ("other tree", "another tree"),
        ("too late", "counted until"),
        ("too early", "counts from"),
        ("for servers", "not for code signing"),
        ("other authority", "does not count"),
        ("changed statement", "not signed by the key"),
        ("other image", "another image"),
        ("other signature logged", "another signature"),
        ("other statement logged", "another document"),
        ("other certificate logged", "another key or certificate"),
        ("unknown member", "unknown"),
        ("version 0.9", "versions up to 0.3"),
        ("no JSON", "no JSON"),
        ("two signatures", "just one signature"),
    ];

    /// <summary>The same of keys.</summary>
    public static readonly IReadOnlyList<(string How, string? Why)> OfKey =
    [
        ("good", null),
        ("P-384", null),
        ("P-521", null),
        ("RSA", null),
        ("other key", "none of the trusted keys"),
        ("changed statement", "none of the trusted keys"),
        ("other image", "another image"),
        ("changed type", "none of the trusted keys"),
        ("subject of another algorithm", "another image"),
        ("no subject", "about nothing"),
    ];

    private static readonly DateTimeOffset s_time = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    // Made where a sample wants them: an RSA key is found by chance, and takes longer than all else here.
    private readonly Dictionary<string, AsymmetricAlgorithm> _keys = new(StringComparer.Ordinal);

    private readonly TestAuthority _authority = new("fulcio");
    private readonly TestAuthority _otherAuthority = new("fulcio");
    private readonly TestLog _log = new();
    private readonly TestLog _otherLog = new();

    public string KeyPem(string kind) => Key(kind).ExportSubjectPublicKeyInfoPem();

    public BundleTrust KeyTrust(string how) => new() { Keys = [VerificationKey.FromPem(KeyPem(KindOf(how)))] };

    public static string KindOf(string how) => how is "P-384" or "P-521" or "RSA" ? how : "P-256";

    public BundleTrust IdentityTrust(string subject = Workflow)
    {
        TrustedRoot root = TrustedRoot.Read(Encoding.UTF8.GetBytes(TrustedRootJson));
        return new BundleTrust
        {
            Identity = new SignerIdentity(Issuer, subject),
            Authorities = root.Authorities,
            Logs = root.Logs,
        };
    }

    public string TrustedRootJson =>
        $$$$$$"""
            {"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1",
             "tlogs":[{"baseUrl":"https://rekor.example","hashAlgorithm":"SHA2_256","publicKey":{"rawBytes":"{{{{{{Convert.ToBase64String(
                _log.KeyDer
            )}}}}}}","keyDetails":"PKIX_ECDSA_P256_SHA_256","validFor":{"start":"2026-01-01T00:00:00Z"}},"logId":{"keyId":"{{{{{{Convert.ToBase64String(
                _log.Id
            )}}}}}}"}}],
             "certificateAuthorities":[{"subject":{"organization":"x","commonName":"x"},"uri":"https://fulcio.example","certChain":{"certificates":[{"rawBytes":"{{{{{{Convert.ToBase64String(
                _authority.MiddleDer
            )}}}}}}"},{"rawBytes":"{{{{{{Convert.ToBase64String(
                _authority.RootDer
            )}}}}}}"}]},"validFor":{"start":"2026-01-01T00:00:00Z"}}]}
            """;

    public void Dispose()
    {
        _authority.Dispose();
        _otherAuthority.Dispose();
        _log.Dispose();
        _otherLog.Dispose();
        foreach (AsymmetricAlgorithm key in _keys.Values)
        {
            key.Dispose();
        }
    }

    public static byte[] Statement(
        Digest image,
        string predicateType = InTotoStatement.CosignSignature,
        string predicate = "{}",
        string algorithm = "sha256"
    ) =>
        Encoding.UTF8.GetBytes(
            $$$$$$"""{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"{{{{{{algorithm}}}}}}":"{{{{{{image.Hex}}}}}}"}}],"predicateType":"{{{{{{predicateType}}}}}}","predicate":{{{{{{predicate}}}}}}}"""
        );

    public byte[] ByKey(string how, Digest image, byte[]? statement = null)
    {
        byte[] payload = how switch
        {
            "other image" => Statement(Digest.Sha256([7])),
            "subject of another algorithm" => Statement(image, algorithm: "sha384"),
            "no subject" => Encoding.UTF8.GetBytes(
                $$$$$$"""{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"{{{{{{InTotoStatement.CosignSignature}}}}}}","predicate":{}}"""
            ),
            _ => statement ?? Statement(image),
        };
        byte[] signature = SignedPayload.Sign(
            Key(how == "other key" ? "other" : KindOf(how)),
            Signed(InTotoStatement.MediaType, payload)
        );
        string type = how == "changed type" ? "application/x" : InTotoStatement.MediaType;
        string key =
            $$$$$$"""{"publicKey":{"hint":"{{{{{{Convert.ToBase64String(SHA256.HashData(Key(KindOf(how)).ExportSubjectPublicKeyInfo()))}}}}}}"}}""";
        return Bundle(
            key,
            Envelope(
                type,
                how == "changed statement" ? [.. payload, (byte)' '] : payload,
                Convert.ToBase64String(signature)
            )
        );
    }

    public byte[] ByIdentity(string how, Digest image)
    {
        ECDsa key = (ECDsa)Key("P-256");
        using X509Certificate2 leaf = (how == "other authority" ? _otherAuthority : _authority).Issue(
            key,
            n =>
            {
                if (how == "email")
                {
                    n.AddEmailAddress("builder@example.com");
                }
                else
                {
                    n.AddUri(new Uri(how == "other subject" ? Workflow + "2" : Workflow));
                }
            },
            how == "other issuer" ? "https://x.example" : Issuer,
            null,
            s_time.AddMinutes(-5),
            s_time.AddMinutes(5),
            how == "for servers" ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.3"
        );
        using X509Certificate2 otherLeaf = _authority.Issue(
            key,
            n => n.AddUri(new Uri(Workflow)),
            Issuer,
            null,
            s_time.AddMinutes(-5),
            s_time.AddMinutes(5)
        );
        byte[] payload = Statement(how == "other image" ? Digest.Sha256([7]) : image);
        byte[] signature = SignedPayload.Sign(key, Signed(InTotoStatement.MediaType, payload));
        string body = Body(
            (how == "other certificate logged" ? otherLeaf : leaf).ExportCertificatePem() + "\n",
            how == "other signature logged"
                ? SignedPayload.Sign(key, Signed(InTotoStatement.MediaType, payload))
                : signature,
            how == "other statement logged" ? Statement(image, "https://example.com/x") : payload
        );
        DateTimeOffset time = s_time.AddHours(
            how == "too late" ? 1
            : how == "too early" ? -1
            : 0
        );
        string entry = Entry(how, how == "other log" ? _otherLog : _log, body, time);
        string entries =
            how == "no entry" ? ""
            : how == "two entries of other logs" ? $"{entry},{Entry("good", _otherLog, body, time)}"
            : entry;
        string material =
            $$$$$$"""{"certificate":{"rawBytes":"{{{{{{Convert.ToBase64String(leaf.RawData)}}}}}}"},"tlogEntries":[{{{{{{entries}}}}}}]}""";
        byte[] shown = how == "changed statement" ? [.. payload, (byte)' '] : payload;
        string packed = Convert.ToBase64String(signature);
        string envelope =
            how == "two signatures"
                ? $$$$$$"""{"payload":"{{{{{{Convert.ToBase64String(shown)}}}}}}","payloadType":"{{{{{{InTotoStatement.MediaType}}}}}}","signatures":[{"sig":"{{{{{{packed}}}}}}"},{"sig":"{{{{{{packed}}}}}}"}]}"""
                : Envelope(InTotoStatement.MediaType, shown, packed);
        return how == "no JSON"
            ? "{"u8.ToArray()
            : Bundle(
                material,
                envelope,
                how == "version 0.9" ? "0.9" : "0.3",
                how == "unknown member" ? ",\"more\":1" : ""
            );
    }

    private static string Body(string signerPem, byte[] signature, byte[] payload)
    {
        string hash = TestLog.Hex(SHA256.HashData(payload));
        return "{\"apiVersion\":\"0.0.1\",\"kind\":\"dsse\",\"spec\":{\"envelopeHash\":{\"algorithm\":\"sha256\",\"value\":\""
            + hash
            + "\"},\"payloadHash\":{\"algorithm\":\"sha256\",\"value\":\""
            + hash
            + "\"},\"signatures\":[{\"signature\":\""
            + Convert.ToBase64String(signature)
            + "\",\"verifier\":\""
            + TestLog.Base64(signerPem)
            + "\"}]}}";
    }

    // The entry is the second of three leaves.
    private string Entry(string how, TestLog log, string body, DateTimeOffset time)
    {
        byte[] left = SHA256.HashData([1]);
        byte[] right = SHA256.HashData([2]);
        byte[] leaf = SHA256.HashData([0, .. Encoding.UTF8.GetBytes(body)]);
        byte[] root = SHA256.HashData([1, .. SHA256.HashData([1, .. left, .. leaf]), .. right]);
        byte[] said = how == "false root" ? SHA256.HashData([3]) : root;
        string checkpoint = (how == "false checkpoint" ? _otherLog : log).Checkpoint(
            "rekor.example",
            how == "other tree" ? SHA256.HashData([4]) : said,
            3
        );
        string proof =
            how == "no proof"
                ? ""
                : ",\"inclusionProof\":{\"logIndex\":\"1\",\"rootHash\":\""
                    + Convert.ToBase64String(said)
                    + "\",\"treeSize\":\"3\",\"hashes\":[\""
                    + Convert.ToBase64String(left)
                    + "\",\""
                    + Convert.ToBase64String(right)
                    + "\"],\"checkpoint\":{\"envelope\":\""
                    + checkpoint.Replace("\n", "\\n", StringComparison.Ordinal)
                    + "\"}}";
        string promise =
            how == "no promise"
                ? ""
                : ",\"inclusionPromise\":{\"signedEntryTimestamp\":\""
                    + Convert.ToBase64String(log.PromiseBytes(body, how == "false promise" ? time.AddSeconds(1) : time))
                    + "\"}";
        return "{\"logIndex\":\"7\",\"logId\":{\"keyId\":\""
            + Convert.ToBase64String(log.Id)
            + "\"},\"kindVersion\":{\"kind\":\"dsse\",\"version\":\"0.0.1\"},\"integratedTime\":\""
            + time.ToUnixTimeSeconds()
            + "\""
            + promise
            + proof
            + ",\"canonicalizedBody\":\""
            + TestLog.Base64(body)
            + "\"}";
    }

    private static byte[] Signed(string type, byte[] payload) => new DsseEnvelope(type, payload, []).Signed();

    private static string Envelope(string type, byte[] payload, string signature) =>
        $$$$$$"""{"payload":"{{{{{{Convert.ToBase64String(payload)}}}}}}","payloadType":"{{{{{{type}}}}}}","signatures":[{"sig":"{{{{{{signature}}}}}}"}]}""";

    private static byte[] Bundle(string material, string envelope, string version = "0.3", string more = "") =>
        Encoding.UTF8.GetBytes(
            $$$$$$"""{"mediaType":"application/vnd.dev.sigstore.bundle.v{{{{{{version}}}}}}+json","verificationMaterial":{{{{{{material}}}}}},"dsseEnvelope":{{{{{{envelope}}}}}}{{{{{{more}}}}}}}"""
        );

    private AsymmetricAlgorithm Key(string kind)
    {
        if (!_keys.TryGetValue(kind, out AsymmetricAlgorithm? key))
        {
            key = kind switch
            {
                "RSA" => TestKeys.Rsa(2048),
                "P-384" => ECDsa.Create(ECCurve.NamedCurves.nistP384),
                "P-521" => ECDsa.Create(ECCurve.NamedCurves.nistP521),
                "P-256" or "other" => ECDsa.Create(ECCurve.NamedCurves.nistP256),
                _ => throw new ArgumentException(kind, nameof(kind)),
            };
            _keys.Add(kind, key);
        }

        return key;
    }
}
