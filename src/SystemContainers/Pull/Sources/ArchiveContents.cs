// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Options;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Sources;

/// <param name="Reference">Names it alone; null where nothing in the archive tells it from the others.</param>
/// <param name="Names">What the archive calls it, the best first. Not to be trusted.</param>
sealed record ArchivedImage(ImageReference? Reference, IReadOnlyList<string> Names);

/// <summary>Which images an archive has: an OCI layout, or what <c>docker save</c> writes. One that is both is taken
/// for the former, which has digests.</summary>
static class ArchiveContents
{
    private static readonly string[] s_names = [LayoutSource.RefName, "io.containerd.image.name"];

    /// <summary>The images, in the archive's order.</summary>
    /// <param name="path">Absolute.</param>
    /// <param name="options">Where to spool what is compressed.</param>
    /// <exception cref="SysctrException">Corrupt, Unsafe: it can't be used.</exception>
    public static async Task<IReadOnlyList<ArchivedImage>> ListAsync(
        string path,
        PullOptions options,
        CancellationToken cancellation
    )
    {
        string doing = $"loading {path}";
        using ArchiveFile archive = await ArchiveFile.OpenAsync(path, doing, options, cancellation);
        bool isLayout = archive.Has("index.json");
        string list = isLayout ? "index.json" : "manifest.json";
        if (!archive.Has(list))
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{doing}: it has neither index.json nor manifest.json",
                "it was cut, or is no archive of images"
            );
        }

        byte[] bytes = await archive.ReadAsync(list, OciLimits.MaxManifestBytes, cancellation);
        try
        {
            using JsonDocument strict = StrictJson.Parse(bytes, maxDepth: 32);
            return isLayout ? [.. OfLayout(path, bytes)] : OfDocker(path, bytes);
        }
        catch (JsonException e)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{doing}: {list} is malformed: {Redact.Text(JsonFault.Of(e))}",
                inner: e
            );
        }
    }

    private static IEnumerable<ArchivedImage> OfLayout(string path, byte[] index) =>
        from entry in ImageIndex.Parse(index).Manifests
        group entry by entry.Digest into image
        from name in image
            .Select(e => e.Annotations)
            .Select(a => s_names.Select(n => a?.GetValueOrDefault(n)).OfType<string>().ToArray())
        select new ArchivedImage(ImageReference.Parse($"oci-archive:{path}@{image.Key}"), name);

    /// <summary>docker and podman save an image by its ID without a name.</summary>
    private static ArchivedImage[] OfDocker(string path, byte[] list)
    {
        IReadOnlyList<DockerSaveItem?> items =
            JsonSerializer.Deserialize(list, OciJson.Default.IReadOnlyListDockerSaveItem)
            ?? throw new JsonException("it is null");
        if (items.Any(i => i is null || i.RepoTags?.Contains(null!) == true))
        {
            throw new JsonException("a part of it is null");
        }

        return
        [
            .. items.SelectMany(i =>
                i!.RepoTags is { Count: > 0 } names
                    ? names.Select(n => new ArchivedImage(ImageReference.Parse($"docker-archive:{path}:{n}"), [n]))
                    : [new ArchivedImage(items.Count == 1 ? ImageReference.Parse($"docker-archive:{path}") : null, [])]
            ),
        ];
    }
}
