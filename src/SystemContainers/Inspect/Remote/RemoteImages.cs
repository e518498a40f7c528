// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Referrers;
using SystemContainers.Pull.Sources;
using SystemContainers.Reference;

namespace SystemContainers.Inspect.Remote;

/// <summary>Images where they are: manifests and configurations alone are fetched, verified as in a pull. Nothing is
/// kept, and no store is made.</summary>
/// <param name="registries">Say what names mean.</param>
/// <param name="puller">Knows policy, mirrors and credentials.</param>
/// <param name="progress">Told what is tried again.</param>
sealed class RemoteImages(RegistriesConfig registries, ImagePuller puller, IPullProgress progress)
{
    /// <summary>The label by which an image says that it is for this.</summary>
    private const string TypeLabel = "atomic.type";

    /// <summary>All that can be known of an image without its layers.</summary>
    /// <param name="typed">A reference, short or full, of any transport.</param>
    /// <param name="platform">Which image of an index.</param>
    /// <exception cref="SysctrException">As a pull.</exception>
    public Task<RemoteImage> DescribeAsync(string typed, Platform platform, CancellationToken cancellation) =>
        UseAsync(
            typed,
            (reference, place, source, token) => DescribeAsync(reference, place, source, platform, token),
            cancellation
        );

    /// <summary>The manifest or index that a name means, byte for byte.</summary>
    /// <exception cref="SysctrException">As a pull.</exception>
    public Task<byte[]> ManifestAsync(string typed, CancellationToken cancellation) =>
        UseAsync(
            typed,
            async (_, place, source, token) => (await ImageDocuments.RootAsync(place, source, token)).Bytes,
            cancellation
        );

    /// <summary>The configuration of the image for a platform, byte for byte.</summary>
    /// <exception cref="SysctrException">As a pull.</exception>
    public Task<byte[]> ConfigAsync(string typed, Platform platform, CancellationToken cancellation) =>
        UseAsync(
            typed,
            async (_, place, source, token) =>
            {
                ManifestDocument document = await ImageDocuments.ChooseAsync(
                    place,
                    source,
                    await ImageDocuments.RootAsync(place, source, token),
                    platform,
                    token
                );
                return await ImageDocuments.FetchConfigAsync(place, source, document.Manifest!, token);
            },
            cancellation
        );

    /// <summary>The tags that a repository has in its registry.</summary>
    /// <param name="typed">A name, short or full; a tag in it does not count.</param>
    /// <exception cref="SysctrException">Usage: it is no registry's; NotFound, Unreachable, Unauthorized, Policy,
    /// Corrupt, Unsafe.</exception>
    public async Task<TagList> TagsAsync(string typed, CancellationToken cancellation)
    {
        IReadOnlyList<ImageReference> candidates = registries.Resolve(typed);
        if (candidates[0].Transport != ImageTransport.Docker)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"listing the tags of {candidates[0]}: only registries have repositories with tags",
                "write HOST/NAME or docker://HOST/NAME"
            );
        }

        foreach (ImageReference candidate in candidates.SkipLast(1))
        {
            try
            {
                return new TagList(candidate.Name, await puller.ListTagsAsync(candidate, cancellation));
            }
            catch (SysctrException e)
                when (e.Kind is ErrorKind.NotFound or ErrorKind.Unreachable or ErrorKind.Unauthorized)
            {
                progress.Retrying(e.Message);
            }
        }

        return new TagList(candidates[^1].Name, await puller.ListTagsAsync(candidates[^1], cancellation));
    }

    private Task<T> UseAsync<T>(
        string typed,
        Func<ImageReference, ImageReference, IImageSource, CancellationToken, Task<T>> use,
        CancellationToken cancellation
    ) => puller.UseAsync(registries.Resolve(typed), use, cancellation);

    private static async Task<RemoteImage> DescribeAsync(
        ImageReference reference,
        ImageReference place,
        IImageSource source,
        Platform platform,
        CancellationToken cancellation
    )
    {
        ManifestDocument root = await ImageDocuments.RootAsync(place, source, cancellation);
        ManifestDocument document = await ImageDocuments.ChooseAsync(place, source, root, platform, cancellation);
        ImageManifest manifest = document.Manifest!;
        byte[] bytes = await ImageDocuments.FetchConfigAsync(place, source, manifest, cancellation);
        ImageConfig config = Parse(place, bytes);
        (ExportsHint exports, string? from) = ExportsOf(config, manifest, bytes);
        (IReadOnlyList<AttachedDocument>? attached, string? fault) = await AttachedAsync(
            place,
            source,
            root,
            document.Digest,
            cancellation
        );
        Platform offered = new(config.Architecture, config.OperatingSystem, config.Variant);
        return new RemoteImage
        {
            Name = reference.ToString(),
            Digest = root.Digest,
            MediaType = root.MediaType,
            Platforms =
            [
                .. (root.Index?.Manifests ?? [])
                    .Where(m => !BuildKitAttestations.Is(m))
                    .Select(m => new RemotePlatform(m.Platform?.ToString() ?? "", m.Digest)),
            ],
            ManifestDigest = document.Digest,
            Id = manifest.Config.Digest,
            Platform = offered.Architecture.Length + offered.OperatingSystem.Length == 0 ? null : offered.ToString(),
            Created = config.Created,
            Size = manifest
                .Layers.DistinctBy(l => l.Digest)
                .Aggregate(0L, (sum, l) => l.Size > long.MaxValue - sum ? long.MaxValue : sum + Math.Max(l.Size, 0)),
            Layers = [.. manifest.Layers.Select(l => new RemoteLayer(l.Digest, l.Size, l.MediaType))],
            Labels = config.Run?.Labels ?? new Dictionary<string, string>(),
            Environment = config.Run?.Env ?? [],
            Exports = exports,
            ExportsFrom = from,
            Attestations = root.Index?.Manifests.Count(BuildKitAttestations.Is) ?? 0,
            Attached = attached,
            AttachedFault = fault,
        };
    }

    /// <summary>That a registry has no answer to such questions is no reason to say nothing of the image.</summary>
    private static async Task<(IReadOnlyList<AttachedDocument>? Attached, string? Fault)> AttachedAsync(
        ImageReference place,
        IImageSource source,
        ManifestDocument root,
        Digest manifest,
        CancellationToken cancellation
    )
    {
        if (place.Transport != ImageTransport.Docker)
        {
            return (null, null);
        }

        try
        {
            return (
                AttachedList
                    .Of(
                        await new ReferrerReader(new ReferrerClient(place, source)).ListAsync(
                            root,
                            manifest,
                            cancellation
                        )
                    )
                    .Attached,
                null
            );
        }
        catch (SysctrException e)
        {
            return (null, e.Message);
        }
    }

    private static ImageConfig Parse(ImageReference place, byte[] bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, OciJson.Default.ImageConfig)
                ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"reading the configuration of {place.Identity}: it is malformed: {Redact.Text(JsonFault.Of(e))}",
                inner: e
            );
        }
    }

    private static (ExportsHint Hint, string? From) ExportsOf(
        ImageConfig config,
        ImageManifest manifest,
        byte[] bytes
    ) =>
        manifest.Layers.Count == 0 ? (ExportsHint.None, null)
        : config.Run?.Labels?.GetValueOrDefault(TypeLabel) == "system" ? (ExportsHint.Likely, $"label {TypeLabel}")
        : HistoryNames(bytes, "/exports") ? (ExportsHint.Likely, "history")
        : (ExportsHint.Unknown, null);

    /// <summary>Whether a step of the build names a path (image-spec, config.md "history"). Of what is not as the
    /// specification has it nothing is said.</summary>
    internal static bool HistoryNames(byte[] config, string path)
    {
        using JsonDocument document = JsonDocument.Parse(config);
        try
        {
            return document.RootElement.TryGetProperty("history", out JsonElement history)
                && history.ValueKind == JsonValueKind.Array
                && history
                    .EnumerateArray()
                    .Any(step =>
                        step.ValueKind == JsonValueKind.Object
                        && step.TryGetProperty("created_by", out JsonElement by)
                        && by.ValueKind == JsonValueKind.String
                        && by.GetString()!.Contains(path, StringComparison.Ordinal)
                    );
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair.
            return false;
        }
    }
}
