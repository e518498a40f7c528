// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Linux.Files;
using SystemContainers.Tar;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests.Tar;

/// <summary>What is written is read again as it was, by us and by GNU tar.</summary>
public sealed class TarWriterTests
{
    private static readonly byte[] s_content = Encoding.UTF8.GetBytes(new string('x', 700));

    public static TheoryData<string, string, long, int, uint> Entries =>
        new()
        {
            { "etc/hosts", "", 1_600_000_000, 0, 0 },
            { "./a/b", "", 0, 0, 0 },
            { new string('d', 90) + "/" + new string('f', 90), "", 1, 0, 1000 },
            { new string('n', 101), "", 1, 0, 0 },
            { new string('d', 200) + "/" + new string('f', 200), new string('t', 150), 1, 0, 0 },
            { "grüße/süß", "ä", 1_600_000_000, 123_456_789, 4_000_000_000 },
            { "x", "y", 1_600_000_000, 500_000_000, 0 },
            { "old", "", -2, 250_000_000, 0 },
            { "older", "", -10, 0, 0x200000 },
            { "late", "", 0x200000000, 0, 0 },
        };

    [Theory]
    [MemberData(nameof(Entries))]
    public void Every_entry_is_read_as_it_was_written(
        string name,
        string link,
        long seconds,
        int nanoseconds,
        uint owner
    )
    {
        foreach (TarEntryType type in Enum.GetValues<TarEntryType>())
        {
            TarEntry entry = Entry(
                type,
                name,
                type is TarEntryType.HardLink or TarEntryType.Symlink
                    ? link.Length == 0
                        ? "t"
                        : link
                    : "",
                seconds,
                nanoseconds,
                owner
            );
            TarReader reader = new(new MemoryStream(Archive(entry)));

            TarEntry read = reader.ReadNext()!;

            Assert.Equal(Encoding.UTF8.GetString(entry.Name), Encoding.UTF8.GetString(read.Name));
            Assert.Equal(Encoding.UTF8.GetString(entry.LinkName), Encoding.UTF8.GetString(read.LinkName));
            Assert.Equal(
                (
                    entry.Type,
                    entry.Mode,
                    entry.Uid,
                    entry.Gid,
                    entry.Size,
                    entry.MtimeSeconds,
                    entry.MtimeNanoseconds,
                    entry.DeviceMajor,
                    entry.DeviceMinor
                ),
                (
                    read.Type,
                    read.Mode,
                    read.Uid,
                    read.Gid,
                    read.Size,
                    read.MtimeSeconds,
                    read.MtimeNanoseconds,
                    read.DeviceMajor,
                    read.DeviceMinor
                )
            );
            FileXattr xattr = Assert.Single(read.Xattrs);
            Assert.Equal(
                ("user.a-b", "v\0\n"),
                (Encoding.Latin1.GetString(xattr.Name), Encoding.Latin1.GetString(xattr.Value))
            );
            Assert.Null(reader.ReadNext());
        }
    }

    [Fact]
    public void What_has_no_need_of_pax_is_ustar_alone()
    {
        byte[] archive = Archive(
            Entry(TarEntryType.Regular, new string('d', 90) + "/" + new string('f', 90), "", 1, 0, 0) with
            {
                Xattrs = [],
            }
        );

        Assert.Equal((512 * 3) + 1024, archive.Length);
        Assert.Equal((byte)'0', archive[156]);
    }

    [Fact]
    [Trait("needs", "programs")]
    public async Task Gnu_tar_lists_the_same()
    {
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(
                file,
                Archive([
                    .. Entries.Select(e =>
                        Entry(TarEntryType.Regular, e.Data.Item1, "", e.Data.Item3, e.Data.Item4, e.Data.Item5)
                    ),
                ]),
                TestContext.Current.CancellationToken
            );

            CommandResult listed = await Command.MustAsync(
                "env",
                "LC_ALL=C.UTF-8",
                "tar",
                "--quoting-style=literal",
                "-tf",
                file
            );

            Assert.Equal(Entries.Select(e => e.Data.Item1), listed.Output.TrimEnd('\n').Split('\n'));
            Assert.Equal("", listed.Error);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Content_that_is_not_what_its_header_says_is_refused()
    {
        TarWriter tar = new(new MemoryStream());
        tar.WriteHeader(Entry(TarEntryType.Regular, "a", "", 0, 0, 0));

        Assert.Throws<InvalidOperationException>(tar.Finish);
        Assert.Throws<InvalidOperationException>(() => tar.WriteContent(new byte[701]));
    }

    private static byte[] Archive(params TarEntry[] entries)
    {
        using MemoryStream archive = new();
        TarWriter tar = new(archive);
        foreach (TarEntry entry in entries)
        {
            tar.WriteHeader(entry);
            if (entry.Size > 0)
            {
                tar.WriteContent(s_content);
            }
        }

        tar.Finish();
        return archive.ToArray();
    }

    private static TarEntry Entry(
        TarEntryType type,
        string name,
        string link,
        long seconds,
        int nanoseconds,
        uint owner
    ) =>
        new()
        {
            Type = type,
            Name = Encoding.UTF8.GetBytes(name),
            LinkName = Encoding.UTF8.GetBytes(link),
            Mode = 0xfff,
            Uid = owner,
            Gid = owner,
            Size = type == TarEntryType.Regular ? s_content.Length : 0,
            MtimeSeconds = seconds,
            MtimeNanoseconds = nanoseconds,
            DeviceMajor = type is TarEntryType.BlockDevice or TarEntryType.CharacterDevice ? 8u : 0,
            DeviceMinor = type is TarEntryType.BlockDevice or TarEntryType.CharacterDevice ? 3u : 0,
            Xattrs = [new FileXattr("user.a-b"u8.ToArray(), "v\0\n"u8.ToArray())],
        };
}
