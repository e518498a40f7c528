// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Checkout;
using SystemContainers.Exports;
using SystemContainers.Render.HostFiles;
using SystemContainers.Render.Spec;
using SystemContainers.SystemdText;

namespace SystemContainers.Render;

/// <summary>What a container is on the host, as text: nothing of it has been written anywhere.</summary>
sealed record RenderedContainer
{
    /// <summary>The units, the main service first; none when the manifest says noContainerService.</summary>
    public required IReadOnlyList<RenderedUnit> Units { get; init; }

    /// <summary>tmpfiles.d(5) lines; null where none are needed.</summary>
    public required string? Tmpfiles { get; init; }

    /// <summary>Lines for directories that are made when the deployment comes into use, and never by systemd-tmpfiles
    /// (<see cref="AdmittedTmpfiles.Once"/>).</summary>
    public IReadOnlyList<OnceLine> TmpfilesOnce { get; init; } = [];

    /// <summary>OCI runtime configuration for <c>DESTDIR/config.json</c>; null when the manifest says
    /// noContainerService.</summary>
    public required RuntimeConfigFile? Config { get; init; }

    /// <summary>The same as it is written.</summary>
    public byte[]? ConfigJson => Config?.Json;

    /// <summary>Every template variable with its final text, in ordinal order.</summary>
    public required IReadOnlyDictionary<string, string> Values { get; init; }

    /// <summary>The files to be installed on the host.</summary>
    public required IReadOnlyList<HostFile> HostFiles { get; init; }

    /// <summary>
    /// Absolute paths of the directories below the state and run directories that <see cref="Tmpfiles"/> makes for this
    /// container alone, in ordinal order; what <c>--purge</c> may remove.
    /// </summary>
    public required IReadOnlyList<string> GeneratedDirectories { get; init; }

    /// <summary>How to check the payload's health; null where the image does not say.</summary>
    public HealthCheck? Health { get; init; }

    /// <summary>What the user should know although it is no error, one sentence each.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>What has to stand in rootfs for config.json's mounts, parents before children.</summary>
    public required IReadOnlyList<RequiredMount> Mounts { get; init; }

    /// <summary>The same for the checkout that makes it.</summary>
    public IReadOnlyList<MountPoint> MountPoints => [.. Mounts.Select(m => m.AsMountPoint)];
}

/// <param name="FileName">Such as <c>etcd.service</c>.</param>
/// <param name="Text">The unit.</param>
/// <param name="Source">The template's path in the image; null for the default unit.</param>
sealed record RenderedUnit(string FileName, string Text, string? Source);
