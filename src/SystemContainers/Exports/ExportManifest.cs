// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Exports;

/// <summary>/exports/manifest.json, checked; all defaults where the image has none.</summary>
sealed partial record ExportManifest
{
    /// <summary>Where an image has no manifest.</summary>
    public static ExportManifest Empty { get; } = new();

    /// <summary>The manifest's own version, as the image writes it; nothing depends on it.</summary>
    public string? Version { get; init; }

    /// <summary>Template variables with the values that hold unless the user sets others.</summary>
    public IReadOnlyDictionary<string, string> DefaultValues { get; init; } = new Dictionary<string, string>();

    /// <summary>Absolute path below hostfs -> absolute path on the host, placeholders allowed in the latter.</summary>
    public IReadOnlyDictionary<string, string> RenameFiles { get; init; } = new Dictionary<string, string>();

    /// <summary>Absolute paths below hostfs of files whose content has placeholders.</summary>
    public IReadOnlySet<string> InstalledFilesTemplate { get; init; } = new HashSet<string>();

    /// <summary>Host files only: no unit, and no rootfs is kept.</summary>
    public bool NoContainerService { get; init; }

    /// <summary>Host files may be hard links into the checkout.</summary>
    public bool UseLinks { get; init; } = true;

    /// <summary>How to check the payload's health; null where the manifest does not say.</summary>
    public ImageHealth? Health { get; init; }
}
