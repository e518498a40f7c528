// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using SystemContainers.Errors;
using SystemContainers.Pull.Statements;
using SystemContainers.Pull.X509;
using SystemContainers.Tests.Pull.Sigstore;
using Xunit;

namespace SystemContainers.Tests.Pull.Statements;

/// <summary>Proofs of trees as RFC 6962, 2.1 builds them, of every leaf of every small tree.</summary>
public sealed class InclusionProofTests
{
    [Fact]
    public void Every_leaf_of_a_tree_is_proved_and_no_other_is()
    {
        using TestLog log = new();
        TrustedLog trusted = TrustedLog.Of(VerificationKey.FromSpki(log.KeyDer));
        for (int size = 1; size <= 17; size++)
        {
            byte[][] leaves = [.. Enumerable.Range(0, size).Select(i => new byte[] { (byte)i })];
            byte[] root = Root(leaves);
            string checkpoint = log.Checkpoint("log.example", root, size);
            for (int index = 0; index < size; index++)
            {
                InclusionProof proof = new(index, root, size, Path(index, leaves), checkpoint);
                proof.Check(trusted, leaves[index]);
                Assert.Throws<SysctrException>(() => proof.Check(trusted, [99]));
                Assert.Throws<SysctrException>(() => (proof with { Index = index + 1 }).Check(trusted, leaves[index]));
                Assert.Throws<SysctrException>(() =>
                    (proof with { TreeSize = size + 1 }).Check(trusted, leaves[index])
                );
                Assert.Throws<SysctrException>(() =>
                    (proof with { Hashes = [.. proof.Hashes, root] }).Check(trusted, leaves[index])
                );
            }
        }
    }

    /// <summary>Each line that begins with the log's ID hashes all of the text again: hours of it in what a referrer
    /// may hold.</summary>
    [Theory]
    [InlineData(99, 0, null)]
    [InlineData(100, 0, "more than 100 signatures")]
    [InlineData(0, 1 << 20, "too long")]
    public void A_checkpoint_is_of_few_signatures_and_short(int others, int longer, string? why)
    {
        using TestLog log = new();
        TrustedLog trusted = TrustedLog.Of(VerificationKey.FromSpki(log.KeyDer));
        byte[][] leaves =
        [
            [1],
        ];
        string checkpoint = log.Checkpoint("log.example", Root(leaves), 1);
        int end = checkpoint.IndexOf("\n\n", StringComparison.Ordinal) + 2;
        string line = $"\u2014 log.example {Convert.ToBase64String([.. trusted.Id.AsSpan(0, 4), 1, 2])}\n";
        InclusionProof proof = new(
            0,
            Root(leaves),
            1,
            [],
            $"{checkpoint[..end]}{string.Concat(Enumerable.Repeat(line, others))}{checkpoint[end..]}{new string('\n', longer)}"
        );

        if (why is null)
        {
            proof.Check(trusted, leaves[0]);
            return;
        }

        Assert.Contains(
            why,
            Assert.Throws<SysctrException>(() => proof.Check(trusted, leaves[0])).Message,
            StringComparison.Ordinal
        );
    }

    private static byte[] Root(byte[][] leaves)
    {
        if (leaves.Length == 1)
        {
            return SHA256.HashData([0, .. leaves[0]]);
        }

        int split = Split(leaves.Length);
        return SHA256.HashData([1, .. Root(leaves[..split]), .. Root(leaves[split..])]);
    }

    private static List<byte[]> Path(int index, byte[][] leaves)
    {
        if (leaves.Length == 1)
        {
            return [];
        }

        int split = Split(leaves.Length);
        return index < split
            ? [.. Path(index, leaves[..split]), Root(leaves[split..])]
            : [.. Path(index - split, leaves[split..]), Root(leaves[..split])];
    }

    // The largest power of two below the number of leaves.
    private static int Split(int count)
    {
        int split = 1;
        while (split * 2 < count)
        {
            split *= 2;
        }

        return split;
    }
}
