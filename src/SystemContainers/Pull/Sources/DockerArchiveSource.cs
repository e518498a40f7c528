// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Sources;

/// <summary>
/// An image as <c>docker save</c> writes it: <c>manifest.json</c> names configuration and layers. There is no
/// registry's manifest in it; the one that is made here says of each layer what the configuration says, so the same
/// image has the same digest always, and is the one that skopeo makes.
/// </summary>
sealed class DockerArchiveSource : IImageSource
{
    private const string List = "manifest.json";

    /// <summary>skopeo's for all layers, plain ones too; what they are is told by their first bytes.</summary>
    private const string LayerType = MediaTypes.DockerLayerGzip;

    private readonly ArchiveFile _archive;
    private readonly ImageReference _reference;
    private readonly Dictionary<Digest, string> _blobs = [];

    /// <param name="archive">Disposed of with this.</param>
    /// <param name="reference">Says which image is meant, and what to call it in messages.</param>
    public DockerArchiveSource(ArchiveFile archive, ImageReference reference)
    {
        _archive = archive;
        _reference = reference;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; private set; } = [];

    private string Doing => $"reading {_reference}";

    public async Task<RawManifest> GetRootAsync(CancellationToken cancellationToken)
    {
        DockerSaveItem image = Choose(await ListAsync(cancellationToken));
        Names = [.. image.RepoTags ?? []];
        byte[] config = await _archive.ReadAsync(image.Config, OciLimits.MaxConfigBytes, cancellationToken);
        Digest configDigest = Digest.Sha256(config);
        if (_reference.ImageId is { } id && id != configDigest)
        {
            throw new SysctrException(ErrorKind.Corrupt, $"{Doing}: it is the image {configDigest}");
        }

        _blobs[configDigest] = image.Config;
        List<Descriptor> layers = [];
        foreach ((string layer, Digest diffId) in image.Layers.Zip(DiffIds(config, image.Layers.Count)))
        {
            layers.Add(await DescribeAsync(layer, diffId, cancellationToken));
            _blobs[layers[^1].Digest] = layer;
        }

        byte[] manifest = Manifest(new Descriptor(MediaTypes.DockerConfig, configDigest, config.Length), layers);
        return new RawManifest(MediaTypes.DockerManifest, manifest, Announced: null);
    }

    public Task<RawManifest> GetManifestAsync(Descriptor manifest, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("a docker archive has no index");

    public Task<Stream> OpenBlobAsync(Descriptor blob, CancellationToken cancellationToken) =>
        Task.FromResult(_archive.Open(_blobs[blob.Digest]));

    public void Dispose() => _archive.Dispose();

    private async Task<IReadOnlyList<DockerSaveItem>> ListAsync(CancellationToken cancellationToken)
    {
        if (!_archive.Has(List))
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{Doing}: it has no {List}",
                _archive.Has("index.json") ? "it is an OCI layout: write oci-archive: instead of docker-archive:"
                    : _archive.Has("repositories")
                        ? "Docker before 1.10 saved it; load it into a newer one and save it again"
                    : "it was cut, or no tool has saved it that writes docker archives"
            );
        }

        byte[] bytes = await _archive.ReadAsync(List, OciLimits.MaxManifestBytes, cancellationToken);
        try
        {
            // As for manifests: no key twice, or two readers see two lists.
            using JsonDocument strict = StrictJson.Parse(bytes, maxDepth: 32);
            IReadOnlyList<DockerSaveItem?>? items = JsonSerializer.Deserialize(
                bytes,
                OciJson.Default.IReadOnlyListDockerSaveItem
            );
            return
                items is not null
                && items.All(i => i is not null && !i.Layers.Contains(null!) && i.RepoTags?.Contains(null!) != true)
                ? items.OfType<DockerSaveItem>().ToArray()
                : throw new JsonException("a part of it is null");
        }
        catch (JsonException e)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{Doing}: {List} is malformed: {Redact.Text(JsonFault.Of(e))}",
                inner: e
            );
        }
    }

    private DockerSaveItem Choose(IReadOnlyList<DockerSaveItem> items)
    {
        bool any = _reference.Repository.Length == 0 || _reference.Transport == ImageTransport.DockerDaemon;
        DockerSaveItem[] found = [.. items.Where(i => any || (i.RepoTags ?? []).Any(IsMeant))];
        if (found is [{ } only])
        {
            return only;
        }

        string[] names = [.. items.SelectMany(i => i.RepoTags ?? []).Select(Redact.Text).Take(20)];
        string there =
            items.Count == 0 ? "it is empty"
            : names.Length == 0 ? $"there are {items.Count} images without a name"
            : "there is " + string.Join(", ", names);
        throw new SysctrException(
            found.Length == 0 ? ErrorKind.NotFound : ErrorKind.Usage,
            found.Length == 0
                ? $"{Doing}: no such image in it; {there}"
                : $"{Doing}: {found.Length} images in it could be meant; {there}",
            "write docker-archive:FILE:NAME:TAG"
        );
    }

    /// <summary>Whether a name in the archive is the one asked for; both may leave out what is usual with
    /// Docker.</summary>
    private bool IsMeant(string tag)
    {
        try
        {
            ImageReference there = ImageReference.Parse("docker://" + tag);
            return (there.Registry, there.Repository, there.Tag)
                == (_reference.Registry, _reference.Repository, _reference.Tag);
        }
        catch (SysctrException)
        {
            return false;
        }
    }

    private IReadOnlyList<Digest> DiffIds(byte[] config, int layers)
    {
        try
        {
            IReadOnlyList<string> texts =
                JsonSerializer.Deserialize(config, OciJson.Default.ImageConfig)?.RootFs.DiffIds ?? [];
            return texts.Count == layers
                ?
                [
                    .. texts.Select(t =>
                        Digest.TryParse(t, out Digest digest)
                            ? digest
                            : throw new JsonException($"'{t}' is no digest of a layer")
                    ),
                ]
                : throw new JsonException($"it lists {texts.Count} layers, {List} {layers}");
        }
        catch (JsonException e)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{Doing}: the configuration can't be used: {Redact.Text(JsonFault.Of(e))}",
                "the archive was built broken; save the image again",
                e
            );
        }
    }

    /// <summary>A plain layer is what its diffID says; of a compressed one only its own bytes can tell the
    /// digest.</summary>
    private async Task<Descriptor> DescribeAsync(string layer, Digest diffId, CancellationToken cancellationToken)
    {
        if (!_archive.IsCompressed(layer))
        {
            return new Descriptor(LayerType, diffId, _archive.SizeOf(layer));
        }

        await using Stream stream = _archive.Open(layer);
        byte[] hash = await SHA256.HashDataAsync(stream, cancellationToken);
        return new Descriptor(LayerType, Digest.FromSha256(hash), _archive.SizeOf(layer));
    }

    /// <summary>By hand, member for member: its digest must not change with a serializer.</summary>
    private static byte[] Manifest(Descriptor config, IReadOnlyList<Descriptor> layers) =>
        Encoding.UTF8.GetBytes(
            $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.DockerManifest}}","config":{{Json(config)}},"layers":[{{string.Join(',', layers.Select(Json))}}]}"""
        );

    private static string Json(Descriptor descriptor) =>
        $$"""{"mediaType":"{{descriptor.MediaType}}","size":{{descriptor.Size}},"digest":"{{descriptor.Digest}}"}""";
}
