// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Statements;

/// <summary>That an entry is a leaf of a log's Merkle tree (RFC 6962, 2.1.1), whose root the log has signed in a
/// checkpoint (C2SP tlog-checkpoint).</summary>
/// <param name="Index">Of the leaf in its tree.</param>
/// <param name="RootHash">Of the tree.</param>
/// <param name="TreeSize">Its leaves.</param>
/// <param name="Hashes">From the leaf's sibling upwards.</param>
/// <param name="Checkpoint">The signed note.</param>
sealed record InclusionProof(
    long Index,
    byte[] RootHash,
    long TreeSize,
    IReadOnlyList<byte[]> Hashes,
    string Checkpoint
)
{
    private const int MaxHashes = 64;

    /// <exception cref="Errors.SysctrException">Policy: it is malformed.</exception>
    public static InclusionProof Read(JsonElement element)
    {
        IReadOnlyDictionary<string, JsonElement> members = StrictMembers.Among(
            element,
            "inclusionProof",
            "logIndex",
            "rootHash",
            "treeSize",
            "hashes",
            "checkpoint"
        );
        JsonElement hashes = members.GetValueOrDefault("hashes");
        if (
            hashes.ValueKind is not (JsonValueKind.Array or JsonValueKind.Undefined)
            || (hashes.ValueKind == JsonValueKind.Array && hashes.GetArrayLength() > MaxHashes)
        )
        {
            throw Fault.Of("the log's proof has too many hashes, or none at all");
        }

        return new InclusionProof(
            members.TryGetValue("logIndex", out JsonElement index) ? StrictMembers.Integer(index, "logIndex") : 0,
            members.TryGetValue("rootHash", out JsonElement root) ? StrictMembers.Bytes(root, "rootHash") : [],
            members.TryGetValue("treeSize", out JsonElement size) ? StrictMembers.Integer(size, "treeSize") : 0,
            hashes.ValueKind == JsonValueKind.Array
                ? [.. hashes.EnumerateArray().Select(h => StrictMembers.Bytes(h, "hashes"))]
                : [],
            StrictMembers.Text(
                StrictMembers
                    .Among(members.GetValueOrDefault("checkpoint"), "checkpoint", "envelope")
                    .GetValueOrDefault("envelope"),
                "envelope"
            )
        );
    }

    /// <summary>Throws unless an entry is a leaf of the tree. Whose tree that is <see cref="Check"/> says.</summary>
    /// <exception cref="Errors.SysctrException">Policy: it is not.</exception>
    public void CheckRoot(byte[] body)
    {
        if (!Root(body).AsSpan().SequenceEqual(RootHash))
        {
            throw Fault.Of("the log's proof is of another entry");
        }
    }

    /// <summary>Throws unless it proves that a log of Rekor's first version holds an entry.</summary>
    /// <exception cref="Errors.SysctrException">Policy: it does not.</exception>
    public void Check(TrustedLog log, byte[] body)
    {
        if (Checkpoint.Length > Statements.Checkpoint.MaxBytes)
        {
            throw Fault.Of("the log's checkpoint is too long");
        }

        CheckRoot(body);

        int end = Checkpoint.IndexOf("\n\n", StringComparison.Ordinal);
        string text = end < 0 ? throw Fault.Of("the log's checkpoint is malformed") : Checkpoint[..(end + 1)];
        string[] lines = text.Split('\n');
        if (
            lines.Length < 4
            || !long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out long size)
            || size != TreeSize
            || !StrictMembers.Base64(lines[2], "the checkpoint's root").AsSpan().SequenceEqual(RootHash)
        )
        {
            throw Fault.Of("the log's checkpoint is of another tree");
        }

        byte[] signed = Encoding.UTF8.GetBytes(text);
        string[] signatures = Checkpoint[(end + 2)..].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (signatures.Length > Statements.Checkpoint.MaxSignatures)
        {
            throw Fault.Of($"the log's checkpoint has more than {Statements.Checkpoint.MaxSignatures} signatures");
        }

        if (!signatures.Any(l => IsSignature(l, log, signed)))
        {
            throw Fault.Of("the log's checkpoint is not signed by it");
        }
    }

    // "— NAME BASE64", whose first four bytes are a hint of the key.
    private static bool IsSignature(string line, TrustedLog log, byte[] signed)
    {
        if (line.Split(' ') is not ["\u2014", _, { } packed])
        {
            return false;
        }

        byte[] signature = StrictMembers.Base64(packed, "the checkpoint's signature");
        return signature.Length > 4
            && signature.AsSpan(0, 4).SequenceEqual(log.Id.AsSpan(0, 4))
            && log.Key.Verifies(signed, signature.AsSpan(4), HashAlgorithmName.SHA256);
    }

    private byte[] Root(byte[] body)
    {
        if (Index < 0 || Index >= TreeSize || Hashes.Any(h => h.Length != SHA256.HashSizeInBytes))
        {
            throw Fault.Of("the log's proof is malformed");
        }

        byte[] hash = SHA256.HashData([0, .. body]);
        long node = Index;
        long last = TreeSize - 1;
        foreach (byte[] sibling in Hashes)
        {
            if (last == 0)
            {
                throw Fault.Of("the log's proof is longer than its tree is high");
            }

            if ((node & 1) == 1 || node == last)
            {
                hash = SHA256.HashData([1, .. sibling, .. hash]);
                while ((node & 1) == 0 && node != 0)
                {
                    node >>= 1;
                    last >>= 1;
                }
            }
            else
            {
                hash = SHA256.HashData([1, .. hash, .. sibling]);
            }

            node >>= 1;
            last >>= 1;
        }

        return last == 0 ? hash : throw Fault.Of("the log's proof is shorter than its tree is high");
    }
}
