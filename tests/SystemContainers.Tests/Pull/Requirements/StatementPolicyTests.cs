// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Requirements;
using SystemContainers.Pull.Statements;
using SystemContainers.Pull.Trust;
using SystemContainers.Reference;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tests.Pull.Referrers;
using SystemContainers.Tests.Pull.Statements;
using Xunit;

namespace SystemContainers.Tests.Pull.Requirements;

public sealed class StatementPolicyTests : IDisposable
{
    private static readonly StampedSamples s_stamped = new();

    private const string Provenance = "https://slsa.dev/provenance/v1";

    private readonly PullingHost _host = new();
    private readonly BundleSamples _samples = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _host.Dispose();
        _samples.Dispose();
    }

    [Theory]
    [InlineData("signed", null)]
    [InlineData("signed by a stranger too", null)]
    [InlineData("signed by a stranger", "none of 1 counts")]
    [InlineData("not signed", "there is none")]
    [InlineData("another type", "it is of type https://sigstore.dev/cosign/sign/v1")]
    [InlineData("index signed", null)]
    public async Task A_pull_needs_the_statement_that_is_required(string how, string? why)
    {
        using OciRegistry registry = new();
        using RegistryPusher pusher = new(registry.Host, "team/app");
        _host.Insecure(registry.Host);
        Digest image = await pusher.ImageAsync("a", "1");
        byte[] statement = BundleSamples.Statement(
            image,
            how == "another type" ? InTotoStatement.CosignSignature : Provenance
        );
        byte[][] bundles = how switch
        {
            "not signed" => [],
            "signed by a stranger" => [_samples.ByKey("other key", image, statement)],
            "signed by a stranger too" =>
            [
                _samples.ByKey("other key", image, statement),
                _samples.ByKey("good", image, statement),
            ],
            "index signed" => [],
            _ => [_samples.ByKey("good", image, statement)],
        };
        if (how == "index signed")
        {
            string json =
                $"{{\"schemaVersion\":2,\"mediaType\":\"{MediaTypes.OciIndex}\",\"manifests\":[{{\"mediaType\":\"{MediaTypes.OciManifest}\",\"size\":{pusher.SizeOf(image)},\"digest\":\"{image}\",\"platform\":{{\"architecture\":\"amd64\",\"os\":\"linux\"}}}}]}}";
            Digest index = await pusher.ManifestAsync(
                System.Text.Encoding.UTF8.GetBytes(json),
                MediaTypes.OciIndex,
                "1"
            );
            await pusher.BundlesAsync(
                index,
                json.Length,
                _samples.ByKey("good", index, BundleSamples.Statement(index, Provenance))
            );
        }

        await pusher.BundlesAsync(image, 100, bundles);
        Write("10.json", $$"""{"{{registry.Host}}/team": [{{Requirement()}}]}""");
        ImagePuller puller = Puller();

        if (why is null)
        {
            Assert.Equal(
                image,
                (
                    await puller.PullAsync(
                        [ImageReference.Parse($"docker://{pusher.Name}:1")],
                        new Platform("amd64", "linux"),
                        _host.Sink,
                        Token
                    )
                ).ManifestDigest
            );
            return;
        }

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            puller.PullAsync(
                [ImageReference.Parse($"docker://{pusher.Name}:1")],
                new Platform("amd64", "linux"),
                _host.Sink,
                Token
            )
        );
        Assert.Equal(ErrorKind.Policy, e.Kind);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.Contains("10.json", e.Message, StringComparison.Ordinal);
    }

    /// <summary>That the tree is the one that is named, the store finds out when it has the layers.</summary>
    [Theory]
    [InlineData("composefs.merged.erofs.v1.fsverity-sha256-12", true)]
    [InlineData("composefs.merged.erofs.v1.fsverity-sha256-12.sig", false)]
    [InlineData(null, false)]
    public async Task A_pull_needs_the_digest_of_the_tree_where_that_is_required(string? key, bool passes)
    {
        using OciRegistry registry = new();
        _host.Insecure(registry.Host);
        FakeImage image = new FakeImage().AddGzip(new LayerTar().Dir("usr").ToBytes());
        if (key is not null)
        {
            image.ChangeManifest += m =>
                m["annotations"] = new System.Text.Json.Nodes.JsonObject { [key] = new string('0', 64) };
        }

        image.PushTo(registry, "team/app", "1");
        Write("10.json", $$"""{"{{registry.Host}}/team": [{"sealedTree": true}]}""");
        ImagePuller puller = Puller();
        ImageReference reference = ImageReference.Parse($"docker://{registry.Host}/team/app:1");
        Assert.NotNull(new StatementJudge(Load(), TimeProvider.System).JudgementFor(reference));

        if (passes)
        {
            Assert.Equal(
                image.ManifestDigest,
                (await puller.PullAsync([reference], new Platform("amd64", "linux"), _host.Sink, Token)).ManifestDigest
            );
            return;
        }

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            puller.PullAsync([reference], new Platform("amd64", "linux"), _host.Sink, Token)
        );
        Assert.Equal(ErrorKind.Policy, e.Kind);
        Assert.Contains("has to name the digest of its whole tree", e.Message, StringComparison.Ordinal);
        Assert.Empty(_host.Sink.Layers);
    }

    /// <summary>A cache hands out manifests and blobs, and knows nothing of what refers to them.</summary>
    [Theory]
    [InlineData(null, null)]
    [InlineData(404, "there is none")]
    [InlineData(401, "and the registry itself can't be asked")]
    public async Task What_a_mirror_lacks_is_asked_of_the_registry(int? status, string? why)
    {
        using OciRegistry registry = new();
        using OciRegistry mirror = new() { HasReferrers = false };
        using RegistryPusher pusher = new(registry.Host, "team/app");
        using RegistryPusher cache = new(mirror.Host, "cache/app");
        _host.Write(
            "registries.conf",
            $"[[registry]]\nlocation = \"{registry.Host}/team\"\ninsecure = true\n[[registry.mirror]]\nlocation = \"{mirror.Host}/cache\"\ninsecure = true\n"
        );
        Digest image = await pusher.ImageAsync("a", "1");
        Assert.Equal(image, await cache.ImageAsync("a", "1"));
        await pusher.BundlesAsync(
            image,
            pusher.SizeOf(image),
            _samples.ByKey("good", image, BundleSamples.Statement(image, Provenance))
        );
        Write("10.json", $$"""{"{{registry.Host}}/team": [{{Requirement()}}]}""");
        registry.ForgetRequests();
        registry.Fail = _ => status;
        Task<PulledImage> PullAsync() =>
            Puller()
                .PullAsync(
                    [ImageReference.Parse($"docker://{pusher.Name}:1")],
                    new Platform("amd64", "linux"),
                    _host.Sink,
                    Token
                );

        if (why is not null)
        {
            SysctrException e = await Assert.ThrowsAsync<SysctrException>(PullAsync);

            // Of one that can't be asked nothing is known.
            Assert.Equal(status == 404 ? ErrorKind.Policy : ErrorKind.Unauthorized, e.Kind);
            Assert.Contains(why, e.Message, StringComparison.Ordinal);
            return;
        }

        Assert.Equal(image, (await PullAsync()).ManifestDigest);
        Assert.DoesNotContain(registry.Requests, r => r.EndsWith("/manifests/1", StringComparison.Ordinal));
        Assert.Contains(mirror.Requests, r => r.Contains("/blobs/", StringComparison.Ordinal));
    }

    /// <summary>No place has what a rule asks for that can't be used.</summary>
    [Fact]
    public async Task A_key_that_is_none_is_no_reason_to_ask_the_registry()
    {
        using OciRegistry registry = new();
        using OciRegistry mirror = new() { HasReferrers = false };
        using RegistryPusher cache = new(mirror.Host, "cache/app");
        _host.Write(
            "registries.conf",
            $"[[registry]]\nlocation = \"{registry.Host}/team\"\ninsecure = true\n[[registry.mirror]]\nlocation = \"{mirror.Host}/cache\"\ninsecure = true\n"
        );
        await cache.ImageAsync("a", "1");
        _host.Write("none.pub", "no key");
        Write(
            "10.json",
            $$"""{"{{registry.Host}}/team": [{"predicateType":"{{Provenance}}","keyPaths":["{{_host.In("none.pub")}}"],"signedIdentity":{"type":"digestOnly"} }]}"""
        );

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            Puller()
                .PullAsync(
                    [ImageReference.Parse($"docker://{registry.Host}/team/app:1")],
                    new Platform("amd64", "linux"),
                    _host.Sink,
                    Token
                )
        );

        Assert.Equal(ErrorKind.Policy, e.Kind);
        Assert.Contains("can't be told from", e.Message, StringComparison.Ordinal);
        Assert.Empty(registry.Requests);
    }

    [Theory]
    [InlineData("quay.io/team/app:1", "quay.io/team/app:1")]
    [InlineData("quay.io/team/app:2", "quay.io/team/app")]
    [InlineData("quay.io/team/other:1", "quay.io/team")]
    [InlineData("quay.io/x:1", "*.io")]
    [InlineData("localhost:5000/x:1", "")]
    public void The_most_specific_scope_decides(string image, string scope)
    {
        Write(
            "10.json",
            $$"""{"quay.io/team/app:1": [{{Requirement()}}], "quay.io/team/app": [{{Requirement()}}], "": [{{Requirement()}}]}"""
        );
        Write("20.json", $$"""{"quay.io/team": [{{Requirement()}}], "*.io": [{{Requirement()}}]}""");

        StatementRule rule = Assert.Single(Load().For(ImageReference.Parse(image)));

        Assert.Equal(scope, rule.Scope);
    }

    [Theory]
    [InlineData("""{"quay.io": []}""", "no array")]
    [InlineData("""{"quay.io": [{"predicateType":"a","keyPaths":["/k"]}]}""", "no \"signedIdentity\"")]
    [InlineData(
        """{"quay.io": [{"predicateType":"a","keyPaths":["/k"],"signedIdentity":{"type":"matchRepository"}}]}""",
        "by its digest"
    )]
    [InlineData("""{"quay.io": [{"predicateType":"a","signedIdentity":{"type":"digestOnly"}}]}""", "exactly one of")]
    [InlineData(
        """{"quay.io": [{"predicateType":"a","signedIdentity":{"type":"digestOnly"},"keyPaths":[]}]}""",
        "no array of paths"
    )]
    [InlineData(
        """{"quay.io": [{"predicateType":"a","signedIdentity":{"type":"digestOnly"},"keyPath":"/k"}]}""",
        "unknown \"keyPath\""
    )]
    [InlineData(
        """{"quay.io": [{"predicateType":"a","signedIdentity":{"type":"digestOnly"},"fulcio":{"trustedRootPath":"/r","oidcIssuer":"i"}}]}""",
        "no \"subject\""
    )]
    [InlineData(
        """{"quay.io": [{"predicateType":"a","signedIdentity":{"type":"digestOnly"},"fulcio":{"trustedRootPath":"/r","oidcIssuer":"i","subject":""}}]}""",
        "needs an oidcIssuer and a subject"
    )]
    [InlineData(
        """{"quay.io": [{"predicateType":"a","signedIdentity":{"type":"digestOnly"},"pki":{"caRootsPath":"/r"}}]}""",
        "needs subjectEmail"
    )]
    [InlineData(
        """{"quay.io": [{"predicateType":"a","signedIdentity":{"type":"digestOnly"},"pki":{"caRootsPath":"/r","subjectEmail":"a@b"},"trustedRootPath":"/r"}]}""",
        "trustedRootPath goes with keyPaths"
    )]
    [InlineData(
        """{"quay.io": [{"predicateType":"a","signedIdentity":{"type":"digestOnly"},"keyPaths":["/k"],"trustedRootPath":"/r","rekorPublicKeyPaths":["/k"]}]}""",
        "not of both"
    )]
    [InlineData(
        """{"quay.io": [{"predicateType":"a","signedIdentity":{"type":"digestOnly"},"keyPaths":["/k"],"trustedRootPath":""}]}""",
        "trustedRootPath is empty"
    )]
    [InlineData(
        """{"quay.io": [{"predicateType":"a","signedIdentity":{"type":"digestOnly"},"fulcio":{"trustedRootPath":"/r","oidcIssuer":"i","subject":"s","ignoreLog":"yes"}}]}""",
        "neither true nor false"
    )]
    [InlineData("""{"quay.io": [{"sealedTree":false}]}""", "sealedTree can be true alone")]
    [InlineData("""{"quay.io": [{"sealedTree":true,"keyPaths":["/k"]}]}""", "unknown \"keyPaths\"")]
    [InlineData("""{"quay.io": 1, "quay.io": 2}""", "twice")]
    [InlineData("""{"etcd": [1]}""", "holds no image")]
    [InlineData("[]", "no object")]
    [InlineData("", "no JSON")]
    public void A_file_that_is_wrong_lets_nothing_pass(string text, string why)
    {
        Write("10.json", text);

        SysctrException e = Assert.Throws<SysctrException>(Load);

        Assert.Equal(ErrorKind.Policy, e.Kind);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_required_for_a_tag_and_for_its_digest_is_required_of_both()
    {
        string digest = "sha256:" + new string('a', 64);
        Write("10.json", $$"""{"quay.io/x:1": [{{Requirement()}}], "quay.io": [{{Requirement()}}]}""");

        Assert.Equal(
            ["quay.io/x:1", "quay.io"],
            Load().For(ImageReference.Parse("quay.io/x:1@" + digest)).Select(r => r.Scope)
        );
        Assert.Equal(["quay.io/x:1"], Load().For(ImageReference.Parse("quay.io/x:1")).Select(r => r.Scope));
        Assert.Equal(["quay.io"], Load().For(ImageReference.Parse("quay.io/x@" + digest)).Select(r => r.Scope));
        Assert.Equal(["quay.io"], Load().For(ImageReference.Parse("quay.io/y:1@" + digest)).Select(r => r.Scope));
    }

    /// <summary>What was pulled by a tag that is gone from the registry is judged by what speaks for its
    /// manifest.</summary>
    [Fact]
    public async Task A_stored_image_is_judged_by_its_digest_where_its_tag_is_gone()
    {
        using OciRegistry registry = new();
        using RegistryPusher pusher = new(registry.Host, "team/app");
        _host.Insecure(registry.Host);
        Digest image = await pusher.ImageAsync("a", "1");
        await pusher.BundlesAsync(
            image,
            pusher.SizeOf(image),
            _samples.ByKey("good", image, BundleSamples.Statement(image, Provenance))
        );
        Write("10.json", $$"""{"{{registry.Host}}/team": [{{Requirement()}}]}""");
        byte[] manifest = registry.Repository("team/app").Manifests[image].Bytes;
        ImageReference name = ImageReference.Parse($"docker://{pusher.Name}:1");
        Assert.True(registry.Repository("team/app").Tags.TryRemove("1", out _));

        SystemContainers.Pull.Trust.ImageProof proof = Assert.Single(
            await Puller().JudgeStoredAsync(name, manifest, Token)
        );
        Assert.Equal(
            (Provenance, registry.Host + "/team", _host.In("trust.d/10.json")),
            (proof.Requirement, proof.Rule, proof.File)
        );
        Assert.EndsWith($"({_host.In("key.pub")})", proof.Signer, StringComparison.Ordinal);

        Assert.True(registry.Repository("team/app").Manifests.TryRemove(image, out _));
        Assert.Equal(
            ErrorKind.NotFound,
            (await Assert.ThrowsAsync<SysctrException>(() => Puller().JudgeStoredAsync(name, manifest, Token))).Kind
        );
    }

    [Fact]
    public void A_scope_stands_in_one_file()
    {
        Write("10.json", $$"""{"quay.io": [{{Requirement()}}]}""");
        Write("20.json", $$"""{"quay.io": [{{Requirement()}}]}""");

        Assert.Contains("10.json", Assert.Throws<SysctrException>(Load).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Identities_are_those_of_the_trusted_root()
    {
        _host.Write("root.json", _samples.TrustedRootJson);
        Write(
            "10.json",
            "{\"quay.io\": [{\"predicateType\":\""
                + InTotoStatement.CosignSignature
                + "\",\"signedIdentity\":{\"type\":\"digestOnly\"},\"fulcio\":{\"trustedRootPath\":\""
                + _host.In("root.json")
                + "\",\"oidcIssuer\":\""
                + BundleSamples.Issuer
                + "\",\"subject\":\"https://github.example/team/app/.github/workflows/*.yml@refs/tags/*\"}}]}"
        );
        Digest image = Digest.Sha256([5]);

        BundleTrust trust = Load().For(ImageReference.Parse("quay.io/x:1")).Single().All.Single().Trust();

        BundleVerdict good = BundleVerifier.Verify(
            _samples.ByIdentity("good", image),
            image,
            trust,
            DateTimeOffset.UtcNow
        );
        Assert.NotNull(good.Statement);
        Assert.StartsWith(
            "certificate of https://github.example/team/app/.github/workflows/",
            good.Signer,
            StringComparison.Ordinal
        );
        Assert.EndsWith($" (logged in at {BundleSamples.Issuer})", good.Signer, StringComparison.Ordinal);
        Assert.Null(
            BundleVerifier
                .Verify(_samples.ByIdentity("other issuer", image), image, trust, DateTimeOffset.UtcNow)
                .Statement
        );
    }

    /// <summary>Which logs and authorities for timestamps count is what the trusted root says, and whether a log has to
    /// be there what the rule does.</summary>
    [Theory]
    [InlineData("good", "v2", "identity", true)]
    [InlineData("no stamp", "v2", "identity", false)]
    [InlineData("good", "none", "identity", false)]
    [InlineData("good", "none", "without log", true)]
    [InlineData("no stamp", "none", "without log", false)]
    [InlineData("no stamp", "v2", "key", true)]
    [InlineData("no stamp", "none", "key", false)]
    public void Timestamps_and_logs_are_those_of_the_trusted_root(string how, string entries, string by, bool counts)
    {
        StampedSamples samples = s_stamped;
        _host.Write("root.json", samples.TrustedRootJson);
        _host.Write("key.pub", samples.KeyPem(how));
        string root = $"\"trustedRootPath\":\"{_host.In("root.json")}\"";
        string signer =
            by == "key"
                ? $"\"keyPaths\":[\"{_host.In("key.pub")}\"],{root}"
                : "\"fulcio\":{"
                    + root
                    + ",\"oidcIssuer\":\""
                    + BundleSamples.Issuer
                    + "\",\"subject\":\""
                    + BundleSamples.Workflow
                    + "\",\"ignoreLog\":"
                    + (by == "without log" ? "true}" : "false}");
        Write(
            "10.json",
            "{\"quay.io\": [{\"predicateType\":\""
                + InTotoStatement.CosignSignature
                + "\",\"signedIdentity\":{\"type\":\"digestOnly\"},"
                + signer
                + "}]}"
        );
        Digest image = Digest.Sha256([5]);

        StatementRequirement requirement = Load().For(ImageReference.Parse("quay.io/x:1")).Single().All.Single();

        Assert.Contains(_host.In("root.json"), requirement.Files);
        Assert.Equal(
            counts,
            BundleVerifier
                .Verify(
                    samples.Bundle(new StampedRow(how, Entries: entries, By: by), image),
                    image,
                    requirement.Trust(),
                    DateTimeOffset.UtcNow
                )
                .Statement
                is not null
        );
    }

    [Fact]
    public void Without_a_log_somebody_has_to_know_when()
    {
        _host.Write("root.json", _samples.TrustedRootJson);
        Write(
            "10.json",
            "{\"quay.io\": [{\"predicateType\":\"a\",\"signedIdentity\":{\"type\":\"digestOnly\"},\"fulcio\":{\"trustedRootPath\":\""
                + _host.In("root.json")
                + "\",\"oidcIssuer\":\"i\",\"subject\":\"s\",\"ignoreLog\":true}}]}"
        );

        SysctrException e = Assert.Throws<SysctrException>(() =>
            Load().For(ImageReference.Parse("quay.io/x:1")).Single().All.Single().Trust()
        );

        Assert.Equal(ErrorKind.Policy, e.Kind);
        Assert.Contains("has no authority for timestamps", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_judgement_is_another_once_a_rule_or_a_key_is()
    {
        ImageReference image = ImageReference.Parse("quay.io/x:1");
        Write("10.json", $$"""{"quay.io": [{{Requirement()}}]}""");
        string? first = Judgement();
        Assert.Equal(first, Judgement());
        Assert.Null(
            new StatementJudge(Load(), TimeProvider.System).JudgementFor(ImageReference.Parse("docker.io/library/x:1"))
        );

        _host.Write("key.pub", _samples.KeyPem("other"));
        string? second = Judgement();
        Write("10.json", $$"""{"quay.io": [{{Requirement().Replace("/v1", "/v2", StringComparison.Ordinal)}}]}""");

        Assert.Equal(3, new[] { first, second, Judgement() }.OfType<string>().Distinct(StringComparer.Ordinal).Count());

        string? Judgement() => new StatementJudge(Load(), TimeProvider.System).JudgementFor(image);
    }

    private string Requirement()
    {
        _host.Write("key.pub", _samples.KeyPem("P-256"));
        return "{\"predicateType\":\""
            + Provenance
            + "\",\"signedIdentity\":{\"type\":\"digestOnly\"},\"keyPaths\":[\""
            + _host.In("key.pub")
            + "\"]}";
    }

    private void Write(string file, string text) => _host.Write("trust.d/" + file, text);

    private StatementPolicy Load() => StatementPolicy.Load(_host.In("trust.d"), p => p);

    private ImagePuller Puller() =>
        new(
            _host.Registries,
            _host.Credentials,
            SignaturePolicy.Load(_host.In("policy.json")),
            _host.Progress,
            _host.OwnOptions
        )
        {
            Judge = new StatementJudge(Load(), TimeProvider.System),
        };
}
