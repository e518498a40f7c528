// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Chunked;
using SystemContainers.Errors;
using SystemContainers.Tar;
using SystemContainers.Tests.Tar;

namespace SystemContainers.Tests.Fuzz.Targets;

/// <summary>Tables of contents and tar-splits, which whoever makes an image writes; and layers written with
/// them.</summary>
static class ChunkedTargets
{
    private const long ContentEnd = 1000;

    private const string Sum = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// <summary>A table of contents: whatever it says, contents are whole, and within the blob.</summary>
    public static FuzzTarget Table { get; } =
        new(
            "toc",
            [ErrorKind.Corrupt],
            [
                .. new[]
                {
                    $$$"""{"version":1,"entries":[{"type":"dir","name":"etc/","mode":493},{"type":"reg","name":"etc/a","size":5,"digest":"{{{Sum}}}","offset":10,"endOffset":20,"xattrs":{"user.a":"YQ=="}}],"tarSplitDigest":"{{{Sum}}}"}""",
                    $$$"""{"version":1,"entries":[{"type":"reg","name":"a","size":9,"digest":"{{{Sum}}}","offset":10,"endOffset":40,"chunkSize":4,"chunkDigest":"{{{Sum}}}"},{"type":"chunk","name":"a","offset":20,"chunkOffset":4,"chunkSize":3,"chunkType":"zeros"},{"type":"chunk","name":"a","offset":30,"chunkOffset":7,"chunkDigest":"{{{Sum}}}"}]}""",
                }.Select(Encoding.UTF8.GetBytes),
            ],
            bytes =>
            {
                foreach (TocFile file in TocReader.Parse(bytes, ContentEnd).Files)
                {
                    FuzzTarget.Must(
                        file.Size >= 0 && file.Chunks.Sum(c => c.Size) == file.Size && file.Chunks.All(c => c.Size > 0),
                        $"{file.Name} of {file.Size} bytes has others"
                    );
                    FuzzTarget.Must(
                        file.Chunks.All(c => c.IsZeros || (c.Start > 0 && c.Start < c.End && c.End <= ContentEnd)),
                        $"{file.Name} is not in the blob"
                    );
                }
            }
        );

    /// <summary>A tar-split: its pieces are no more than it is.</summary>
    public static FuzzTarget TarSplit { get; } =
        new(
            "tar-split",
            [ErrorKind.Corrupt],
            [
                Encoding.UTF8.GetBytes(
                    """
                    {"type":2,"payload":"ZXRjLwAAAA==","position":0}
                    {"type":1,"name":"etc/","payload":null,"position":1}
                    {"type":2,"payload":"","position":2}
                    {"type":1,"name_raw":"/w==","size":5,"payload":"AAAAAAAAAAA=","position":3}

                    """
                ),
            ],
            bytes =>
            {
                using TarSplitReader reader = TarSplitReader.OfPlain(bytes);
                long length = 0;
                while (reader.ReadNext() is { } entry)
                {
                    FuzzTarget.Must(
                        entry.Size >= 0 && (!entry.IsFile || entry.Bytes.IsEmpty),
                        "a file has bytes, or less than none"
                    );
                    length += entry.Bytes.Length;
                }

                FuzzTarget.Must(length <= bytes.Length, $"{bytes.Length} bytes give {length}");
            }
        );

    /// <summary>An archive as zstd:chunked: headers of the tar-split and contents of the table, one behind the other,
    /// are the archive; or it is refused.</summary>
    public static FuzzTarget Writer { get; } =
        new(
            "chunked",
            [],
            [
                new TarBuilder()
                    .Add('5', "etc/")
                    .File("etc/passwd", "root:x:0:0::/:/bin/sh\n")
                    .Add('2', "etc/link", link: "passwd")
                    .Add('1', "etc/hard", link: "etc/passwd")
                    .Finished,
                new TarBuilder()
                    .Pax('x', ("path", "a/b"), ("SCHILY.xattr.user.a", "b"), ("mtime", "1.5"), ("uid", "70000"))
                    .File("x", "content")
                    .Finished,
                new TarBuilder()
                    .Add('L', "././@LongLink", new string('n', 150) + "\0")
                    .File("x", new string('\0', 3000) + "x")
                    .Add('3', "dev", change: h => TarBuilder.Put(h, 329, "0000001"))
                    .Finished,
            ],
            bytes =>
            {
                using MemoryStream target = new();
                if (
                    ChunkedWriter.Write(new MemoryStream(bytes), target, CancellationToken.None, level: 1).Layer
                    is not { } layer
                )
                {
                    return;
                }

                MustHaveOneName(bytes);
                byte[] blob = target.ToArray();
                Toc toc = TocReader.Read(blob.AsSpan((int)layer.Toc.Offset, (int)layer.Toc.Length), layer);
                using TarSplitReader tarSplit = TarSplitReader.Open(
                    blob[(int)layer.TarSplit.Offset..(int)layer.TarSplit.End],
                    toc.TarSplitDigest!.Value,
                    layer.TarSplit.PlainLength
                );
                using ZstdSharp.Decompressor zstd = new();
                using MemoryStream again = new();
                int file = 0;
                while (tarSplit.ReadNext() is { } entry)
                {
                    again.Write(entry.Bytes.Span);
                    foreach (TocChunk chunk in entry.IsFile ? toc.Files[file++].Chunks : [])
                    {
                        again.Write(zstd.Unwrap(blob.AsSpan((int)chunk.Start, (int)(chunk.End - chunk.Start))));
                    }
                }

                FuzzTarget.Must(
                    again.ToArray().AsSpan().SequenceEqual(bytes),
                    "what is put together is another archive"
                );
            }
        )
        {
            Mend = TarTargets.Archive.Mend,
            MaxAllocated = 256 << 20,
        };

    /// <summary>What the table is made of has the names that an archive's other reader finds.</summary>
    private static void MustHaveOneName(byte[] archive)
    {
        RawTarReader raw = new(new MemoryStream(archive));
        TarReader tar = new(new MemoryStream(archive));
        byte[] buffer = new byte[4096];
        while (raw.ReadNext() is { } entry)
        {
            while (raw.ReadContent(buffer) > 0)
            {
                // It is the content of a file.
            }

            (string name, string link) = tar.ReadNext() is { } other
                ? (Encoding.UTF8.GetString(other.Name), Encoding.UTF8.GetString(other.LinkName))
                : ("", "");
            string trimmed = entry.Name.TrimEnd('/');
            FuzzTarget.Must(
                name == (trimmed.Length == 0 ? "/" : trimmed)
                    && (entry.Type is not ("hardlink" or "symlink") || link == entry.LinkName),
                $"the table calls '{entry.Name}' what the archive calls '{name}'"
            );
        }
    }
}
