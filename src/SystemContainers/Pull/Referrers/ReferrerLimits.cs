// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Referrers;

/// <summary>How much a registry may have about one image before it is called hostile. Anybody who may push may add to
/// it.</summary>
static class ReferrerLimits
{
    /// <summary>Manifests that are read for one image.</summary>
    public const int MaxManifests = 256;

    /// <summary>Pages of the registry's list.</summary>
    public const int MaxPages = 32;

    public const int MaxEntries = 4096;

    /// <summary>Layers of one such manifest.</summary>
    public const int MaxLayers = 128;

    /// <summary>Documents that are read for one image; each costs a request, and most of a signed one's
    /// checks.</summary>
    public const int MaxDocuments = 512;

    /// <summary>A document: a statement, a bill of materials, a signature; in bytes.</summary>
    public const int MaxDocumentBytes = Statements.SigstoreBundle.MaxBytes;

    /// <summary>All documents that are read for one image, in bytes.</summary>
    public const long MaxAllBytes = 256L << 20;
}
