// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.State;
using SystemContainers.Tree;

namespace SystemContainers.Inspect.Diff;

/// <summary>How two deployments of a container differ; the object that <c>diff --json</c> prints.</summary>
/// <param name="Name">The container.</param>
/// <param name="To">The other one; of an image that is not installed, the one that it would be.</param>
/// <param name="Texts">Units, drop-ins, tmpfiles, host files and config.json that differ.</param>
/// <param name="Values">Template variables that differ, and images that are mounted.</param>
/// <param name="Files">Paths of the images that differ; null where one of the root file systems is somebody
/// else's.</param>
sealed record DeploymentDiff(
    string Name,
    HistoryDeployment From,
    HistoryDeployment To,
    IReadOnlyList<TextChange> Texts,
    IReadOnlyList<PlannedValue> Values,
    IReadOnlyList<TreeChange>? Files
)
{
    /// <summary>Whether anything does.</summary>
    [JsonIgnore]
    public bool IsEmpty => Texts.Count == 0 && Values.Count == 0 && Files is null or { Count: 0 };

    /// <summary>Compares two deployments.</summary>
    public static DeploymentDiff Of(DeploymentView before, DeploymentView after) =>
        new(
            before.Record.Name,
            HistoryDeployment.Of(before.Record)!,
            HistoryDeployment.Of(after.Record)!,
            [
                .. before
                    .Texts.Keys.Union(after.Texts.Keys, StringComparer.Ordinal)
                    .Order(StringComparer.Ordinal)
                    .Select(path => TextChange.Of(path, before, after))
                    .OfType<TextChange>(),
            ],
            [
                .. PlannedValue.Between(before.Record.Values, after.Record.Values),
                .. PlannedValue.Between(before.Record.MountedImages, after.Record.MountedImages),
            ],
            before.Tree is { } old && after.Tree is { } now ? TreeComparison.Compare(old(), now()) : null
        );
}
