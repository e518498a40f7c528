// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Streams;
using SystemContainers.Push.Layers;
using SystemContainers.Reference;

namespace SystemContainers.Push;

/// <summary>
/// An archive as <c>docker save</c> writes it: the configuration byte for byte, so that the image keeps its ID, and
/// plain layers. It has no manifests, and takes one image.
/// </summary>
sealed class DockerArchiveDestination : IImageDestination
{
    private readonly ArchiveWriter _archive;
    private readonly ImageReference _reference;
    private readonly PullOptions _options;
    private readonly Dictionary<Digest, Digest> _diffIds = [];
    private readonly HashSet<Digest> _written = [];
    private readonly Dictionary<Digest, byte[]> _configs = [];
    private bool _hasImage;

    /// <param name="archive">Disposed of with this.</param>
    /// <param name="reference">What the image is called in it.</param>
    /// <param name="options">Where layers are unpacked on their way: a tar wants to know their sizes first.</param>
    public DockerArchiveDestination(ArchiveWriter archive, ImageReference reference, PullOptions options)
    {
        _archive = archive;
        _reference = reference;
        _options = options;
    }

    /// <inheritdoc/>
    public int ParallelBlobs => 1;

    /// <inheritdoc/>
    public bool KeepsManifests => false;

    private string Doing => $"writing {_reference}";

    /// <inheritdoc/>
    public Task<bool> HasBlobAsync(Descriptor blob, CancellationToken cancellation) =>
        Task.FromResult(_diffIds.ContainsKey(blob.Digest));

    /// <inheritdoc/>
    public async Task PutBlobAsync(
        Descriptor blob,
        Func<CancellationToken, Task<Stream>> open,
        CancellationToken cancellation
    )
    {
        await using Stream source = await open(cancellation);
        if (blob.MediaType is MediaTypes.DockerConfig or MediaTypes.OciConfig)
        {
            byte[] config = await Pull.Http.Body.ReadAtMostAsync(source, OciLimits.MaxConfigBytes + 1, cancellation);
            _configs[blob.Digest] =
                config.Length > OciLimits.MaxConfigBytes
                    ? throw new SysctrException(
                        ErrorKind.Unsafe,
                        $"{Doing}: the configuration is larger than {OciLimits.MaxConfigBytes} bytes"
                    )
                    : config;
            return;
        }

        try
        {
            await using FileStream plain = BlobFiles.Unnamed(_options.SpoolDirectory);
            Digest diffId = await UnpackAsync(source, plain, cancellation);
            _diffIds[blob.Digest] = diffId;
            if (_written.Add(diffId))
            {
                plain.Position = 0;
                await _archive.AddAsync(
                    NameOf(diffId),
                    plain.Length,
                    _ => Task.FromResult<Stream>(plain),
                    cancellation
                );
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StagedDirectory.Fault($"{Doing}: unpacking a layer in {_options.SpoolDirectory}", e);
        }
    }

    /// <inheritdoc/>
    public Task PutManifestAsync(ManifestDocument manifest, CancellationToken cancellation)
    {
        // Several images of an index would be told apart by their names alone, and have one.
        if (manifest.Index is not null || _hasImage)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"{Doing}: a docker archive has no index",
                "leave out --all, or choose one with --platform"
            );
        }

        _hasImage = true;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task CommitAsync(ManifestDocument root, CancellationToken cancellation)
    {
        ImageManifest manifest = root.Manifest!;
        if (!_configs.TryGetValue(manifest.Config.Digest, out byte[]? config))
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{Doing}: {Redact.Text(manifest.ArtifactType ?? manifest.Config.MediaType)} is no container image",
                "copy it to oci: or a registry"
            );
        }

        // Attack: a layer that says that it is the configuration was taken for one.
        Digest[] diffIds =
        [
            .. manifest.Layers.Select(l =>
                _diffIds.TryGetValue(l.Digest, out Digest diffId)
                    ? diffId
                    : throw new SysctrException(
                        ErrorKind.Corrupt,
                        $"{Doing}: layer {l.Digest.Short} is no layer: its type is {Redact.Text(l.MediaType)}",
                        "the image was built broken; build it again"
                    )
            ),
        ];
        Check(config, diffIds);
        string configName = manifest.Config.Digest.Hex + ".json";
        await _archive.AddAsync(configName, config, cancellation);
        JsonObject image = new()
        {
            ["Config"] = configName,
            ["RepoTags"] =
                _reference.Repository.Length == 0
                    ? null
                    : new JsonArray($"{_reference.Registry}/{_reference.Repository}:{_reference.Tag}"),
            ["Layers"] = new JsonArray([.. diffIds.Select(d => (JsonNode)NameOf(d))]),
        };
        await _archive.AddAsync(
            "manifest.json",
            Encoding.UTF8.GetBytes(new JsonArray(image).ToJsonString()),
            cancellation
        );
        _archive.Commit();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _archive.DisposeAsync();

    private static string NameOf(Digest diffId) => diffId.Hex + ".tar";

    /// <summary>Decompresses a layer.</summary>
    /// <returns>The digest of what came out, of the algorithm that diffIDs have.</returns>
    private async Task<Digest> UnpackAsync(Stream source, FileStream target, CancellationToken cancellation)
    {
        byte[] head = new byte[Decompression.HeadBytes];
        int count = await source.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellation);
        if (Decompression.Unsupported(head.AsSpan(0, count)) is { } tool)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{Doing}: a layer is compressed with {tool}, which can't be read"
            );
        }

        await using PrependedStream whole = new(head.AsMemory(0, count), source);
        Stream plain = Decompression.Of(whole, head.AsSpan(0, count));
        try
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            byte[] buffer = new byte[128 << 10];
            long total = 0;
            while (await plain.ReadAsync(buffer, cancellation) is > 0 and int read)
            {
                total += read;
                if (total > _options.MaxSpoolBytes)
                {
                    throw new SysctrException(
                        ErrorKind.Unsafe,
                        $"{Doing}: a layer is larger than {_options.MaxSpoolBytes} bytes when it is unpacked"
                    );
                }

                hash.AppendData(buffer, 0, read);
                await target.WriteAsync(buffer.AsMemory(0, read), cancellation);
            }

            // An inflater may stop before the last byte, where the source is verified.
            await whole.CopyToAsync(Stream.Null, cancellation);
            return Digest.FromSha256(hash.GetHashAndReset());
        }
        catch (Exception e) when (Decompression.IsFault(e))
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{Doing}: a layer can't be decompressed: {e.Message}",
                "the image was built broken; build it again",
                e
            );
        }
        finally
        {
            if (!ReferenceEquals(plain, whole))
            {
                await plain.DisposeAsync();
            }
        }
    }

    private void Check(byte[] config, Digest[] diffIds)
    {
        try
        {
            ImageConfig parsed =
                JsonSerializer.Deserialize(config, OciJson.Default.ImageConfig)
                ?? throw new JsonException("it is null");
            if (!parsed.RootFs.DiffIds.SequenceEqual(diffIds.Select(d => d.ToString()), StringComparer.Ordinal))
            {
                throw new JsonException("its layers are others than the image has");
            }
        }
        catch (JsonException e)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{Doing}: the configuration can't be used: {Redact.Text(JsonFault.Of(e))}",
                "the image was built broken; build it again",
                e
            );
        }
    }
}
