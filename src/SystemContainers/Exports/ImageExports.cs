// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Templates;

namespace SystemContainers.Exports;

/// <summary>What an image carries below /exports, read and checked but not rendered (image-contract).</summary>
sealed partial record ImageExports
{
    /// <summary>/exports/manifest.json.</summary>
    public required ExportManifest Manifest { get; init; }

    /// <summary>The image's units, the main service first where there is one; the default unit is not among
    /// them.</summary>
    public required IReadOnlyList<ExportUnit> Units { get; init; }

    /// <summary>config.json, config.json.sbn or config.json.template; null: one is made from the image's
    /// configuration.</summary>
    public required ExportFile? Config { get; init; }

    /// <summary>tmpfiles.sbn or tmpfiles.template; null: lines are made for the sources of bind mounts.</summary>
    public required ExportFile? Tmpfiles { get; init; }

    /// <summary>Everything below /exports/hostfs, directories before what is in them, with the templates
    /// read.</summary>
    public required IReadOnlyList<ExportHostFile> HostFiles { get; init; }

    /// <summary>How to check the payload's health: what manifest and labels say, and HEALTHCHECK.</summary>
    public required ImageHealth Health { get; init; }

    /// <summary>Whether it has nothing below /exports: an image like others, made for no system container.</summary>
    public bool IsOrdinary { get; init; }

    /// <summary>Every variable that some template mentions, in ordinal order.</summary>
    public required IReadOnlyList<string> Variables { get; init; }

    /// <summary>Whether a template mentions the variable: one that mentions PIDFILE wants a start that detaches and
    /// writes it.</summary>
    public bool Mentions(string variable) => Variables.Contains(variable, StringComparer.Ordinal);

    /// <summary>NAME.service is made by us: the image brings neither a main service nor one that is
    /// instantiated.</summary>
    public bool NeedsDefaultUnit =>
        !Manifest.NoContainerService && !Units.Any(u => u.IsMain || u.NameSuffix == "@.service");
}

/// <summary>Something below /exports/hostfs.</summary>
/// <param name="File">As the image has it; its path begins with /exports/hostfs.</param>
/// <param name="Path">Absolute path below hostfs, which is the path on the host unless renamed.</param>
/// <param name="Template">The content, where installedFilesTemplate lists it.</param>
sealed record ExportHostFile(ImageFile File, string Path, ExportFile? Template);
