// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Sources;
using Xunit;

namespace SystemContainers.Tests.Pull;

/// <summary>
/// The cases of image-spec's own tests (schema/*_test.go, 13cff54): what they call valid is taken, what they call
/// invalid is refused, or the row says why not.
/// </summary>
public sealed class SpecDocumentTests
{
    private const string Sha = "sha256:5b0bcabd1ed22e9fb1310cf6c2dec7cdef19f0ad69efa1f392e94a4333501270";
    private const string Type = "application/vnd.oci.image.manifest.v1+json";

    /// <summary>Members of a descriptor after its media type; what becomes of it in an index.</summary>
    [Theory]
    [InlineData("\"size\": 7682, \"digest\": \"SHA\"", "taken", null)]
    [InlineData(
        "\"size\": 0, \"digest\": \"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
        "taken",
        null
    )]
    [InlineData("\"digest\": \"SHA\"", "refused", null)]
    [InlineData("\"size\": \"7682\", \"digest\": \"SHA\"", "refused", null)]
    [InlineData("\"size\": -7682, \"digest\": \"SHA\"", "refused", null)]
    [InlineData("\"size\": 7682", "refused", null)]
    [InlineData(
        "\"size\": 7682, \"digest\": \":5b0bcabd1ed22e9fb1310cf6c2dec7cdef19f0ad69efa1f392e94a4333501270\"",
        "refused",
        null
    )]
    [InlineData("\"size\": 7682, \"digest\": \"sha256\"", "refused", null)]
    [InlineData(
        "\"size\": 7682, \"digest\": \"SHA256:5b0bcabd1ed22e9fb1310cf6c2dec7cdef19f0ad69efa1f392e94a4333501270\"",
        "refused",
        null
    )]
    [InlineData(
        "\"size\": 7682, \"digest\": \"sha256:5B0BCABD1ED22E9FB1310CF6C2DEC7CDEF19F0AD69EFA1F392E94A4333501270\"",
        "refused",
        null
    )]
    [InlineData("\"size\": 7682, \"digest\": \"sha256:5b0b\"", "refused", null)]
    [InlineData("\"size\": 7682, \"digest\": \"SHA\", \"urls\": [\"https://example.com/foo\"]", "taken", null)]
    [InlineData(
        "\"size\": 7682, \"digest\": \"SHA\", \"urls\": [\"value\"]",
        "taken",
        "refused: we never fetch from them"
    )]
    [InlineData(
        "\"size\": 7682, \"digest\": \"SHA\", \"data\": \"aHR0cHM6Ly9naXRodWIuY29tL29wZW5jb250YWluZXJzCg==\"",
        "taken",
        null
    )]
    [InlineData(
        "\"size\": 7682, \"digest\": \"SHA\", \"data\": \"aHR0cHM6Ly9naXRodWIuY29tL29wZW5jb250YWluZXJzCg\"",
        "taken",
        "refused: the content is always fetched by its digest"
    )]
    [InlineData(
        "\"size\": 7682, \"digest\": \"SHA\", \"artifactType\": \"foo/.bar\"",
        "taken",
        "refused: it is only compared"
    )]
    [InlineData(
        "\"size\": 1470, \"digest\": \"sha256+b64:c86f7763873b6c0aae22d963bab59b4f5debbed6685761b5951584f6efb0633b\"",
        "unverifiable",
        null
    )]
    [InlineData(
        "\"size\": 1470, \"digest\": \"sha256+foo-bar:c86f7763873b6c0aae22d963bab59b4f5debbed6685761b5951584f6efb0633b\"",
        "unverifiable",
        null
    )]
    [InlineData(
        "\"size\": 1470, \"digest\": \"sha256.foo-bar:c86f7763873b6c0aae22d963bab59b4f5debbed6685761b5951584f6efb0633b\"",
        "unverifiable",
        null
    )]
    [InlineData(
        "\"size\": 1470, \"digest\": \"multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8\"",
        "unverifiable",
        null
    )]
    [InlineData(
        "\"size\": 1470, \"digest\": \"sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564\"",
        "unverifiable",
        null
    )]
    [InlineData(
        "\"size\": 1470, \"digest\": \"sha256+b64u.unknownlength:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564=\"",
        "unverifiable",
        null
    )]
    [InlineData(
        "\"size\": 1470, \"digest\": \"blake3:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b\"",
        "unverifiable",
        null
    )]
    [InlineData(
        "\"size\": 1470, \"digest\": \"sha256+foo+-b:c86f7763873b6c0aae22d963bab59b4f5debbed6685761b5951584f6efb0633b\"",
        "refused",
        null
    )]
    [InlineData(
        "\"size\": 7682, \"digest\": \"SHA\", \"platform\": {\"architecture\": \"amd64\", \"os\": \"linux\"}",
        "taken",
        null
    )]
    [InlineData(
        "\"size\": 7682, \"digest\": \"SHA\", \"platform\": {\"os\": \"linux\"}",
        "taken",
        "refused: podman and containerd pass over the entry, and so do we"
    )]
    [InlineData(
        "\"size\": 7682, \"digest\": \"SHA\", \"platform\": {\"architecture\": null, \"os\": null}",
        "taken",
        "refused: as Go reads it, and the entry is passed over"
    )]
    public void A_descriptor_in_an_index(string members, string expected, string? differs)
    {
        string entry =
            $$"""{"mediaType": "{{Type}}", {{members.Replace("SHA\"", Sha + "\"", StringComparison.Ordinal)}}}""";
        string good =
            $$$"""{"mediaType": "{{{Type}}}", "size": 1, "digest": "{{{Sha}}}", "platform": {"architecture": "arm64", "os": "linux"}}""";

        string verdict;
        try
        {
            ImageIndex index = Read($$"""{"schemaVersion": 2, "manifests": [{{entry}}, {{good}}]}""").Index!;
            verdict = index.Others.Count > 0 ? "unverifiable" : "taken";

            // Whatever one entry is, the others can be chosen.
            Assert.Equal(1, PlatformChooser.Choose(index.Manifests, new Platform("arm64", "linux"))?.Size);
        }
        catch (SysctrException e)
        {
            Assert.Equal(ErrorKind.Corrupt, e.Kind);
            verdict = "refused";
        }

        Assert.Equal(expected, verdict);
        Assert.True(
            differs is null || !differs.StartsWith(expected, StringComparison.Ordinal),
            "it does not differ any more"
        );
    }

    [Theory]
    [InlineData("{\"schemaVersion\": 2, \"manifests\": []}", true, null)]
    [InlineData("{\"schemaVersion\": 2, \"manifests\": null}", true, "refused: as Go reads it")]
    [InlineData("{\"schemaVersion\": 2, \"manifests\": [null]}", false, null)]
    [InlineData(
        "{\"schemaVersion\": 2, \"manifests\": [], \"artifactType\": \"application/vnd.example+type\", \"annotations\": {\"a\": \"b\"}}",
        true,
        null
    )]
    [InlineData("{\"schemaVersion\": 2, \"manifests\": [], \"subject\": \"nope\"}", true, "refused: it is not read")]
    [InlineData("{\"schemaVersion\": 2, \"config\": CONFIG, \"layers\": [LAYER]}", true, null)]
    [InlineData(
        "{\"schemaVersion\": 2, \"config\": CONFIG, \"layers\": [LAYER], \"subject\": LAYER, \"annotations\": {\"key1\": \"value1\"}}",
        true,
        null
    )]
    [InlineData(
        "{\"schemaVersion\": 2, \"config\": CONFIG, \"layers\": [LAYER], \"subject\": \".nope\"}",
        true,
        "refused: it is not read"
    )]
    [InlineData(
        "{\"schemaVersion\": 2, \"config\": CONFIG, \"layers\": []}",
        true,
        "refused: every builder writes images without layers, and every engine runs them"
    )]
    [InlineData(
        "{\"schemaVersion\": 2, \"config\": CONFIG, \"layers\": null}",
        true,
        "refused: BuildKit writes that for FROM scratch"
    )]
    [InlineData("{\"schemaVersion\": 2, \"config\": CONFIG, \"layers\": [null]}", false, null)]
    [InlineData("{\"schemaVersion\": 2, \"config\": null, \"layers\": [LAYER]}", false, null)]
    [InlineData(
        "{\"schemaVersion\": 2, \"config\": {\"mediaType\": \"a/b\", \"size\": \"1470\", \"digest\": \"SHA\"}, \"layers\": [LAYER]}",
        false,
        null
    )]
    [InlineData(
        "{\"schemaVersion\": 2, \"config\": {\"mediaType\": \"invalid\", \"size\": 1470, \"digest\": \"SHA\"}, \"layers\": [LAYER]}",
        true,
        "refused: the pull says that it is no image, once it fetches the configuration"
    )]
    [InlineData(
        "{\"schemaVersion\": 2, \"config\": CONFIG, \"layers\": [{\"mediaType\": \"a/b\", \"size\": \"675598\", \"digest\": \"SHA\"}]}",
        false,
        null
    )]
    [InlineData(
        "{\"schemaVersion\": 2, \"config\": CONFIG, \"layers\": [{\"mediaType\": \"a/b\", \"size\": 1470, \"digest\": \"sha256+foo+-b:c86f\"}]}",
        false,
        null
    )]
    [InlineData(
        "{\"schemaVersion\": 2, \"config\": CONFIG, \"layers\": [{\"mediaType\": \"a/b\", \"size\": 1470, \"digest\": \"multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8\"}]}",
        false,
        "taken: all parts of an image are needed, and this one can't be verified"
    )]
    [InlineData(
        "{\"schemaVersion\": 2, \"mediaType\": \"\\ud800\", \"config\": CONFIG, \"layers\": [LAYER]}",
        false,
        null
    )]
    public void A_document(string document, bool taken, string? differs)
    {
        document = document
            .Replace(
                "CONFIG",
                "{\"mediaType\": \"application/vnd.oci.image.config.v1+json\", \"size\": 1470, \"digest\": \"SHA\"}",
                StringComparison.Ordinal
            )
            .Replace(
                "LAYER",
                "{\"mediaType\": \"application/vnd.oci.image.layer.v1.tar+gzip\", \"size\": 148, \"digest\": \"SHA\"}",
                StringComparison.Ordinal
            )
            .Replace("SHA\"", Sha + "\"", StringComparison.Ordinal);

        Exception? e = Record.Exception(() => Read(document));

        Assert.Equal(taken, e is null);
        Assert.True(e is null or SysctrException { Kind: ErrorKind.Corrupt }, $"{e}");
        Assert.True(
            differs is null || differs.StartsWith("refused", StringComparison.Ordinal) == taken,
            "it does not differ any more"
        );
    }

    [Theory]
    [InlineData("\"architecture\": \"amd64\", \"os\": \"linux\", \"rootfs\": ROOT", true, null)]
    [InlineData(
        "\"architecture\": \"arm64\", \"variant\": \"v8\", \"os\": \"linux\", \"author\": \"x\", \"config\": {\"User\": \"1:1\", \"Volumes\": {\"/v\": {}}, \"Labels\": {\"a\": \"b\"}}, \"rootfs\": ROOT",
        true,
        null
    )]
    [InlineData("\"architecture\": \"amd64\", \"os\": 123, \"rootfs\": ROOT", false, null)]
    [InlineData("\"architecture\": \"arm64\", \"variant\": 123, \"os\": \"linux\", \"rootfs\": ROOT", false, null)]
    [InlineData(
        "\"architecture\": \"amd64\", \"os\": \"linux\", \"config\": {\"User\": 1234}, \"rootfs\": ROOT",
        false,
        null
    )]
    [InlineData(
        "\"architecture\": \"amd64\", \"os\": \"linux\", \"config\": {\"Env\": [7353]}, \"rootfs\": ROOT",
        false,
        null
    )]
    [InlineData(
        "\"architecture\": \"amd64\", \"os\": \"linux\", \"config\": {\"Volumes\": [\"/var/job-result-data\"]}, \"rootfs\": ROOT",
        false,
        null
    )]
    [InlineData(
        "\"architecture\": \"amd64\", \"os\": \"linux\", \"config\": {\"Env\": [\"foo\"]}, \"rootfs\": ROOT",
        true,
        "refused: docker and podman pass it on to the payload"
    )]
    [InlineData(
        "\"architecture\": \"amd64\", \"os\": \"linux\", \"history\": \"should be an array\", \"rootfs\": ROOT",
        true,
        "refused: it is not read"
    )]
    [InlineData(
        "\"architecture\": \"amd64\", \"os\": \"linux\", \"rootfs\": {\"type\": \"layers\", \"diff_ids\": null}",
        true,
        "refused: BuildKit writes that for FROM scratch"
    )]
    [InlineData(
        "\"architecture\": null, \"os\": null, \"rootfs\": ROOT",
        true,
        "refused: as Go reads it; the user says what it is for"
    )]
    public void A_configuration(string members, bool taken, string? differs)
    {
        byte[] document = Encoding.UTF8.GetBytes(
            "{"
                + members.Replace("ROOT", $$"""{"type": "layers", "diff_ids": ["{{Sha}}"]}""", StringComparison.Ordinal)
                + "}"
        );

        Exception? e = Record.Exception(() => JsonSerializer.Deserialize(document, OciJson.Default.ImageConfig));

        Assert.Equal(taken, e is null);
        Assert.True(
            e is null
                || (e is JsonException malformed && Fuzz.Targets.ForeignWords.Find(JsonFault.Of(malformed)) is null),
            $"{e}"
        );
        Assert.True(
            differs is null || differs.StartsWith("refused", StringComparison.Ordinal) == taken,
            "it does not differ any more"
        );
    }

    private static ManifestDocument Read(string document) =>
        ManifestDocument.Read(
            new RawManifest(null, Encoding.UTF8.GetBytes(document), null),
            expected: null,
            size: null,
            "reading"
        );
}
