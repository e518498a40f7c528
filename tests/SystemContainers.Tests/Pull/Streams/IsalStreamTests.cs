// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using System.IO.Compression;
using SystemContainers.Pull.Streams;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests.Pull.Streams;

/// <summary>What Debian's libisal2 inflates is what the runtime inflates, however it comes and however it is
/// read.</summary>
[Trait("needs", "programs")]
public sealed class IsalStreamTests : IAsyncLifetime
{
    private readonly Random _random = new(20261201);
    private Isal _isal = null!;

    public async ValueTask InitializeAsync()
    {
        await Packages.EnsureAsync();
        _isal = Isal.Find() ?? throw new InvalidOperationException("libisal2 is installed, and not found");
    }

    public ValueTask DisposeAsync() => default;

    [Fact]
    public async Task Members_of_any_size_and_level_come_out_whole()
    {
        for (int round = 0; round < 200; round++)
        {
            using MemoryStream packed = new();
            using MemoryStream plain = new();
            for (int members = _random.Next(1, 4); members > 0; members--)
            {
                byte[] content = Content(_random.Next(5) == 0 ? 0 : 1 << _random.Next(21));
                packed.Write(Gzip(content, (CompressionLevel)_random.Next(4)));
                plain.Write(content);
            }

            Assert.Equal(plain.ToArray(), await ReadAsync(packed.ToArray()));
        }
    }

    [Fact]
    public async Task A_header_with_all_that_it_can_have_is_passed_over()
    {
        byte[] content = Content(1 << 16);
        byte[] gzip = Gzip(content, CompressionLevel.Optimal);
        // RFC 1952, 2.3.1: extra field, name, comment, and a sum of all that.
        byte[] headed =
        [
            .. gzip[..3],
            0x1e,
            .. gzip[4..10],
            .. (byte[])[0x2c, 0x01],
            .. new byte[300],
            .. "name\0and what was thought of it\0"u8.ToArray(),
            .. (byte[])[0xab, 0xcd],
            .. gzip[10..],
        ];
        Assert.Equal(content, await ReadAsync(headed));
        byte[] twice = [.. content, .. content];
        Assert.Equal(twice, await ReadAsync([.. headed, .. headed]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\0")]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0\0")]
    [InlineData("\u001f")]
    [InlineData("rubbish")]
    public async Task What_stands_behind_the_last_member_is_passed_over(string behind)
    {
        byte[] content = Content(100_000);
        byte[] gzip = [.. Gzip(content, CompressionLevel.Fastest), .. behind.Select(c => (byte)c)];
        Assert.Equal(content, await ReadAsync(gzip));
    }

    [Fact]
    public async Task One_that_is_cut_anywhere_is_no_gzip()
    {
        byte[] gzip = Gzip(Content(3000), CompressionLevel.Optimal);
        for (int length = 1; length < gzip.Length; length++)
        {
            await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(gzip[..length]));
        }
    }

    [Fact]
    public async Task A_bit_that_is_another_gives_what_the_runtime_gives_or_is_refused()
    {
        byte[] content = Content(5000);
        byte[] gzip = Gzip(content, CompressionLevel.Optimal);
        // Behind the header, of which some bits mean nothing.
        for (int bit = 10 * 8; bit < gzip.Length * 8; bit++)
        {
            byte[] broken = [.. gzip];
            broken[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                Assert.Equal(content, await ReadAsync(broken));
            }
            catch (InvalidDataException) { }
        }
    }

    [Fact]
    public async Task Another_checksum_or_length_is_said()
    {
        byte[] gzip = Gzip(Content(5000), CompressionLevel.Optimal);
        foreach (int place in (int[])[8, 4])
        {
            byte[] broken = [.. gzip];
            uint value = BinaryPrimitives.ReadUInt32LittleEndian(broken.AsSpan(broken.Length - place));
            BinaryPrimitives.WriteUInt32LittleEndian(broken.AsSpan(broken.Length - place), value + 1);
            InvalidDataException fault = await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(broken));
            Assert.Contains("checksum", fault.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Rubbish_ends_in_a_word_and_never_in_a_crash()
    {
        for (int round = 0; round < 3000; round++)
        {
            byte[] rubbish = new byte[_random.Next(20, 4000)];
            _random.NextBytes(rubbish);
            Gzip([], CompressionLevel.Fastest).AsSpan(0, 10).CopyTo(rubbish);
            await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(rubbish));
        }
    }

    private static byte[] Gzip(byte[] content, CompressionLevel level)
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, level, leaveOpen: true))
        {
            gzip.Write(content);
        }

        return packed.Length > 0 || content.Length > 0 ? packed.ToArray() : Convert.FromHexString(Empty);
    }

    /// <summary>GZipStream writes nothing at all where nothing was written to it.</summary>
    private const string Empty = "1F8B08000000000000030300" + "0000000000000000";

    /// <summary>Some of it repeats, near and far.</summary>
    private byte[] Content(int bytes)
    {
        byte[] content = new byte[bytes];
        for (int i = 0; i < bytes;)
        {
            int run = Math.Min(bytes - i, _random.Next(1, 400));
            if (i > 0 && _random.Next(3) > 0)
            {
                int from = _random.Next(Math.Max(0, i - 40_000), i);
                for (int j = 0; j < run; j++)
                {
                    content[i + j] = content[from + (j % (i - from))];
                }
            }
            else
            {
                _random.NextBytes(content.AsSpan(i, run));
            }

            i += run;
        }

        return content;
    }

    /// <summary>In pieces and through buffers of any size.</summary>
    private async Task<byte[]> ReadAsync(byte[] packed)
    {
        await using IsalStream stream = new(new PieceStream(packed, _random), _isal);
        using MemoryStream plain = new();
        byte[] buffer = new byte[1 << _random.Next(0, 18)];
        for (int read; (read = await stream.ReadAsync(buffer)) > 0;)
        {
            plain.Write(buffer, 0, read);
        }

        Assert.Equal(0, await stream.ReadAsync(buffer));
        return plain.ToArray();
    }

    private sealed class PieceStream(byte[] content, Random random) : ForwardOnlyStream
    {
        private readonly int _most = 1 << random.Next(0, 17);
        private int _read;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int count = Math.Min(Math.Min(buffer.Length, random.Next(1, _most + 1)), content.Length - _read);
            content.AsMemory(_read, count).CopyTo(buffer);
            _read += count;
            return ValueTask.FromResult(count);
        }
    }
}
