// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Tests.Fakes;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;
using SystemContainers.Errors;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.X509;
using Xunit;

namespace SystemContainers.Tests.Pull.Sigstore;

public sealed class SigstoreVerifierTests : IDisposable
{
    private const string Issuer = "https://login.example";
    private const string Email = "builder@example.com";

    private static readonly DateTimeOffset s_now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly TestAuthority _authority = new();
    private readonly TestLog _log = new();
    private readonly byte[] _payload = SignedPayload.Of();

    public void Dispose()
    {
        _key.Dispose();
        _authority.Dispose();
        _log.Dispose();
    }

    [Theory]
    [InlineData("P-256")]
    [InlineData("P-384")]
    [InlineData("P-521")]
    [InlineData("RSA 2048")]
    [InlineData("RSA 3072")]
    public void A_key_of_each_kind_verifies_what_it_signed_and_nothing_else(string kind)
    {
        using AsymmetricAlgorithm key = kind.StartsWith("RSA", StringComparison.Ordinal)
            ? TestKeys.Rsa(int.Parse(kind.Split(' ')[1]))
            : ECDsa.Create(ECCurve.CreateFromFriendlyName("nist" + kind.Replace("-", "", StringComparison.Ordinal)));
        byte[] signature = SignedPayload.Sign(key, _payload);
        string pem = key.ExportSubjectPublicKeyInfoPem();

        Assert.Equal(
            SignedPayload.Digest,
            Accepted(SignedPayload.Attach(_payload, signature), Known(pem)).ManifestDigest.ToString()
        );
        Refused(
            "by none of the trusted keys",
            SignedPayload.Attach(SignedPayload.Of(reference: "registry.example/other"), signature),
            Known(pem)
        );
        Refused(
            "by none of the trusted keys",
            SignedPayload.Attach(_payload, signature),
            Known(_key.ExportSubjectPublicKeyInfoPem())
        );
        Assert.Equal(
            SignedPayload.Reference,
            Accepted(
                SignedPayload.Attach(_payload, signature),
                Known(_key.ExportSubjectPublicKeyInfoPem(), pem)
            ).DockerReference
        );
    }

    [Fact]
    public void Ed25519_signs_the_document_itself()
    {
        Ed25519PrivateKeyParameters key = new(new SecureRandom());
        string pem = PemEncoding.WriteString(
            "PUBLIC KEY",
            SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(key.GeneratePublicKey()).GetDerEncoded()
        );
        Ed25519Signer signer = new();
        signer.Init(true, key);
        signer.BlockUpdate(_payload, 0, _payload.Length);
        byte[] signature = signer.GenerateSignature();

        Accepted(SignedPayload.Attach(_payload, signature), Known(pem));
        signature[5] ^= 1;
        Refused("by none of the trusted keys", SignedPayload.Attach(_payload, signature), Known(pem));
        Refused("by none of the trusted keys", SignedPayload.Attach(_payload, signature[..63]), Known(pem));
    }

    [Fact]
    public void An_RSA_key_may_be_in_its_own_format() =>
        Rsa((signature, pem) => Accepted(SignedPayload.Attach(_payload, signature), Known(pem)));

    [Theory]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "holds a CERTIFICATE")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "malformed")]
    [InlineData("nothing", "no PEM text")]
    public void What_is_no_key_is_refused_in_words(string pem, string why) =>
        Assert.Contains(
            why,
            Assert.Throws<SysctrException>(() => VerificationKey.FromPem(pem)).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("""{"creator":"x","timestamp":17}""", true)]
    [InlineData("""{"a":{"b":1},"timestamp":1.0e3}""", true)]
    [InlineData("""{"timestamp":1.5}""", false)]
    [InlineData("""{"creator":1}""", false)]
    [InlineData("""{"a":1,"a":2}""", false)]
    [InlineData("[]", false)]
    public void Only_what_is_optional_may_hold_anything(string optional, bool counts)
    {
        byte[] payload = SignedPayload.Of(optional: optional);
        SigstoreVerdict verdict = Verify(SignedPayload.Attach(payload, SignedPayload.Sign(_key, payload)), Mine());

        Assert.Equal(counts, verdict.Signed is not null);
    }

    [Theory]
    [InlineData(
        """{"critical":{"identity":{"docker-reference":"a"},"image":{"docker-manifest-digest":"sha256:0"},"type":"cosign container image signature"},"optional":null}""",
        "no digest"
    )]
    [InlineData(
        """{"critical":{"identity":{"docker-reference":"a"},"identity":{"docker-reference":"b"},"image":{},"type":"x"},"optional":null}""",
        "twice"
    )]
    [InlineData(
        """{"critical":{"identity":{"docker-reference":"a"},"image":{},"type":"atomic container signature"},"optional":null}""",
        "atomic container signature"
    )]
    [InlineData("""{"critical":{"identity":{},"image":{},"type":"x","more":1},"optional":null}""", "unknown \"more\"")]
    [InlineData("""{"critical":null}""", "no \"optional\"")]
    [InlineData("""{"critical":{},"optional":{}} {}""", "no JSON")]
    [InlineData("[", "no JSON")]
    public void A_signed_document_of_another_form_is_refused(string text, string why)
    {
        byte[] payload = Encoding.UTF8.GetBytes(text);

        Refused(why, SignedPayload.Attach(payload, SignedPayload.Sign(_key, payload)), Mine());
    }

    [Fact]
    public void A_signature_is_base64()
    {
        Refused(
            "no signature",
            new SigstoreAttachment(_payload, new Dictionary<string, string>(StringComparer.Ordinal)),
            Mine()
        );
        Refused(
            "base64",
            new SigstoreAttachment(
                _payload,
                new Dictionary<string, string>(StringComparer.Ordinal) { ["dev.cosignproject.cosign/signature"] = "??" }
            ),
            Mine()
        );
    }

    [Theory]
    [InlineData("good", null)]
    [InlineData("reordered", null)]
    [InlineData("missing", "no promise")]
    [InlineData("other log", "not signed by a trusted log")]
    [InlineData("other key", "another key")]
    [InlineData("other signature", "another signature")]
    [InlineData("other document", "another document")]
    [InlineData("other kind", "no \"hashedrekord\"")]
    [InlineData("other version", "version \"0.0.2\"")]
    [InlineData("sha512", "hash of \"sha512\"")]
    [InlineData("unknown member", "unknown \"More\"")]
    public void A_key_s_signature_has_to_be_in_the_log_where_one_is_named(string how, string? why)
    {
        byte[] signature = SignedPayload.Sign(_key, _payload);
        using ECDsa other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using TestLog otherLog = new();
        string body = TestLog.HashedRekord(
            (how == "other key" ? other : _key).ExportSubjectPublicKeyInfoPem() + "\n",
            how == "other signature" ? SignedPayload.Sign(_key, _payload) : signature,
            how == "other document" ? SignedPayload.Of(reference: "x/y") : _payload,
            how == "other version" ? "0.0.2" : "0.0.1",
            how == "other kind" ? "rekord" : "hashedrekord",
            how == "sha512" ? "sha512" : "sha256"
        );
        string? set =
            how == "missing"
                ? null
                : (how == "other log" ? otherLog : _log).Promise(
                    body,
                    s_now,
                    how == "reordered",
                    how == "unknown member" ? ",\"More\":1" : ""
                );
        SigstoreKeys keys = Mine() with { Rekor = SigstoreKeys.RekorKeys([_log.KeyPem]) };

        SigstoreVerdict verdict = Verify(SignedPayload.Attach(_payload, signature, set: set), keys);

        Assert.Equal(why is null, verdict.Signed is not null);
        Assert.Contains(why ?? "", verdict.Reason ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("good", null)]
    [InlineData("issuer v2", null)]
    [InlineData("both issuers", null)]
    [InlineData("two issuers", "two issuers")]
    [InlineData("no issuer", "none of Fulcio")]
    [InlineData("other issuer", "is required")]
    [InlineData("other email", "not for builder@example.com")]
    [InlineData("no promise", "no promise")]
    [InlineData("no certificate", "no certificate")]
    [InlineData("too late", "counted until")]
    [InlineData("too early", "counts from")]
    [InlineData("other authority", "no trusted certificate")]
    [InlineData("for servers", "not for code signing")]
    [InlineData("any use", null)]
    [InlineData("no chain", "no trusted certificate")]
    [InlineData("critical", "critical extension")]
    [InlineData("other key", "another signature")]
    public void Fulcio_s_certificates_are_judged_when_the_log_took_them_in(string how, string? why)
    {
        using TestAuthority other = new("other");
        string? v1 =
            how is "issuer v2" or "no issuer" ? null
            : how == "other issuer" ? "https://x.example"
            : Issuer;
        string? v2 =
            how is "issuer v2" or "both issuers" ? Issuer
            : how == "two issuers" ? "https://x.example"
            : null;
        using X509Certificate2 leaf = _authority.Issue(
            _key,
            n => n.AddEmailAddress(how == "other email" ? "x@example.com" : Email),
            v1,
            v2,
            s_now.AddMinutes(-5),
            s_now.AddMinutes(5),
            how == "for servers" ? "1.3.6.1.5.5.7.3.1"
                : how == "any use" ? "2.5.29.37.0"
                : "1.3.6.1.5.5.7.3.3",
            r => r.CertificateExtensions.Add(new X509Extension("1.2.3.4", [5, 0], how == "critical"))
        );
        byte[] signature = SignedPayload.Sign(_key, _payload);
        byte[] logged = how == "other key" ? SignedPayload.Sign(_key, _payload) : signature;
        DateTimeOffset time = s_now.AddHours(
            how == "too late" ? 1
            : how == "too early" ? -1
            : 0
        );
        string set = _log.Promise(TestLog.HashedRekord(leaf.ExportCertificatePem() + "\n", logged, _payload), time);
        SigstoreAttachment attachment = SignedPayload.Attach(
            _payload,
            signature,
            how == "no certificate" ? null : leaf,
            how == "no chain" ? null : _authority.ChainPem,
            how == "no promise" ? null : set
        );
        SigstoreKeys keys = new()
        {
            Fulcio = new FulcioAuthority(
                Certificate.ReadRoots(how == "other authority" ? other.RootPem : _authority.RootPem),
                Issuer,
                Email
            ),
            Rekor = SigstoreKeys.RekorKeys([_log.KeyPem]),
        };

        // Long after the certificate ended.
        SigstoreVerdict verdict = SigstoreVerifier.Verify(attachment, keys, s_now.AddYears(1));

        Assert.Equal(why is null, verdict.Signed is not null);
        Assert.Contains(why ?? "", verdict.Reason ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("email", null)]
    [InlineData("host", null)]
    [InlineData("wildcard", null)]
    [InlineData("address", null)]
    [InlineData("other email", "not for builder@example.com")]
    [InlineData("other host", "not for build.example.com")]
    [InlineData("deeper", "not for a.build.example.com")]
    [InlineData("expired", "counted until")]
    [InlineData("own intermediates", null)]
    [InlineData("no chain", "no trusted certificate")]
    [InlineData("middle is trusted", null)]
    [InlineData("constrained", "may not certify")]
    [InlineData("other signer", "not by the key of its certificate")]
    [InlineData("no certificate", "no certificate")]
    public void Certificates_of_one_s_own_authority_are_judged_now(string how, string? why)
    {
        // permittedSubtrees of rfc822Name example.org.
        byte[] constraint = [0x30, 0x11, 0xa0, 0x0f, 0x30, 0x0d, 0x81, 0x0b, .. "example.org"u8];
        using TestAuthority authority = new(
            middle: how == "constrained"
                ? r => r.CertificateExtensions.Add(new X509Extension("2.5.29.30", constraint, true))
                : null
        );
        using X509Certificate2 leaf = authority.Issue(
            _key,
            n =>
            {
                n.AddEmailAddress(how == "other email" ? "x@example.com" : Email);
                n.AddDnsName(
                    how is "wildcard" or "deeper" ? "*.example.com"
                    : how == "other host" ? "example.com"
                    : "build.example.com"
                );
                n.AddIpAddress(System.Net.IPAddress.Parse("192.0.2.7"));
            }
        );
        using ECDsa other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string? host = how switch
        {
            "host" or "wildcard" or "other host" => "build.example.com",
            "address" => "192.0.2.7",
            "deeper" => "a.build.example.com",
            _ => null,
        };
        SigstoreKeys keys = new()
        {
            Pki = new PkiAuthority(
                Certificate.ReadRoots(how == "middle is trusted" ? authority.MiddlePem : authority.RootPem),
                how == "own intermediates" ? Certificate.ReadAll(authority.MiddlePem, 8) : [],
                host is null ? Email : null,
                host
            ),
        };
        string? chain = how is "no chain" or "own intermediates" or "middle is trusted" ? null : authority.ChainPem;
        byte[] signature = SignedPayload.Sign(how == "other signer" ? other : _key, _payload);

        SigstoreVerdict verdict = SigstoreVerifier.Verify(
            SignedPayload.Attach(_payload, signature, how == "no certificate" ? null : leaf, chain),
            keys,
            how == "expired" ? TestAuthority.End.AddDays(1) : s_now
        );

        Assert.Equal(why is null, verdict.Signed is not null);
        Assert.Contains(why ?? "", verdict.Reason ?? "", StringComparison.Ordinal);
    }

    private static void Rsa(Action<byte[], string> check)
    {
        using RSA rsa = TestKeys.Rsa(2048);
        check(SignedPayload.Sign(rsa, SignedPayload.Of()), rsa.ExportRSAPublicKeyPem());
    }

    private static SigstoreKeys Known(params string[] pems) =>
        new() { Keys = [.. pems.Select(VerificationKey.FromPem)] };

    private SigstoreKeys Mine() => Known(_key.ExportSubjectPublicKeyInfoPem());

    private static SigstoreVerdict Verify(SigstoreAttachment attachment, SigstoreKeys keys) =>
        SigstoreVerifier.Verify(attachment, keys, s_now);

    private static SimpleSigning Accepted(SigstoreAttachment attachment, SigstoreKeys keys)
    {
        SigstoreVerdict verdict = Verify(attachment, keys);
        Assert.True(verdict.Signed is not null, verdict.Reason);
        return verdict.Signed;
    }

    private static void Refused(string why, SigstoreAttachment attachment, SigstoreKeys keys)
    {
        SigstoreVerdict verdict = Verify(attachment, keys);
        Assert.Null(verdict.Signed);
        Assert.Contains(why, verdict.Reason, StringComparison.Ordinal);
    }
}
