// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;
using SystemContainers.Tar;

namespace SystemContainers.Store.Records;

/// <summary>
/// Every entry of a layer in the archive's order, whiteouts too. On disk: magic, count, the entries (lengths and small
/// numbers as 7-bit integers), and SHA-256 over all of that. The magic tells the form of the objects.
/// </summary>
/// <param name="Entries">All of one form.</param>
sealed record LayerIndex(IReadOnlyList<LayerEntry> Entries, ObjectForm Form = ObjectForm.Inode)
{
    private const int MagicSize = 15;

    private static ReadOnlySpan<byte> InodeMagic => "sysctr layer 1\n"u8;

    private static ReadOnlySpan<byte> ContentMagic => "sysctr layer 2\n"u8;

    public byte[] ToBytes()
    {
        using MemoryStream memory = new(Entries.Count * 128);
        WriteTo(memory);
        return memory.ToArray();
    }

    /// <summary>Writes it, without holding it in memory a second time.</summary>
    public void WriteTo(Stream target)
    {
        using HashingStream hashing = new(target);
        using BinaryWriter writer = new(new BufferedStream(hashing, 128 << 10), Encoding.UTF8);
        writer.Write(Form == ObjectForm.Content ? ContentMagic : InodeMagic);
        writer.Write7BitEncodedInt(Entries.Count);
        foreach (LayerEntry entry in Entries)
        {
            Write(writer, entry);
        }

        writer.Flush();
        target.Write(hashing.Hash());
    }

    /// <summary>Reads what <see cref="ToBytes"/> gave.</summary>
    /// <exception cref="SysctrException">Corrupt: it is not that any more.</exception>
    public static LayerIndex FromBytes(byte[] bytes, Digest diffId)
    {
        int end = bytes.Length - SHA256.HashSizeInBytes;
        if (
            end < MagicSize
            || FormOf(bytes) is not { } form
            || !SHA256.HashData(bytes.AsSpan(0, end)).AsSpan().SequenceEqual(bytes.AsSpan(end))
        )
        {
            throw Altered(diffId);
        }

        using BinaryReader reader = new(new MemoryStream(bytes, MagicSize, end - MagicSize), Encoding.UTF8);
        LayerEntry[] entries = new LayerEntry[reader.Read7BitEncodedInt()];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = Read(reader, form);
        }

        return new LayerIndex(entries, form);
    }

    /// <summary>As <see cref="FromBytes"/>, one entry at a time: for who looks at each once, however large the layer
    /// is.</summary>
    /// <param name="file">An index on disk.</param>
    /// <exception cref="SysctrException">Corrupt: it is not that any more; nothing was given yet.</exception>
    public static IEnumerable<LayerEntry> Stream(string file, Digest diffId)
    {
        FileStream stream = RegularFile.OpenRead(file);
        try
        {
            long end = stream.Length - SHA256.HashSizeInBytes;
            if (end < MagicSize || !IsWhole(stream, end, out ObjectForm form))
            {
                throw Altered(diffId);
            }

            return ReadAll(stream, form);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>The form of the objects of an index on disk.</summary>
    /// <exception cref="SysctrException">Corrupt: it is no index.</exception>
    public static ObjectForm FormOf(string file, Digest diffId)
    {
        using FileStream stream = RegularFile.OpenRead(file);
        Span<byte> magic = stackalloc byte[MagicSize];
        return stream.ReadAtLeast(magic, MagicSize, throwOnEndOfStream: false) == MagicSize && FormOf(magic) is { } form
            ? form
            : throw Altered(diffId);
    }

    private static ObjectForm? FormOf(ReadOnlySpan<byte> index) =>
        index.StartsWith(ContentMagic) ? ObjectForm.Content
        : index.StartsWith(InodeMagic) ? ObjectForm.Inode
        : null;

    private static bool IsWhole(FileStream stream, long end, out ObjectForm form)
    {
        form = default;
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[128 << 10];
        for (long left = end; left > 0;)
        {
            int read = stream.Read(buffer, 0, (int)Math.Min(buffer.Length, left));
            if (read == 0)
            {
                return false;
            }

            if (left == end)
            {
                if (FormOf(buffer.AsSpan(0, read)) is not { } found)
                {
                    return false;
                }

                form = found;
            }

            hash.AppendData(buffer, 0, read);
            left -= read;
        }

        Span<byte> told = stackalloc byte[SHA256.HashSizeInBytes];
        return stream.ReadAtLeast(told, told.Length, throwOnEndOfStream: false) == told.Length
            && hash.GetHashAndReset().AsSpan().SequenceEqual(told);
    }

    private static IEnumerable<LayerEntry> ReadAll(FileStream stream, ObjectForm form)
    {
        stream.Position = MagicSize;
        using BinaryReader reader = new(new BufferedStream(stream, 128 << 10), Encoding.UTF8);
        int count = reader.Read7BitEncodedInt();
        for (int i = 0; i < count; i++)
        {
            yield return Read(reader, form);
        }
    }

    private static SysctrException Altered(Digest diffId) =>
        new(
            ErrorKind.Corrupt,
            $"reading the index of layer {diffId}: it was altered",
            "'sysctr fsck --repair' fetches it again"
        );

    private static void Write(BinaryWriter writer, LayerEntry entry)
    {
        writer.Write((byte)entry.Type);
        WriteBytes(writer, entry.Name);
        WriteBytes(writer, entry.LinkName);
        writer.Write7BitEncodedInt(entry.Metadata.Mode);
        writer.Write7BitEncodedInt64(entry.Metadata.Uid);
        writer.Write7BitEncodedInt64(entry.Metadata.Gid);
        writer.Write(entry.Metadata.MtimeSeconds);
        writer.Write(entry.Metadata.MtimeNanoseconds);
        writer.Write7BitEncodedInt(entry.Metadata.Xattrs.Count);
        foreach (FileXattr xattr in entry.Metadata.Xattrs)
        {
            WriteBytes(writer, xattr.Name);
            WriteBytes(writer, xattr.Value);
        }

        switch (entry.Type)
        {
            case TarEntryType.Regular:
                writer.Write7BitEncodedInt64(entry.Size);
                Span<byte> key = stackalloc byte[ObjectKey.Size];
                entry.Object.CopyTo(key);
                writer.Write(key);
                break;
            case TarEntryType.CharacterDevice or TarEntryType.BlockDevice:
                writer.Write(entry.DeviceMajor);
                writer.Write(entry.DeviceMinor);
                break;
            default:
                break;
        }
    }

    private static LayerEntry Read(BinaryReader reader, ObjectForm form)
    {
        TarEntryType type = (TarEntryType)reader.ReadByte();
        byte[] name = ReadBytes(reader);
        byte[] link = ReadBytes(reader);
        int mode = reader.Read7BitEncodedInt();
        uint uid = (uint)reader.Read7BitEncodedInt64();
        uint gid = (uint)reader.Read7BitEncodedInt64();
        long seconds = reader.ReadInt64();
        int nanoseconds = reader.ReadInt32();
        int count = reader.Read7BitEncodedInt();
        FileXattr[] xattrs = count == 0 ? [] : new FileXattr[count];
        for (int i = 0; i < xattrs.Length; i++)
        {
            xattrs[i] = new FileXattr(ReadBytes(reader), ReadBytes(reader));
        }

        bool regular = type == TarEntryType.Regular;
        bool device = type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice;
        return new LayerEntry
        {
            Type = type,
            Name = name,
            LinkName = link,
            Metadata = new FileMetadata(mode, uid, gid, seconds, nanoseconds, xattrs),
            Size = regular ? reader.Read7BitEncodedInt64() : 0,
            Form = form,
            Object = regular ? ObjectKey.FromHash(reader.ReadBytes(ObjectKey.Size)) : default,
            DeviceMajor = device ? reader.ReadUInt32() : 0,
            DeviceMinor = device ? reader.ReadUInt32() : 0,
        };
    }

    private static void WriteBytes(BinaryWriter writer, byte[] bytes)
    {
        writer.Write7BitEncodedInt(bytes.Length);
        writer.Write(bytes);
    }

    private static byte[] ReadBytes(BinaryReader reader) => reader.ReadBytes(reader.Read7BitEncodedInt());
}
