// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace SystemContainers.Linux.Verity;

/// <summary>What SHA-256 gives, as a value: 32 bytes that are compared and looked up without a reference. What it was
/// taken of is for the type around it to say.</summary>
[StructLayout(LayoutKind.Auto)]
readonly record struct Sha256Value(UInt128 High, UInt128 Low)
{
    /// <summary>Its bytes.</summary>
    public const int Size = SHA256.HashSizeInBytes;

    /// <summary>The value that 32 bytes are.</summary>
    public static Sha256Value FromBytes(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(bytes), BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]));

    /// <summary>The value of bytes at hand.</summary>
    public static Sha256Value Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[Size];
        SHA256.HashData(content, hash);
        return FromBytes(hash);
    }

    /// <summary>The value that 64 hexadecimal digits write.</summary>
    public static bool TryParse(string hex, out Sha256Value value)
    {
        Span<byte> bytes = stackalloc byte[Size];
        bool right =
            hex.Length == 2 * Size
            && Convert.FromHexString(hex, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
        value = right ? FromBytes(bytes) : default;
        return right;
    }

    /// <summary>The 32 bytes.</summary>
    public void CopyTo(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt128BigEndian(target, High);
        BinaryPrimitives.WriteUInt128BigEndian(target[16..], Low);
    }

    /// <summary>64 hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
