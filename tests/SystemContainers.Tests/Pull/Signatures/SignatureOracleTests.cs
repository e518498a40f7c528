// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Auth;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Trust;
using SystemContainers.Reference;
using SystemContainers.TestBed;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Pull.Signatures;

/// <summary>
/// Policies, signatures and references, each way that they can differ and a few hundred of their combinations, always
/// the same ones: the image is pulled here exactly where Debian 13's skopeo copies it. One registry, a lookaside
/// storage a row, by file and by a web server. <c>SYSCTR_SIGSTORE_ROWS</c> is how many of five combinations of a
/// sigstore signature and what is asked for are tried; one, where it is not set. Of all rows one in
/// <c>SYSCTR_SIGNED_SHARE</c> is tried, where that is set.
/// </summary>
[Trait("needs", "programs")]
public sealed partial class SignatureOracleTests : IAsyncLifetime
{
    private static readonly Platform s_platform = new("amd64", "linux", null);

    private readonly string _directory = Directory.CreateDirectory($"/tmp/sysctr-signed-{Guid.NewGuid():N}").FullName;
    private readonly Dictionary<string, byte[]> _signatures = new(StringComparer.Ordinal);
    private readonly Dictionary<string, byte[]> _keyrings = new(StringComparer.Ordinal);
    private readonly Random _random = new(20261129);
    private readonly FakeRegistry _web = new();
    private DockerRegistry _registry = null!;
    private SkopeoRoot _root = null!;
    private GpgHome _gpg = null!;
    private Digest _one;
    private Digest _two;
    private Digest _child;
    private Digest _index;

    private sealed record Row(string Policy, string[] Signatures, string Image, bool ByWeb, bool Attached = false);

    private string Host => _registry.Host;

    public async ValueTask InitializeAsync()
    {
        _root = await SkopeoRoot.GetAsync();
        _gpg = new GpgHome(_root, _directory);
        _registry = await DockerRegistry.StartAsync();
        try
        {
            await PushAsync();
            await MakeKeysAsync();
            await SignAsync();
            await SignBySigstoreAsync();
        }
        catch
        {
            // Nobody disposes of what was not initialised.
            await DisposeAsync();
            throw;
        }

        _web.Misbehave = r =>
            Path.Join(_directory, Uri.UnescapeDataString(r.Path)) is var file && File.Exists(file)
                ? new FakeResponse(200, File.ReadAllBytes(file))
                : new FakeResponse(404);
    }

    public async ValueTask DisposeAsync()
    {
        await _gpg.StopAsync();
        await _registry.DisposeAsync();
        _web.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task An_image_is_pulled_where_skopeo_copies_it()
    {
        Row[] all =
        [
            .. Rows()
                .Concat(SigstoreRows())
                .DistinctBy(r => (r.Policy, string.Join(',', r.Signatures), r.Image, r.Attached)),
        ];
        int share = Environment.GetEnvironmentVariable("SYSCTR_SIGNED_SHARE") is { Length: > 0 } one
            ? int.Parse(one, CultureInfo.InvariantCulture)
            : 1;
        Row[] rows = [.. all.Where((_, i) => i % share == 0)];
        int accepted = 0;
        int subkeys = 0;
        List<string> differences = [];
        await Parallel.ForAsync(
            0,
            rows.Length,
            TestContext.Current.CancellationToken,
            async (i, token) =>
            {
                Row row = rows[i];
                string directory = Directory.CreateDirectory(Path.Combine(_directory, $"row{i}")).FullName;
                Prepare(row, directory);
                string image = row.Image == "dir:" ? $"dir:{directory}/image" : row.Image;
                CommandResult skopeo = await _root.RunAsync(
                    "skopeo",
                    "--policy",
                    Path.Combine(directory, "policy.json"),
                    "--registries.d",
                    Path.Combine(directory, "registries.d"),
                    "--override-arch",
                    "amd64",
                    "--override-os",
                    "linux",
                    "copy",
                    "--remove-signatures",
                    "--src-tls-verify=false",
                    image.Contains(":/", StringComparison.Ordinal) ? image : "docker://" + image,
                    "dir:" + Path.Combine(directory, "copy")
                );
                if (skopeo.ExitCode != 0 && !skopeo.Error.Contains("Source image rejected", StringComparison.Ordinal))
                {
                    throw new InvalidOperationException(skopeo.Error);
                }

                SysctrException? fault = await PullAsync(image, directory, token);
                if (fault is null && row.Signatures.Contains("sub") && SubkeysAreUnknown().IsMatch(skopeo.Error))
                {
                    // Debian 13's containers/image 5.34 compares the subkey with the primary keys; newer ones know
                    // whose it is, and so do we.
                    Interlocked.Increment(ref subkeys);
                    return;
                }

                lock (differences)
                {
                    accepted += skopeo.ExitCode == 0 ? 1 : 0;
                    if ((skopeo.ExitCode == 0) != fault is null || fault is not (null or { Kind: ErrorKind.Policy }))
                    {
                        differences.Add(
                            $"{row.Policy}\n{row.Image} with {string.Join(", ", row.Signatures)}\nskopeo: {(skopeo.ExitCode == 0 ? "copies it" : skopeo.Error.TrimEnd())}\nhere: {fault?.Message ?? "pulls it"}"
                        );
                    }
                }

                Directory.Delete(directory, recursive: true);
            }
        );
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{rows.Length} rows: skopeo accepts {accepted}, {subkeys} that subkeys have signed are accepted here alone, {differences.Count} differ"
        );

        Assert.True(
            differences.Count == 0,
            $"{differences.Count} of {rows.Length}:\n" + string.Join("\n\n", differences.Take(40))
        );
        Assert.True(
            all.Length >= 300 && accepted > rows.Length / 8 && accepted < rows.Length * 5 / 6,
            $"{accepted} of {rows.Length} accepted"
        );
    }

    /// <summary>Every way of signing by itself, every keyring, every identity with every name; then chance.</summary>
    private IEnumerable<Row> Rows()
    {
        string one = $"{Host}/team/app:1";
        string all = Signed("all", """{"type":"matchRepository"}""");
        foreach (string signature in _signatures.Keys)
        {
            yield return new Row(All(all), [signature], one, false);
        }

        foreach (string keyring in _keyrings.Keys)
        {
            yield return new Row(All(Signed(keyring)), ["a"], one, false);
            yield return new Row(All(Signed(keyring)), ["sub", "b"], one, true);
        }

        string[] images =
        [
            one,
            $"{Host}/team/app:2",
            $"{Host}/team/app@{_one}",
            $"{Host}/team/multi:1",
            $"{Host}/team/multi@{_index}",
            $"{Host}/other/app:1",
        ];
        string[] names = [.. _signatures.Keys.Where(k => k.StartsWith("for ", StringComparison.Ordinal))];
        string[] identities = [.. Identities()];
        foreach (string identity in identities)
        {
            foreach (string image in images)
            {
                yield return new Row(All(Signed("a", identity)), [names[_random.Next(names.Length)]], image, false);
                yield return new Row(All(Signed("a", identity)), [Named(image)], image, false);
            }
        }

        foreach (string name in names)
        {
            yield return new Row(
                All(Signed("a", identities[_random.Next(identities.Length)])),
                [name],
                images[_random.Next(images.Length)],
                false
            );
        }

        string[] others =
        [
            All("""{"type":"insecureAcceptAnything"}"""),
            All("""{"type":"reject"}"""),
            All(Signed("a") + """,{"type":"insecureAcceptAnything"}"""),
            All(Signed("a") + """,{"type":"reject"}"""),
            All(Signed("a") + "," + Signed("b")),
            All(Signed("a").Replace("GPGKeys", "signedByGPGKeys", StringComparison.Ordinal)),
            All("""{"type":"signedBaseLayer","baseLayerIdentity":{"type":"matchExact"}}"""),
            All(Signed("a").Replace("/a.gpg", "/not-there", StringComparison.Ordinal)),
            All("""{"type":"signedBy","keyType":"GPGKeys","keyPaths":[]}"""),
            All("""{"type":"signedBy","keyType":"GPGKeys","keyData":""}"""),
            Scoped(Host, Signed("a")),
            Scoped($"{Host}/team", Signed("a")),
            Scoped($"{Host}/team/app", Signed("a")),
            Scoped(one, Signed("a")),
            Scoped("*.0.0.1", Signed("a")),
            Scoped("127.0.0.1", Signed("a")),
            Scoped($"{Host}/team/app:3", Signed("a")),
        ];
        foreach (string policy in others)
        {
            foreach (
                string[] signatures in (string[][])
                    [
                        [],
                        ["a"],
                        ["b"],
                        ["b", "a"],
                        ["html", "a"],
                        ["a", "b"],
                    ]
            )
            {
                yield return new Row(policy, signatures, one, signatures.Length > 1);
            }

            yield return new Row(policy, ["a"], $"oci:{_directory}/layout:1", false);
            yield return new Row(policy, ["a"], "dir:", false);
        }

        foreach (string identity in identities)
        {
            yield return new Row(All(Signed("a", identity)), ["b", "a"], "dir:", false);
        }

        string[] policies = [.. others, .. _keyrings.Keys.SelectMany(k => identities.Select(i => All(Signed(k, i))))];
        string[] every = [.. _signatures.Keys];
        for (int i = 0; i < 150; i++)
        {
            yield return new Row(
                policies[_random.Next(policies.Length)],
                [
                    .. Enumerable
                        .Range(0, _random.Next(4))
                        .Select(_ =>
                            _random.Next(2) == 0 ? every[_random.Next(every.Length)] : names[_random.Next(names.Length)]
                        ),
                ],
                images[_random.Next(images.Length)],
                _random.Next(2) == 0
            );
        }
    }

    private IEnumerable<string> Identities() =>
        [
            "",
            """{"type":"matchExact"}""",
            """{"type":"matchRepoDigestOrExact"}""",
            """{"type":"matchRepository"}""",
            """{"type":"exactReference","dockerReference":"HOST/team/app:1"}""",
            """{"type":"exactReference","dockerReference":"busybox:1"}""",
            """{"type":"exactRepository","dockerRepository":"HOST/team/app"}""",
            """{"type":"exactRepository","dockerRepository":"docker.io/library/busybox"}""",
            """{"type":"remapIdentity","prefix":"HOST","signedPrefix":"registry.example"}""",
            """{"type":"remapIdentity","prefix":"HOST/team","signedPrefix":"HOST/other"}""",
            """{"type":"remapIdentity","prefix":"HOST/tea","signedPrefix":"registry.example"}""",
            """{"type":"remapIdentity","prefix":"HOST/team","signedPrefix":"docker.io"}""",
        ];

    /// <summary>The signature that an image would have.</summary>
    private string Named(string image) =>
        $"for {image.Replace(Host, "HOST", StringComparison.Ordinal).Split('@')[0]}{(image.Contains('@', StringComparison.Ordinal) ? ":1" : "")}";

    private string Signed(string keyring, string identity = "") =>
        """{"type":"signedBy","keyType":"GPGKeys","""
        + _random.Next(3) switch
        {
            0 => $"\"keyData\":\"{Convert.ToBase64String(_keyrings[keyring])}\"",
            1 => $"\"keyPaths\":[\"{_directory}/{keyring}.gpg\"]",
            _ => $"\"keyPath\":\"{_directory}/{keyring}.gpg\"",
        }
        + (identity.Length > 0 ? ",\"signedIdentity\":" + identity.Replace("HOST", Host, StringComparison.Ordinal) : "")
        + "}";

    private static string All(string requirements) => "{\"default\":[" + requirements + "]}";

    private static string Scoped(string scope, string requirements) =>
        "{\"default\":[{\"type\":\"reject\"}],\"transports\":{\"docker\":{\"" + scope + "\":[" + requirements + "]}}}";

    private void Prepare(Row row, string directory)
    {
        File.WriteAllText(Path.Combine(directory, "policy.json"), row.Policy);
        Directory.CreateDirectory(Path.Combine(directory, "registries.d"));
        string name = Path.GetFileName(directory);
        if (row.Image == "dir:")
        {
            PrepareDirectory(row.Signatures, Path.Combine(directory, "image"));
        }

        File.WriteAllText(
            Path.Combine(directory, "registries.d/default.yaml"),
            (
                row.ByWeb
                    ? $"docker:\n  {Host}:\n    sigstore: http://{_web.Host}/{name}/look%20aside\n"
                    : $"default-docker:\n  lookaside: file://{directory}/look%20aside\n"
            ) + (row.Attached ? $"docker:\n  {Host}/team:\n    use-sigstore-attachments: true\n" : "")
        );
        foreach (
            (string repository, Digest digest) in ((string, Digest)[])
                [
                    ("team/app", _one),
                    ("team/app", _two),
                    ("team/multi", _child),
                    ("team/multi", _index),
                    ("other/app", _one),
                ]
        )
        {
            string place = Directory
                .CreateDirectory(Path.Combine(directory, $"look aside/{repository}@sha256={digest.Hex}"))
                .FullName;
            for (int i = 0; i < row.Signatures.Length; i++)
            {
                File.WriteAllBytes(Path.Combine(place, $"signature-{i + 1}"), _signatures[row.Signatures[i]]);
            }
        }
    }

    /// <summary>An image as skopeo writes it into a directory, with its signatures beside it.</summary>
    private void PrepareDirectory(string[] signatures, string directory)
    {
        Directory.CreateDirectory(directory);
        foreach (string file in Directory.GetFiles(Path.Combine(_directory, "dir")))
        {
            File.Copy(file, Path.Combine(directory, Path.GetFileName(file)));
        }

        for (int i = 0; i < signatures.Length; i++)
        {
            File.WriteAllBytes(Path.Combine(directory, $"signature-{i + 1}"), _signatures[signatures[i]]);
        }
    }

    private async Task<SysctrException?> PullAsync(string image, string directory, CancellationToken cancellation)
    {
        string registries = Path.Combine(directory, "registries.conf");
        await File.WriteAllTextAsync(
            registries,
            $"[[registry]]\nlocation = \"{Host}\"\ninsecure = true\n",
            cancellation
        );
        try
        {
            ImagePuller puller = new(
                RegistriesConfig.Load(new RegistriesConfPaths(registries, null, null)),
                new CredentialStore([]),
                SignaturePolicy.Load(Path.Combine(directory, "policy.json")),
                NoProgress.Instance,
                new PullOptions(),
                () => SignatureStorage.Load([Path.Combine(directory, "registries.d")], "file:///nowhere")
            );
            await puller.PullAsync([ImageReference.Parse(image)], s_platform, new RecordingSink(), cancellation);
            return null;
        }
        catch (SysctrException e)
        {
            return e;
        }
    }

    private async Task PushAsync()
    {
        FakeImage one = new FakeImage()
            .AddGzip(FakeImage.Noise(1000, 1))
            .WriteTo(Path.Combine(_directory, "layout"), "1");
        FakeImage two = new FakeImage()
            .AddGzip(FakeImage.Noise(1000, 2))
            .WriteTo(Path.Combine(_directory, "layout2"), "1");
        (_one, _two, _child) = (one.ManifestDigest, two.ManifestDigest, two.ManifestDigest);
        foreach (
            (string layout, string name) in ((string, string)[])
                [
                    ("layout", "team/app:1"),
                    ("layout2", "team/app:2"),
                    ("layout", "other/app:1"),
                    ("layout2", "team/multi:child"),
                ]
        )
        {
            (
                await _root.RunAsync(
                    "skopeo",
                    "--insecure-policy",
                    "copy",
                    "--quiet",
                    "--preserve-digests",
                    "--dest-tls-verify=false",
                    $"oci:{_directory}/{layout}:1",
                    $"docker://{Host}/{name}"
                )
            ).MustSucceed();
        }

        (
            await _root.RunAsync(
                "skopeo",
                "--insecure-policy",
                "copy",
                "--quiet",
                "--preserve-digests",
                $"oci:{_directory}/layout:1",
                $"dir:{_directory}/dir"
            )
        ).MustSucceed();
        byte[] index = FakeImage.Index(
            FakeImage.Descriptor("application/vnd.oci.image.manifest.v1+json", two.Manifest, "linux/amd64")
        );
        _index = Digest.Sha256(index);
        using HttpClient http = new();
        using ByteArrayContent content = new(index);
        content.Headers.ContentType = new("application/vnd.oci.image.index.v1+json");
        using HttpResponseMessage answer = await http.PutAsync(
            new Uri($"http://{Host}/v2/team/multi/manifests/1"),
            content
        );
        answer.EnsureSuccessStatusCode();
    }

    private async Task MakeKeysAsync()
    {
        await _gpg.MakeAsync("a", "rsa2048");
        await _gpg.MakeAsync("b", "ed25519");
        await _gpg.MakeAsync("dsa", "dsa2048");
        await _gpg.MakeAsync("ecdsa", "nistp384");
        await _gpg.MakeAsync("expired", "rsa2048", inPast: true, expires: "1y");
        await _gpg.MakeAsync("prolonged", "rsa2048", inPast: true, expires: "1y");
        await _gpg.MakeAsync("revoked", "rsa2048");
        await _gpg.MakeAsync("sub", "ed25519", "cert");
        await _gpg.MakeAsync("subrevoked", "ed25519", "cert");
        await _gpg.MakeAsync("subexpired", "ed25519", "cert", inPast: true);
        await _gpg.MakeAsync("subofexpired", "ed25519", "cert", inPast: true, expires: "1y");
        await _gpg.AddSubkeyAsync("sub", "rsa2048");
        await _gpg.AddSubkeyAsync("subrevoked", "ed25519");
        await _gpg.AddSubkeyAsync("subexpired", "ed25519", inPast: true, expires: "1y");
        await _gpg.AddSubkeyAsync("subofexpired", "ed25519", inPast: true);
    }

    private async Task SignAsync()
    {
        string app = $"{Host}/team/app:1";
        foreach (string key in (string[])["a", "b", "dsa", "ecdsa", "sub", "revoked", "subrevoked"])
        {
            await AddAsync(key, Payload(_one, app), [key]);
        }

        _keyrings["revoked before"] = await _gpg.ExportAsync(["revoked"]);
        await _gpg.RevokeAsync("revoked");
        await _gpg.RevokeSubkeyAsync("subrevoked");
        foreach (string key in (string[])["expired", "prolonged", "subexpired", "subofexpired"])
        {
            _signatures[key] = await _gpg.SignAsync(Payload(_one, app), [key], [], inPast: true);
        }

        _signatures["a expired"] = await _gpg.SignAsync(
            Payload(_one, app),
            ["prolonged"],
            ["--default-sig-expire=1y"],
            inPast: true
        );
        await _gpg.ProlongAsync("prolonged");
        await AddAsync("prolonged since", Payload(_one, app), ["prolonged"]);
        foreach (
            string option in (string[])
                [
                    "--compress-level=0",
                    "--compress-algo=zip",
                    "--compress-algo=zlib",
                    "--compress-algo=bzip2",
                    "--digest-algo=SHA1",
                    "--digest-algo=SHA224",
                    "--digest-algo=SHA512",
                    "--digest-algo=RIPEMD160",
                    "--textmode",
                    "--armor",
                    "--clearsign",
                    "--detach-sign",
                    "--default-sig-expire=1y",
                    "--set-filename=x",
                    "--sig-notation=!x@y=z",
                    "--sig-notation=x@y=z",
                    "--sig-policy-url=!https://x",
                    "--for-your-eyes-only",
                ]
        )
        {
            await AddAsync($"a {option}", Payload(_one, app), ["a"], [option]);
        }

        await AddAsync("a MD5", Payload(_one, app), ["a"], ["--allow-weak-digest-algos", "--digest-algo=MD5"]);
        await AddAsync("a and b", Payload(_one, app), ["a", "b"]);
        foreach (
            string name in (string[])
                [
                    "HOST/team/app:1",
                    "HOST/team/app:2",
                    "HOST/team/app",
                    "HOST/team/app@" + _one,
                    "HOST/team/multi:1",
                    "HOST/other/app:1",
                    "busybox:1",
                    "docker.io/library/busybox:1",
                    "docker.io/library/busybox",
                    "registry.example/team/app:1",
                    "registry.example/team/app",
                    "docker.io/app:1",
                    "HOST/TEAM/app:1",
                    "",
                    "HOST/team/app:1@" + _one,
                    "index.docker.io/library/busybox:1",
                ]
        )
        {
            // Both manifests, for whichever image it is tried on.
            await AddAsync(
                $"for {name}",
                Payload(
                    name.EndsWith(":2", StringComparison.Ordinal) || name.Contains("multi", StringComparison.Ordinal)
                        ? _two
                        : _one,
                    name.Replace("HOST", Host, StringComparison.Ordinal)
                ),
                ["a"]
            );
        }

        await AddAsync("of the index", Payload(_index, $"{Host}/team/multi:1"), ["a"]);
        await AddAsync("of another", Payload(_two, app), ["a"]);
        foreach ((string name, string payload) in Payloads(app))
        {
            await AddAsync($"a {name}", Encoding.UTF8.GetBytes(payload), ["a"]);
        }

        await AddAsync("a large", [.. Payload(_one, app), .. Enumerable.Repeat((byte)' ', 100_000)], ["a"]);
        byte[] a = _signatures["a"];
        byte[] plain = _signatures["a --compress-level=0"];
        _signatures["cut"] = a[..^7];
        _signatures["with more"] = [.. a, 1, 2, 3];
        _signatures["twice"] = [.. plain, .. plain];
        _signatures["a, then another text"] = [.. plain, .. _signatures["b"]];
        _signatures["changed in the text"] = Changed(plain, plain.AsSpan().IndexOf("team"u8));
        _signatures["changed at the end"] = Changed(plain, plain.Length - 3);
        _signatures["changed in the compressed"] = Changed(a, a.Length / 2);
        _signatures["empty"] = [];
        _signatures["html"] = "<html>not here</html>"u8.ToArray();
        _signatures["named"] = [0, .. "simple-signing\n"u8, .. a];
        _signatures["named wrongly"] = [0, .. "complex-signing\n"u8, .. a];
        _signatures["named without end"] = [0, .. "simple-signing"u8];
        _signatures["sigstore"] =
        [
            0,
            .. "sigstore-json\n"u8,
            .. """{"mimeType":"application/vnd.dev.cosign.simplesigning.v1+json","payload":"e30=","annotations":{}}"""u8,
        ];
        _signatures["sigstore, no JSON"] = [0, .. "sigstore-json\n"u8, .. "{"u8];
        _signatures["key"] = await _gpg.ExportAsync(["a"]);
        _signatures["zeros"] = new byte[64];
        foreach (
            string name in (string[])
                ["a", "b", "dsa", "ecdsa", "expired", "prolonged", "revoked", "sub", "subrevoked", "subexpired"]
        )
        {
            _keyrings[name] = await _gpg.ExportAsync([name]);
        }

        _keyrings["all"] = await _gpg.ExportAsync([
            "a",
            "b",
            "dsa",
            "ecdsa",
            "expired",
            "prolonged",
            "revoked",
            "sub",
            "subrevoked",
            "subexpired",
            "subofexpired",
        ]);
        _keyrings["armoured"] = await _gpg.ExportAsync(["a", "sub"], armoured: true);
        _keyrings["two armoured"] = [.. await _gpg.ExportAsync(["b"], armoured: true), .. _keyrings["armoured"]];
        _keyrings["text before"] = [.. "The key of a:\n\n"u8, .. _keyrings["armoured"]];
        _keyrings["revoked in one"] = [.. _keyrings["revoked before"], .. _keyrings["revoked"]];
        _keyrings["no key"] = "nothing"u8.ToArray();
        _keyrings["cut key"] = _keyrings["a"][..^40];
        _keyrings["a and rubbish"] = [.. _keyrings["a"], .. "rubbish"u8];
        foreach ((string name, byte[] keyring) in _keyrings)
        {
            await File.WriteAllBytesAsync(Path.Combine(_directory, name + ".gpg"), keyring);
        }
    }

    private IEnumerable<(string, string)> Payloads(string app)
    {
        string critical =
            "{\"type\":\"atomic container signature\",\"image\":{\"docker-manifest-digest\":\""
            + _one
            + "\"},\"identity\":{\"docker-reference\":\""
            + app
            + "\"}}";
        return
        [
            ("plain", "{\"critical\":" + critical + ",\"optional\":{}}"),
            (
                "optional things",
                "{\"critical\":"
                    + critical
                    + ",\"optional\":{\"creator\":\"x\",\"timestamp\":1.0,\"more\":{\"a\":[1]}}}"
            ),
            ("no optional", "{\"critical\":" + critical + "}"),
            ("null optional", "{\"critical\":" + critical + ",\"optional\":null}"),
            ("unknown member", "{\"critical\":" + critical + ",\"optional\":{},\"x\":1}"),
            (
                "unknown critical",
                "{\"critical\":"
                    + critical.Replace("{\"type\"", "{\"x\":1,\"type\"", StringComparison.Ordinal)
                    + ",\"optional\":{}}"
            ),
            (
                "unknown of the image",
                "{\"critical\":"
                    + critical.Replace("{\"docker-m", "{\"x\":1,\"docker-m", StringComparison.Ordinal)
                    + ",\"optional\":{}}"
            ),
            (
                "other type",
                "{\"critical\":" + critical.Replace("atomic", "cosign", StringComparison.Ordinal) + ",\"optional\":{}}"
            ),
            ("twice", "{\"critical\":" + critical + ",\"critical\":" + critical + ",\"optional\":{}}"),
            ("twice in what is optional", "{\"critical\":" + critical + ",\"optional\":{\"x\":{\"a\":1,\"a\":2}}}"),
            ("fraction", "{\"critical\":" + critical + ",\"optional\":{\"timestamp\":1.5}}"),
            ("huge time", "{\"critical\":" + critical + ",\"optional\":{\"timestamp\":1e19}}"),
            ("endless time", "{\"critical\":" + critical + ",\"optional\":{\"timestamp\":1e400}}"),
            ("time as text", "{\"critical\":" + critical + ",\"optional\":{\"timestamp\":\"1\"}}"),
            ("creator null", "{\"critical\":" + critical + ",\"optional\":{\"creator\":null,\"timestamp\":null}}"),
            ("creator number", "{\"critical\":" + critical + ",\"optional\":{\"creator\":1}}"),
            ("space behind", "{\"critical\":" + critical + ",\"optional\":{}}\n \t"),
            ("more behind", "{\"critical\":" + critical + ",\"optional\":{}}{}"),
            (
                "capital digest",
                "{\"critical\":"
                    + critical.Replace(_one.Hex, _one.Hex.ToUpperInvariant(), StringComparison.Ordinal)
                    + ",\"optional\":{}}"
            ),
            (
                "digest of another kind",
                "{\"critical\":"
                    + critical.Replace("sha256:" + _one.Hex, "sha512:" + _one.Hex + _one.Hex, StringComparison.Ordinal)
                    + ",\"optional\":{}}"
            ),
            (
                "no digest",
                "{\"critical\":" + critical.Replace("sha256:", "", StringComparison.Ordinal) + ",\"optional\":{}}"
            ),
            (
                "escaped",
                "{\"critical\":"
                    + critical.Replace("\"type\"", "\"\\u0074ype\"", StringComparison.Ordinal)
                    + ",\"optional\":{}}"
            ),
            ("array", "[]"),
            ("nothing", ""),
            ("no JSON", "{"),
        ];
    }

    private async Task AddAsync(string name, byte[] payload, string[] signers, params string[] options) =>
        _signatures[name] = await _gpg.SignAsync(payload, signers, options);

    [GeneratedRegex("Signature by key [0-9A-F]{40} is not accepted", RegexOptions.CultureInvariant)]
    private static partial Regex SubkeysAreUnknown();

    private static byte[] Changed(byte[] bytes, int at)
    {
        byte[] changed = [.. bytes];
        changed[at] ^= 1;
        return changed;
    }

    private static byte[] Payload(Digest manifest, string reference) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new Dictionary<string, object>
            {
                ["critical"] = new Dictionary<string, object>
                {
                    ["type"] = "atomic container signature",
                    ["image"] = new Dictionary<string, string> { ["docker-manifest-digest"] = manifest.ToString() },
                    ["identity"] = new Dictionary<string, string> { ["docker-reference"] = reference },
                },
                ["optional"] = new Dictionary<string, object> { ["creator"] = "test", ["timestamp"] = 1700000000 },
            }
        );
}
