// SPDX-License-Identifier: Apache-2.0

using System.IO.Compression;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Tar;

namespace SystemContainers.Images.Packing;

/// <summary>
/// Makes a layer of its index and objects again, gzip over tar, each file checked against its key on the way. What
/// unpacks it gets the same tree; the archive has the digest that it had where it was written as most tools write it
/// (<see cref="TarWriter"/>), for names of owners, padding and the like are not kept. The compressed bytes are others
/// in any case.
/// </summary>
static class LayerPacker
{
    /// <param name="store">Leased while this works.</param>
    /// <param name="diffId">Of the layer that is wanted.</param>
    /// <param name="target">Gets the compressed bytes.</param>
    /// <param name="bareRoot">As <see cref="TarWriter"/> has it.</param>
    /// <param name="cancellation">Honoured between files.</param>
    /// <returns>The digest that the plain archive has now, and the digest of the compressed one.</returns>
    /// <exception cref="SysctrException">Corrupt: the store does not have it whole.</exception>
    public static (Digest DiffId, Digest Blob) Pack(
        ContentStore store,
        Digest diffId,
        Stream target,
        bool bareRoot,
        CancellationToken cancellation
    )
    {
        using HashingStream packed = new(target);
        Digest plain;
        using (GZipStream gzip = new(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            plain = PackPlain(store, diffId, gzip, bareRoot, cancellation);
        }

        return (plain, Digest.FromSha256(packed.Hash()));
    }

    /// <summary>The same without compression.</summary>
    /// <returns>The digest that the archive has now.</returns>
    /// <exception cref="SysctrException">Corrupt: the store does not have it whole.</exception>
    public static Digest PackPlain(
        ContentStore store,
        Digest diffId,
        Stream target,
        bool bareRoot,
        CancellationToken cancellation
    )
    {
        using HashingStream hashing = new(target, diffId.HashName);
        TarWriter tar = new(hashing, bareRoot);
        foreach (LayerEntry entry in store.ReadLayer(diffId).Entries)
        {
            cancellation.ThrowIfCancellationRequested();
            tar.WriteHeader(Header(entry));
            if (entry.Type == TarEntryType.Regular && entry.Size > 0)
            {
                Copy(store, diffId, entry, tar);
            }
        }

        tar.Finish();
        return Digest.FromHash(diffId.HashName, hashing.Hash());
    }

    /// <summary>Whether it makes a difference how the root is written.</summary>
    public static bool HasRoot(ContentStore store, Digest diffId) =>
        store.ReadLayer(diffId).Entries.Any(e => e.Name is [(byte)'.']);

    private static void Copy(ContentStore store, Digest diffId, LayerEntry entry, TarWriter tar)
    {
        using SafeFileHandle file = store.OpenObject(entry.Object);
        using ObjectHasher hasher = new(entry.Form, entry.Metadata);
        byte[] buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(128 << 10);
        try
        {
            for (long position = 0; position < entry.Size;)
            {
                int read = RandomAccess.Read(
                    file,
                    buffer.AsSpan(0, (int)Math.Min(buffer.Length, entry.Size - position)),
                    position
                );
                if (read == 0)
                {
                    throw Altered(diffId, entry);
                }

                hasher.Append(buffer.AsSpan(0, read));
                tar.WriteContent(buffer.AsSpan(0, read));
                position += read;
            }
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }

        if (hasher.Finish() != entry.Object)
        {
            throw Altered(diffId, entry);
        }
    }

    private static TarEntry Header(LayerEntry entry) =>
        new()
        {
            Type = entry.Type,
            Name = entry.Name,
            LinkName = entry.LinkName,
            Mode = entry.Metadata.Mode,
            Uid = entry.Metadata.Uid,
            Gid = entry.Metadata.Gid,
            Size = entry.Size,
            MtimeSeconds = entry.Metadata.MtimeSeconds,
            MtimeNanoseconds = entry.Metadata.MtimeNanoseconds,
            DeviceMajor = entry.DeviceMajor,
            DeviceMinor = entry.DeviceMinor,
            Xattrs = entry.Metadata.Xattrs,
        };

    private static SysctrException Altered(Digest diffId, LayerEntry entry) =>
        new(
            ErrorKind.Corrupt,
            $"packing layer {diffId.Short}: object {entry.Object} ({Redact.Text(System.Text.Encoding.UTF8.GetString(entry.Name))}) is not as it was pulled",
            "'sysctr fsck --repair' mends the store"
        );
}
