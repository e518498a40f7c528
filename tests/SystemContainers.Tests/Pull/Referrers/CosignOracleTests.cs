// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SystemContainers.Oci;
using SystemContainers.Pull.Auth;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Referrers;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.Sources;
using SystemContainers.Pull.Statements;
using SystemContainers.Pull.X509;
using SystemContainers.Reference;
using SystemContainers.TestBed;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tests.Pull.Sigstore;
using SystemContainers.Tests.Pull.Statements;
using Xunit;

namespace SystemContainers.Tests.Pull.Referrers;

/// <summary>
/// cosign 2.5 and 3 beside us, on one registry without a referrers API: what they sign counts here, and what of ours
/// they accept or refuse we do. Where we say no and they say yes, or the other way round, the row says so.
/// </summary>
[Trait("needs", "programs")]
public sealed class CosignOracleTests : IAsyncLifetime
{
    private const string Issuer = "https://login.example";
    private const string Email = "builder@example.com";

    private static readonly DateTimeOffset s_now = DateTimeOffset.UtcNow;
    private static readonly Platform s_platform = new("amd64", "linux");

    /// <summary>What cosign takes and we don't, and why that is right.</summary>
    private static readonly HashSet<string> s_stricter = new(StringComparer.Ordinal)
    {
        // cosign looks only for the digest among the subjects' digests.
    };

    private readonly string _home = Directory.CreateTempSubdirectory("sysctr-cosign-").FullName;
    private DockerRegistry _registry = null!;
    private RegistryPusher _pusher = null!;
    private CosignRelease _old = null!;
    private CosignRelease _new = null!;

    public async ValueTask InitializeAsync()
    {
        _registry = await DockerRegistry.StartAsync();
        _pusher = new RegistryPusher(_registry.Host, "team/app");
        _old = await CosignRelease.OldAsync();
        _new = await CosignRelease.NewAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _pusher.Dispose();
        await _registry.DisposeAsync();
        Directory.Delete(_home, recursive: true);
    }

    [Fact]
    public async Task What_either_release_signs_with_a_key_counts_for_that_key_alone()
    {
        (await _new.RunAsync(_home, [], "generate-key-pair")).MustSucceed();
        VerificationKey key = VerificationKey.FromPem(await File.ReadAllTextAsync(In("cosign.pub")));
        using ECDsa stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        VerificationKey other = VerificationKey.FromPem(stranger.ExportSubjectPublicKeyInfoPem());
        Digest image = await _pusher.ImageAsync("signed", "1");
        await SignAsync(image);
        await File.WriteAllTextAsync(In("sbom.json"), """{"spdxVersion":"SPDX-2.3","name":"of the image"}""");
        (
            await _new.RunAsync(
                _home,
                [],
                "attest",
                "--key",
                "cosign.key",
                "--use-signing-config=false",
                "--tlog-upload=false",
                "-y",
                "--type",
                "spdxjson",
                "--predicate",
                "sbom.json",
                $"{_pusher.Name}@{image}"
            )
        ).MustSucceed();
        (
            await _old.RunAsync(
                _home,
                [],
                "attest",
                "--key",
                "cosign.key",
                "--tlog-upload=false",
                "-y",
                "--type",
                "https://example.com/statement/v1",
                "--predicate",
                "sbom.json",
                $"{_pusher.Name}@{image}"
            )
        ).MustSucceed();

        await AskAsync("1", client => CheckAsync(client, image, key, other));
    }

    private static async Task<bool> CheckAsync(
        ReferrerClient client,
        Digest image,
        VerificationKey key,
        VerificationKey other
    )
    {
        ReferrerList list = await new ReferrerReader(client).ListAsync(s_platform, Token);

        Assert.Equal(image, list.Manifest);
        Assert.Equal(
            [ReferrerKind.Bundle, ReferrerKind.Bundle, ReferrerKind.Signature, ReferrerKind.Attestation],
            list.All.Select(r => r.Kind)
        );
        Referrer attached = list.All.Single(r => r.Kind == ReferrerKind.Signature);
        SigstoreAttachment attachment = new(await client.DocumentAsync(attached.Blob, Token), attached.Annotations);
        SimpleSigning? signed = SigstoreVerifier
            .Verify(attachment, new SigstoreKeys { Keys = [other, key] }, s_now)
            .Signed;
        Assert.Equal(image, signed?.ManifestDigest);
        Assert.EndsWith("/team/app", signed?.DockerReference, StringComparison.Ordinal);
        Assert.Null(SigstoreVerifier.Verify(attachment, new SigstoreKeys { Keys = [other] }, s_now).Signed);

        List<string> types = [];
        foreach (Referrer referrer in list.All.Where(r => r.Kind == ReferrerKind.Bundle))
        {
            byte[] bundle = await client.DocumentAsync(referrer.Blob, Token);
            BundleVerdict verdict = BundleVerifier.Verify(
                bundle,
                image,
                new BundleTrust { Keys = [other, key] },
                s_now
            );
            Assert.True(verdict.Statement is not null, verdict.Reason);
            types.Add(verdict.Statement.PredicateType);
            Assert.Null(BundleVerifier.Verify(bundle, image, new BundleTrust { Keys = [other] }, s_now).Statement);
            Assert.Null(
                BundleVerifier.Verify(bundle, Digest.Sha256([9]), new BundleTrust { Keys = [key] }, s_now).Statement
            );
        }

        Assert.Equal(
            ["https://sigstore.dev/cosign/sign/v1", "https://spdx.dev/Document"],
            types.Order(StringComparer.Ordinal)
        );
        return true;
    }

    [Fact]
    public async Task Bundles_are_judged_as_cosign_3_judges_them()
    {
        using BundleSamples samples = new();
        await File.WriteAllTextAsync(In("root.json"), samples.TrustedRootJson);
        List<string> differences = [];
        int accepted = 0;
        foreach ((string how, string? why) in BundleSamples.OfIdentity)
        {
            Digest image = await _pusher.ImageAsync("identity " + how);
            byte[] bundle = samples.ByIdentity(how, image);
            await _pusher.BundlesAsync(image, 100, bundle);
            CommandResult cosign = await _new.RunAsync(
                _home,
                [],
                "verify",
                "--trusted-root",
                "root.json",
                "--certificate-identity",
                BundleSamples.Workflow,
                "--certificate-oidc-issuer",
                BundleSamples.Issuer,
                "--insecure-ignore-sct",
                $"{_pusher.Name}@{image}"
            );
            Compare(
                "identity: " + how,
                cosign,
                BundleVerifier.Verify(bundle, image, samples.IdentityTrust(), s_now).Statement is not null
            );
        }

        foreach ((string how, string? why) in BundleSamples.OfKey)
        {
            Digest image = await _pusher.ImageAsync("key " + how);
            byte[] bundle = samples.ByKey(how, image);
            await File.WriteAllTextAsync(In("key.pub"), samples.KeyPem(BundleSamples.KindOf(how)));
            await _pusher.BundlesAsync(image, 100, bundle);
            CommandResult cosign = await _new.RunAsync(
                _home,
                [],
                "verify",
                "--key",
                "key.pub",
                "--insecure-ignore-tlog",
                $"{_pusher.Name}@{image}"
            );
            Compare(
                "key: " + how,
                cosign,
                BundleVerifier.Verify(bundle, image, samples.KeyTrust(how), s_now).Statement is not null
            );
        }

        // Of two, one is enough.
        Digest twice = await _pusher.ImageAsync("twice");
        await _pusher.BundlesAsync(twice, 100, samples.ByKey("other key", twice), samples.ByKey("good", twice));
        await File.WriteAllTextAsync(In("key.pub"), samples.KeyPem("P-256"));
        Assert.Equal(
            0,
            (
                await _new.RunAsync(
                    _home,
                    [],
                    "verify",
                    "--key",
                    "key.pub",
                    "--insecure-ignore-tlog",
                    $"{_pusher.Name}@{twice}"
                )
            ).ExitCode
        );

        Assert.True(differences.Count == 0, string.Join('\n', differences));
        Assert.True(accepted >= 6, $"only {accepted} count");

        void Compare(string row, CommandResult cosign, bool ours)
        {
            accepted += ours ? 1 : 0;
            if (ours != (cosign.ExitCode == 0) && !(s_stricter.Contains(row) && !ours))
            {
                differences.Add($"{row}: {(ours ? "counts" : "does not count")} here; cosign: {cosign.All}");
            }
        }
    }

    [Fact]
    public async Task Timestamps_and_entries_of_the_second_version_are_judged_as_cosign_3_judges_them()
    {
        using StampedSamples samples = new();
        await File.WriteAllTextAsync(In("root.json"), samples.TrustedRootJson);
        List<string> differences = [];
        foreach (StampedRow row in StampedSamples.Rows)
        {
            Digest image = await _pusher.ImageAsync("stamped " + row);
            byte[] bundle = samples.Bundle(row, image);
            await _pusher.BundlesAsync(image, 100, bundle);
            await File.WriteAllTextAsync(In("key.pub"), samples.KeyPem(row.How));
            string[] who =
                row.By == "key"
                    ? ["--key", "key.pub"]
                    :
                    [
                        "--certificate-identity",
                        BundleSamples.Workflow,
                        "--certificate-oidc-issuer",
                        BundleSamples.Issuer,
                        "--insecure-ignore-sct",
                    ];
            CommandResult cosign = await _new.RunAsync(
                _home,
                [],
                ["verify", "--trusted-root", "root.json", .. who, .. row.CosignFlags, $"{_pusher.Name}@{image}"]
            );
            bool ours = BundleVerifier.Verify(bundle, image, samples.Trust(row), s_now).Statement is not null;

            // Where we are stricter cosign does take it, or the reason is none any more.
            if ((cosign.ExitCode == 0) != (ours || row.Stricter is not null) || (ours && row.Stricter is not null))
            {
                differences.Add($"{row}: {(ours ? "counts" : "does not count")} here; cosign: {cosign.All}");
            }
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    /// <summary>An administrator need not write the file by hand.</summary>
    [Fact]
    public async Task A_trusted_root_that_cosign_writes_is_one_here()
    {
        using StampedSamples samples = new();
        await File.WriteAllTextAsync(In("fulcio.pem"), samples.FulcioPem);
        await File.WriteAllTextAsync(In("log.pub"), samples.LogPem);
        await File.WriteAllTextAsync(In("tsa.pem"), samples.StamperPem);
        (
            await _new.RunAsync(
                _home,
                [],
                "trusted-root",
                "create",
                "--fulcio=url=https://fulcio.example,certificate-chain=fulcio.pem",
                "--rekor=url=https://log.example,public-key=log.pub,start-time=2026-01-01T00:00:00Z,origin=log.example",
                "--tsa=url=https://tsa.example,certificate-chain=tsa.pem",
                "--out",
                "made.json"
            )
        ).MustSucceed();
        Digest image = Digest.Sha256([1, 2, 3]);

        TrustedRoot root = TrustedRoot.Read(await File.ReadAllBytesAsync(In("made.json")));

        StampedRow good = new("good");
        BundleTrust trust = samples.Trust(good) with
        {
            Authorities = root.Authorities,
            Logs = root.Logs,
            Stampers = root.Stampers,
        };
        BundleVerdict verdict = BundleVerifier.Verify(samples.Bundle(good, image), image, trust, s_now);
        Assert.True(verdict.Statement is not null, verdict.Reason);
        Assert.Null(
            BundleVerifier.Verify(samples.Bundle(new StampedRow("log ECDSA"), image), image, trust, s_now).Statement
        );
        Assert.Null(
            BundleVerifier.Verify(samples.Bundle(new StampedRow("TSA second"), image), image, trust, s_now).Statement
        );
    }

    [Fact]
    public async Task Attached_signatures_are_judged_as_cosign_2_judges_them()
    {
        using TestAuthority authority = new("fulcio");
        using TestAuthority strangers = new("others");
        using TestLog log = new();
        using TestLog otherLog = new();
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await File.WriteAllTextAsync(In("fulcio.pem"), authority.RootPem + "\n" + authority.MiddlePem + "\n");
        await File.WriteAllTextAsync(In("rekor.pub"), log.KeyPem + "\n");
        SigstoreKeys trusted = new()
        {
            Fulcio = new FulcioAuthority(
                Certificate.ReadRoots(authority.RootPem + "\n" + authority.MiddlePem),
                Issuer,
                Email
            ),
            Rekor = SigstoreKeys.RekorKeys([log.KeyPem]),
        };
        DateTimeOffset time = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
        List<string> differences = [];
        int accepted = 0;
        foreach (
            string how in (string[])
                [
                    "good",
                    "other issuer",
                    "other email",
                    "other log",
                    "no promise",
                    "too late",
                    "too early",
                    "other authority",
                    "changed payload",
                    "other image",
                    "other signature logged",
                    "other document logged",
                    "for servers",
                    "no certificate",
                ]
        )
        {
            Digest image = await _pusher.ImageAsync("attached " + how);
            byte[] payload = SignedPayload.Of(
                (how == "other image" ? Digest.Sha256([7]) : image).ToString(),
                _pusher.Name
            );
            using X509Certificate2 leaf = (how == "other authority" ? strangers : authority).Issue(
                key,
                n => n.AddEmailAddress(how == "other email" ? "x@example.com" : Email),
                how == "other issuer" ? "https://x.example" : Issuer,
                null,
                time.AddMinutes(-5),
                time.AddMinutes(5),
                how == "for servers" ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.3"
            );
            byte[] signature = SignedPayload.Sign(key, payload);
            string body = TestLog.HashedRekord(
                leaf.ExportCertificatePem() + "\n",
                how == "other signature logged" ? SignedPayload.Sign(key, payload) : signature,
                how == "other document logged" ? SignedPayload.Of() : payload
            );
            string set = (how == "other log" ? otherLog : log).Promise(
                body,
                time.AddHours(
                    how == "too late" ? 1
                    : how == "too early" ? -1
                    : 0
                )
            );
            SigstoreAttachment attachment = SignedPayload.Attach(
                how == "changed payload" ? [.. payload, (byte)' '] : payload,
                signature,
                how == "no certificate" ? null : leaf,
                authority.ChainPem,
                how == "no promise" ? null : set
            );
            await _pusher.AttachAsync(image, (attachment.Payload.ToArray(), attachment.Annotations));
            CommandResult cosign = await _old.RunAsync(
                _home,
                ["SIGSTORE_ROOT_FILE=" + In("fulcio.pem"), "SIGSTORE_REKOR_PUBLIC_KEY=" + In("rekor.pub")],
                "verify",
                "--offline",
                "--insecure-ignore-sct",
                "--certificate-identity",
                Email,
                "--certificate-oidc-issuer",
                Issuer,
                $"{_pusher.Name}@{image}"
            );
            bool ours =
                SigstoreVerifier.Verify(attachment, trusted, s_now) is { Signed: { } signed }
                && signed.ManifestDigest == image;
            accepted += ours ? 1 : 0;
            if (ours != (cosign.ExitCode == 0))
            {
                differences.Add($"{how}: {(ours ? "counts" : "does not count")} here; cosign: {cosign.All}");
            }
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
        Assert.Equal(1, accepted);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string In(string name) => Path.Combine(_home, name);

    private async Task SignAsync(Digest image)
    {
        (
            await _old.RunAsync(
                _home,
                [],
                "sign",
                "--key",
                "cosign.key",
                "--tlog-upload=false",
                "-y",
                $"{_pusher.Name}@{image}"
            )
        ).MustSucceed();
        (
            await _new.RunAsync(
                _home,
                [],
                "sign",
                "--key",
                "cosign.key",
                "--use-signing-config=false",
                "--tlog-upload=false",
                "-y",
                $"{_pusher.Name}@{image}"
            )
        ).MustSucceed();
    }

    private async Task<T> AskAsync<T>(string tag, Func<ReferrerClient, Task<T>> use)
    {
        ImageReference image = ImageReference.Parse($"docker://{_pusher.Name}:{tag}");
        using RegistrySource source = new(
            new RegistryEndpoint(image, Insecure: true, IsMirror: false),
            new CredentialStore([]),
            new PullOptions(),
            new RecordingProgress()
        );
        return await use(new ReferrerClient(image, source));
    }
}
