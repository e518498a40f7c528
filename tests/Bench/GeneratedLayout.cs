// SPDX-License-Identifier: Apache-2.0

using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using SystemContainers.TestBed;

namespace SystemContainers.Bench;

/// <summary>Images of any size as OCI layouts with gzip layers, kept in the cache; every file differs from all
/// others.</summary>
/// <param name="Layers">How many.</param>
/// <param name="Files">In each layer, a thousand to a directory.</param>
/// <param name="Bytes">Of each file.</param>
sealed record GeneratedLayout(int Layers, int Files, long Bytes)
{
    private const string Recipe = "1";
    private const string ManifestType = "application/vnd.oci.image.manifest.v1+json";

    /// <summary>The layout; its image has the tag <c>latest</c>.</summary>
    public async Task<string> GetAsync() =>
        Path.Combine(await Cache.GetAsync($"bench-{Layers}-{Files}-{Bytes}", [Recipe], WriteAsync), "layout");

    private async Task WriteAsync(string folder)
    {
        string layout = Path.Combine(folder, "layout"),
            blobs = Path.Combine(layout, "blobs", "sha256");
        Directory.CreateDirectory(blobs);
        List<Dictionary<string, object>> layers = [];
        List<string> diffIds = [];
        for (int layer = 0; layer < Layers; layer++)
        {
            string plain = Path.Combine(folder, "plain.tar"),
                packed = Path.Combine(folder, "packed");
            await WriteTarAsync(plain, layer);
            diffIds.Add(await DigestAsync(plain));
            await using (FileStream source = File.OpenRead(plain))
            await using (FileStream target = File.Create(packed))
            await using (GZipStream gzip = new(target, CompressionLevel.Fastest))
            {
                await source.CopyToAsync(gzip);
            }

            layers.Add(await TakeAsync(packed, "application/vnd.oci.image.layer.v1.tar+gzip"));
            File.Delete(plain);
        }

        var config = await BlobAsync(
            new
            {
                architecture = "amd64",
                os = "linux",
                config = new
                {
                    Cmd = new[] { "/d0/f0" },
                    Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["atomic.type"] = "system" },
                },
                rootfs = new { type = "layers", diff_ids = diffIds },
            },
            "application/vnd.oci.image.config.v1+json"
        );
        var manifest = await BlobAsync(
            new
            {
                schemaVersion = 2,
                mediaType = ManifestType,
                config,
                layers,
            },
            ManifestType
        );
        manifest["annotations"] = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["org.opencontainers.image.ref.name"] = ImageBuilder.Tag,
        };
        await File.WriteAllTextAsync(
            Path.Combine(layout, "index.json"),
            JsonSerializer.Serialize(new { schemaVersion = 2, manifests = new[] { manifest } })
        );
        await File.WriteAllTextAsync(Path.Combine(layout, "oci-layout"), """{"imageLayoutVersion": "1.0.0"}""");

        async Task<Dictionary<string, object>> BlobAsync(object content, string type)
        {
            string file = Path.Combine(folder, "blob");
            await File.WriteAllBytesAsync(file, JsonSerializer.SerializeToUtf8Bytes(content));
            return await TakeAsync(file, type);
        }

        async Task<Dictionary<string, object>> TakeAsync(string file, string type)
        {
            string digest = await DigestAsync(file);
            long size = new FileInfo(file).Length;
            File.Move(file, Path.Combine(blobs, digest["sha256:".Length..]), overwrite: true);
            return new(StringComparer.Ordinal)
            {
                ["mediaType"] = type,
                ["digest"] = digest,
                ["size"] = size,
            };
        }
    }

    private async Task WriteTarAsync(string file, int layer)
    {
        await using TarWriter tar = new(File.Create(file), TarEntryFormat.Ustar);
        Random random = new(layer + 1);
        for (int i = 0; i < Files; i++)
        {
            // Directories of one layer are not those of the next.
            string directory = $"d{(layer * ((Files + 999) / 1000)) + (i / 1000)}";
            if (i % 1000 == 0)
            {
                await tar.WriteEntryAsync(
                    new UstarTarEntry(TarEntryType.Directory, directory + "/") { Mode = (UnixFileMode)0b111_101_101 }
                );
            }

            await using Stream content = Content(random, $"{layer} {i} ");
            await tar.WriteEntryAsync(
                new UstarTarEntry(TarEntryType.RegularFile, $"{directory}/f{i}")
                {
                    Mode = (UnixFileMode)0b111_101_101,
                    DataStream = content,
                }
            );
        }
    }

    /// <summary>Half of it compresses, as programs do.</summary>
    private Stream Content(Random random, string mark)
    {
        if (Bytes <= 1 << 20)
        {
            byte[] bytes = new byte[Bytes];
            random.NextBytes(bytes.AsSpan(0, bytes.Length / 2));
            System.Text.Encoding.ASCII.GetBytes(mark).AsSpan(0, Math.Min(mark.Length, bytes.Length)).CopyTo(bytes);
            return new MemoryStream(bytes);
        }

        FileStream large = new(
            Path.GetTempFileName(),
            FileMode.Open,
            FileAccess.ReadWrite,
            FileShare.None,
            1 << 16,
            FileOptions.DeleteOnClose
        );
        byte[] block = new byte[1 << 20];
        for (long written = 0; written < Bytes; written += block.Length)
        {
            random.NextBytes(block.AsSpan(0, block.Length / 2));
            large.Write(block.AsSpan(0, (int)Math.Min(block.Length, Bytes - written)));
        }

        large.Position = 0;
        return large;
    }

    private static async Task<string> DigestAsync(string file)
    {
        await using FileStream stream = File.OpenRead(file);
        return "sha256:" + Convert.ToHexStringLower(await SHA256.HashDataAsync(stream));
    }
}
