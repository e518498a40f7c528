// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.Statements;
using SystemContainers.Pull.Timestamps;
using SystemContainers.Pull.X509;
using SystemContainers.Tests.Pull.Sigstore;
using SystemContainers.Tests.Pull.Statements;

namespace SystemContainers.Tests.Fuzz.Targets;

/// <summary>Signatures and what comes with them, which anybody may attach who may push. None counts that was not made
/// so by the test.</summary>
static class StatementTargets
{
    private static readonly Digest s_image = Digest.Sha256([1, 2, 3]);
    private static readonly DateTimeOffset s_now = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly BundleSamples s_samples = new();
    private static readonly StampedSamples s_stamped = new();
    private static readonly StampedRow s_row = StampedSamples.Rows[0];
    private static readonly byte[] s_stampedBundle = s_stamped.Bundle(s_row, s_image);
    private static readonly SigstoreBundle s_read = SigstoreBundle.Read(s_stampedBundle);
    private static readonly BundleTrust s_stampedTrust = s_stamped.Trust(s_row);
    private static readonly TestLog s_log = new();
    private static readonly ECDsa s_key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private static readonly TestAuthority s_authority = new();

    private static readonly byte[] s_certificate = Leaf();

    /// <summary>A Sigstore bundle: it is judged, and where it counts it is about this image.</summary>
    public static FuzzTarget Bundle { get; } =
        new(
            "bundle",
            [ErrorKind.Policy],
            [s_samples.ByIdentity("good", s_image), s_samples.ByKey("good", s_image), s_stampedBundle],
            bytes =>
            {
                foreach (
                    BundleTrust trust in new[] { s_samples.IdentityTrust(), s_samples.KeyTrust("good"), s_stampedTrust }
                )
                {
                    BundleVerdict verdict = BundleVerifier.Verify(bytes, s_image, trust, s_now);
                    FuzzTarget.Must(verdict.Statement is null == verdict.Reason is not null, "it counts and does not");
                    FuzzTarget.Must(
                        verdict.Statement?.Subjects.Contains(s_image) != false,
                        "it is about another image"
                    );
                }

                foreach (LogEntry entry in SigstoreBundle.Read(bytes).Entries.Where(e => !e.IsOfSecondVersion))
                {
                    entry.Proof?.Check(s_samples.IdentityTrust().Logs![0], entry.Body);
                }
            }
        );

    /// <summary>An authority's timestamp: where it counts it says the time that it said.</summary>
    public static FuzzTarget Stamp { get; } =
        new(
            "timestamp",
            [ErrorKind.Policy],
            [s_read.Timestamps[0]],
            bytes =>
            {
                DateTimeOffset said = Timestamp.Read(s_read.Timestamps[0]).Time;
                TimestampedSignature judged = TimestampedSignature.Of(
                    [bytes],
                    s_read.Envelope.Signature,
                    s_stampedTrust.Stampers
                );
                FuzzTarget.Must(judged.Times.Count + judged.Why.Count == 1, "it counts and does not");
                FuzzTarget.Must(judged.Times.All(t => t == said), "another time counts");
            }
        );

    /// <summary>A checkpoint of a log: where it counts it is of the tree that the log signed.</summary>
    public static FuzzTarget Note { get; } =
        new(
            "checkpoint",
            [ErrorKind.Policy],
            [Encoding.UTF8.GetBytes(s_read.Entries[0].Proof!.Checkpoint)],
            bytes =>
            {
                TrustedLog log = s_stampedTrust.Logs!.First(l => l.Id.AsSpan().SequenceEqual(s_read.Entries[0].LogId));
                Checkpoint read = Checkpoint.Read(Encoding.UTF8.GetString(bytes), log);
                FuzzTarget.Must(
                    read.TreeSize == 3 && read.RootHash.AsSpan().SequenceEqual(s_read.Entries[0].Proof!.RootHash),
                    "another tree counts"
                );
            }
        );

    /// <summary>A signature as cosign 2 attaches it: payload and annotations in one document here.</summary>
    public static FuzzTarget Attachment { get; } =
        new(
            "attachment",
            [ErrorKind.Policy],
            [Attached()],
            bytes =>
            {
                using JsonDocument json = StrictMembers.Parse(bytes, "the document");
                IReadOnlyDictionary<string, JsonElement> members = StrictMembers.Of(json.RootElement, "the document");
                SigstoreAttachment attachment = new(
                    Encoding.UTF8.GetBytes(StrictMembers.Text(members.GetValueOrDefault("payload"), "payload")),
                    StrictMembers
                        .Of(members.GetValueOrDefault("annotations"), "annotations")
                        .ToDictionary(
                            a => a.Key,
                            a => StrictMembers.Text(a.Value, "annotation"),
                            StringComparer.Ordinal
                        )
                );
                VerificationKey[] logs = [VerificationKey.FromSpki(s_log.KeyDer)];
                foreach (
                    SigstoreKeys keys in new[]
                    {
                        new SigstoreKeys { Keys = [VerificationKey.FromSpki(s_key.ExportSubjectPublicKeyInfo())] },
                        new SigstoreKeys
                        {
                            Keys = [VerificationKey.FromSpki(s_key.ExportSubjectPublicKeyInfo())],
                            Rekor = logs,
                        },
                        new SigstoreKeys
                        {
                            Pki = new PkiAuthority([Certificate.Read(s_authority.RootDer)], [], "a@example.com", null),
                        },
                        new SigstoreKeys
                        {
                            Fulcio = new FulcioAuthority(
                                [Certificate.Read(s_authority.RootDer)],
                                "https://i.example",
                                "a@example.com"
                            ),
                            Rekor = logs,
                        },
                    }
                )
                {
                    SigstoreVerdict verdict = SigstoreVerifier.Verify(attachment, keys, s_now);
                    FuzzTarget.Must(
                        verdict.Signed is null || verdict.Signed.ManifestDigest.ToString() == SignedPayload.Digest,
                        "another image counts"
                    );
                }
            }
        );

    /// <summary>A statement of in-toto.</summary>
    public static FuzzTarget Statement { get; } =
        new(
            "statement",
            [ErrorKind.Policy],
            [BundleSamples.Statement(s_image, "https://spdx.dev/Document", """{"name":"x"}""")],
            bytes =>
                FuzzTarget.Must(
                    InTotoStatement.Read(bytes).Predicate.Length <= bytes.Length,
                    "more is stated than stands there"
                )
        );

    /// <summary>A certificate, and a chain of it.</summary>
    public static FuzzTarget X509 { get; } =
        new(
            "certificate",
            [ErrorKind.Policy],
            [s_certificate, s_authority.MiddleDer],
            bytes =>
            {
                Certificate read = Certificate.Read(bytes);
                _ = read.Names.Holds("a.example.com");
                CertificateChain.Check(
                    read,
                    [Certificate.Read(s_authority.RootDer)],
                    [Certificate.Read(s_authority.MiddleDer), read],
                    s_now
                );
            }
        );

    private static byte[] Leaf()
    {
        using X509Certificate2 leaf = s_authority.Issue(
            s_key,
            n =>
            {
                n.AddEmailAddress("a@example.com");
                n.AddDnsName("*.example.com");
                n.AddUri(new Uri("https://example.com/x"));
                n.AddIpAddress(System.Net.IPAddress.Loopback);
            },
            "https://i.example",
            "https://i.example"
        );
        return leaf.RawData;
    }

    private static byte[] Attached()
    {
        byte[] payload = SignedPayload.Of(optional: """{"creator":"x","timestamp":7}""");
        byte[] signature = SignedPayload.Sign(s_key, payload);
        using X509Certificate2 leaf = X509CertificateLoader.LoadCertificate(s_certificate);
        SigstoreAttachment attachment = SignedPayload.Attach(
            payload,
            signature,
            leaf,
            s_authority.ChainPem,
            s_log.Promise(TestLog.HashedRekord(leaf.ExportCertificatePem() + "\n", signature, payload), s_now)
        );
        return JsonSerializer.SerializeToUtf8Bytes(
            new { payload = Encoding.UTF8.GetString(payload), annotations = attachment.Annotations }
        );
    }
}
