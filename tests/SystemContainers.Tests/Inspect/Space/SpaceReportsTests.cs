// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Inspect.Images;
using SystemContainers.Inspect.Space;
using SystemContainers.Oci;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Target;
using SystemContainers.Tests.Fakes;
using SystemContainers.Verbs;
using Xunit;

namespace SystemContainers.Tests.Inspect.Space;

/// <summary>Two images with a layer in common, and a layer that nothing names; files are larger than a block.</summary>
[Trait("needs", "root")]
public sealed class SpaceReportsTests : IDisposable
{
    private const int Kilobytes = 1024;

    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-space-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task A_file_counts_once_and_a_prune_frees_what_was_said()
    {
        Directory.CreateDirectory(Path.Join(_root, "var/lib"));
        using Host host = Host.Open(_root, _ => { });
        Digest common = await LayerAsync(host, "common", 100 * Kilobytes);
        Digest small = await LayerAsync(host, "small", 40 * Kilobytes);
        Digest large = await LayerAsync(host, "large", 400 * Kilobytes);
        await LayerAsync(host, "left", 20 * Kilobytes);
        Name(host, "docker://example.com/one:1", [common, small]);
        Name(host, "docker://example.com/one:latest", [common, small]);
        Name(host, "docker://example.com/two:1", [common, large]);

        SpaceReport report = new SpaceReports(host).Of();

        Assert.Equal(4, report.Files);
        Assert.Equal(560 * Kilobytes, report.Bytes);
        Assert.Equal(
            [(2, 140 * Kilobytes, 100 * Kilobytes), (1, 500 * Kilobytes, 100 * Kilobytes)],
            report.Images.Select(i => (i.Names.Count, (int)i.Bytes, (int)i.Shared))
        );
        Assert.Equal((20 * Kilobytes, 560 * Kilobytes), (report.Prunable, report.PrunableAll));
        Assert.Equal(
            [140 * Kilobytes, 140 * Kilobytes, 500 * Kilobytes],
            new ImageReports(host).List([]).Select(i => (int)i.Size)
        );

        PruneResult pruned = await new PruneOperation(host, _ => { }).RunAsync([], keep: null, CancellationToken.None);
        Assert.Equal(report.Prunable, pruned.Bytes);
        Assert.Equal(0, new SpaceReports(host).Of().Prunable);
    }

    [Fact]
    public void Where_there_is_no_store_there_is_nothing()
    {
        using Host host = Host.Open(_root, _ => { });

        SpaceReport report = new SpaceReports(host).Of();

        Assert.Empty(report.Images);
        Assert.Equal((0, 0L), (report.Files, report.Bytes));
        Assert.False(Directory.Exists(host.StoreHere));
    }

    private static async Task<Digest> LayerAsync(Host host, string name, int bytes)
    {
        byte[] layer = new LayerTar().File(name, name + new string('x', bytes - name.Length)).ToBytes();
        Digest diffId = Digest.Sha256(layer);
        await host.OpenStore().AddLayerAsync(diffId, new MemoryStream(layer), CancellationToken.None);
        host.OpenStore().Commit();
        return diffId;
    }

    private static void Name(Host host, string name, Digest[] layers)
    {
        Digest id = Digest.Sha256(System.Text.Encoding.UTF8.GetBytes(string.Join(' ', layers)));
        host.OpenStore().Images.Set(new ImageRecord(name, id, id, layers, DateTimeOffset.UtcNow));
    }
}
