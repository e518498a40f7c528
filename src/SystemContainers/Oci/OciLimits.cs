// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Oci;

/// <summary>How much of anything we take from a registry or an image before we call it hostile.</summary>
static class OciLimits
{
    /// <summary>A manifest or index, in bytes (distribution-spec, "Pushing Manifests": registries should take 4
    /// MiB).</summary>
    public const int MaxManifestBytes = 4 << 20;

    /// <summary>An image configuration, in bytes.</summary>
    public const int MaxConfigBytes = 8 << 20;

    /// <summary>What we read of a registry's error body, in bytes.</summary>
    public const int MaxErrorBytes = 64 << 10;

    /// <summary>How deep indexes may be nested in indexes.</summary>
    public const int MaxIndexDepth = 3;

    /// <summary>Manifests of one image that are copied with all its platforms, those of nested indexes among
    /// them.</summary>
    public const int MaxCopiedManifests = 1000;

    /// <summary>All manifests of an index that are copied together: they are held until the blobs are there.</summary>
    public const long MaxCopiedManifestBytes = 64L << 20;

    /// <summary>Tags of one repository, and bytes of each page of the list of them.</summary>
    public const int MaxTags = 1_000_000;

    /// <summary>See <see cref="MaxTags"/>.</summary>
    public const int MaxTagPageBytes = 16 << 20;

    /// <summary>Layers in one image; overlay-based tools stop at about 127.</summary>
    public const int MaxLayers = 512;

    /// <summary>One file below /exports that we read as a template or as JSON, in bytes.</summary>
    public const int MaxTemplateBytes = 1 << 20;

    /// <summary>All files below /exports that we read as templates or as JSON, in bytes.</summary>
    public const long MaxExportsBytes = 16L << 20;

    /// <summary>Files in an archive of images: some for each layer of each image.</summary>
    public const int MaxArchiveFiles = 100_000;

    /// <summary>Their names together, in characters.</summary>
    public const int MaxArchiveNames = 16 << 20;
}
