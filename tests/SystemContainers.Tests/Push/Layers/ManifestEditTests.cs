// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using SystemContainers.Oci;
using SystemContainers.Push.Layers;
using Xunit;

namespace SystemContainers.Tests.Push.Layers;

public sealed class ManifestEditTests
{
    private static readonly Digest s_stays = Digest.Sha256([1]);
    private static readonly Digest s_goes = Digest.Sha256([2]);
    private static readonly Digest s_comes = Digest.Sha256([3]);

    [Theory]
    [InlineData(MediaTypes.OciManifest, MediaTypes.OciLayerGzip, MediaTypes.OciLayerGzip)]
    [InlineData(MediaTypes.DockerManifest, MediaTypes.DockerLayerGzip, MediaTypes.OciLayerGzip)]
    public void A_layer_that_stays_keeps_what_is_said_of_it(string manifest, string layer, string asOci)
    {
        string said =
            $$"""{"mediaType": "{{layer}}", "digest": "{{s_stays}}", "size": 1, "urls": ["https://example.com/foreign"], "data": "AQ==", "annotations": {"a": "b"}, "x-own": [1]}""";
        byte[] before = Encoding.UTF8.GetBytes(
            $$$"""
            {"schemaVersion": 2, "mediaType": "{{{manifest}}}", "config": {"mediaType": "{{{MediaTypes.OciConfig}}}", "digest": "{{{Digest.Sha256([
                9,
            ])}}}", "size": 1},
             "layers": [{{{said}}}, {"mediaType": "{{{layer}}}", "digest": "{{{s_goes}}}", "size": 1, "urls": ["https://example.com/old"]}], "annotations": {"kept": "too"}}
            """
        );

        JsonNode after = JsonNode.Parse(
            ManifestEdit.WithLayers(
                before,
                config: null,
                [new Descriptor(asOci, s_stays, 1), new Descriptor(asOci, s_comes, 5)]
            )
        )!;

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(said), after["layers"]![0]), after.ToJsonString());
        Assert.True(
            JsonNode.DeepEquals(
                JsonNode.Parse($$"""{"mediaType": "{{layer}}", "digest": "{{s_comes}}", "size": 5}"""),
                after["layers"]![1]
            ),
            after.ToJsonString()
        );
        Assert.Equal("too", (string?)after["annotations"]!["kept"]);
    }
}
