// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Chunked;
using SystemContainers.Errors;
using SystemContainers.Oci;

namespace SystemContainers.Push.Layers;

/// <summary>How layers are compressed; by the names that podman and skopeo have for it.</summary>
enum LayerFormat
{
    Gzip,
    Zstd,
    ZstdChunked,
}

/// <summary>What else is known of a format.</summary>
static class LayerFormats
{
    /// <summary>What may be typed.</summary>
    public static IReadOnlyList<string> Names { get; } = ["gzip", "zstd", "zstd:chunked"];

    /// <summary>The format of a name; null for no name.</summary>
    /// <param name="name">As it was typed.</param>
    /// <param name="option">By which, for messages.</param>
    /// <exception cref="SysctrException">Usage: there is none of it.</exception>
    public static LayerFormat? Parse(string? name, string option) =>
        name switch
        {
            null => null,
            "gzip" => LayerFormat.Gzip,
            "zstd" => LayerFormat.Zstd,
            "zstd:chunked" => LayerFormat.ZstdChunked,
            _ => throw new SysctrException(
                ErrorKind.Usage,
                $"{option} {Redact.Text(name)}: there is no such format",
                "gzip, zstd and zstd:chunked are known"
            ),
        };

    /// <summary>Whether a layer is of a format already. One of zstd:chunked is of zstd, too.</summary>
    public static bool IsOf(this Descriptor layer, LayerFormat format) =>
        format switch
        {
            LayerFormat.Gzip => layer.MediaType is MediaTypes.OciLayerGzip or MediaTypes.DockerLayerGzip,
            LayerFormat.Zstd => layer.MediaType is MediaTypes.OciLayerZstd,
            _ => layer.MediaType is MediaTypes.OciLayerZstd && ChunkedLayer.Of(layer) is not null,
        };
}
