// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Tar;
using Xunit;

namespace SystemContainers.Tests.Tar;

/// <summary>Archives that must not be taken for what they are not.</summary>
public sealed class TarMalformedTests
{
    [Fact]
    public void A_wrong_checksum()
    {
        byte[] archive = new TarBuilder().File("name").Finished;
        archive[0] ^= 1;
        Refuse(ErrorKind.Corrupt, archive);
    }

    [Fact]
    public void No_archive_at_all()
    {
        Refuse(ErrorKind.Corrupt, [.. Enumerable.Repeat((byte)'x', 2048)]);
        Refuse(ErrorKind.Corrupt, "short"u8.ToArray());
    }

    [Fact]
    public void An_end_block_with_entries_behind_it() =>
        Refuse(ErrorKind.Corrupt, new TarBuilder().File("a").Raw(new byte[512]).File("b").Finished);

    [Theory]
    [InlineData('x')]
    [InlineData('L')]
    [InlineData('K')]
    public void A_header_without_its_entry(char type) =>
        Refuse(ErrorKind.Corrupt, new TarBuilder().Add(type, "x", type == 'x' ? "10 path=a\n" : "name\0"));

    [Theory]
    [InlineData('V')]
    [InlineData('M')]
    [InlineData('D')]
    [InlineData('X')]
    [InlineData('8')]
    [InlineData(' ')]
    public void An_unknown_type(char type) => Refuse(ErrorKind.Corrupt, new TarBuilder().Add(type, "x"));

    [Theory]
    [InlineData("path=a\n")]
    [InlineData("10path=a\n")]
    [InlineData("8 path=a\n")]
    [InlineData("11 path=a\n")]
    [InlineData("10 path=ab")]
    [InlineData("10 path a\n")]
    [InlineData("7 =abc\n")]
    [InlineData("-1 path=a\n")]
    [InlineData("0 path=a\n")]
    [InlineData("99999999999999999999 path=a\n")]
    [InlineData("10 path=a\n10 path=")]
    [InlineData("12 pa\0th=a\n")]
    [InlineData("11 path=a\0\n")]
    public void Malformed_records(string records) =>
        Refuse(ErrorKind.Corrupt, new TarBuilder().Add('x', "pax", records).File("x"));

    [Theory]
    [InlineData("uid", "-1")]
    [InlineData("uid", "4294967295")]
    [InlineData("gid", "4294967296")]
    [InlineData("gid", "x")]
    [InlineData("size", "-1")]
    [InlineData("size", "9999999999999999999")]
    [InlineData("mtime", "x")]
    [InlineData("mtime", "1.x")]
    [InlineData("mtime", "1.-5")]
    [InlineData("mtime", "-")]
    [InlineData("mtime", "--1")]
    public void Records_that_are_no_numbers(string key, string value) =>
        Refuse(ErrorKind.Corrupt, new TarBuilder().Pax('x', (key, value)).File("x"));

    [Theory]
    [InlineData(100, "0000008\0")]
    [InlineData(108, "-000001\0")]
    [InlineData(108, "\u0080\0\0\0\u00ff\u00ff\u00ff\u00ff")]
    [InlineData(108, "\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff")]
    [InlineData(116, "00 0001\0")]
    [InlineData(124, "0000000000x\0")]
    [InlineData(124, "\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff")]
    [InlineData(124, "\u0080\0\0\u0001\0\0\0\0\0\0\0\0")]
    [InlineData(136, "99999999999\0")]
    public void Fields_that_are_no_numbers(int offset, string field) =>
        Refuse(ErrorKind.Corrupt, new TarBuilder().Add('0', "x", change: h => TarBuilder.Put(h, offset, field)));

    [Fact]
    public void A_device_number_of_more_than_32_bits() =>
        Refuse(
            ErrorKind.Corrupt,
            new TarBuilder().Add('3', "x", change: h => TarBuilder.Put(h, 329, "\u0080\0\0\u0001\0\0\0\u0001"))
        );

    [Theory]
    [InlineData('1')]
    [InlineData('2')]
    public void A_link_without_a_target(char type) => Refuse(ErrorKind.Unsafe, new TarBuilder().Add(type, "x"));

    [Fact]
    public void A_header_larger_than_the_limit()
    {
        string size = TarBuilder.Octal(TarLimits.MaxHeaderBytes + 1, 11);
        foreach (char type in "xgLK")
        {
            Refuse(ErrorKind.Unsafe, new TarBuilder().Add(type, "x", change: h => TarBuilder.Put(h, 124, size)));
        }
    }

    [Fact]
    public void Names_longer_than_a_path_can_be()
    {
        string path = string.Concat(Enumerable.Repeat(new string('d', 255) + "/", 16));
        Assert.Equal(4095, ReadTar.One(new TarBuilder().Pax('x', ("path", path[..4095])).File("x")).Name.Length);
        Refuse(ErrorKind.Unsafe, new TarBuilder().Pax('x', ("path", path)).File("x"));
        Refuse(ErrorKind.Unsafe, new TarBuilder().Pax('x', ("linkpath", path)).Add('2', "x"));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("dir/", "")]
    [InlineData("", "/file")]
    [InlineData("dir/", "/file")]
    public void A_part_of_a_name_longer_than_a_file_name_can_be(string before, string after)
    {
        string right = before + new string('d', 255) + after;
        Assert.Equal(right, ReadTar.Text(ReadTar.One(new TarBuilder().Pax('x', ("path", right)).File("x")).Name));
        Refuse(ErrorKind.Unsafe, new TarBuilder().Pax('x', ("path", before + new string('d', 256) + after)).File("x"));
    }

    [Fact]
    public void Attributes_for_everything_are_counted_at_every_entry()
    {
        // One global header of 900 kB, and 1200 entries of a block each: over a gigabyte in memory if it were let
        // through.
        TarBuilder archive = new TarBuilder().Pax('g', ("SCHILY.xattr.user.a", new string('a', 900_000)));
        for (int i = 0; i < 1200; i++)
        {
            archive.Add('5', "d");
        }

        Refuse(ErrorKind.Unsafe, archive);
    }

    [Fact]
    public void Global_headers_without_end()
    {
        TarBuilder archive = new();
        for (int i = 0; i < 20; i++)
        {
            archive.Pax('g', ($"comment{i}", new string('a', 900_000)));
        }

        Refuse(ErrorKind.Unsafe, archive);
    }

    internal static void Refuse(ErrorKind kind, TarBuilder archive) => Refuse(kind, archive.Finished);

    private static void Refuse(ErrorKind kind, byte[] archive)
    {
        SysctrException error = Assert.Throws<SysctrException>(() => ReadTar.All(archive));
        Assert.Equal(kind, error.Kind);
        Assert.StartsWith("reading the tar at byte ", error.Message, StringComparison.Ordinal);
    }
}
