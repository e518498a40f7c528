// SPDX-License-Identifier: Apache-2.0

using CsCheck;
using SystemContainers.Errors;
using SystemContainers.Tar;
using Xunit;

namespace SystemContainers.Tests.Tar;

/// <summary>Whatever is cut off or altered: no exception but ours, and no entry that is not the archive's.</summary>
[Trait("needs", "time")]
public sealed class TarTruncationTests
{
    private static readonly byte[] s_archive = new TarBuilder()
        .Add('5', "dir")
        .Pax('x', ("mtime", "1.5"), ("SCHILY.xattr.user.a", "\u0080\n"))
        .File("dir/file", new string('f', 700))
        .Add('L', "././@LongLink", new string('l', 200) + "\0")
        .Add('2', "link", link: "target")
        .Pax(
            'x',
            ("GNU.sparse.major", "1"),
            ("GNU.sparse.minor", "0"),
            ("GNU.sparse.name", "real"),
            ("GNU.sparse.realsize", "12")
        )
        .File("./GNUSparseFile.1/real", "2\n3\n3\n8\n2\n".PadRight(512, '\0') + "abcde")
        .File("last", "content")
        .Finished;

    [Fact]
    public void A_cut_archive_gives_whole_entries_and_then_an_error_or_the_end()
    {
        List<string> whole = [.. ReadTar.All(s_archive).Select(x => ReadTar.Describe(x.Entry, x.Content))];
        Assert.Equal(5, whole.Count);
        int cleanEnds = 0;
        for (int length = 0; length < s_archive.Length; length++)
        {
            (List<string> read, SysctrException? error) = Try(s_archive[..length]);
            Assert.Equal(whole.Take(read.Count), read);
            if (error is null)
            {
                cleanEnds++;
                continue;
            }

            Assert.Equal(ErrorKind.Corrupt, error.Kind);
        }

        // As Go has it: at the start, between entries and in the padding before them (dir; 1400 to 1536, 0, 507 and 505
        // bytes after the others' contents), and between and at the end blocks.
        int expected = 1 + 1 + (324 + 1) + 1 + (507 + 1) + (505 + 1) + 1;
        Assert.Equal(expected, cleanEnds);
    }

    [Fact]
    public void A_random_change_gives_no_other_exception() =>
        Gen.Select(Gen.Int[0, s_archive.Length - 1], Gen.Byte, Gen.Bool)
            .Array[1, 8]
            .Check(
                changes =>
                {
                    byte[] changed = [.. s_archive];
                    foreach ((int position, byte value, bool seal) in changes)
                    {
                        changed[position] = value;
                        if (seal)
                        {
                            // The checksum would hide what is behind it from most changes.
                            byte[] header = changed[(position / 512 * 512)..((position / 512 * 512) + 512)];
                            TarBuilder.Seal(header);
                            header.CopyTo(changed, position / 512 * 512);
                        }
                    }

                    (List<string> entries, SysctrException? error) = Try(changed);
                    Assert.True(
                        entries.Count <= s_archive.Length / 512
                            && error?.Kind is null or ErrorKind.Corrupt or ErrorKind.Unsafe,
                        error?.ToString()
                    );
                },
                iter: 3000
            );

    private static (List<string> Entries, SysctrException? Error) Try(byte[] archive)
    {
        List<string> entries = [];
        TarReader reader = new(new MemoryStream(archive));
        byte[] buffer = new byte[4096];
        try
        {
            while (reader.ReadNext() is { } entry)
            {
                using MemoryStream content = new();

                // A changed size of a sparse file may be gigabytes of zeros.
                for (int read = 1; read > 0 && content.Length < 1 << 20;)
                {
                    read = reader.ReadContent(buffer);
                    content.Write(buffer, 0, read);
                }

                entries.Add(ReadTar.Describe(entry, content.ToArray()));
            }

            return (entries, null);
        }
        catch (SysctrException e)
        {
            return (entries, e);
        }
    }
}
