// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Conversion.Run;

/// <summary>What docker means by the name of an image (distribution/reference, "ParseNormalizedNamed"): without a
/// registry it is one of Docker Hub's, whatever registries.conf(5) says.</summary>
static class DockerImage
{
    private const string Hub = "docker.io/";

    /// <summary>Whether a name says its registry.</summary>
    public static bool IsQualified(string image) =>
        image.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash
        && (image.AsSpan(0, slash).IndexOfAny('.', ':') >= 0 || image[..slash] == "localhost");

    /// <summary>The name with its registry.</summary>
    public static string Qualified(string image) =>
        image.Length == 0 || IsQualified(image) ? image
        : image.Contains('/', StringComparison.Ordinal) ? Hub + image
        : $"{Hub}library/{image}";
}
