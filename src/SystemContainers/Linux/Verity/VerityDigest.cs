// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Linux.Verity;

/// <summary>
/// The fs-verity digest of a file's content (fs-verity(7), "File digest computation"): SHA-256, blocks of 4096 bytes,
/// no salt. It is what the kernel proves at each read of a file for which verity was enabled, and what an overlay
/// compares.
/// </summary>
readonly record struct VerityDigest(Sha256Value Value)
{
    /// <summary>Bytes of a digest.</summary>
    public const int Size = Sha256Value.Size;

    /// <summary>The digest that 32 bytes are.</summary>
    public static VerityDigest FromBytes(ReadOnlySpan<byte> bytes) => new(Sha256Value.FromBytes(bytes));

    /// <summary>The digest that 64 hexadecimal digits write.</summary>
    public static bool TryParse(string hex, out VerityDigest digest)
    {
        bool right = Sha256Value.TryParse(hex, out Sha256Value value);
        digest = new VerityDigest(value);
        return right;
    }

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}
