// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Store.Records;
using SystemContainers.Tar;

namespace SystemContainers.Tree;

/// <summary>
/// What the layers of one image may cost together when they are merged and looked through. Attack: each layer stays
/// below its own limits, and there are five hundred; or each of a million names leads through hundreds of symbolic
/// links of a thousand parts each.
/// </summary>
/// <param name="maxBytes">See <see cref="MaxMetadataBytes"/>.</param>
/// <param name="maxSteps">See <see cref="MaxSteps"/>.</param>
sealed class MergeBudget(long maxBytes = MergeBudget.MaxMetadataBytes, long maxSteps = MergeBudget.MaxSteps)
{
    /// <summary>Entries, names, targets and attributes of all layers, counted as
    /// <see cref="TarLimits.MaxMetadataBytes"/> counts them, with the directories that none describes, in
    /// bytes.</summary>
    public const long MaxMetadataBytes = 512L << 20;

    /// <summary>Parts of paths and of symbolic links that are gone through; the largest images in the wild need some
    /// millions.</summary>
    public const long MaxSteps = 300_000_000;

    /// <summary>What a directory that no entry describes costs in memory however short its name is, in bytes.</summary>
    public const int DirectoryBytes = 512;

    private long _bytes;
    private long _steps;

    /// <summary>Counts an entry.</summary>
    /// <exception cref="SysctrException">Unsafe: it is too much.</exception>
    public void Add(LayerEntry entry)
    {
        _bytes += TarLimits.EntryBytes + entry.Name.Length + entry.LinkName.Length;
        foreach (FileXattr xattr in entry.Metadata.Xattrs)
        {
            _bytes += TarLimits.XattrBytes + xattr.Name.Length + xattr.Value.Length;
        }

        CheckBytes();
    }

    /// <summary>Counts a directory that is made because an entry is below it. Attack: a name of four thousand bytes,
    /// which compress to a few, makes two thousand.</summary>
    /// <param name="name">Its own.</param>
    /// <exception cref="SysctrException">Unsafe: it is too much.</exception>
    public void AddDirectory(byte[] name)
    {
        _bytes += DirectoryBytes + name.Length;
        CheckBytes();
    }

    /// <summary>Counts a step along a path.</summary>
    /// <exception cref="SysctrException">Unsafe: it is too much.</exception>
    public void Step()
    {
        if (++_steps > maxSteps)
        {
            throw Exceeded($"the image's paths and symbolic links have more than {maxSteps} parts to go through");
        }
    }

    private void CheckBytes()
    {
        if (_bytes > maxBytes)
        {
            throw Exceeded($"the image's entries, directories, names and attributes take more than {maxBytes} bytes");
        }
    }

    private static SysctrException Exceeded(string why) =>
        new(ErrorKind.Unsafe, $"merging the layers: {why}", "sysctr(1), LIMITS, has what an image may have");
}
