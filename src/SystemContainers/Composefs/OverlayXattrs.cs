// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Composefs;

/// <summary>Attributes by which an overlay knows what a lower layer means (Linux,
/// Documentation/filesystems/overlayfs.rst).</summary>
static class OverlayXattrs
{
    /// <summary>What an overlay keeps for itself; such an attribute of the tree's is shown by it when it is written
    /// with <see cref="Escaped"/>.</summary>
    public static ReadOnlySpan<byte> Prefix => "trusted.overlay."u8;

    public static ReadOnlySpan<byte> Escaped => "trusted.overlay.overlay."u8;

    /// <summary>The content is elsewhere; the value has its digest.</summary>
    public static readonly byte[] Metacopy = [.. "trusted.overlay.metacopy"u8];

    /// <summary>Where it is, as a path below the layers of data.</summary>
    public static readonly byte[] Redirect = [.. "trusted.overlay.redirect"u8];

    /// <summary>Nothing of layers below shows through.</summary>
    public static readonly byte[] Opaque = [.. "trusted.overlay.opaque"u8];

    /// <summary>This empty file is a whiteout to an overlay above the one that shows it: for one with trusted
    /// attributes, and for one with the user's.</summary>
    public static readonly byte[][] Whiteout =
    [
        [.. "trusted.overlay.overlay.whiteout"u8],
        [.. "user.overlay.whiteout"u8],
    ];

    /// <summary>This directory has such files, as overlays before Linux 6.8 want to know it.</summary>
    public static readonly byte[][] Whiteouts =
    [
        [.. "trusted.overlay.overlay.whiteouts"u8],
        [.. "user.overlay.whiteouts"u8],
    ];

    /// <summary>The same, as later ones do: with the value <c>x</c>.</summary>
    public static readonly byte[][] WhiteoutsOpaque =
    [
        [.. "trusted.overlay.overlay.opaque"u8],
        [.. "user.overlay.opaque"u8],
    ];

    /// <summary>What SELinux knows the root by, which the whiteouts of the image's own get too.</summary>
    public static readonly byte[] SecurityLabel = [.. "security.selinux"u8];
}
