// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Pull;
using SystemContainers.Pull.Auth;
using SystemContainers.Pull.Trust;
using SystemContainers.Push;
using SystemContainers.Reference;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tests.Pull.Sigstore;
using Xunit;

namespace SystemContainers.Tests.Pull.Signatures;

/// <summary>What is said and asked for when a policy wants signatures; which of them count is in
/// SignatureOracleTests.</summary>
public sealed class ImageJudgeTests : IDisposable
{
    private readonly PullingHost _host = new();
    private readonly FakeRegistry _registry = new();
    private readonly FakeRegistry _storage = new();
    private readonly OpenPgpSigner _signer = new();
    private readonly FakeImage _image;

    public ImageJudgeTests()
    {
        _image = new FakeImage().AddGzip(FakeImage.Noise(1000)).PushTo(_registry, "1");
        _host.Insecure(_registry.Host);
        File.WriteAllBytes(_host.In("key.gpg"), _signer.Keyring);
        _host.Write("registries.d/x.yaml", $"default-docker:\n  lookaside: http://{_storage.Host}/sigs\n");
        Policy("""{"type":"signedBy","keyType":"GPGKeys","keyPath":"KEY"}""");
        _storage.Misbehave = _ => new FakeResponse(404);
    }

    private string Image => $"{_registry.Host}/team/app:1";

    public void Dispose()
    {
        _host.Dispose();
        _registry.Dispose();
        _storage.Dispose();
    }

    [Fact]
    public async Task A_signed_image_is_pulled_and_its_judgement_kept()
    {
        Serve(Sign(Image));

        PulledImage pulled = await PullAsync(Image);

        Assert.Equal(
            SignaturePolicy.Load(_host.In("policy.json")).JudgementFor(ImageReference.Parse(Image)),
            pulled.Judgement
        );
        Assert.Equal($"/sigs/team/app@sha256={_image.ManifestDigest.Hex}/signature-1", _storage.Requests[0].Path);
    }

    [Fact]
    public async Task Nothing_that_the_manifest_names_is_fetched_for_an_image_that_is_refused()
    {
        SysctrException e = await RefusedAsync();

        Assert.Contains(
            "it has no signature, and must be signed (signedBy), says",
            e.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("for 127.0.0.1", e.Message, StringComparison.Ordinal);
        Assert.Contains(
            $"http://{_storage.Host}/sigs ({_host.In("registries.d/x.yaml")})",
            e.Hint,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(_registry.Requests, r => r.Path.Contains("/blobs/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_copy_is_judged_as_a_pull_is()
    {
        ImageReference source = ImageReference.Parse(Image);
        Task<CopiedImage> CopyAsync(IImageDestination destination) =>
            new ImageCopier(_host.Progress).CopyAsync(
                Puller(),
                [source],
                destination,
                new CopyChoice(null, false),
                TestContext.Current.CancellationToken
            );
        Destinations destinations = new(
            _host.Registries,
            _host.Credentials,
            _host.OwnOptions with
            {
                SpoolDirectory = _host.Root,
            },
            _host.Progress
        );
        await using (
            IImageDestination destination = destinations.Open(ImageReference.Parse($"oci:{_host.In("copy")}:1"), source)
        )
        {
            Assert.Equal(
                ErrorKind.Policy,
                (await Assert.ThrowsAsync<SysctrException>(() => CopyAsync(destination))).Kind
            );
        }

        Assert.DoesNotContain(_registry.Requests, r => r.Path.Contains("/blobs/", StringComparison.Ordinal));
        Serve(Sign(Image));
        await using IImageDestination again = destinations.Open(
            ImageReference.Parse($"oci:{_host.In("copy")}:1"),
            source
        );
        Assert.Equal(_image.ManifestDigest, (await CopyAsync(again)).Digest);
    }

    [Fact]
    public async Task Who_signed_is_told_for_each_requirement()
    {
        Serve(new OpenPgpSigner().Sign("{}"u8.ToArray()), Sign(Image));

        ImageProof proof = Assert.Single(
            await Puller()
                .JudgeStoredAsync(ImageReference.Parse(Image), _image.Manifest, TestContext.Current.CancellationToken)
        );

        Assert.Equal(
            ("signedBy", _registry.Host, _host.In("policy.json")),
            (proof.Requirement, proof.Rule, proof.File)
        );
        Assert.Equal($"OpenPGP key {Convert.ToHexString(_signer.Fingerprint)} ({_host.In("key.gpg")})", proof.Signer);
    }

    /// <summary>A mirror that does not have an image has no signatures of it either, and that says nothing.</summary>
    [Fact]
    public async Task A_stored_image_is_judged_by_a_place_that_has_it()
    {
        using FakeRegistry mirror = new();
        _host.Write(
            "registries.conf",
            $"[[registry]]\nlocation = \"{_registry.Host}\"\ninsecure = true\n[[registry.mirror]]\nlocation = \"{mirror.Host}/m\"\ninsecure = true\n"
        );
        Serve(Sign(Image));

        await Puller()
            .JudgeStoredAsync(ImageReference.Parse(Image), _image.Manifest, TestContext.Current.CancellationToken);

        Assert.Contains(
            mirror.Requests,
            r => r.Path.EndsWith("/manifests/" + _image.ManifestDigest, StringComparison.Ordinal)
        );
        Assert.All(_storage.Requests, r => Assert.StartsWith("/sigs/team/app@", r.Path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task All_signatures_together_are_bounded()
    {
        byte[] large = new byte[4 << 20];
        large[0] = 0xa3;
        Serve([.. Enumerable.Repeat(large, 9)]);

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() => PullAsync(Image));

        Assert.Equal(ErrorKind.Unsafe, e.Kind);
        Assert.Contains("all of them are larger than", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_signature_says_why_it_does_not_count()
    {
        Serve(
            Sign($"{_registry.Host}/team/app:2"),
            new OpenPgpSigner().Sign("{}"u8.ToArray()),
            _signer.Sign("{}"u8.ToArray())
        );

        SysctrException e = await RefusedAsync();

        Assert.Contains($"signature-1: it is for '{_registry.Host}/team/app:2'", e.Message, StringComparison.Ordinal);
        Assert.Contains("signature-2: it is signed by the key", e.Message, StringComparison.Ordinal);
        Assert.Contains("signature-3: ", e.Message, StringComparison.Ordinal);
        Assert.Contains($"for {Image} (matchRepoDigestOrExact)", e.Hint, StringComparison.Ordinal);
        Assert.Contains(_host.In("key.gpg"), e.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public async Task A_storage_that_fails_is_not_one_without_signatures()
    {
        Serve(Sign(Image));
        _storage.Misbehave = r =>
            r.Path.EndsWith("-1", StringComparison.Ordinal) ? new FakeResponse(500) : new FakeResponse(404);

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() => PullAsync(Image));

        Assert.Equal(ErrorKind.Unreachable, e.Kind);
        Assert.Contains("HTTP 500", e.Message, StringComparison.Ordinal);
        Assert.Equal(3, _storage.Requests.Count);
    }

    [Fact]
    public async Task A_storage_that_has_each_number_ends()
    {
        byte[] signature = Sign($"{_registry.Host}/team/app:2");
        _storage.Misbehave = _ => new FakeResponse(200, signature);

        Assert.Contains("more than 128", (await RefusedAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signature_without_end_ends()
    {
        _storage.Misbehave = _ => new FakeResponse(200, new byte[1 << 20]) { Endless = true, SaysLength = -1 };

        Assert.Contains("larger than", (await RefusedAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_storage_may_lead_elsewhere_but_not_in_circles()
    {
        byte[] signature = Sign(Image);
        _storage.Misbehave = r =>
            r.Path.StartsWith("/sigs/", StringComparison.Ordinal)
                ? new FakeResponse(302)
                {
                    Headers = { ["Location"] = r.Path.Replace("/sigs/", "/there/", StringComparison.Ordinal) },
                }
            : r.Path.EndsWith("-1", StringComparison.Ordinal) ? new FakeResponse(200, signature)
            : new FakeResponse(404);
        await PullAsync(Image);

        _storage.Misbehave = r => new FakeResponse(302) { Headers = { ["Location"] = r.Path } };
        Assert.Equal(ErrorKind.Unsafe, (await Assert.ThrowsAsync<SysctrException>(() => PullAsync(Image))).Kind);
    }

    [Fact]
    public async Task A_storage_of_files_needs_no_server()
    {
        _host.Write(
            "registries.d/x.yaml",
            $"docker:\n  {_registry.Host}/team:\n    lookaside: file://{_host.Root}/sig%20s\n"
        );
        _host.Write($"sig s/team/app@sha256={_image.ManifestDigest.Hex}/signature-1", "");
        File.WriteAllBytes(_host.In($"sig s/team/app@sha256={_image.ManifestDigest.Hex}/signature-1"), Sign(Image));

        await PullAsync(Image);

        Assert.Empty(_storage.Requests);
    }

    [Theory]
    [InlineData("ftp://x/y")]
    [InlineData("sigs")]
    [InlineData("http://")]
    public async Task What_is_no_place_for_signatures_is_said(string url)
    {
        _host.Write("registries.d/x.yaml", $"default-docker: {{lookaside: '{url}'}}\n");

        Assert.Contains("no place for them", (await RefusedAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Layouts_have_no_signatures()
    {
        string layout = _host.In("layout");
        new FakeImage().AddGzip(FakeImage.Noise(10)).WriteTo(layout, "1");
        _host.Write(
            "policy.json",
            "{\"default\":[{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\""
                + _host.In("key.gpg")
                + "\"}]}"
        );

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() => PullAsync($"oci:{layout}:1"));

        Assert.Equal(ErrorKind.Policy, e.Kind);
        Assert.Contains("only images of registries and of dir: have signatures", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sigstores_tag_is_looked_at_only_where_registries_d_says_so()
    {
        using System.Security.Cryptography.ECDsa key = System.Security.Cryptography.ECDsa.Create(
            System.Security.Cryptography.ECCurve.NamedCurves.nistP256
        );
        File.WriteAllText(_host.In("cosign.pub"), key.ExportSubjectPublicKeyInfoPem());
        byte[] payload = SignedPayload.Of(_image.ManifestDigest.ToString(), $"{_registry.Host}/team/app");
        string tag = $"sha256-{_image.ManifestDigest.Hex}.sig";
        new FakeImage
        {
            ChangeManifest = m =>
            {
                System.Text.Json.Nodes.JsonObject layer = FakeImage.Descriptor(
                    "application/vnd.dev.cosign.simplesigning.v1+json",
                    payload
                );
                layer["annotations"] = new System.Text.Json.Nodes.JsonObject
                {
                    ["dev.cosignproject.cosign/signature"] = Convert.ToBase64String(SignedPayload.Sign(key, payload)),
                };
                m["layers"] = new System.Text.Json.Nodes.JsonArray(layer);
            },
        }.PushTo(_registry, tag);
        _registry.Blobs[SystemContainers.Oci.Digest.Sha256(payload).ToString()] = payload;
        Policy("""{"type":"sigstoreSigned","keyPath":"COSIGN","signedIdentity":{"type":"matchRepository"}}""");

        SysctrException e = await RefusedAsync();
        Assert.Contains("use-sigstore-attachments: true", e.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain(_registry.Requests, r => r.Path.Contains(".sig", StringComparison.Ordinal));

        _host.Write(
            "registries.d/x.yaml",
            $"default-docker:\n  lookaside: http://{_storage.Host}/sigs\ndocker:\n  {_registry.Host}:\n    use-sigstore-attachments: true\n"
        );
        await PullAsync(Image);

        ImageProof proof = Assert.Single(
            await Puller()
                .JudgeStoredAsync(ImageReference.Parse(Image), _image.Manifest, TestContext.Current.CancellationToken)
        );
        string fingerprint = Convert.ToHexStringLower(
            System.Security.Cryptography.SHA256.HashData(key.ExportSubjectPublicKeyInfo())
        );
        Assert.Equal(
            ("sigstoreSigned", $"key SHA256:{fingerprint} ({_host.In("cosign.pub")})"),
            (proof.Requirement, proof.Signer)
        );
    }

    private static byte[] Payload(string digest, string reference) =>
        Encoding.UTF8.GetBytes(
            "{\"critical\":{\"type\":\"atomic container signature\",\"image\":{\"docker-manifest-digest\":\""
                + digest
                + "\"},\"identity\":{\"docker-reference\":\""
                + reference
                + "\"}},\"optional\":{}}"
        );

    private byte[] Sign(string reference) => _signer.Sign(Payload(_image.ManifestDigest.ToString(), reference));

    private void Serve(params byte[][] signatures) =>
        _storage.Misbehave = r =>
            int.TryParse(r.Path[(r.Path.LastIndexOf('-') + 1)..], out int number) && number <= signatures.Length
                ? new FakeResponse(200, signatures[number - 1])
                : new FakeResponse(404);

    private void Policy(string requirement) =>
        _host.Write(
            "policy.json",
            "{\"default\":[{\"type\":\"insecureAcceptAnything\"}],\"transports\":{\"docker\":{\""
                + _registry.Host
                + "\":["
                + requirement
                    .Replace("KEY", _host.In("key.gpg"), StringComparison.Ordinal)
                    .Replace("COSIGN", _host.In("cosign.pub"), StringComparison.Ordinal)
                + "]}}}"
        );

    private async Task<SysctrException> RefusedAsync()
    {
        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() => PullAsync(Image));
        Assert.True(e.Kind == ErrorKind.Policy, e.ToString());
        return e;
    }

    private ImagePuller Puller() =>
        new(
            _host.Registries,
            new CredentialStore([]),
            SignaturePolicy.Load(_host.In("policy.json")),
            _host.Progress,
            _host.Options,
            () => SignatureStorage.Load([_host.In("registries.d")], "file:///nowhere")
        );

    private Task<PulledImage> PullAsync(string image)
    {
        return Puller()
            .PullAsync(
                [ImageReference.Parse(image)],
                new SystemContainers.Oci.Platform("amd64", "linux"),
                _host.Sink,
                TestContext.Current.CancellationToken
            );
    }
}
