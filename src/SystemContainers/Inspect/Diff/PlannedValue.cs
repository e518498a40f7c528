// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Prepared;
using SystemContainers.Settings;

namespace SystemContainers.Inspect.Diff;

/// <summary>A template variable, or an option, that changes.</summary>
/// <param name="Name">The variable, or <c>--env</c>.</param>
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
