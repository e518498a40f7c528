// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Store.Records;
using SystemContainers.Tree;

namespace SystemContainers.Composefs;

/// <summary>
/// A tree's metadata as an EROFS image that an overlay takes as its upper lower layer (composefs): names, inodes and
/// attributes are in it, contents are files of an object directory that it refers to by their fs-verity digest. Byte
/// for byte what mkcomposefs(1) 1.0.8 makes of the same tree with <c>--min-version=1</c>, so that the image's own
/// digest can be compared with what others computed.
/// </summary>
static class ComposefsImage
{
    /// <summary>Content of so many bytes or fewer stands in the image itself
    /// (LCFS_RECOMMENDED_INLINE_CONTENT_MAX).</summary>
    public const int MaxInlineContent = 64;

    /// <summary>Writes the image from its first byte to its last; the same tree gives the same bytes, in whatever order
    /// its names came.</summary>
    /// <param name="root">The root. Of a regular file that is not empty, <see cref="LayerEntry.Object"/> has to be the
    /// fs-verity digest of the content.</param>
    /// <param name="readContent">The content of a file that is not empty and has at most <see cref="MaxInlineContent"/>
    /// bytes; asked once for each inode.</param>
    /// <param name="target">Where it goes; is written only, forwards. After an exception what stands there is no
    /// image.</param>
    /// <exception cref="SysctrException">Unsafe: the tree has what such an image can't hold; Corrupt: content that is
    /// not as long as its entry says.</exception>
    public static void Write(TreeDirectory root, Func<LayerEntry, byte[]> readContent, Stream target) =>
        Write(root, readContent, target, ErofsFormat.MaxBlocks, ContentNames.OfStore);

    /// <summary>The same with other names for contents than the store's.</summary>
    /// <param name="root">As above.</param>
    /// <param name="readContent">As above.</param>
    /// <param name="target">As above.</param>
    /// <param name="names">How contents are named.</param>
    /// <exception cref="SysctrException">As above.</exception>
    public static void Write(
        TreeDirectory root,
        Func<LayerEntry, byte[]> readContent,
        Stream target,
        ContentNames names
    ) => Write(root, readContent, target, ErofsFormat.MaxBlocks, names);

    /// <summary>The same within a smaller limit.</summary>
    /// <param name="root">As above.</param>
    /// <param name="readContent">As above.</param>
    /// <param name="target">As above.</param>
    /// <param name="maxBlocks">Blocks that the image may have.</param>
    /// <param name="names">As above; null for the store's.</param>
    internal static void Write(
        TreeDirectory root,
        Func<LayerEntry, byte[]> readContent,
        Stream target,
        long maxBlocks,
        ContentNames? names = null
    )
    {
        List<ImageInode> inodes = InodeCollector.Collect(root);
        XattrTable xattrs = new(inodes, names ?? ContentNames.OfStore);
        ImageLayout layout = new(inodes, xattrs, maxBlocks);
        new ImageWriter(inodes, xattrs, layout, readContent, target).Write();
    }
}
