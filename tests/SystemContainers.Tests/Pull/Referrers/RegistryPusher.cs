// SPDX-License-Identifier: Apache-2.0

using System.Net.Http.Headers;
using System.Text;
using SystemContainers.Oci;

namespace SystemContainers.Tests.Pull.Referrers;

/// <summary>Puts images, and what is attached to them, into a registry byte by byte, so that a test decides what is
/// there.</summary>
/// <param name="host">The registry; plain HTTP.</param>
/// <param name="repository">Where in it.</param>
sealed class RegistryPusher(string host, string repository) : IDisposable
{
    private readonly HttpClient _client = new();
    private readonly Dictionary<Digest, long> _sizes = [];

    public string Name => $"{host}/{repository}";

    public void Dispose() => _client.Dispose();

    /// <summary>An image that differs by its label.</summary>
    public async Task<Digest> ImageAsync(string label, string? tag = null)
    {
        Descriptor config = await BlobAsync(
            Encoding.UTF8.GetBytes(
                $$$"""{"architecture":"amd64","os":"linux","config":{"Labels":{"label":"{{{label}}}"}},"rootfs":{"type":"layers","diff_ids":[]}}"""
            ),
            MediaTypes.OciConfig
        );
        return await ManifestAsync(
            Encoding.UTF8.GetBytes(
                $$$$$$"""{"schemaVersion":2,"mediaType":"{{{{{{MediaTypes.OciManifest}}}}}}","config":{{{{{{Json(config)}}}}}},"layers":[]}"""
            ),
            MediaTypes.OciManifest,
            tag
        );
    }

    public async Task<Descriptor> BlobAsync(byte[] bytes, string type)
    {
        Digest digest = Digest.Sha256(bytes);
        using HttpResponseMessage begun = (
            await _client.PostAsync(
                new Uri($"http://{Name.Replace($"{host}/", $"{host}/v2/", StringComparison.Ordinal)}/blobs/uploads/"),
                null
            )
        ).EnsureSuccessStatusCode();
        Uri place = new(new Uri($"http://{host}/"), begun.Headers.Location!);
        using ByteArrayContent content = new(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using HttpResponseMessage done = (
            await _client.PutAsync(
                new Uri(
                    $"{place}{(place.Query.Length > 0 ? "&" : "?")}digest={Uri.EscapeDataString(digest.ToString())}"
                ),
                content
            )
        ).EnsureSuccessStatusCode();
        return new Descriptor(type, digest, bytes.Length);
    }

    public async Task<Digest> ManifestAsync(byte[] bytes, string type, string? tag = null)
    {
        Digest digest = Digest.Sha256(bytes);
        _sizes[digest] = bytes.Length;
        using ByteArrayContent content = new(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        using HttpResponseMessage done = (
            await _client.PutAsync(
                new Uri($"http://{host}/v2/{repository}/manifests/{tag ?? digest.ToString()}"),
                content
            )
        ).EnsureSuccessStatusCode();
        return digest;
    }

    /// <summary>Bundles as referrers, below the fallback tag, whose index says of them what cosign's says: nothing
    /// right.</summary>
    public Task BundlesAsync(Digest subject, long subjectSize, params byte[][] bundles) =>
        BundlesAsync(subject, subjectSize, null, bundles);

    /// <summary>The same with what cosign writes beside them: what they state.</summary>
    public async Task BundlesAsync(Digest subject, long subjectSize, string? predicateType, params byte[][] bundles)
    {
        string annotations = predicateType is null
            ? ""
            : $",\"annotations\":{{\"dev.sigstore.bundle.predicateType\":\"{predicateType}\"}}";
        List<string> entries = [];
        foreach (byte[] bundle in bundles)
        {
            Descriptor layer = await BlobAsync(bundle, "application/vnd.dev.sigstore.bundle.v0.3+json");
            Descriptor config = await BlobAsync("{}"u8.ToArray(), "application/vnd.oci.empty.v1+json");
            byte[] manifest = Encoding.UTF8.GetBytes(
                $$$$$$"""{"schemaVersion":2,"mediaType":"{{{{{{MediaTypes.OciManifest}}}}}}","artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json","config":{{{{{{Json(config)}}}}}},"layers":[{{{{{{Json(layer)}}}}}}],"subject":{{{{{{Json(new Descriptor(MediaTypes.OciManifest, subject, subjectSize))}}}}}}{{{{{{annotations}}}}}}}"""
            );
            Digest digest = await ManifestAsync(manifest, MediaTypes.OciManifest);
            entries.Add(
                $$$$$$"""{"mediaType":"{{{{{{MediaTypes.OciManifest}}}}}}","size":{{{{{{manifest.Length}}}}}},"digest":"{{{{{{digest}}}}}}","artifactType":"application/vnd.oci.empty.v1+json"}"""
            );
        }

        await ManifestAsync(
            Encoding.UTF8.GetBytes(
                $$$$$$"""{"schemaVersion":2,"mediaType":"{{{{{{MediaTypes.OciIndex}}}}}}","manifests":[{{{{{{string.Join(',', entries)}}}}}}]}"""
            ),
            MediaTypes.OciIndex,
            $"sha256-{subject.Hex}"
        );
    }

    /// <summary>Signatures as cosign 2 attaches them.</summary>
    public async Task AttachAsync(
        Digest subject,
        params (byte[] Payload, IReadOnlyDictionary<string, string> Annotations)[] signatures
    )
    {
        Descriptor config = await BlobAsync("{}"u8.ToArray(), MediaTypes.OciConfig);
        List<string> layers = [];
        foreach ((byte[] payload, IReadOnlyDictionary<string, string> annotations) in signatures)
        {
            Descriptor layer = await BlobAsync(payload, "application/vnd.dev.cosign.simplesigning.v1+json");
            layers.Add(
                $"{Json(layer)[..^1]},\"annotations\":{System.Text.Json.JsonSerializer.Serialize(annotations)}}}"
            );
        }

        await ManifestAsync(
            Encoding.UTF8.GetBytes(
                $$$$$$"""{"schemaVersion":2,"mediaType":"{{{{{{MediaTypes.OciManifest}}}}}}","config":{{{{{{Json(config)}}}}}},"layers":[{{{{{{string.Join(',', layers)}}}}}}]}"""
            ),
            MediaTypes.OciManifest,
            $"sha256-{subject.Hex}.sig"
        );
    }

    /// <summary>Of a manifest that was put here.</summary>
    public long SizeOf(Digest manifest) => _sizes[manifest];

    public static string Json(Descriptor descriptor) =>
        $$$$$$"""{"mediaType":"{{{{{{descriptor.MediaType}}}}}}","digest":"{{{{{{descriptor.Digest}}}}}}","size":{{{{{{descriptor.Size}}}}}}}""";
}
