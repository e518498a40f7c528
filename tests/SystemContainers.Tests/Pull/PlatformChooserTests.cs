// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Pull;
using Xunit;

namespace SystemContainers.Tests.Pull;

public sealed class PlatformChooserTests
{
    [Theory]
    [InlineData("linux/amd64", "linux/amd64", 0)]
    [InlineData("linux/amd64", "linux/amd64/v3 linux/amd64", 1)]
    [InlineData("linux/amd64/v3", "linux/amd64 linux/amd64/v2 linux/amd64/v4 linux/amd64/v3", 3)]
    [InlineData("linux/amd64/v3", "linux/amd64 linux/amd64/v2 linux/amd64/v4", 1)]
    [InlineData("linux/arm64", "linux/arm64/v8", 0)]
    [InlineData("linux/arm64/v8", "linux/arm64", 0)]
    [InlineData("linux/arm64", "linux/arm64/v9 linux/arm64", 1)]
    [InlineData("linux/arm/v7", "linux/arm/v5 linux/arm/v6 linux/arm/v7 linux/arm64/v8", 2)]
    [InlineData("linux/arm/v6", "linux/arm/v7 linux/arm/v5", 1)]
    [InlineData("linux/amd64", "windows/amd64 linux/arm64", null)]
    [InlineData("linux/amd64", "linux/amd64/strange", null)]
    [InlineData("linux/amd64", "-", 0)]
    [InlineData("linux/amd64", "- -", 0)]
    [InlineData("linux/amd64", "- unknown/unknown", 0)]
    [InlineData("linux/amd64", "unknown/unknown -", 1)]
    [InlineData("linux/amd64", "linux/arm64 - -", 1)]
    [InlineData("linux/amd64", "attestation -", 1)]
    [InlineData("linux/amd64", "signature -", 1)]
    [InlineData("linux/amd64", "attestation signature", null)]
    [InlineData("linux/amd64", "- linux/amd64", 1)]
    [InlineData("linux/amd64", "linux/amd64 linux/amd64", 0)]
    public void The_best_that_runs_is_chosen(string wanted, string offered, int? expected)
    {
        Descriptor[] manifests =
        [
            .. offered
                .Split(' ')
                .Select(
                    (o, i) =>
                        new Descriptor(MediaTypes.OciManifest, Digest.Sha256([(byte)i]), i)
                        {
                            Platform = o.Contains('/', StringComparison.Ordinal) ? Platform(o) : null,
                            Annotations =
                                o == "attestation"
                                    ? new Dictionary<string, string>
                                    {
                                        ["vnd.docker.reference.type"] = "attestation-manifest",
                                    }
                                    : null,
                            ArtifactType = o == "signature" ? "application/vnd.dev.cosign.artifact.sig.v1+json" : null,
                        }
                ),
        ];

        Assert.Equal(expected, (int?)PlatformChooser.Choose(manifests, Platform(wanted))?.Size);
    }

    private static Platform Platform(string text)
    {
        string[] parts = text.Split('/');
        return new Platform(parts[1], parts[0], parts.ElementAtOrDefault(2));
    }
}
