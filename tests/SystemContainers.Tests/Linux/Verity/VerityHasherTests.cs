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
        Assert.Equal(digest, InPieces(content, VerityAlgorithm.Sha256));
    }

    /// <summary>What fsverity(1) 1.5 says of them by SHA-512, of whose hashes a block has half as many.</summary>
    [Theory]
    [InlineData(
        0,
        "ccf9e5aea1c2a64efa2f2354a6024b90dffde6bbc017825045dce374474e13d10adb9dadcc6ca8e17a3c075fbd31336e8f266ae6fa93a6c3bed66f9e784e5abf"
    )]
    [InlineData(
        1,
        "9fcf5172b085b1c8f9365eecb37a1869e193a4705654a5829f11939cd01d5c0fd97276be8cd9d49f76cfc8dcfeb80f8128e3548a1de50b56912b9e3fc7bde27b"
    )]
    [InlineData(
        4095,
        "3951d6b23b999ecce4c74361cf7955c1decee01bfd002f9b0b66880dd3cd3ff043892177c79a9277ddd13e13acada7be6827953c7c6ab69edcdfc6618c17a85b"
    )]
    [InlineData(
        4096,
        "4f4e6978b5ce371c6e0dc1efc9308d90df166340b3641f6b777522d72b320272b6e9822169871be52218bb9a07111e6854779c4a3c404c87c4e4a36afbc9ce76"
    )]
    [InlineData(
        4097,
        "eb7d177cfe47ea2c38da12df22cea2408e875af57dd50f110383540a0e8a857259705c895f861c9ef0189ea6fd2e1ad146b97eaa1639ebb68fdd3db21d1af4f0"
    )]
    [InlineData(
        262144,
        "cfc6b0960ba819e9b6277d72564c00b7caef4eb07efe7901e966094b2733f5ceca505f3afbf56b8aceb09087eaa30236e6c07259c9f077372e6704ef74d5d357"
    )]
    [InlineData(
        262145,
        "165589577c209c5c8d1ab13c09bbef6f382cd716c365981cd632c7ab17aa4eaa63238fb7a5fca8f0a3c4d2060909d0e51e04687b6aa4232eaf94c9637d9aca06"
    )]
    [InlineData(
        16777216,
        "e381e8a641a33c78b507b4ba25ae846154ec7a5cf8fa2e57887a41ade0e8c03debd29eabfc6a70e07386fb03013b06979accfb8c2df8c69aae5f5d8f05f02ee4"
    )]
    [InlineData(
        16777217,
        "9167e891a42de999c04be104b5c3123a12c9cc0f7fc8e51f6953904465b914dc6da861ce6b0c561ce74925fc545d6dbc1a01111a57dd29d10c7a0ee166032a4c"
    )]
    public void A_digest_by_SHA_512_is_that_of_fsverity(int size, string digest) =>
        Assert.Equal(digest, InPieces(Content(size), VerityAlgorithm.Sha512));

    /// <summary>A test vector of composefs-rs (crates/composefs/src/fsverity/digest.rs).</summary>
    [Theory]
    [InlineData(
        "hello world",
        "18430270729d162d4e469daca123ae61893db4b0583d8f7081e3bf4f92b88ba514e7982f10733fb6aa895195c5ae8fd2eb2c47a8be05513ce5a0c51a6f570409"
    )]
    public void A_digest_by_SHA_512_is_that_of_composefs_rs(string content, string expected) =>
        Assert.Equal(expected, InPieces(System.Text.Encoding.ASCII.GetBytes(content), VerityAlgorithm.Sha512));

    [Fact]
    public void A_digest_is_read_as_it_is_written()
    {
        VerityDigest digest = VerityHasher.Of("x"u8);

        Assert.True(VerityDigest.TryParse(digest.ToString(), out VerityDigest again));
        Assert.Equal(digest, again);
        Assert.False(VerityDigest.TryParse(digest.ToString()[1..], out _));
        Assert.False(VerityDigest.TryParse("x" + digest.ToString()[1..], out _));
    }

    private static string InPieces(byte[] content, VerityAlgorithm algorithm)
    {
        Random random = new(content.Length);
        VerityHasher hasher = new(algorithm);
        for (int done = 0; done < content.Length;)
        {
            int piece = Math.Min(random.Next(1, 20_000), content.Length - done);
            hasher.Append(content.AsSpan(done, piece));
            done += piece;
        }

        byte[] digest = new byte[VerityHasher.SizeOf(algorithm)];
        hasher.Finish(digest);
        return Convert.ToHexStringLower(digest);
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
