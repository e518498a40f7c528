// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Processes;
using SystemContainers.Oci;
using SystemContainers.Store;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Store.Records;

/// <summary>Times that a file system can't keep: recorded as it keeps them, counted, and no damage
/// afterwards.</summary>
[Trait("needs", "programs")]
public sealed class FileTimesTests : IAsyncLifetime
{
    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-times-").FullName;

    private string Mount => Path.Combine(_root, "ext4");

    public ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Mount);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await ProcessRunner.RunAsync("umount", ["--lazy", Mount], CancellationToken.None);
        Directory.Delete(_root, recursive: true);
    }

    // The largest time of ext4's two sizes of inodes, and the fraction of a second that the small one lacks.
    [Theory]
    [InlineData("256", 15032385535, 500_000_000, 2)]
    [InlineData("128", int.MaxValue, 0, 3)]
    public async Task What_ext4_can_not_keep_is_recorded_as_it_is_kept(
        string inode,
        long last,
        int fraction,
        int changed
    )
    {
        await MustAsync("truncate", "--size", "64M", Mount + ".img");
        await MustAsync("mkfs.ext4", "-q", "-I", inode, Mount + ".img");
        await MustAsync("mount", "-o", "loop", Mount + ".img", Mount);
        byte[] layer = new LayerTar()
            .File("now", "content")
            .File("half", "content", mtime: "1600000000.5")
            .File("far", "content", mtime: "20000000000.0")
            .Dir("old", mtime: "-20000000000.0")
            .ToBytes();
        Digest diffId = Digest.Sha256(layer);
        using ContentStore store = ContentStore.Open(
            Path.Combine(Mount, "store"),
            keepFree: new Lazy<FreeSpaceRule>(FreeSpaceRule.TryParse("0")!)
        );

        await store.AddLayerAsync(diffId, new MemoryStream(layer), CancellationToken.None);
        store.Commit();

        Assert.Equal(
            [(1600000000, 0), (1600000000, fraction), (last, 0), (int.MinValue, 0)],
            store.ReadLayer(diffId).Entries.Select(e => (e.Metadata.MtimeSeconds, e.Metadata.MtimeNanoseconds))
        );
        Assert.Empty(store.VerifyLayer(diffId));
        Assert.Equal(changed, store.Times.Changed.Count);
        Assert.Contains(store.Times.Changed.Example, (string[])["half", "far"]);
    }

    private static async Task MustAsync(string program, params string[] arguments)
    {
        ProcessResult result = await ProcessRunner.RunAsync(program, arguments, CancellationToken.None);
        Assert.True(result.ExitCode == 0, result.Error);
    }
}
