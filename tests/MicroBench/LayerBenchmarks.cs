// SPDX-License-Identifier: Apache-2.0

using BenchmarkDotNet.Attributes;
using SystemContainers.Oci;
using SystemContainers.Pull.Streams;
using SystemContainers.Store;
using SystemContainers.Tar;
using SystemContainers.Tests.Tar;
using SystemContainers.Tree;

namespace SystemContainers.MicroBench;

/// <summary>A layer of 2000 files of 4 KiB: read as an archive, verified as a blob, merged with two like it.</summary>
public class LayerBenchmarks
{
    private const int Files = 2000;

    private readonly string _directory = Directory.CreateTempSubdirectory("sysctr-microbench-").FullName;
    private readonly byte[] _archive = Layer("usr/lib");
    private readonly byte[] _buffer = new byte[64 << 10];
    private Descriptor _blob = null!;
    private Digest[] _layers = [];
    private ContentStore _store = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _blob = new Descriptor(MediaTypes.OciLayer, Digest.Sha256(_archive), _archive.Length);
        _store = ContentStore.Open(_directory);
        byte[][] layers =
        [
            _archive,
            Layer("usr/share"),
            Layer("usr/lib")[..^1024].Concat(new TarBuilder().File("usr/lib/.wh.0").Finished).ToArray(),
        ];
        _layers = [.. layers.Select(l => Digest.Sha256(l))];
        for (int i = 0; i < layers.Length; i++)
        {
            await _store.AddLayerAsync(_layers[i], new MemoryStream(layers[i]), CancellationToken.None);
        }

        _store.Commit();
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _store.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Benchmark]
    public long Tar()
    {
        TarReader reader = new(new MemoryStream(_archive));
        long bytes = 0;
        while (reader.ReadNext() is not null)
        {
            for (int read; (read = reader.ReadContent(_buffer)) > 0; bytes += read) { }
        }

        return bytes;
    }

    [Benchmark]
    public long Hashing()
    {
        using VerifiedStream stream = new(new MemoryStream(_archive), _blob, "hashing");
        long bytes = 0;
        for (int read; (read = stream.Read(_buffer)) > 0; bytes += read) { }

        return bytes;
    }

    [Benchmark]
    public object Merge() => MergedTree.Build(_store, _layers);

    private static byte[] Layer(string directory)
    {
        TarBuilder archive = new();
        for (int i = 0; i < Files; i++)
        {
            archive.File($"{directory}/{i}", $"{i}".PadRight(4096));
        }

        return archive.Finished;
    }
}
