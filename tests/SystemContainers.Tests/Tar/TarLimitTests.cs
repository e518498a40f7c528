// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Tar;
using Xunit;

namespace SystemContainers.Tests.Tar;

/// <summary>What a layer may have, at the limit and one above. Streams are made while they are read, as a compressed
/// layer's are.</summary>
[Trait("needs", "time")]
public sealed class TarLimitTests
{
    private const string Xattr = "SCHILY.xattr.user.";

    [Fact]
    public void Extended_attributes_of_an_entry()
    {
        Taken(Xattrs(TarLimits.MaxXattrs, 1));
        Refused(Xattrs(TarLimits.MaxXattrs + 1, 1), "file: it has 101 extended attributes");
    }

    [Fact]
    public void Thousands_of_attributes_are_no_full_disk() =>
        Refused(Xattrs(900, 1), "file: it has 900 extended attributes");

    [Fact]
    public void The_name_of_an_attribute()
    {
        string just = new('n', TarLimits.MaxXattrNameBytes - "user.".Length);
        Taken(new TarBuilder().Pax('x', (Xattr + just, "v")).File("file"));
        Refused(new TarBuilder().Pax('x', (Xattr + just + "n", "v")).File("file"), "256 bytes");
    }

    [Fact]
    public void All_attributes_of_an_entry_together()
    {
        int just = TarLimits.MaxXattrTotalBytes - "user.n".Length;
        Taken(new TarBuilder().Pax('x', (Xattr + "n", new string('v', just))).File("file"));
        Refused(
            new TarBuilder().Pax('x', (Xattr + "n", new string('v', just + 1))).File("file"),
            "file: its extended attributes have 65537 bytes"
        );
    }

    [Theory]
    [InlineData('x')]
    [InlineData('g')]
    public void Records_of_a_pax_header(char type)
    {
        Taken(new TarBuilder().Pax(type, Records(TarLimits.MaxPaxRecords)).File("file"));
        Refused(new TarBuilder().Pax(type, Records(TarLimits.MaxPaxRecords + 1)).File("file"), "1000 records");
    }

    [Fact]
    public void Global_records_of_several_headers_count_together()
    {
        TarBuilder archive = new();
        for (int i = 0; i < 11; i++)
        {
            archive.Pax('g', [.. Records(100).Select(r => (r.Item1 + i, r.Item2))]);
        }

        Refused(archive.File("file"), "1000 records");
    }

    [Fact]
    public void A_name()
    {
        string just = string.Concat(Enumerable.Repeat("dir/", 1023)) + "abc";
        Assert.Equal(TarLimits.MaxNameBytes, just.Length);
        Taken(new TarBuilder().Pax('x', ("path", just)).File("file"));
        Refused(new TarBuilder().Pax('x', ("path", just + "d")).File("file"), "4096 bytes");
    }

    [Fact]
    public void Bytes_of_a_layer_with_what_is_behind_its_end()
    {
        byte[] archive = [.. new TarBuilder().File("file", "x").Finished, .. new byte[100_000]];
        Read(new MemoryStream(archive), archive.Length);

        SysctrException e = Assert.Throws<SysctrException>(() => Read(new MemoryStream(archive), archive.Length - 1));

        Assert.Equal(ErrorKind.Unsafe, e.Kind);
    }

    [Fact]
    public void Entries_of_a_layer()
    {
        byte[] entry = new TarBuilder().File("f").Unfinished;
        Read(new RepeatingStream(entry, TarLimits.MaxEntries), long.MaxValue);

        SysctrException e = Assert.Throws<SysctrException>(() =>
            Read(new RepeatingStream(entry, TarLimits.MaxEntries + 1), long.MaxValue)
        );

        Assert.Contains("1000000 entries", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_of_a_layer_together()
    {
        string name = string.Concat(Enumerable.Repeat("0123456789/", 370));
        byte[] entry = new TarBuilder().Add('L', "././@LongLink", name + "\0").File("f").Unfinished;
        int cost = TarLimits.EntryBytes + name.TrimEnd('/').Length;
        int just = (int)(TarLimits.MaxMetadataBytes / cost);
        Read(new RepeatingStream(entry, just), long.MaxValue);

        SysctrException e = Assert.Throws<SysctrException>(() =>
            Read(new RepeatingStream(entry, just + 1), long.MaxValue)
        );

        Assert.Equal(ErrorKind.Unsafe, e.Kind);
        Assert.Contains("entries, names and attributes", e.Message, StringComparison.Ordinal);
    }

    private static TarBuilder Xattrs(int count, int size) =>
        new TarBuilder()
            .Pax('x', [.. Enumerable.Range(0, count).Select(i => ($"{Xattr}x{i}", new string('v', size)))])
            .File("file");

    private static (string, string)[] Records(int count) => [.. Enumerable.Range(0, count).Select(i => ($"k{i}", "v"))];

    private static void Taken(TarBuilder archive) => ReadTar.All(archive.Finished);

    private static void Refused(TarBuilder archive, string said)
    {
        SysctrException e = Assert.Throws<SysctrException>(() => ReadTar.All(archive.Finished));
        Assert.Equal(ErrorKind.Unsafe, e.Kind);
        Assert.Contains(said, e.Message, StringComparison.Ordinal);
        Assert.Contains("LIMITS", e.Hint, StringComparison.Ordinal);
    }

    private static void Read(Stream stream, long maxBytes)
    {
        TarReader reader = new(stream, maxBytes);
        while (reader.ReadNext() is not null) { }

        reader.ReadToEnd();
    }

    /// <summary>The same bytes again and again.</summary>
    private sealed class RepeatingStream(byte[] bytes, int times) : Stream
    {
        private long _left = (long)bytes.Length * times;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            int done = 0;
            while (done < count && _left > 0)
            {
                int start = (int)((bytes.Length - (_left % bytes.Length)) % bytes.Length);
                int part = Math.Min(count - done, bytes.Length - start);
                bytes.AsSpan(start, part).CopyTo(buffer.AsSpan(offset + done));
                done += part;
                _left -= part;
            }

            return done;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
