// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace SystemContainers.Linux.Verity;

/// <summary>
/// The fs-verity digest of a file's content (fs-verity(7), "File digest computation"): SHA-256, blocks of 4096 bytes, no salt. It is what the kernel
/// proves at each read of a file for which verity was enabled, and what an overlay compares.
/// </summary>
[StructLayout(LayoutKind.Auto)]
readonly record struct VerityDigest(UInt128 High, UInt128 Low)
{
    /// <summary>Bytes of a digest.</summary>
    public const int Size = 32;

    /// <summary>The digest that 32 bytes are.</summary>
    public static VerityDigest FromBytes(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt128BigEndian(bytes), BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]));

    /// <summary>The digest that 64 hexadecimal digits write.</summary>
    public static bool TryParse(string hex, out VerityDigest digest)
    {
        Span<byte> bytes = stackalloc byte[Size];
        bool right = hex.Length == 2 * Size && Convert.FromHexString(hex, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
        digest = right ? FromBytes(bytes) : default;
        return right;
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
        return Convert.ToHexStringLower(bytes);
    }
}
