// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using SystemContainers.Oci;

namespace SystemContainers.Chunked;

/// <summary>The sha256 of a file's content, or of a chunk of it, and of nothing else: no name, owner or mode.</summary>
[StructLayout(LayoutKind.Auto)]
readonly record struct ContentSum(UInt128 High, UInt128 Low)
{
    /// <summary>Bytes of a sum.</summary>
    public const int Size = SHA256.HashSizeInBytes;

    /// <summary>The sum that 32 bytes are.</summary>
    public static ContentSum FromHash(ReadOnlySpan<byte> hash) => new(BinaryPrimitives.ReadUInt128BigEndian(hash), BinaryPrimitives.ReadUInt128BigEndian(hash[16..]));

    /// <summary>The sum of a content.</summary>
    public static ContentSum Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[Size];
        SHA256.HashData(content, hash);
        return FromHash(hash);
    }

    /// <summary>The sum that <c>sha256:…</c> is; another algorithm is none.</summary>
    public static bool TryParse(string? text, out ContentSum sum)
    {
        sum = default;
        if (!Digest.TryParse(text, out Digest digest) || digest.Algorithm != "sha256")
        {
            return false;
        }

        sum = FromHash(Convert.FromHexString(digest.Hex));
        return true;
    }

    /// <summary>The 32 bytes.</summary>
    public void CopyTo(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt128BigEndian(target, High);
        BinaryPrimitives.WriteUInt128BigEndian(target[16..], Low);
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return "sha256:" + Convert.ToHexStringLower(bytes);
    }
}
