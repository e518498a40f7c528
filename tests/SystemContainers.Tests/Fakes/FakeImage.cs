// SPDX-License-Identifier: Apache-2.0

using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using SystemContainers.Chunked;
using SystemContainers.Oci;

namespace SystemContainers.Tests.Fakes;

/// <summary>An image of any bytes, and any lie about them; the defaults are true.</summary>
public sealed class FakeImage
{
    private readonly List<(byte[] Plain, byte[] Blob, string Type)> _layers = [];

    public string ConfigType { get; set; } = "application/vnd.oci.image.config.v1+json";

    public string ManifestType { get; set; } = "application/vnd.oci.image.manifest.v1+json";

    public string Architecture { get; set; } = "amd64";

    /// <summary>Changes the configuration before it is hashed.</summary>
    public Action<JsonObject> ChangeConfig { get; set; } = static _ => { };

    /// <summary>Changes the manifest before it is hashed.</summary>
    public Action<JsonObject> ChangeManifest { get; set; } = static _ => { };

    public byte[] Config { get; private set; } = [];

    public byte[] Manifest { get; private set; } = [];

    public Digest ManifestDigest => Digest.Sha256(Manifest);

    public IReadOnlyList<byte[]> Plains => [.. _layers.Select(l => l.Plain)];

    public Digest DiffId(int layer) => Digest.Sha256(_layers[layer].Plain);

    public Digest Blob(int layer) => Digest.Sha256(_layers[layer].Blob);

    public byte[] BlobBytes(int layer) => _layers[layer].Blob;

    /// <summary>Bytes that do not compress, the same for one seed.</summary>
    public static byte[] Noise(int size, int seed = 1)
    {
        byte[] bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public FakeImage AddGzip(byte[] plain) => Add(plain, Gzip(plain), "application/vnd.oci.image.layer.v1.tar+gzip");

    public FakeImage AddZstd(byte[] plain)
    {
        using ZstdSharp.Compressor compressor = new();
        return Add(plain, compressor.Wrap(plain).ToArray(), "application/vnd.oci.image.layer.v1.tar+zstd");
    }

    /// <summary>A zstd:chunked layer with its annotations, as <see cref="ChunkedWriter"/> writes it.</summary>
    /// <param name="plain">The archive.</param>
    /// <param name="change">Changes the annotations, before the manifest is made.</param>
    /// <param name="blob">Changes the blob.</param>
    public FakeImage AddChunked(
        byte[] plain,
        Action<IDictionary<string, string>>? change = null,
        Func<byte[], byte[]>? blob = null
    )
    {
        using MemoryStream target = new();
        (ChunkedLayer? layer, string? unfit) = ChunkedWriter.Write(
            new MemoryStream(plain),
            target,
            CancellationToken.None
        );
        Dictionary<string, string> annotations = new(
            layer?.ToAnnotations() ?? throw new ArgumentException(unfit, nameof(plain))
        );
        change?.Invoke(annotations);
        byte[] bytes = blob?.Invoke(target.ToArray()) ?? target.ToArray();
        Add(plain, bytes, "application/vnd.oci.image.layer.v1.tar+zstd");
        return Annotate(_layers.Count - 1, annotations);
    }

    /// <summary>Gives a layer's descriptor annotations.</summary>
    public FakeImage Annotate(int index, IReadOnlyDictionary<string, string> annotations)
    {
        ChangeManifest += manifest =>
            manifest["layers"]![index]!["annotations"] = new JsonObject([
                .. annotations.Select(a => KeyValuePair.Create(a.Key, (JsonNode?)a.Value)),
            ]);
        return this;
    }

    public FakeImage AddPlain(byte[] plain) => Add(plain, plain, "application/vnd.oci.image.layer.v1.tar");

    /// <summary>A layer whose blob need not be what it should be.</summary>
    public FakeImage Add(byte[] plain, byte[] blob, string type)
    {
        _layers.Add((plain, blob, type));
        return this;
    }

    public static byte[] Gzip(byte[] plain)
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Fastest))
        {
            gzip.Write(plain);
        }

        return packed.ToArray();
    }

    /// <summary>Makes the documents.</summary>
    public FakeImage Build()
    {
        JsonObject config = new()
        {
            ["architecture"] = Architecture,
            ["os"] = "linux",
            ["config"] = new JsonObject { ["Cmd"] = new JsonArray("/bin/true") },
            ["rootfs"] = new JsonObject
            {
                ["type"] = "layers",
                ["diff_ids"] = new JsonArray([.. _layers.Select(l => (JsonNode)Digest.Sha256(l.Plain).ToString())]),
            },
        };
        ChangeConfig(config);
        Config = Encoding.UTF8.GetBytes(config.ToJsonString());
        JsonObject manifest = new()
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = ManifestType,
            ["config"] = Descriptor(ConfigType, Config),
            ["layers"] = new JsonArray([.. _layers.Select(l => (JsonNode)Descriptor(l.Type, l.Blob))]),
        };
        ChangeManifest(manifest);
        Manifest = Encoding.UTF8.GetBytes(manifest.ToJsonString());
        return this;
    }

    /// <summary>Makes it and puts it into a registry.</summary>
    public FakeImage PushTo(FakeRegistry registry, string tag)
    {
        Build();
        registry.Manifests[tag] = (ManifestType, Manifest);
        registry.Manifests[ManifestDigest.ToString()] = (ManifestType, Manifest);
        registry.Blobs[Digest.Sha256(Config).ToString()] = Config;
        foreach ((_, byte[] blob, _) in _layers)
        {
            registry.Blobs[Digest.Sha256(blob).ToString()] = blob;
        }

        return this;
    }

    /// <summary>Makes it and puts it into a registry that keeps to the specification.</summary>
    public FakeImage PushTo(OciRegistry registry, string repository, params string[] tags)
    {
        Build();
        OciRepository there = registry.Repository(repository);
        there.Manifests[ManifestDigest] = (ManifestType, Manifest);
        there.Blobs[Digest.Sha256(Config)] = Config;
        foreach ((_, byte[] blob, _) in _layers)
        {
            there.Blobs[Digest.Sha256(blob)] = blob;
        }

        foreach (string tag in tags)
        {
            there.Tags[tag] = ManifestDigest;
        }

        return this;
    }

    /// <summary>Makes it and writes it as an OCI layout.</summary>
    public FakeImage WriteTo(string layout, string tag)
    {
        Build();
        string blobs = Path.Combine(layout, "blobs/sha256");
        Directory.CreateDirectory(blobs);
        File.WriteAllText(Path.Combine(layout, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
        foreach (byte[] blob in _layers.Select(l => l.Blob).Append(Config).Append(Manifest))
        {
            File.WriteAllBytes(Path.Combine(blobs, Digest.Sha256(blob).Hex), blob);
        }

        JsonObject entry = Descriptor(ManifestType, Manifest);
        entry["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = tag };
        File.WriteAllBytes(Path.Combine(layout, "index.json"), Index(entry));
        return this;
    }

    /// <summary>An index of descriptors.</summary>
    public static byte[] Index(params JsonObject[] manifests) =>
        Encoding.UTF8.GetBytes(
            new JsonObject
            {
                ["schemaVersion"] = 2,
                ["mediaType"] = "application/vnd.oci.image.index.v1+json",
                ["manifests"] = new JsonArray([.. manifests]),
            }.ToJsonString()
        );

    /// <summary>A descriptor, for a platform <c>os/architecture[/variant]</c> where one is given.</summary>
    public static JsonObject Descriptor(string type, byte[] bytes, string? platform = null)
    {
        JsonObject descriptor = new()
        {
            ["mediaType"] = type,
            ["digest"] = Digest.Sha256(bytes).ToString(),
            ["size"] = bytes.Length,
        };
        if (platform?.Split('/') is [{ } os, { } architecture, ..] parts)
        {
            JsonObject value = new() { ["os"] = os, ["architecture"] = architecture };
            if (parts.Length > 2)
            {
                value["variant"] = parts[2];
            }

            descriptor["platform"] = value;
        }

        return descriptor;
    }
}
