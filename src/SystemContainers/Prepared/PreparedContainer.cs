// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Checkout;
using SystemContainers.Oci;
using SystemContainers.Render;
using SystemContainers.Render.HostFiles;
using SystemContainers.State;
using SystemContainers.Tree;

namespace SystemContainers.Prepared;

/// <summary>A container that is rendered and checked, while nothing of it is on the host yet.</summary>
sealed record PreparedContainer
{
    /// <summary>What will stand in info.json.</summary>
    public required ContainerRecord Record { get; init; }

    /// <summary>Where it goes.</summary>
    public required DeploymentDirectory Directory { get; init; }

    public required IImageFiles Files { get; init; }

    /// <summary>What is to be checked out; null where the rootfs is somebody else's.</summary>
    public MergedTree? Tree { get; init; }

    /// <summary>The trees of other images that it mounts, in the order of
    /// <see cref="ContainerRecord.MountedImages"/>.</summary>
    public IReadOnlyList<MergedTree> MountedTrees { get; init; } = [];

    /// <summary>The image of its tree, where each start mounts that; null where the tree is on disk.</summary>
    public ComposefsTree? Composefs { get; init; }

    /// <summary>What Render made of the image, with config.json and the units as Units adapted them.</summary>
    public required RenderedContainer Rendered { get; init; }

    /// <summary>Unit files and drop-ins for the host, in the order of <see cref="ContainerRecord.Units"/>.</summary>
    public required IReadOnlyList<HostText> UnitFiles { get; init; }

    /// <summary>The tmpfiles.d file for the host, if there is one.</summary>
    public HostText? Tmpfiles { get; init; }

    /// <summary>The image's own files for the host; none where the user does not want them.</summary>
    public required IReadOnlyList<HostFile> HostFiles { get; init; }
}

/// <summary>A text file for the host.</summary>
/// <param name="Path">Absolute, as the host sees it.</param>
sealed record HostText(string Path, string Text);
