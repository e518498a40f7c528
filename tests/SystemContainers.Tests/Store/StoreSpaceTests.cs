// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Store;
using SystemContainers.TestBed;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Store;

/// <summary>Room is asked for before it is needed, on a file system of 16 MiB.</summary>
[Trait("needs", "root")]
public sealed class StoreSpaceTests : IAsyncLifetime
{
    private const long Megabyte = 1 << 20;

    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-space-").FullName;

    public async ValueTask InitializeAsync() =>
        await Command.MustAsync("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", _root);

    public async ValueTask DisposeAsync()
    {
        await Command.MustAsync("umount", "--lazy", _root);
        Directory.Delete(_root);
    }

    [Fact]
    public async Task What_gives_room_back_goes_in_one_step_though_not_even_a_lock_can_be_made()
    {
        await Command.MustAsync("mount", "-o", "remount,nr_inodes=200", _root);
        using ContentStore store = ContentStore.Open(_root + "/store");

        // Where a kill in the middle of such a removal would leave it.
        Directory.CreateDirectory(_root + "/store/staging/bare");
        string directory = _root + "/store/deployments/full";
        Directory.CreateDirectory(directory + "/rootfs");
        try
        {
            for (int i = 0; ; i++)
            {
                await File.WriteAllTextAsync($"{directory}/rootfs/{i}", "");
            }
        }
        catch (IOException)
        {
            // No inode is left.
        }

        store.Discard(directory);

        Assert.False(Directory.Exists(directory));
        ContentStore.Open(_root + "/store").Dispose();
        Assert.Empty(Directory.GetFileSystemEntries(_root + "/store/staging"));
    }

    [Fact]
    public void Two_pulls_are_not_promised_the_same_room()
    {
        using ContentStore second = Open("0");
        using (ContentStore first = Open("0"))
        {
            first.Expect("pulling one", 10 * Megabyte);

            SysctrException refusal = Assert.Throws<SysctrException>(() => second.Expect("pulling two", 10 * Megabyte));
            Assert.Equal(ErrorKind.Storage, refusal.Kind);
            Assert.StartsWith("pulling two: it needs 10.5 MB, and ", refusal.Message, StringComparison.Ordinal);
            second.Expect("pulling two", 4 * Megabyte);
        }

        second.Expect("pulling two", 10 * Megabyte);
    }

    [Fact]
    public async Task What_is_written_takes_the_place_of_what_was_reserved()
    {
        using ContentStore store = Open("0");
        byte[] layer = new LayerTar().File("large", new string('x', 9 << 20)).ToBytes();
        store.Expect("pulling", 10 * Megabyte);

        await store.AddLayerAsync(Digest.Sha256(layer), new MemoryStream(layer), CancellationToken.None);

        store.Commit();
        Assert.True(store.HasLayer(Digest.Sha256(layer)));
    }

    [Fact]
    public async Task A_layer_that_is_larger_than_was_known_stops_at_what_stays_free()
    {
        using ContentStore store = Open("50%");
        byte[] layer = new LayerTar().File("large", new string('x', 14 << 20)).ToBytes();
        store.Expect("pulling", Megabyte);

        SysctrException refusal = await Assert.ThrowsAsync<SysctrException>(() =>
            store.AddLayerAsync(Digest.Sha256(layer), new MemoryStream(layer), CancellationToken.None)
        );

        Assert.Equal(ErrorKind.Storage, refusal.Kind);
        Assert.Contains("min-free-space", refusal.Message, StringComparison.Ordinal);
    }

    private ContentStore Open(string keepFree) =>
        ContentStore.Open(
            Path.Join(_root, "store"),
            keepFree: new Lazy<FreeSpaceRule>(FreeSpaceRule.TryParse(keepFree)!)
        );
}
