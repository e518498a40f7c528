// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Tar;
using SystemContainers.Tests.Tar;

namespace SystemContainers.Tests.Fuzz.Targets;

/// <summary>Layers, and the extended headers in them.</summary>
static class TarTargets
{
    private const int BlockSize = 512;

    /// <summary>A content is read so far; a sparse file has gigabytes of zeros.</summary>
    private const int MaxContent = 1 << 16;

    /// <summary>An archive: it is the same in whatever pieces the stream comes.</summary>
    public static FuzzTarget Archive { get; } =
        new(
            "tar",
            [ErrorKind.Corrupt, ErrorKind.Unsafe],
            [
                new TarBuilder()
                    .Add('5', "etc/")
                    .File("etc/passwd", "root:x:0:0::/:/bin/sh\n")
                    .Add('2', "etc/link", link: "passwd")
                    .Add('1', "etc/hard", link: "etc/passwd")
                    .Finished,
                new TarBuilder()
                    .Pax('g', ("comment", "c"))
                    .Pax('x', ("path", "a/b"), ("SCHILY.xattr.user.a", "b"), ("mtime", "1.5"), ("uid", "70000"))
                    .File("x", "content")
                    .Finished,
                new TarBuilder()
                    .Add('L', "././@LongLink", new string('n', 150) + "\0")
                    .File("x")
                    .Add('3', "dev", change: h => TarBuilder.Put(h, 329, "0000001"))
                    .Finished,
                new TarBuilder()
                    .Pax(
                        'x',
                        ("GNU.sparse.major", "1"),
                        ("GNU.sparse.minor", "0"),
                        ("GNU.sparse.name", "s"),
                        ("GNU.sparse.realsize", "2000")
                    )
                    .File("GNUSparseFile.0/s", "1\n512\n4\n".PadRight(BlockSize, '\0') + "data")
                    .Finished,
                new TarBuilder()
                    .Pax('x', ("GNU.sparse.size", "20"), ("GNU.sparse.numblocks", "1"), ("GNU.sparse.map", "4,4"))
                    .File("s", "data")
                    .Finished,
            ],
            bytes =>
            {
                string whole = Summary(new MemoryStream(bytes));
                string inPieces = Summary(new Pieces(bytes));
                FuzzTarget.Must(
                    whole == inPieces,
                    $"in one piece it is\n{whole}\nand in pieces of 7 bytes\n{inPieces}"
                );
                if (whole.StartsWith(nameof(SysctrException), StringComparison.Ordinal))
                {
                    // So that its kind and words are judged.
                    Read(new MemoryStream(bytes), new StringBuilder());
                }
            }
        )
        {
            Mend = MendChecksums,
        };

    /// <summary>The records of an extended header: written anew they are the same.</summary>
    public static FuzzTarget Pax { get; } =
        new(
            "pax",
            [ErrorKind.Unsafe],
            [
                TarBuilder.Latin1(
                    TarBuilder.Record("path", "a/b")
                        + TarBuilder.Record("SCHILY.xattr.user.a", "b\0\n=")
                        + TarBuilder.Record("size", "")
                ),
                TarBuilder.Latin1(
                    TarBuilder.Record("GNU.sparse.offset", "0") + TarBuilder.Record("GNU.sparse.numbytes", "5")
                ),
            ],
            bytes =>
            {
                PaxRecords read = new(),
                    again = new();
                if (!read.TryAdd(bytes))
                {
                    return;
                }

                string written = string.Concat(
                    read.All.Select(r => TarBuilder.Record(r.Key, Encoding.Latin1.GetString(r.Value)))
                );
                FuzzTarget.Must(
                    again.TryAdd(TarBuilder.Latin1(written)),
                    $"what was read can't be read again: {written}"
                );
                FuzzTarget.Must(
                    read.All.All(r => again.Find(r.Key).AsSpan().SequenceEqual(read.Find(r.Key))),
                    $"what was read is another when it is read again: {written}"
                );
            }
        );

    /// <summary>Entries with their contents, or how it is refused.</summary>
    private static string Summary(Stream archive)
    {
        StringBuilder summary = new();
        try
        {
            Read(archive, summary);
            return summary.ToString();
        }
        catch (SysctrException e)
        {
            return $"{nameof(SysctrException)} {e.Kind} {e.Message}";
        }
    }

    private static void Read(Stream archive, StringBuilder summary)
    {
        TarReader reader = new(archive);
        byte[] buffer = new byte[1000];
        while (reader.ReadNext() is { } entry)
        {
            summary
                .Append(entry.Type)
                .Append(' ')
                .Append(entry.Size)
                .Append(' ')
                .Append(Convert.ToHexString(entry.Name));
            long length = 0;
            for (int read; length < MaxContent && (read = reader.ReadContent(buffer)) > 0; length += read)
            {
                summary.Append(Convert.ToHexString(buffer.AsSpan(0, read)));
            }

            FuzzTarget.Must(length <= entry.Size, $"an entry of {entry.Size} bytes has {length}");
            summary.Append('\n');
        }
    }

    /// <summary>Writes the sums of blocks that are headers.</summary>
    private static void MendChecksums(byte[] archive)
    {
        for (int at = 0; at + BlockSize <= archive.Length; at += BlockSize)
        {
            byte[] block = archive[at..(at + BlockSize)];
            if (block.AsSpan(257, 5).SequenceEqual("ustar"u8))
            {
                TarBuilder.Seal(block);
                block.CopyTo(archive, at);
            }
        }
    }

    /// <summary>Gives 7 bytes at most at a time.</summary>
    private sealed class Pieces(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 7));

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 7)]);
    }
}
