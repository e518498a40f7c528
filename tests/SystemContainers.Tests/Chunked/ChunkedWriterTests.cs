// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using SystemContainers.Chunked;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tests.Tar;
using Xunit;
using ZstdSharp;

namespace SystemContainers.Tests.Chunked;

/// <summary>Layers as zstd:chunked: any zstd unpacks them, and what stands behind the archive says where all of it
/// is.</summary>
public sealed class ChunkedWriterTests
{
    [Fact]
    [Trait("needs", "time")]
    public void Whatever_an_archive_has_its_blob_unpacks_to_it_and_its_chunks_are_its_contents() =>
        ArchiveGen.Archive.Check(
            plain =>
            {
                (byte[] blob, ChunkedLayer layer) = Write(plain);
                Assert.Equal(plain, Unpack(blob));
                Toc toc = TocReader.Read(blob.AsSpan((int)layer.Toc.Offset, (int)layer.Toc.Length), layer);
                using Decompressor zstd = new();
                foreach (TocChunk chunk in toc.Files.SelectMany(f => f.Chunks))
                {
                    byte[] content = zstd.Unwrap(blob.AsSpan((int)chunk.Start, (int)(chunk.End - chunk.Start)))
                        .ToArray();
                    Assert.Equal(chunk.Size, content.Length);
                    Assert.True(
                        chunk.IsZeros
                            ? !content.AsSpan().ContainsAnyExcept((byte)0)
                            : ContentSum.Of(content) == chunk.Sum
                    );
                }
            },
            iter: 60
        );

    [Fact]
    public void The_footer_and_the_frames_are_where_the_annotations_say()
    {
        (byte[] blob, ChunkedLayer layer) = Write(new LayerTar().Dir("etc/").File("etc/a", "content").ToBytes());

        long[] footer =
        [
            .. Enumerable
                .Range(0, 7)
                .Select(i => BinaryPrimitives.ReadInt64LittleEndian(blob.AsSpan(blob.Length - 64 + (8 * i)))),
        ];
        Assert.Equal(
            [
                layer.Toc.Offset,
                layer.Toc.Length,
                layer.Toc.PlainLength,
                1,
                layer.TarSplit.Offset,
                layer.TarSplit.Length,
                layer.TarSplit.PlainLength,
            ],
            footer
        );
        Assert.Equal("GNUlInUx", Encoding.ASCII.GetString(blob, blob.Length - 8, 8));
        foreach (long at in (long[])[layer.Toc.Offset, layer.TarSplit.Offset, blob.Length - 64])
        {
            Assert.Equal(0x184D2A50u, BinaryPrimitives.ReadUInt32LittleEndian(blob.AsSpan((int)at - 8)));
        }
    }

    /// <summary>Where the rolling sum cuts does not depend on what stands before by more than its window.</summary>
    [Fact]
    public void An_insertion_changes_a_chunk_or_two()
    {
        byte[] content = FakeImage.Noise(2_000_000, 3);
        byte[] changed = [.. content[..1_000_000], 1, 2, 3, .. content[1_000_000..]];

        HashSet<ContentSum> former = [.. Sums(content)];
        ContentSum[] sums = [.. Sums(changed)];

        Assert.InRange(former.Count, 10, 100);
        Assert.InRange(sums.Count(s => !former.Contains(s)), 1, 3);
    }

    /// <summary>A byte again and again would be cut at each where the sum says so.</summary>
    [Fact]
    public void A_content_of_one_byte_is_no_million_of_chunks()
    {
        int[] counts = [.. Enumerable.Range(0, 256).Select(b => Sums([.. Enumerable.Repeat((byte)b, 300_000)]).Count)];

        Assert.True(counts.Max() <= 300_000 / 4096 + 1, $"{counts.Max()} chunks");
    }

    /// <summary>podman takes an entry where table and header say the same of it, member by member.</summary>
    [Fact]
    public void An_entry_says_what_its_header_says()
    {
        byte[] plain = new LayerTar()
            .Dir("etc/", mode: 0x3ff, uid: 5, gid: 6)
            .File(
                "etc/é".Replace("é", "Ã©", StringComparison.Ordinal),
                "x",
                mtime: "1600000000.25",
                xattrs: ("user.a", [1, 2])
            )
            .Device('3', "null", 1, 3)
            .ToBytes();
        (byte[] blob, ChunkedLayer layer) = Write(plain);
        using Decompressor zstd = new();
        JsonNode toc = JsonNode.Parse(zstd.Unwrap(blob.AsSpan((int)layer.Toc.Offset, (int)layer.Toc.Length)))!;

        Assert.Equal(
            """{"type":"dir","name":"etc/","mode":1023,"uid":5,"gid":6,"modtime":"2020-09-13T12:26:40Z"}""",
            toc["entries"]![0]!.ToJsonString()
        );
        JsonNode file = toc["entries"]![1]!;
        Assert.Equal(
            ("etc/é", "2020-09-13T12:26:40.25Z", "AQI="),
            ((string?)file["name"], (string?)file["modtime"], (string?)file["xattrs"]!["user.a"])
        );
        Assert.Equal(
            (1, 3, "char"),
            (
                (int?)toc["entries"]![2]!["devMajor"],
                (int?)toc["entries"]![2]!["devMinor"],
                (string?)toc["entries"]![2]!["type"]
            )
        );
    }

    /// <summary>What containers-storage would refuse whole, or read otherwise, is no zstd:chunked layer.</summary>
    [Fact]
    public void What_has_no_table_of_contents_that_all_read_alike_is_refused()
    {
        byte[][] archives =
        [
            new TarBuilder().File("a", "1").File("./a", "2").Finished,
            new TarBuilder().Pax('g', ("comment", "c")).File("a", "1").Finished,
            new TarBuilder().Pax('x', ("GNU.sparse.map", "0,1"), ("GNU.sparse.size", "9")).File("a", "1").Finished,
            new TarBuilder().Pax('x', ("atime", "1.5")).File("a", "1").Finished,
            new TarBuilder().File("a\xff", "1").Finished,
            [.. new TarBuilder().File("a", "1").Finished, .. "garbage"u8.ToArray()],
            new TarBuilder().File("a", "12345").Finished[..514],
            new TarBuilder().Add('7', "a", "1").Finished,
            new TarBuilder().Pax('x', ("path", "pax")).Add('L', "long", "gnu\0").File("a", "1").Finished,
            new TarBuilder().Pax('x', ("linkpath", "pax")).Add('K', "long", "gnu\0").Add('2', "a", link: "b").Finished,
            new TarBuilder().Pax('x', ("path", "first")).Pax('x', ("mtime", "1")).File("a", "1").Finished,
            new TarBuilder().Pax('x').Pax('x').File("a", "1").Finished,
            new TarBuilder().Add('L', "long", "one\0").Add('L', "long", "two\0").File("a", "1").Finished,
            new TarBuilder().Add('K', "long", "one\0").Add('K', "long", "two\0").Add('2', "a", link: "b").Finished,
            FakeImage.Noise(5000),
        ];

        Assert.All(
            archives,
            a =>
            {
                (ChunkedLayer? layer, string? unfit) = ChunkedWriter.Write(
                    new MemoryStream(a),
                    Stream.Null,
                    TestContext.Current.CancellationToken
                );
                Assert.Null(layer);
                Assert.NotNull(unfit);
            }
        );
    }

    /// <summary>Headers that pack a thousand to one would else be held in memory whole.</summary>
    [Fact]
    public void Headers_without_content_are_written_in_frames_of_a_few_MiB()
    {
        LayerTar tar = new();
        for (int i = 0; i < 20_000; i++)
        {
            tar.Dir($"d{i}/");
        }

        byte[] plain = tar.ToBytes();
        (byte[] blob, _) = Write(plain);

        // The first frame's header says how long its content is, in four bytes.
        Assert.Equal(plain, Unpack(blob));
        Assert.True(plain.Length > 9 << 20);
        Assert.Equal(2, blob[4] >> 6);
        Assert.InRange(BitConverter.ToUInt32(blob, (blob[4] & 0x20) != 0 ? 5 : 6), 4u << 20, 5u << 20);
    }

    [Fact]
    public void Headers_of_one_entry_without_end_are_refused()
    {
        string value = new('v', 1_000_000);
        TarBuilder tar = new TarBuilder().Pax('x', ("comment", value)).Add('L', "l", value).Add('K', "k", value);

        Assert.Contains("too large", Unfit(new MemoryStream(tar.File("a").Finished)), StringComparison.Ordinal);
        Assert.NotEqual(
            "",
            Unfit(new MemoryStream(new TarBuilder().Pax('x', ("path", new string('p', 5000))).File("a").Finished))
        );
    }

    /// <summary>What nobody would read is not collected: each of these packs to nothing, and has a table of its own
    /// size.</summary>
    [Fact]
    [Trait("needs", "time")]
    public void An_archive_whose_table_is_larger_than_is_read_is_refused()
    {
        string value = new('v', 1_000_000);
        using RepeatedEntries attributes = new(
            150,
            i => new TarBuilder().Pax('x', ("SCHILY.xattr.user.a", value)).File($"{i}").Unfinished
        );

        Assert.Contains("larger than is read", Unfit(attributes), StringComparison.Ordinal);
        Assert.InRange(attributes.Made, 100, 130);
    }

    [Fact]
    public void An_archive_of_more_chunks_than_are_read_is_refused()
    {
        string holes = string.Concat(Enumerable.Repeat("x" + new string('\0', 1024), 60));
        byte[] plain = new TarBuilder().File("a", holes).File("b", "b").Finished;

        Assert.NotNull(
            ChunkedWriter
                .Write(new MemoryStream(plain), Stream.Null, TestContext.Current.CancellationToken, maxChunks: 121)
                .Layer
        );
        Assert.Contains(
            "larger than is read",
            Unfit(new MemoryStream(plain), maxChunks: 120),
            StringComparison.Ordinal
        );
        Assert.Contains("larger than is read", Unfit(new MemoryStream(plain), maxChunks: 50), StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_of_more_chunks_than_are_read_is_none()
    {
        const string Zeros = "\"offset\":10,\"endOffset\":20,\"chunkType\":\"zeros\"";
        byte[] json = Encoding.UTF8.GetBytes(
            "{\"version\":1,\"entries\":[{\"type\":\"reg\",\"name\":\"a\",\"size\":2,"
                + Zeros
                + "},{\"type\":\"chunk\",\"name\":\"a\",\"chunkOffset\":1,"
                + Zeros
                + "},{\"type\":\"reg\",\"name\":\"b\",\"size\":1,"
                + Zeros
                + "}]}"
        );

        Assert.Equal(2, new TocParser(100, maxChunks: 3).Parse(new System.Text.Json.Utf8JsonReader(json)).Files.Count);
        Assert.Throws<System.Text.Json.JsonException>(() =>
            new TocParser(100, maxChunks: 2).Parse(new System.Text.Json.Utf8JsonReader(json))
        );
    }

    private static string Unfit(Stream tar, int maxChunks = ChunkedLimits.MaxChunks)
    {
        (ChunkedLayer? layer, string? unfit) = ChunkedWriter.Write(
            tar,
            Stream.Null,
            TestContext.Current.CancellationToken,
            maxChunks: maxChunks
        );
        Assert.Null(layer);
        return unfit!;
    }

    private static List<ContentSum> Sums(byte[] content)
    {
        List<ContentSum> sums = [];
        ContentSplitter splitter = new((chunk, _) => sums.Add(ContentSum.Of(chunk)));
        splitter.Add(content);
        splitter.Finish();
        return sums;
    }

    private static (byte[] Blob, ChunkedLayer Layer) Write(byte[] plain)
    {
        using MemoryStream target = new();
        (ChunkedLayer? layer, string? unfit) = ChunkedWriter.Write(
            new MemoryStream(plain),
            target,
            TestContext.Current.CancellationToken
        );
        Assert.Null(unfit);
        return (target.ToArray(), layer!);
    }

    private static byte[] Unpack(byte[] blob)
    {
        using DecompressionStream zstd = new(new MemoryStream(blob));
        using MemoryStream plain = new();
        zstd.CopyTo(plain);
        return plain.ToArray();
    }
}
