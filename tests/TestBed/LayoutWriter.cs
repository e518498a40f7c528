// SPDX-License-Identifier: Apache-2.0

using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace SystemContainers.TestBed;

/// <summary>Writes an OCI layout of one uncompressed layer from files that a test names: an image in milliseconds, for
/// what only one test wants.</summary>
public sealed class LayoutWriter
{
    private readonly SortedDictionary<string, TarEntry> _entries = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> _labels = new(StringComparer.Ordinal)
    {
        ["atomic.type"] = "system",
    };

    /// <summary>A file; text as UTF-8.</summary>
    public LayoutWriter File(
        string path,
        string text,
        UnixFileMode mode =
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead
    ) => File(path, Encoding.UTF8.GetBytes(text), mode);

    /// <summary>A file.</summary>
    public LayoutWriter File(string path, byte[] content, UnixFileMode mode)
    {
        Directory(Path.GetDirectoryName(path)!);
        _entries[path] = new PaxTarEntry(TarEntryType.RegularFile, path[1..])
        {
            Mode = mode,
            DataStream = new MemoryStream(content),
        };
        return this;
    }

    /// <summary>A directory with those above it.</summary>
    public LayoutWriter Directory(string path)
    {
        if (path != "/" && !_entries.ContainsKey(path))
        {
            Directory(Path.GetDirectoryName(path)!);
            _entries[path] = new PaxTarEntry(TarEntryType.Directory, path[1..] + "/")
            {
                Mode = (UnixFileMode)0b111_101_101,
            };
        }

        return this;
    }

    /// <summary>A symbolic link.</summary>
    public LayoutWriter Link(string path, string target)
    {
        Directory(Path.GetDirectoryName(path)!);
        _entries[path] = new PaxTarEntry(TarEntryType.SymbolicLink, path[1..]) { LinkName = target };
        return this;
    }

    /// <summary>A label of the image's configuration.</summary>
    public LayoutWriter Label(string name, string value)
    {
        _labels[name] = value;
        return this;
    }

    /// <summary>Writes the layout, with the image under <c>latest</c>.</summary>
    public async Task WriteAsync(string layout)
    {
        string blobs = Path.Combine(layout, "blobs", "sha256");
        System.IO.Directory.CreateDirectory(blobs);
        using MemoryStream layer = new();
        await using (TarWriter tar = new(layer, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (TarEntry entry in _entries.Values)
            {
                await tar.WriteEntryAsync(entry);
            }
        }

        var layerBlob = await BlobAsync(layer.ToArray(), "application/vnd.oci.image.layer.v1.tar");
        var config = await BlobAsync(
            new
            {
                architecture = "amd64",
                os = "linux",
                config = new { Labels = _labels, Cmd = new[] { "/bin/stub" } },
                rootfs = new { type = "layers", diff_ids = new[] { layerBlob["digest"] } },
            },
            "application/vnd.oci.image.config.v1+json"
        );
        var manifest = await BlobAsync(
            new
            {
                schemaVersion = 2,
                mediaType = ManifestType,
                config,
                layers = new[] { layerBlob },
            },
            ManifestType
        );
        manifest["annotations"] = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["org.opencontainers.image.ref.name"] = ImageBuilder.Tag,
        };
        await System.IO.File.WriteAllTextAsync(
            Path.Combine(layout, "index.json"),
            JsonSerializer.Serialize(new { schemaVersion = 2, manifests = new[] { manifest } })
        );
        await System.IO.File.WriteAllTextAsync(
            Path.Combine(layout, "oci-layout"),
            """{"imageLayoutVersion": "1.0.0"}"""
        );

        async Task<Dictionary<string, object>> BlobAsync(object content, string type)
        {
            byte[] bytes = content as byte[] ?? JsonSerializer.SerializeToUtf8Bytes(content);
            string hex = Convert.ToHexStringLower(SHA256.HashData(bytes));
            await System.IO.File.WriteAllBytesAsync(Path.Combine(blobs, hex), bytes);
            return new(StringComparer.Ordinal)
            {
                ["mediaType"] = type,
                ["digest"] = "sha256:" + hex,
                ["size"] = bytes.Length,
            };
        }
    }

    private const string ManifestType = "application/vnd.oci.image.manifest.v1+json";
}
