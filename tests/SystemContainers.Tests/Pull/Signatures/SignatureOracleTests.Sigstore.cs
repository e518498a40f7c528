// SPDX-License-Identifier: Apache-2.0

using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SystemContainers.Oci;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tests.Pull.Sigstore;

namespace SystemContainers.Tests.Pull.Signatures;

/// <summary>What sigstore signs, in lookaside storages, which may have it, and at the image's tag.</summary>
public sealed partial class SignatureOracleTests
{
    private const string Issuer = "https://login.example";
    private const string Email = "builder@example.com";

    private readonly ECDsa _ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly RSA _rsa = TestKeys.Rsa(2048);
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _stranger = new("stranger");
    private readonly TestLog _log = new();
    private readonly TestLog _otherLog = new();
    private readonly DateTimeOffset _moment = DateTimeOffset.UtcNow.AddHours(-2);

    private string[] SigstoreNames =>
        [.. _signatures.Keys.Where(k => k.StartsWith("cosign", StringComparison.Ordinal))];

    private IEnumerable<Row> SigstoreRows()
    {
        string one = $"{Host}/team/app:1";
        int share = Environment.GetEnvironmentVariable("SYSCTR_SIGSTORE_ROWS") is { Length: > 0 } more
            ? int.Parse(more)
            : 1;
        string[] requirements = [.. SigstoreRequirements(""","signedIdentity":{"type":"matchRepository"}""")];
        foreach (string signature in SigstoreNames)
        {
            // By chance; those that are for each other are often enough among them.
            foreach (string requirement in requirements.Where(_ => _random.Next(5) < share))
            {
                yield return new Row(All(requirement), [signature], one, false);
            }
        }

        foreach (string identity in Identities().Where(i => i.Length > 0))
        {
            string requirement = SigstoreRequirements(
                    ",\"signedIdentity\":" + identity.Replace("HOST", Host, StringComparison.Ordinal)
                )
                .First();
            yield return new Row(All(requirement), ["cosign"], one, false);
            yield return new Row(All(requirement), ["cosign with the tag"], one, false);
            yield return new Row(All(requirement), ["cosign"], $"{Host}/team/app@{_one}", false);
            yield return new Row(All(requirement), ["cosign of two"], $"{Host}/team/app:2", false);
        }

        string known = requirements[0];
        yield return new Row(All(known + "," + Signed("a")), ["a", "cosign"], one, false);
        yield return new Row(All(known + "," + Signed("a")), ["cosign"], one, false);
        yield return new Row(All(known + "," + Signed("b")), ["a", "cosign"], one, false);
        yield return new Row(All(known), ["a"], one, false);
        yield return new Row(All(known), ["cosign by RSA", "cosign of two", "cosign"], one, true);
        foreach (string requirement in requirements)
        {
            yield return new Row(All(requirement), [], one, false, Attached: true);
            yield return new Row(All(requirement), [], one, false);
            yield return new Row(All(requirement), [], $"{Host}/team/app:2", false, Attached: true);
            yield return new Row(All(requirement), ["a"], $"{Host}/team/app@{_one}", false, Attached: true);
        }
    }

    private IEnumerable<string> SigstoreRequirements(string identity)
    {
        string key = Data(_ecdsa.ExportSubjectPublicKeyInfoPem());
        string rsa = Data(_rsa.ExportSubjectPublicKeyInfoPem());
        string log = Data(_log.KeyPem);
        string fulcio =
            "\"fulcio\":{\"caData\":\""
            + Data(_authority.RootPem + "\n" + _authority.MiddlePem)
            + "\",\"oidcIssuer\":\""
            + Issuer
            + "\",\"subjectEmail\":\""
            + Email
            + "\"}";
        string roots = "\"caRootsData\":\"" + Data(_authority.RootPem) + "\"";
        string[] members =
        [
            $"\"keyPath\":\"{_directory}/cosign.pub\"",
            $"\"keyData\":\"{rsa}\"",
            $"\"keyDatas\":[\"{rsa}\",\"{key}\"]",
            $"\"keyPaths\":[\"{_directory}/cosign.pub\"]",
            $"\"keyPath\":\"{_directory}/not-there\"",
            $"\"keyData\":\"{Data("no key")}\"",
            $"\"keyData\":\"{key}\",\"rekorPublicKeyData\":\"{log}\"",
            $"\"keyDatas\":[\"{rsa}\",\"{key}\"],\"rekorPublicKeyDatas\":[\"{Data(_otherLog.KeyPem)}\",\"{log}\"]",
            $"\"keyData\":\"{key}\",\"rekorPublicKeyData\":\"{rsa}\"",
            $"{fulcio},\"rekorPublicKeyData\":\"{log}\"",
            $"{fulcio.Replace(Email, "other@example.com", StringComparison.Ordinal)},\"rekorPublicKeyData\":\"{log}\"",
            $"{fulcio.Replace(Issuer, Issuer + "/", StringComparison.Ordinal)},\"rekorPublicKeyData\":\"{log}\"",
            "\"pki\":{" + roots + ",\"subjectEmail\":\"" + Email + "\"}",
            "\"pki\":{" + roots + ",\"subjectHostname\":\"build.example.com\"}",
            "\"pki\":{"
                + roots
                + ",\"caIntermediatesData\":\""
                + Data(_authority.MiddlePem)
                + "\",\"subjectEmail\":\""
                + Email
                + "\",\"subjectHostname\":\"build.example.com\"}",
            "\"pki\":{" + roots + ",\"subjectEmail\":\"other@example.com\"}",
            "\"pki\":{\"caRootsData\":\"" + Data(_stranger.RootPem) + "\",\"subjectEmail\":\"" + Email + "\"}",
            "\"pki\":{\"caRootsData\":\"" + Data("no certificate") + "\",\"subjectEmail\":\"" + Email + "\"}",
        ];
        return members.Select(m => "{\"type\":\"sigstoreSigned\"," + m + identity + "}");
    }

    private async Task SignBySigstoreAsync()
    {
        string name = $"{Host}/team/app";
        await File.WriteAllTextAsync(Path.Combine(_directory, "cosign.pub"), _ecdsa.ExportSubjectPublicKeyInfoPem());
        byte[] payload = SignedPayload.Of(_one.ToString(), name);
        SigstoreAttachment plain = Attach(_ecdsa, payload);
        Keep("cosign", plain);
        Keep("cosign by RSA", Attach(_rsa, payload));
        Keep("cosign with the tag", Attach(_ecdsa, SignedPayload.Of(_one.ToString(), name + ":1")));
        Keep("cosign for another", Attach(_ecdsa, SignedPayload.Of(_one.ToString(), $"{Host}/other/app")));
        Keep("cosign of two", Attach(_ecdsa, SignedPayload.Of(_two.ToString(), name)));
        Keep(
            "cosign with options",
            Attach(_ecdsa, SignedPayload.Of(_one.ToString(), name, """{"creator":"x","timestamp":1,"more":[1]}"""))
        );
        Keep(
            "cosign with a fraction",
            Attach(_ecdsa, SignedPayload.Of(_one.ToString(), name, """{"timestamp":1.5}"""))
        );
        Keep(
            "cosign of another type",
            Attach(_ecdsa, SignedPayload.Of(_one.ToString(), name, type: "atomic container signature"))
        );
        Keep("cosign with more", Attach(_ecdsa, [.. payload[..^1], .. ",\"x\":1}"u8]));
        Keep("cosign of something else", plain, "application/vnd.dsse.envelope.v1+json");
        Keep(
            "cosign without signature",
            new SigstoreAttachment(payload, new Dictionary<string, string>(StringComparer.Ordinal))
        );
        Keep(
            "cosign with no base64",
            new SigstoreAttachment(
                payload,
                new Dictionary<string, string>(StringComparer.Ordinal) { ["dev.cosignproject.cosign/signature"] = "*" }
            )
        );
        Keep("cosign over other bytes", new SigstoreAttachment((byte[])[.. payload, (byte)' '], plain.Annotations));
        string pem = _ecdsa.ExportSubjectPublicKeyInfoPem() + "\n";
        Keep("cosign in the log", InLog(_ecdsa, payload, pem, _log, _moment));
        Keep("cosign in another log", InLog(_ecdsa, payload, pem, _otherLog, _moment));
        Keep(
            "cosign in the log by another key",
            InLog(_ecdsa, payload, _rsa.ExportSubjectPublicKeyInfoPem() + "\n", _log, _moment)
        );

        void Names(SubjectAlternativeNameBuilder names)
        {
            names.AddEmailAddress(Email);
            names.AddDnsName("build.example.com");
        }

        void Address(SubjectAlternativeNameBuilder names) => names.AddEmailAddress(Email);

        (string Name, X509Certificate2 Leaf, string? Chain)[] leaves =
        [
            ("pki", _authority.Issue(_ecdsa, Names), _authority.ChainPem),
            ("pki, no chain", _authority.Issue(_ecdsa, Names), null),
            ("pki by the root", _authority.Issue(_ecdsa, Names, byRoot: true), _authority.RootPem + "\n"),
            ("pki expired", _authority.Issue(_ecdsa, Names, to: TestAuthority.Start.AddDays(1)), _authority.ChainPem),
            ("pki of a stranger", _stranger.Issue(_ecdsa, Names), _stranger.ChainPem),
            ("pki without names", _authority.Issue(_ecdsa), _authority.ChainPem),
            ("pki for servers", _authority.Issue(_ecdsa, Names, usage: "1.3.6.1.5.5.7.3.1"), _authority.ChainPem),
            ("pki of another key", _authority.Issue(_rsa, Names), _authority.ChainPem),
        ];
        foreach ((string which, X509Certificate2 leaf, string? chain) in leaves)
        {
            Keep($"cosign {which}", Attach(_ecdsa, payload, leaf, chain));
        }

        (string Name, X509Certificate2 Leaf, DateTimeOffset Time)[] moments =
        [
            (
                "fulcio",
                _authority.Issue(
                    _ecdsa,
                    Address,
                    issuer: Issuer,
                    from: _moment.AddMinutes(-1),
                    to: _moment.AddMinutes(9)
                ),
                _moment
            ),
            (
                "fulcio, the newer extension",
                _authority.Issue(
                    _ecdsa,
                    Address,
                    issuerV2: Issuer,
                    from: _moment.AddMinutes(-1),
                    to: _moment.AddMinutes(9)
                ),
                _moment
            ),
            (
                "fulcio, both",
                _authority.Issue(
                    _ecdsa,
                    Address,
                    issuer: Issuer,
                    issuerV2: Issuer,
                    from: _moment.AddMinutes(-1),
                    to: _moment.AddMinutes(9)
                ),
                _moment
            ),
            (
                "fulcio, two issuers",
                _authority.Issue(
                    _ecdsa,
                    Address,
                    issuer: Issuer,
                    issuerV2: Issuer + "/",
                    from: _moment.AddMinutes(-1),
                    to: _moment.AddMinutes(9)
                ),
                _moment
            ),
            (
                "fulcio, no issuer",
                _authority.Issue(_ecdsa, Address, from: _moment.AddMinutes(-1), to: _moment.AddMinutes(9)),
                _moment
            ),
            (
                "fulcio, another issuer",
                _authority.Issue(
                    _ecdsa,
                    Address,
                    issuer: "https://other.example",
                    from: _moment.AddMinutes(-1),
                    to: _moment.AddMinutes(9)
                ),
                _moment
            ),
            (
                "fulcio, another address",
                _authority.Issue(
                    _ecdsa,
                    n => n.AddEmailAddress("other@example.com"),
                    issuer: Issuer,
                    from: _moment.AddMinutes(-1),
                    to: _moment.AddMinutes(9)
                ),
                _moment
            ),
            (
                "fulcio, too late",
                _authority.Issue(
                    _ecdsa,
                    Address,
                    issuer: Issuer,
                    from: _moment.AddMinutes(-20),
                    to: _moment.AddMinutes(-10)
                ),
                _moment
            ),
            (
                "fulcio of a stranger",
                _stranger.Issue(
                    _ecdsa,
                    Address,
                    issuer: Issuer,
                    from: _moment.AddMinutes(-1),
                    to: _moment.AddMinutes(9)
                ),
                _moment
            ),
        ];
        foreach ((string which, X509Certificate2 leaf, DateTimeOffset time) in moments)
        {
            Keep(
                $"cosign {which}",
                InLog(
                    _ecdsa,
                    payload,
                    leaf.ExportCertificatePem() + "\n",
                    _log,
                    time,
                    leaf,
                    (which.Contains("stranger", StringComparison.Ordinal) ? _stranger : _authority).ChainPem
                )
            );
        }

        Keep("cosign fulcio, no log", Attach(_ecdsa, payload, moments[0].Leaf, _authority.ChainPem));
        await PushAttachedAsync(
            _one,
            [
                ("application/vnd.dsse.envelope.v1+json", plain),
                (SigstoreAttachment.MediaType, Attach(_rsa, payload)),
                (SigstoreAttachment.MediaType, InLog(_ecdsa, payload, pem, _log, _moment)),
            ]
        );
    }

    private static string Data(string pem) => Convert.ToBase64String(Encoding.UTF8.GetBytes(pem));

    private static SigstoreAttachment Attach(
        AsymmetricAlgorithm key,
        byte[] payload,
        X509Certificate2? certificate = null,
        string? chain = null
    ) => SignedPayload.Attach(payload, SignedPayload.Sign(key, payload), certificate, chain);

    private static SigstoreAttachment InLog(
        AsymmetricAlgorithm key,
        byte[] payload,
        string signer,
        TestLog log,
        DateTimeOffset time,
        X509Certificate2? certificate = null,
        string? chain = null
    )
    {
        byte[] signature = SignedPayload.Sign(key, payload);
        return SignedPayload.Attach(
            payload,
            signature,
            certificate,
            chain,
            log.Promise(TestLog.HashedRekord(signer, signature, payload), time)
        );
    }

    /// <summary>As containers/image keeps one in a file.</summary>
    private void Keep(string name, SigstoreAttachment attachment, string type = SigstoreAttachment.MediaType) =>
        _signatures[name] = [
            0,
            .. "sigstore-json\n"u8,
            .. JsonSerializer.SerializeToUtf8Bytes(
                new Dictionary<string, object>
                {
                    ["mimeType"] = type,
                    ["payload"] = attachment.Payload.ToArray(),
                    ["annotations"] = attachment.Annotations,
                }
            ),
        ];

    private async Task PushAttachedAsync(Digest image, (string Type, SigstoreAttachment Attachment)[] attachments)
    {
        using HttpClient http = new() { BaseAddress = new Uri($"http://{Host}") };
        byte[] config = "{}"u8.ToArray();
        List<JsonNode> layers = [];
        foreach ((string type, SigstoreAttachment attachment) in attachments)
        {
            JsonObject layer = FakeImage.Descriptor(type, attachment.Payload.ToArray());
            layer["annotations"] = new JsonObject([
                .. attachment.Annotations.Select(a => new KeyValuePair<string, JsonNode?>(a.Key, a.Value)),
            ]);
            layers.Add(layer);
            await UploadAsync(http, attachment.Payload.ToArray());
        }

        await UploadAsync(http, config);
        JsonObject manifest = new()
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciManifest,
            ["config"] = FakeImage.Descriptor(MediaTypes.OciConfig, config),
            ["layers"] = new JsonArray([.. layers]),
        };
        using ByteArrayContent content = new(Encoding.UTF8.GetBytes(manifest.ToJsonString()));
        content.Headers.ContentType = new MediaTypeHeaderValue(MediaTypes.OciManifest);
        using HttpResponseMessage answer = await http.PutAsync(
            new Uri($"v2/team/app/manifests/sha256-{image.Hex}.sig", UriKind.Relative),
            content
        );
        answer.EnsureSuccessStatusCode();
    }

    private static async Task UploadAsync(HttpClient http, byte[] blob)
    {
        using HttpResponseMessage begun = await http.PostAsync(
            new Uri("v2/team/app/blobs/uploads/", UriKind.Relative),
            null
        );
        using ByteArrayContent content = new(blob);
        string place = begun.EnsureSuccessStatusCode().Headers.Location!.ToString();
        using HttpResponseMessage answer = await http.PutAsync(
            new Uri(
                $"{place}{(place.Contains('?', StringComparison.Ordinal) ? "&" : "?")}digest={Uri.EscapeDataString(Digest.Sha256(blob).ToString())}"
            ),
            content
        );
        answer.EnsureSuccessStatusCode();
    }
}
