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
sealed class ComposefsImage
{
    /// <summary>Content of so many bytes or fewer stands in the image itself
    /// (LCFS_RECOMMENDED_INLINE_CONTENT_MAX).</summary>
    public const int MaxInlineContent = 64;

    /// <summary>More than anything that is written at once: the value of an attribute.</summary>
    private const int BufferBytes = 1 << 18;

    private readonly List<ImageInode> _inodes;
    private readonly XattrTable _xattrs;
    private readonly ImageLayout _layout;

    /// <summary>Lays the image out; the same tree gives the same one, in whatever order its names came.</summary>
    /// <param name="root">The root. Of a regular file that is not empty, <see cref="LayerEntry.Object"/> has to be the
    /// fs-verity digest of the content. Is not to be changed any more.</param>
    /// <param name="names">How contents are named; null for the store's way.</param>
    /// <exception cref="SysctrException">Unsafe: the tree has what such an image can't hold.</exception>
    public ComposefsImage(TreeDirectory root, ContentNames? names = null)
        : this(root, ErofsFormat.MaxBlocks, names) { }

    /// <summary>The same within a smaller limit.</summary>
    /// <param name="root">As above.</param>
    /// <param name="maxBlocks">Blocks that the image may have.</param>
    /// <param name="names">As above.</param>
    internal ComposefsImage(TreeDirectory root, long maxBlocks, ContentNames? names = null)
    {
        _inodes = InodeCollector.Collect(root);
        _xattrs = new XattrTable(_inodes, names ?? ContentNames.OfStore);
        _layout = new ImageLayout(_inodes, _xattrs, maxBlocks);
    }

    /// <summary>How many bytes it has.</summary>
    public long Length => _layout.Blocks * ErofsFormat.BlockSize;

    /// <summary>Writes the image from its first byte to its last.</summary>
    /// <param name="readContent">The content of a file that is not empty and has at most <see cref="MaxInlineContent"/>
    /// bytes; asked once for each inode.</param>
    /// <param name="target">Where it goes; is written only, forwards. After an exception what stands there is no
    /// image.</param>
    /// <exception cref="SysctrException">Corrupt: content that is not as long as its entry says.</exception>
    public void Write(Func<LayerEntry, byte[]> readContent, Stream target) =>
        Write(readContent, new ImageOutput(new byte[Math.Min(Length, BufferBytes)], target));

    /// <param name="readContent">As above.</param>
    /// <exception cref="SysctrException">As above.</exception>
    public byte[] ToBytes(Func<LayerEntry, byte[]> readContent)
    {
        byte[] bytes = new byte[Length];
        Write(readContent, new ImageOutput(bytes, target: null));
        return bytes;
    }

    private void Write(Func<LayerEntry, byte[]> readContent, ImageOutput output) =>
        new ImageWriter(_inodes, _xattrs, _layout, readContent, output).Write();
}
