// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Verity;
using SystemContainers.Oci;

namespace SystemContainers.Chunked;

/// <summary>The sha256 of a file's content, or of a chunk of it, and of nothing else: no name, owner or mode.</summary>
readonly record struct ContentSum(Sha256Value Value)
{
    /// <summary>Bytes of a sum.</summary>
    public const int Size = Sha256Value.Size;

    /// <summary>The sum that 32 bytes are.</summary>
    public static ContentSum FromHash(ReadOnlySpan<byte> hash) => new(Sha256Value.FromBytes(hash));

    public static ContentSum Of(ReadOnlySpan<byte> content) => new(Sha256Value.Of(content));

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
    public void CopyTo(Span<byte> target) => Value.CopyTo(target);

    /// <inheritdoc/>
    public override string ToString() => $"sha256:{Value}";
}
