// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Images;
using SystemContainers.Inspect.Space;
using SystemContainers.Oci;
using SystemContainers.Render.Request;
using SystemContainers.State;
using SystemContainers.Store.Records;
using SystemContainers.Target;
using SystemContainers.Tree;

namespace SystemContainers.Inspect.Images;

/// <summary>What the store has, for people and programs. Reads only.</summary>
sealed class ImageReports(Host host)
{
    private readonly ImageNames _names = new(host);
    private readonly SpaceReports _space = new(host);

    /// <summary>Every image of the store, by name; then those that only containers hold, whose names were deleted or
    /// mean other images now.</summary>
    /// <param name="filters">All have to match: <c>name=PATTERN</c> (with <c>*</c>), <c>label=KEY[=VALUE]</c>,
    /// <c>in-use=true|false</c>.</param>
    /// <exception cref="SysctrException">Usage: no such filter.</exception>
    public IReadOnlyList<ImageReport> List(IReadOnlyList<string> filters)
    {
        IReadOnlyList<ContainerRecord> deployments = host.Catalog.All();
        return
        [
            .. from known in Known(deployments)
            let image = known.Image
            let report = new ImageReport(
                image.Reference,
                image.ConfigDigest.ToString(),
                image.ManifestDigest.ToString(),
                image.DiffIds.Count,
                image.PulledAt,
                ImageNames.UsersOf(image, deployments),
                _space.SizeOf(image),
                known.Named
            )
            where filters.All(f => Matches(f, image, report))
            select report,
        ];
    }

    /// <summary>All about one image.</summary>
    /// <exception cref="SysctrException">NotFound: the store does not have it; Template, Unsafe: what it has below
    /// /exports can't be used.</exception>
    public ImageDetails Describe(string typed)
    {
        ImageRecord image = _names.Find(typed)[0];
        ImageConfig config = ConfigOf(image);
        ImageExports exports = ImageExports.Read(MergedTree.Build(host.OpenStore(), image.DiffIds), config.Run);
        IReadOnlyDictionary<string, string> labels = config.Run?.Labels ?? new Dictionary<string, string>();
        return new ImageDetails
        {
            Name = image.Reference,
            Id = image.ConfigDigest.ToString(),
            Digest = image.ManifestDigest.ToString(),
            Version = VersionOf(labels) ?? exports.Manifest.Version,
            Created = config.Created,
            PulledAt = image.PulledAt,
            Architecture = config.Architecture,
            Layers = [.. image.DiffIds.Select(d => d.ToString())],
            Labels = labels,
            Environment = config.Run?.Env ?? [],
            Variables = TemplateValues.Settable(exports),
            Proofs = image.Proofs ?? [],
            Attestations = [.. (image.Attestations ?? []).Select(a => a.ToString())],
            Seal = image.Seal,
            UsedBy = _names.UsersOf(image),
        };
    }

    private IEnumerable<(ImageRecord Image, bool Named)> Known(IReadOnlyList<ContainerRecord> deployments)
    {
        IReadOnlyList<ImageRecord> named = host.OpenStore().Images.List();
        HashSet<Digest> ids = [.. named.Select(i => i.ConfigDigest)];
        return named
            .Select(i => (i, true))
            .Concat(
                deployments
                    .SelectMany(d => d.Images)
                    .Where(i => !ids.Contains(i.ConfigDigest))
                    .OrderBy(i => i.PulledAt)
                    .DistinctBy(i => i.ConfigDigest)
                    .OrderBy(i => i.Reference, StringComparer.Ordinal)
                    .Select(i => (i, false))
            );
    }

    private bool Matches(string filter, ImageRecord image, ImageReport report)
    {
        string[] parts = filter.Split('=', 2);
        return (parts[0], parts.ElementAtOrDefault(1)) switch
        {
            ("name" or "reference" or "repo", { } pattern) =>
                System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(
                    pattern.Contains('*') ? pattern : $"*{pattern}*",
                    report.Name,
                    ignoreCase: false
                ),
            ("label", { } label) => HasLabel(image, label.Split('=', 2)),
            ("in-use", "true" or "false") => (report.UsedBy.Count > 0) == (parts[1] == "true"),
            _ => throw new SysctrException(
                ErrorKind.Usage,
                $"filtering images by '{filter}': there is no such filter",
                "there are name=PATTERN, label=KEY[=VALUE] and in-use=true|false"
            ),
        };
    }

    private bool HasLabel(ImageRecord image, string[] label) =>
        ConfigOf(image).Run?.Labels is { } labels
        && labels.TryGetValue(label[0], out string? value)
        && (label.Length == 1 || label[1] == value);

    private ImageConfig ConfigOf(ImageRecord image)
    {
        try
        {
            return JsonSerializer.Deserialize(
                host.OpenStore().ReadBlob(image.ConfigDigest),
                OciJson.Default.ImageConfig
            )!;
        }
        catch (JsonException e)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"reading the configuration {image.ConfigDigest} of {image.Reference}: {JsonFault.Of(e)}",
                inner: e
            );
        }
    }

    /// <summary>As packages are called, <c>version-release</c>.</summary>
    private static string? VersionOf(IReadOnlyDictionary<string, string> labels)
    {
        string? version =
            labels.GetValueOrDefault("version") ?? labels.GetValueOrDefault("org.opencontainers.image.version");
        return version is not null && labels.TryGetValue("release", out string? release)
            ? $"{version}-{release}"
            : version;
    }
}
