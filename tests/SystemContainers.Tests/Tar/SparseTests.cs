// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Tar;
using Xunit;

namespace SystemContainers.Tests.Tar;

public sealed class SparseTests
{
    private const string Data = "abcde";

    private static readonly byte[] s_expanded = TarBuilder.Latin1("\0\0\0abc\0\0de\0\0");

    [Fact]
    public void Old_gnu() => Check(Old("3 3 8 2", 12));

    [Fact]
    public void Old_gnu_with_continuation()
    {
        // A byte in every tenth: 4 pieces in the header, 21 in the next block, 5 in the last.
        byte[] expected = new byte[300];
        List<long> numbers = [];
        for (int i = 0; i < 30; i++)
        {
            expected[(10 * i) + 5] = (byte)'x';
            numbers.AddRange([(10 * i) + 5, 1]);
        }

        TarBuilder archive = Old(string.Join(' ', numbers), 300, new string('x', 30)).File("next");
        List<(TarEntry Entry, byte[] Content)> entries = ReadTar.All(archive.Finished);
        Assert.Equal(expected, entries[0].Content);
        Assert.Equal("next"u8, entries[1].Entry.Name);
    }

    [Fact]
    public void Pax_0_0() =>
        Check(
            Pax(
                ("GNU.sparse.size", "12"),
                ("GNU.sparse.numblocks", "2"),
                ("GNU.sparse.offset", "3"),
                ("GNU.sparse.numbytes", "3"),
                ("GNU.sparse.offset", "8"),
                ("GNU.sparse.numbytes", "2")
            )
        );

    [Fact]
    public void Pax_0_1() =>
        Check(
            Pax(
                ("GNU.sparse.size", "12"),
                ("GNU.sparse.numblocks", "2"),
                ("GNU.sparse.name", "real"),
                ("GNU.sparse.map", "3,3,8,2")
            )
        );

    [Fact]
    public void Pax_1_0() => Check(InData("2\n3\n3\n8\n2\n", "12"));

    [Fact]
    public void Pax_1_0_whose_map_takes_more_than_a_block()
    {
        string map = "200\n" + string.Concat(Enumerable.Range(0, 200).Select(i => $"{(10 * i) + 5}\n1\n"));
        byte[] content = ReadTar.OneContent(InData(map, "2000", new string('x', 200)));
        Assert.Equal(Enumerable.Range(0, 2000).Select(i => (byte)(i % 10 == 5 ? 'x' : 0)), content);
    }

    [Theory]
    [InlineData("3 3 5 2", 12)]
    [InlineData("8 2 3 3", 12)]
    [InlineData("3 3 8 2", 9)]
    [InlineData("3 3 8 1", 12)]
    [InlineData("3 3 8 3", 12)]
    [InlineData("3 3", 12)]
    [InlineData("3 3 8589934591 2", 12)]
    public void A_map_that_does_not_fit_is_refused(string map, long size)
    {
        TarMalformedTests.Refuse(ErrorKind.Corrupt, Old(map, size));
        string commas = map.Replace(' ', ',');
        string lines = $"{map.Split(' ').Length / 2}\n{map.Replace(' ', '\n')}\n";
        TarMalformedTests.Refuse(
            ErrorKind.Corrupt,
            Pax(
                ("GNU.sparse.size", $"{size}"),
                ("GNU.sparse.numblocks", $"{map.Split(' ').Length / 2}"),
                ("GNU.sparse.map", commas)
            )
        );
        TarMalformedTests.Refuse(ErrorKind.Corrupt, InData(lines, $"{size}"));
    }

    [Theory]
    [InlineData("GNU.sparse.numblocks 2;GNU.sparse.map 3,3,8,2")]
    [InlineData("GNU.sparse.size 12;GNU.sparse.map 3,3,8,2")]
    [InlineData("GNU.sparse.size 12;GNU.sparse.numblocks 3;GNU.sparse.map 3,3,8,2")]
    [InlineData("GNU.sparse.size 12;GNU.sparse.numblocks 2;GNU.sparse.map 3,3,8,x")]
    [InlineData("GNU.sparse.size 12;GNU.sparse.numblocks 2;GNU.sparse.map 3,3,,8,2")]
    [InlineData(
        "GNU.sparse.size 12;GNU.sparse.numblocks 2;GNU.sparse.offset 3;GNU.sparse.offset 3;GNU.sparse.numbytes 8;GNU.sparse.numbytes 2"
    )]
    [InlineData("GNU.sparse.size 12;GNU.sparse.numblocks 2")]
    [InlineData("GNU.sparse.major 2;GNU.sparse.minor 0;GNU.sparse.realsize 12")]
    [InlineData("GNU.sparse.major 1;GNU.sparse.realsize 12")]
    public void A_half_told_sparse_file_is_refused(string records) =>
        TarMalformedTests.Refuse(
            ErrorKind.Corrupt,
            Pax([.. records.Split(';').Select(r => (r.Split(' ')[0], r.Split(' ')[1]))])
        );

    /// <summary>As Go's archive/tar has it: whoever reads the archive finds one name.</summary>
    [Fact]
    public void The_name_of_a_file_without_holes_is_its_own() =>
        Assert.Equal(
            "real",
            ReadTar.Text(ReadTar.One(Pax(("GNU.sparse.name", "other"), ("GNU.sparse.size", "5"))).Name)
        );

    [Theory]
    [InlineData("4611686018427387904\n4\n3\n3\n8\n2\n")]
    [InlineData("1048577\n2\n")]
    public void A_map_in_the_data_has_no_more_pieces_than_a_file_may(string map) =>
        TarMalformedTests.Refuse(ErrorKind.Unsafe, InData(map, "12"));

    [Theory]
    [InlineData("2\n3\n3\n8\n")]
    [InlineData("x\n")]
    [InlineData("\n")]
    [InlineData("-1\n")]
    [InlineData("100000000000000000000000000000000000000")]
    public void A_map_in_the_data_is_read_no_further_than_it_makes_sense(string map) =>
        TarMalformedTests.Refuse(ErrorKind.Corrupt, InData(map, "12"));

    [Fact]
    public void Holes_have_a_limit() =>
        TarMalformedTests.Refuse(ErrorKind.Unsafe, InData("2\n3\n3\n8\n2\n", $"{TarLimits.MaxSparseBytes + 1}"));

    [Fact]
    public void Only_gnu_has_type_s() =>
        TarMalformedTests.Refuse(
            ErrorKind.Corrupt,
            new TarBuilder().Add('S', "x", Data, change: h => TarBuilder.Put(h, 483, "00000000005"))
        );

    private static void Check(TarBuilder archive)
    {
        List<(TarEntry Entry, byte[] Content)> entries = ReadTar.All(archive.File("next", "n").Finished);
        Assert.Equal(s_expanded, entries[0].Content);
        Assert.Equal(("real", 12L), (ReadTar.Text(entries[0].Entry.Name), entries[0].Entry.Size));
        Assert.Equal("n"u8, entries[1].Content);
    }

    private static TarBuilder Pax(params (string Key, string Value)[] records) =>
        new TarBuilder().Pax('x', records).File("real", Data);

    private static TarBuilder InData(string map, string size, string data = Data) =>
        new TarBuilder()
            .Pax(
                'x',
                ("GNU.sparse.major", "1"),
                ("GNU.sparse.minor", "0"),
                ("GNU.sparse.name", "real"),
                ("GNU.sparse.realsize", size)
            )
            .File("./GNUSparseFile.1/real", map.PadRight((map.Length + 511) / 512 * 512, '\0') + data);

    private static TarBuilder Old(string map, long size, string data = Data)
    {
        string[] pieces = [.. map.Split(' ').Select(n => TarBuilder.Octal(long.Parse(n), 11) + "\0")];
        TarBuilder archive = new TarBuilder().Add(
            'S',
            "real",
            change: h =>
            {
                TarBuilder.Put(h, 124, TarBuilder.Octal(data.Length, 11));
                TarBuilder.Put(h, 257, "ustar  \0");
                TarBuilder.Put(h, 386, string.Concat(pieces.Take(8)));
                h[482] = (byte)(pieces.Length > 8 ? 1 : 0);
                TarBuilder.Put(h, 483, TarBuilder.Octal(size, 11));
            }
        );
        for (int i = 8; i < pieces.Length; i += 42)
        {
            byte[] block = new byte[512];
            TarBuilder.Put(block, 0, string.Concat(pieces.Skip(i).Take(42)));
            block[504] = (byte)(pieces.Length > i + 42 ? 1 : 0);
            archive.Raw(block);
        }

        return archive.Raw(TarBuilder.Latin1(data)).Pad();
    }
}
