// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Prepared;
using SystemContainers.Settings;
using SystemContainers.Store.Records;

namespace SystemContainers.Inspect.Diff;

/// <summary>A template variable, an option, or an image that is mounted, that changes.</summary>
/// <param name="Name">The variable, <c>--env</c>, or <c>image NAME</c>.</param>
/// <param name="From">Its text before; null where it was not there.</param>
/// <param name="To">Its text after; null where it is not there any more.</param>
sealed record PlannedValue(string Name, string? From, string? To)
{
    /// <summary>Those of two deployments that differ, by name; not DESTDIR and UUID, which say nothing about
    /// either.</summary>
    public static IReadOnlyList<PlannedValue> Between(
        IReadOnlyDictionary<string, string>? before,
        IReadOnlyDictionary<string, string>? after
    ) =>
        [
            .. (before?.Keys ?? [])
                .Union(after?.Keys ?? [], StringComparer.Ordinal)
                .Where(name => name is not ("DESTDIR" or "UUID"))
                .Order(StringComparer.Ordinal)
                .Select(name => new PlannedValue(name, Text(before, name), Text(after, name)))
                .Where(value => value.From != value.To),
        ];

    /// <summary>Other images that are mounted, by their names: which each name means.</summary>
    public static IReadOnlyList<PlannedValue> Between(
        IReadOnlyList<MountedImage> before,
        IReadOnlyList<MountedImage> after
    )
    {
        Dictionary<string, string> old = Digests(before);
        Dictionary<string, string> now = Digests(after);
        return
        [
            .. old
                .Keys.Union(now.Keys, StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)
                .Select(name => new PlannedValue(
                    $"image {name}",
                    old.GetValueOrDefault(name),
                    now.GetValueOrDefault(name)
                ))
                .Where(value => value.From != value.To),
        ];

        static Dictionary<string, string> Digests(IReadOnlyList<MountedImage> images) =>
            images.ToDictionary(i => i.Name, i => $"{i.Image}@{i.ManifestDigest}", StringComparer.Ordinal);
    }

    /// <summary>Options that differ; the values of one are shown as one.</summary>
    public static IReadOnlyList<PlannedValue> Between(ContainerSettings before, ContainerSettings after) =>
        [
            .. before
                .Values.Keys.Union(after.Values.Keys, StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)
                .Select(name => new PlannedValue(
                    "--" + (name == ContainerSettings.Command ? "" : name),
                    Text(before, name),
                    Text(after, name)
                ))
                .Where(value => value.From != value.To),
        ];

    private static string? Text(ContainerSettings settings, string name) =>
        settings.Values.TryGetValue(name, out IReadOnlyList<string>? values) ? string.Join(' ', values) : null;

    private static string? Text(IReadOnlyDictionary<string, string>? values, string name) =>
        values?.GetValueOrDefault(name) is { } text
            ? DestinationMask.Apply(text, values.GetValueOrDefault("DESTDIR"))
            : null;
}
