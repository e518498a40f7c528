// SPDX-License-Identifier: Apache-2.0

using System.Formats.Tar;
using System.Text;
using SystemContainers.Fsck;
using SystemContainers.Oci;
using SystemContainers.Store.Records;
using SystemContainers.Target;
using Xunit;

namespace SystemContainers.Tests.Fsck;

/// <summary>What a repair removes, where the store has gone on since it was looked at.</summary>
[Trait("needs", "root")]
public sealed class FsckRepairTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-fsck-").FullName;

    [Fact]
    public async Task A_damaged_layer_that_an_install_has_come_to_need_since_is_not_removed()
    {
        using Host host = Host.Open(_root, _ => { });
        byte[] tar = Tar();
        Digest layer = Digest.Sha256(tar);
        await host.OpenStore().AddLayerAsync(layer, new MemoryStream(tar), CancellationToken.None);
        host.OpenStore().Commit();
        File.Delete(
            Directory.GetFiles(Path.Join(host.StoreHere, "objects"), "*", SearchOption.AllDirectories).Single()
        );
        FsckPass found = await FsckPass.RunAsync(host, content: true, _ => true, CancellationToken.None);
        Assert.Single(found.Layers.Damaged);

        // Another process finds the layer in the store, and does not fetch it.
        host.OpenStore().PutBlob(Digest.Sha256("manifest"u8), "manifest"u8);
        host.OpenStore().PutBlob(Digest.Sha256("config"u8), "config"u8);
        host.OpenStore()
            .Images.Set(
                new ImageRecord(
                    "docker://registry.example/late:latest",
                    Digest.Sha256("manifest"u8),
                    Digest.Sha256("config"u8),
                    [layer],
                    DateTimeOffset.UnixEpoch
                )
            );
        new LeftoverRepair(host, new RepairLog()).Run(found, CancellationToken.None);
        Assert.True(File.Exists(host.OpenStore().IndexPath(layer)));

        host.OpenStore().Images.Delete("docker://registry.example/late:latest");
        new LeftoverRepair(host, new RepairLog()).Run(found, CancellationToken.None);
        Assert.False(File.Exists(host.OpenStore().IndexPath(layer)));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static byte[] Tar()
    {
        using MemoryStream stream = new();
        using (TarWriter writer = new(stream, TarEntryFormat.Ustar, leaveOpen: true))
        {
            writer.WriteEntry(
                new UstarTarEntry(TarEntryType.RegularFile, "file")
                {
                    DataStream = new MemoryStream(Encoding.UTF8.GetBytes("content")),
                }
            );
        }

        return stream.ToArray();
    }
}
