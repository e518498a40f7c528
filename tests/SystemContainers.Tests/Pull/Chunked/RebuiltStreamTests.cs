// SPDX-License-Identifier: Apache-2.0

using CsCheck;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Chunked;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Chunked;
using SystemContainers.Tests.Chunked;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Pull.Chunked;

/// <summary>Archives put together again from what is here and what is fetched.</summary>
public sealed class RebuiltStreamTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-rebuilt-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    [Trait("needs", "time")]
    public Task Whatever_is_here_the_archive_is_the_same() =>
        Gen.Select(ArchiveGen.Archive, Gen.Int[0, 4], Gen.Int, (plain, share, seed) => (plain, share, seed))
            .CheckAsync(
                async sample =>
                {
                    Random random = new(sample.seed);
                    (byte[] rebuilt, _) = await RebuildAsync(
                        sample.plain,
                        _ => random.Next(4) < sample.share,
                        content => content
                    );
                    Assert.Equal(sample.plain, rebuilt);
                },
                iter: 60
            );

    [Fact]
    public async Task Only_what_is_not_here_is_fetched()
    {
        byte[] plain = new LayerTar().File("a", Text(1)).File("b", Text(2)).File("c", Text(3)).ToBytes();
        int chunk = 0;

        (byte[] rebuilt, BlobSource source) = await RebuildAsync(plain, _ => chunk++ != 1, content => content);

        Assert.Equal(plain, rebuilt);
        Assert.InRange(Assert.Single(source.Ranges).Length, 20_000, 21_000);
    }

    /// <summary>An object of the store that the disk has changed costs a request, and no pull.</summary>
    [Theory]
    [InlineData(20_000)]
    [InlineData(1_000_000)]
    public async Task What_is_here_and_is_not_what_it_was_is_fetched(int size)
    {
        byte[] plain = new LayerTar().File("a", Text(1, size)).ToBytes();

        (byte[] rebuilt, BlobSource source) = await RebuildAsync(
            plain,
            _ => true,
            content => [.. content[..^1], (byte)~content[^1]]
        );

        Assert.Equal(plain, rebuilt);
        Assert.NotEmpty(source.Ranges);
    }

    [Fact]
    public async Task Of_several_places_one_that_is_right_is_enough()
    {
        byte[] plain = new LayerTar().File("a", Text(1, 5_000_000)).ToBytes();

        (byte[] rebuilt, BlobSource source) = await RebuildAsync(
            plain,
            _ => true,
            content => [.. content[..^1], (byte)~content[^1]],
            isElsewhere: true
        );

        Assert.Equal(plain, rebuilt);
        Assert.Empty(source.Ranges);
    }

    /// <summary>Each costs a request, and a layer may have a million.</summary>
    [Fact]
    public async Task Where_most_of_what_is_here_is_not_what_it_was_it_is_given_up()
    {
        LayerTar tar = new();
        for (int i = 0; i < 40; i++)
        {
            tar.File($"f{i}", Text(i, 100));
        }

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            RebuildAsync(tar.ToBytes(), _ => true, content => [.. content[..^1], (byte)~content[^1]])
        );

        Assert.Equal(ErrorKind.Corrupt, e.Kind);
        Assert.Contains("more than 32 pieces", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archive_of_another_diffID_fails_at_its_end()
    {
        byte[] plain = new LayerTar().File("a", Text(1)).ToBytes();

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            RebuildAsync(plain, _ => true, content => content, Digest.Sha256("other"u8))
        );

        Assert.Equal(ErrorKind.Corrupt, e.Kind);
        Assert.Contains("the image's configuration says", e.Message, StringComparison.Ordinal);
    }

    private static string Text(int seed, int size = 20_000) =>
        System.Text.Encoding.Latin1.GetString(FakeImage.Noise(size, seed));

    private async Task<(byte[] Plain, BlobSource Source)> RebuildAsync(
        byte[] plain,
        Func<TocChunk, bool> isHere,
        Func<byte[], byte[]> change,
        Digest? diffId = null,
        bool isElsewhere = false
    )
    {
        using MemoryStream target = new();
        ChunkedLayer layer = ChunkedWriter.Write(new MemoryStream(plain), target, Cancellation).Layer!;
        byte[] blob = target.ToArray();
        Toc toc = TocReader.Read(blob.AsSpan((int)layer.Toc.Offset, (int)layer.Toc.Length), layer);
        using ZstdSharp.Decompressor zstd = new();
        Dictionary<ContentSum, byte[][]> here = [];
        foreach (TocChunk chunk in toc.Files.SelectMany(f => f.Chunks).Where(c => !c.IsZeros && isHere(c)))
        {
            byte[] content = zstd.Unwrap(blob.AsSpan((int)chunk.Start, (int)(chunk.End - chunk.Start))).ToArray();
            here[chunk.Sum] = isElsewhere ? [change(content), content] : [change(content)];
        }

        BlobSource source = new(blob);
        Descriptor descriptor = new(MediaTypes.OciLayerZstd, Digest.Sha256(blob), blob.Length);
        BlobRange[] missing =
        [
            .. toc
                .Files.SelectMany(f => f.Chunks)
                .Where(c => !c.IsZeros && !here.ContainsKey(c.Sum))
                .Select(c => new BlobRange(c.Start, c.End)),
        ];
        RangesStream ranges = new(
            source,
            descriptor,
            RangePlan.Cut(RangePlan.Of(missing, 4), 100_000),
            3,
            _ => { },
            Cancellation
        );
        TarSplitReader tarSplit = TarSplitReader.Open(
            blob[(int)layer.TarSplit.Offset..(int)layer.TarSplit.End],
            toc.TarSplitDigest!.Value,
            layer.TarSplit.PlainLength
        );
        await using RebuiltStream stream = new(
            toc,
            tarSplit,
            new Here(here, _root),
            ranges,
            r => source.OpenRange(descriptor, r.Start, r.Length),
            diffId ?? Digest.Sha256(plain),
            "rebuilding"
        );
        using MemoryStream rebuilt = new();
        await stream.CopyToAsync(rebuilt, Cancellation);
        return (rebuilt.ToArray(), source);
    }

    /// <summary>Contents in a file each.</summary>
    private sealed class Here(Dictionary<ContentSum, byte[][]> contents, string root) : IFoundContents
    {
        private SafeFileHandle? _file;

        public int Count => contents.Count;

        public int Places(ContentSum sum) => contents.TryGetValue(sum, out byte[][]? places) ? places.Length : 0;

        public (SafeFileHandle File, long Offset)? Open(ContentSum sum, int place)
        {
            _file?.Dispose();
            string path = Path.Combine(root, "content");
            File.WriteAllBytes(path, [7, 7, .. contents[sum][place]]);
            return (_file = File.OpenHandle(path), 2);
        }

        public void Dispose() => _file?.Dispose();
    }
}
