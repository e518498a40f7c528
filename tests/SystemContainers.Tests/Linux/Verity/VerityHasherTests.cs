// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Verity;
using Xunit;

namespace SystemContainers.Tests.Linux.Verity;

public sealed class VerityHasherTests
{
    /// <summary>What fsverity(1) 1.5 says of these contents: around one block, one block of hashes, and a tree of three
    /// levels.</summary>
    [Theory]
    [InlineData(0, "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95")]
    [InlineData(1, "b803429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c0551")]
    [InlineData(4095, "036811a3f3360df7c779a29d40d2561d03d020f5219b2c42aa93d9d545e05e26")]
    [InlineData(4096, "dba6800c0bddc2369f4f0ab54798f65f5a8c1f49adc4a4792a831ff4b093e2d7")]
    [InlineData(4097, "fefe00b4a113721b31dbc100ba46ff68ba3c9ca6dc62c6a3c1e71db190c68f9f")]
    [InlineData(524288, "eaae8cbd17127f6514707a04477de56880466f212f12d13c4397e929b54d8f5a")]
    [InlineData(524289, "0e3b4b2d25eb9005be08661772bd35783c1fba25ba74e6a63693f072dad036ce")]
    [InlineData(67108864, "5dda10f89034d21946c5648a603d939b9e3b51ee1210682ecd6edae9c7bd858a")]
    [InlineData(67108865, "42717f9d071feda440b7618c3a65970588077e84bbc863d8193db0bd2e77b6d2")]
    public void A_digest_is_that_of_fsverity(int size, string digest)
    {
        byte[] content = Content(size);

        Assert.Equal(digest, VerityHasher.Of(content).ToString());

        // However it comes in pieces.
        Random random = new(size);
        VerityHasher hasher = new();
        for (int done = 0; done < size;)
        {
            int piece = Math.Min(random.Next(1, 20_000), size - done);
            hasher.Append(content.AsSpan(done, piece));
            done += piece;
        }

        Assert.Equal(digest, hasher.Finish().ToString());
    }

    /// <summary>A test vector of composefs-rs (crates/composefs/src/fsverity/digest.rs).</summary>
    [Theory]
    [InlineData(
        "hello world",
        "18430270729d162d4e469daca123ae61893db4b0583d8f7081e3bf4f92b88ba514e7982f10733fb6aa895195c5ae8fd2eb2c47a8be05513ce5a0c51a6f570409"
    )]
    public void A_digest_by_SHA_512_is_that_of_composefs_rs(string content, string expected)
    {
        VerityHasher hasher = new(VerityAlgorithm.Sha512);
        hasher.Append(System.Text.Encoding.ASCII.GetBytes(content));
        byte[] digest = new byte[64];
        hasher.Finish(digest);

        Assert.Equal(expected, Convert.ToHexStringLower(digest));
    }

    [Fact]
    public void A_digest_is_read_as_it_is_written()
    {
        VerityDigest digest = VerityHasher.Of("x"u8);

        Assert.True(VerityDigest.TryParse(digest.ToString(), out VerityDigest again));
        Assert.Equal(digest, again);
        Assert.False(VerityDigest.TryParse(digest.ToString()[1..], out _));
        Assert.False(VerityDigest.TryParse("x" + digest.ToString()[1..], out _));
    }

    private static byte[] Content(int size)
    {
        byte[] content = new byte[size];
        for (int i = 0; i < size; i++)
        {
            int at = i % 65536;
            content[i] = (byte)((at * 7) + (at >> 8));
        }

        return content;
    }
}
