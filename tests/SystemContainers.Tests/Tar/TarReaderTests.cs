// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Tar;
using Xunit;

namespace SystemContainers.Tests.Tar;

public sealed class TarReaderTests
{
    private const string HighBytes = "\u0001\0\0\u0002\u0080\u00ff\n=x\n";

    [Theory]
    [InlineData('0', TarEntryType.Regular)]
    [InlineData('\0', TarEntryType.Regular)]
    [InlineData('7', TarEntryType.Regular)]
    [InlineData('1', TarEntryType.HardLink)]
    [InlineData('2', TarEntryType.Symlink)]
    [InlineData('3', TarEntryType.CharacterDevice)]
    [InlineData('4', TarEntryType.BlockDevice)]
    [InlineData('5', TarEntryType.Directory)]
    [InlineData('6', TarEntryType.Fifo)]
    public void Types_are_as_their_flags_say(char flag, object type) =>
        Assert.Equal((TarEntryType)type, ReadTar.One(new TarBuilder().Add(flag, "x", link: "target")).Type);

    [Fact]
    public void A_slash_makes_a_directory_of_old_files_only()
    {
        Assert.Equal(TarEntryType.Directory, ReadTar.One(new TarBuilder().Add('\0', "dir/")).Type);
        TarEntry file = ReadTar.One(new TarBuilder().Add('0', "dir/", "content"));
        Assert.Equal((TarEntryType.Regular, 7L), (file.Type, file.Size));
        Assert.Equal("dir", ReadTar.Text(file.Name));
    }

    [Fact]
    public void Names_are_bytes()
    {
        const string Name = "caf\u00e9\u00ff\u0080";
        Assert.Equal(Name, ReadTar.Text(ReadTar.One(new TarBuilder().File(Name)).Name));
        TarBuilder pax = new TarBuilder()
            .Pax('x', ("hdrcharset", "BINARY"), ("path", Name), ("linkpath", Name))
            .Add('2', "short", link: "x");
        TarEntry entry = ReadTar.One(pax);
        Assert.Equal((Name, Name), (ReadTar.Text(entry.Name), ReadTar.Text(entry.LinkName)));
    }

    [Fact]
    public void The_prefix_of_ustar_stands_before_the_name()
    {
        string name = new('n', 100);
        string prefix = new('p', 155);
        TarBuilder archive = new TarBuilder().Add('0', name, change: h => TarBuilder.Put(h, 345, prefix));
        Assert.Equal($"{prefix}/{name}", ReadTar.Text(ReadTar.One(archive).Name));
    }

    [Fact]
    public void Star_has_times_behind_its_prefix()
    {
        string prefix = new('p', 131);
        TarBuilder archive = new TarBuilder().Add(
            '0',
            "name",
            change: h =>
            {
                TarBuilder.Put(h, 345, prefix + "13723012000 13723012000 ");
                TarBuilder.Put(h, 508, "tar\0");
            }
        );
        Assert.Equal($"{prefix}/name", ReadTar.Text(ReadTar.One(archive).Name));
    }

    [Fact]
    public void Gnu_has_no_prefix()
    {
        TarBuilder archive = new TarBuilder().Add(
            '0',
            "name",
            change: h =>
            {
                TarBuilder.Put(h, 257, "ustar  \0");
                TarBuilder.Put(h, 345, "13723012000");
            }
        );
        Assert.Equal("name", ReadTar.Text(ReadTar.One(archive).Name));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Long_names_of_gnu_come_before_those_of_pax(bool first)
    {
        string name = string.Join('/', Enumerable.Repeat(new string('d', 200), 5));
        TarBuilder archive = new();
        if (!first)
        {
            archive.Pax('x', ("path", "pax"), ("linkpath", "pax"));
        }

        archive.Add('L', "././@LongLink", name + "\0").Add('K', "././@LongLink", name + "2\0");
        if (first)
        {
            archive.Pax('x', ("path", "pax"), ("linkpath", "pax"));
        }

        TarEntry entry = ReadTar.One(archive.Add('2', "short", link: "short"));
        Assert.Equal((name, name + "2"), (ReadTar.Text(entry.Name), ReadTar.Text(entry.LinkName)));
    }

    [Fact]
    public void What_was_said_of_one_entry_is_not_said_of_the_next()
    {
        TarBuilder archive = new TarBuilder()
            .Add('L', "././@LongLink", "long\0")
            .Pax('x', ("uid", "5"), ("SCHILY.xattr.user.a", "1"))
            .File("one")
            .File("two");
        TarEntry two = ReadTar.All(archive.Finished)[1].Entry;
        Assert.Equal(("two", 0u), (ReadTar.Text(two.Name), two.Uid));
        Assert.Empty(two.Xattrs);
    }

    [Fact]
    public void Attributes_keep_every_byte()
    {
        TarBuilder archive = new TarBuilder()
            .Pax(
                'x',
                ("SCHILY.xattr.security.capability", HighBytes),
                ("SCHILY.xattr.user.\u00e9=", "1"),
                ("SCHILY.xattr.user.empty", "")
            )
            .File("x");
        Assert.Equal(
            [("security.capability", HighBytes), ("user.empty", ""), ("user.\u00e9", "=1")],
            ReadTar.One(archive).Xattrs.Select(x => (ReadTar.Text(x.Name), ReadTar.Text(x.Value)))
        );
    }

    [Fact]
    public void Of_a_repeated_record_the_last_counts()
    {
        TarBuilder archive = new TarBuilder()
            .Pax('x', ("path", "a"), ("SCHILY.xattr.user.a", "1"), ("path", "b"), ("SCHILY.xattr.user.a", "2"))
            .File("x");
        TarEntry entry = ReadTar.One(archive);
        Assert.Equal("b", ReadTar.Text(entry.Name));
        Assert.Equal("2", ReadTar.Text(Assert.Single(entry.Xattrs).Value));
    }

    [Fact]
    public void Global_records_hold_until_they_are_overridden()
    {
        TarBuilder archive = new TarBuilder()
            .Pax('g', ("mtime", "5.5"), ("uid", "7"), ("SCHILY.xattr.user.g", "1"))
            .File("a")
            .Pax('x', ("uid", "8"), ("mtime", ""), ("SCHILY.xattr.user.l", "2"))
            .File("b")
            .Pax('g', ("uid", "9"))
            .File("c");
        Assert.Equal(
            ["a 7 5.500000000 user.g", "b 8 1600000000.000000000 user.g,user.l", "c 9 5.500000000 user.g"],
            ReadTar
                .All(archive.Finished)
                .Select(x =>
                    $"{ReadTar.Text(x.Entry.Name)} {x.Entry.Uid} {x.Entry.MtimeSeconds}.{x.Entry.MtimeNanoseconds:d9} "
                    + string.Join(',', x.Entry.Xattrs.Select(a => ReadTar.Text(a.Name)))
                )
        );
    }

    [Theory]
    [InlineData("0", 0, 0)]
    [InlineData("1700000000.123456789", 1_700_000_000, 123_456_789)]
    [InlineData("1700000000.1234567899", 1_700_000_000, 123_456_789)]
    [InlineData("1.5", 1, 500_000_000)]
    [InlineData("1.", 1, 0)]
    [InlineData("-1", -1, 0)]
    [InlineData("-0.25", -1, 750_000_000)]
    [InlineData("-1.000000001", -2, 999_999_999)]
    [InlineData("253402300800", 253_402_300_800, 0)]
    public void Times_of_pax_have_nanoseconds_and_signs(string text, long seconds, int nanoseconds)
    {
        TarEntry entry = ReadTar.One(new TarBuilder().Pax('x', ("mtime", text)).File("x"));
        Assert.Equal((seconds, nanoseconds), (entry.MtimeSeconds, entry.MtimeNanoseconds));
    }

    [Fact]
    public void Numbers_may_be_binary()
    {
        TarBuilder archive = new TarBuilder().Add(
            '0',
            "x",
            "abc",
            change: h =>
            {
                TarBuilder.Put(h, 108, "\u0080\0\0\0\u00ee\u006b\u0028\0");
                TarBuilder.Put(h, 124, "\u0080\0\0\0\0\0\0\0\0\0\0\u0003");
                TarBuilder.Put(h, 136, "\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00fe");
            }
        );
        TarEntry entry = ReadTar.One(archive);
        Assert.Equal((4_000_000_000u, 3L, -2L), (entry.Uid, entry.Size, entry.MtimeSeconds));
    }

    [Theory]
    [InlineData("0000755\0", 493)]
    [InlineData("   755 \0", 493)]
    [InlineData("755\0junk", 493)]
    [InlineData("\0\0\0\0\0\0\0\0", 0)]
    [InlineData("0107755\0", 4077)]
    [InlineData("0006755\0", 3565)]
    [InlineData("0001777\0", 1023)]
    public void Modes_are_octal_with_any_padding(string field, int mode) =>
        Assert.Equal(
            mode,
            ReadTar.One(new TarBuilder().Add('0', "x", change: h => TarBuilder.Put(h, 100, field))).Mode
        );

    [Fact]
    public void Identifiers_of_pax_have_32_bits()
    {
        TarEntry entry = ReadTar.One(new TarBuilder().Pax('x', ("uid", "4000000000"), ("gid", "4294967294")).File("x"));
        Assert.Equal((4_000_000_000u, 4_294_967_294u), (entry.Uid, entry.Gid));
    }

    [Fact]
    public void Devices_have_numbers_and_others_have_none()
    {
        Action<byte[]> numbers = h => TarBuilder.Put(h, 329, "0000010\00000377\0");
        TarEntry device = ReadTar.One(new TarBuilder().Add('4', "x", change: numbers));
        TarEntry file = ReadTar.One(new TarBuilder().Add('0', "x", change: numbers));
        Assert.Equal((8u, 255u, 0u, 0u), (device.DeviceMajor, device.DeviceMinor, file.DeviceMajor, file.DeviceMinor));
    }

    [Theory]
    [InlineData('1')]
    [InlineData('2')]
    [InlineData('5')]
    [InlineData('6')]
    public void Only_files_have_content_whatever_the_size(char type)
    {
        TarBuilder archive = new TarBuilder()
            .Add(type, "x", link: "y", change: h => TarBuilder.Put(h, 124, "00000001000"))
            .File("next");
        Assert.Equal(
            [(0L, "x"), (0L, "next")],
            ReadTar.All(archive.Finished).Select(x => (x.Entry.Size, ReadTar.Text(x.Entry.Name)))
        );
    }

    [Fact]
    public void The_size_of_pax_wins()
    {
        TarBuilder archive = new TarBuilder()
            .Pax('x', ("size", "3"))
            .Add('0', "x", "abc", change: h => TarBuilder.Put(h, 124, "00000000000"));
        Assert.Equal("abc"u8, ReadTar.OneContent(archive));
    }

    [Fact]
    public void Old_checksums_are_of_signed_bytes()
    {
        byte[] archive = new TarBuilder().File("\u00e9\u00ff").Finished;
        int sum = archive.Take(512).Select((b, i) => i is >= 148 and < 156 ? 32 : (int)(sbyte)b).Sum();
        TarBuilder.Put(archive, 148, TarBuilder.Octal(sum, 6) + "\0 ");
        Assert.Equal("\u00e9\u00ff", ReadTar.Text(Assert.Single(ReadTar.All(archive)).Entry.Name));
    }

    [Fact]
    public void Content_that_is_not_read_is_skipped()
    {
        TarBuilder archive = new TarBuilder().File("a", new string('a', 100_000)).File("b", "content").File("c");
        TarReader reader = new(new MemoryStream(archive.Finished));
        Assert.Equal(100_000, reader.ReadNext()!.Size);
        Assert.Equal(5, reader.ReadContent(new byte[5]));
        Assert.Equal("b"u8, reader.ReadNext()!.Name);
        Assert.Equal("c"u8, reader.ReadNext()!.Name);
        Assert.Null(reader.ReadNext());
    }

    [Fact]
    public void Reads_to_the_end_of_the_stream_so_that_it_verifies_itself()
    {
        using MemoryStream stream = new([.. new TarBuilder().File("x").Finished, .. new byte[300_000]]);
        TarReader reader = new(stream);
        Assert.NotNull(reader.ReadNext());
        Assert.Null(reader.ReadNext());
        reader.ReadToEnd();
        Assert.Equal(stream.Length, stream.Position);
    }

    [Fact]
    public void Streams_may_give_a_byte_at_a_time()
    {
        byte[] archive = new TarBuilder()
            .Pax('x', ("mtime", "1.5"))
            .File("a", new string('a', 3000))
            .Add('5', "b")
            .Finished;
        using OneByteStream slow = new(archive);
        Assert.Equal(
            ReadTar.All(archive).Select(x => ReadTar.Describe(x.Entry, x.Content)),
            ReadTar.All(slow).Select(x => ReadTar.Describe(x.Entry, x.Content))
        );
    }

    [Fact]
    public void An_empty_archive_has_no_entries()
    {
        Assert.Empty(ReadTar.All(new TarBuilder().Finished));
        Assert.Empty(ReadTar.All([]));
    }

    private sealed class OneByteStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer.IsEmpty ? buffer : buffer[..1]);
    }
}
