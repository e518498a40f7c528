// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Verity;

namespace SystemContainers.Store.Records;

/// <summary>
/// The name of an object. Of the form <see cref="ObjectForm.Inode"/> SHA-256 over a canonical header (owner, mode,
/// mtime, attributes) and the content: two files with the same key are the same inode's worth, metadata included. Of
/// the form <see cref="ObjectForm.Content"/> the content's fs-verity digest.
/// </summary>
/// <remarks>
/// The time counts with its nanoseconds: where an archive has them the checkout must have them too, as umoci's does.
/// </remarks>
readonly record struct ObjectKey(Sha256Value Value)
{
    /// <summary>Bytes of a key.</summary>
    public const int Size = Sha256Value.Size;

    /// <summary>Bytes of an object's path below objects/, <c>ab/cdef…</c>, with the final zero.</summary>
    public const int PathSize = 66;

    /// <summary>The canonical header: fixed fields in little-endian order, then the attributes with their
    /// lengths.</summary>
    public static byte[] Header(FileMetadata metadata)
    {
        int size = 8 + 36 + metadata.Xattrs.Sum(x => 8 + x.Name.Length + x.Value.Length);
        byte[] header = new byte[size];
        Span<byte> rest = header;
        "sysctr1\n"u8.CopyTo(rest);
        BinaryPrimitives.WriteInt32LittleEndian(rest[8..], header.Length);
        BinaryPrimitives.WriteInt32LittleEndian(rest[12..], metadata.Mode);
        BinaryPrimitives.WriteUInt32LittleEndian(rest[16..], metadata.Uid);
        BinaryPrimitives.WriteUInt32LittleEndian(rest[20..], metadata.Gid);
        BinaryPrimitives.WriteInt64LittleEndian(rest[24..], metadata.MtimeSeconds);
        BinaryPrimitives.WriteInt32LittleEndian(rest[32..], metadata.MtimeNanoseconds);
        BinaryPrimitives.WriteInt64LittleEndian(rest[36..], metadata.Xattrs.Count);
        rest = rest[44..];
        foreach (FileXattr xattr in metadata.Xattrs)
        {
            rest = Append(Append(rest, xattr.Name), xattr.Value);
        }

        return header;
    }

    /// <summary>The key for 32 bytes that SHA-256 gave over header and content.</summary>
    public static ObjectKey FromHash(ReadOnlySpan<byte> hash) => new(Sha256Value.FromBytes(hash));

    /// <summary>The key that 64 hexadecimal digits write.</summary>
    public static bool TryParse(string hex, out ObjectKey key)
    {
        bool right = Sha256Value.TryParse(hex, out Sha256Value value);
        key = new ObjectKey(value);
        return right;
    }

    /// <summary>The key of an object whose header and content stand one behind the other.</summary>
    public static ObjectKey Of(ReadOnlySpan<byte> headerAndContent) => new(Sha256Value.Of(headerAndContent));

    /// <summary>The key of a content by its digest.</summary>
    public static ObjectKey Of(VerityDigest digest) => new(digest.Value);

    /// <summary>The 32 bytes.</summary>
    public void CopyTo(Span<byte> target) => Value.CopyTo(target);

    /// <summary>Writes <c>ab/cdef…</c> and a zero: the path below objects/, <see cref="PathSize"/> bytes.</summary>
    public void WritePath(Span<byte> path)
    {
        WriteHex(path[1..]);
        path[0] = path[1];
        path[1] = path[2];
        path[2] = (byte)'/';
        path[65] = 0;
    }

    /// <summary>Writes the key in hexadecimal, 64 bytes.</summary>
    public void WriteHex(Span<byte> target)
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        Convert.TryToHexStringLower(bytes, target, out _);
    }

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();

    private static Span<byte> Append(Span<byte> target, byte[] bytes)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, bytes.Length);
        bytes.CopyTo(target[4..]);
        return target[(4 + bytes.Length)..];
    }
}
