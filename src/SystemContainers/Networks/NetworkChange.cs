// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Network;

namespace SystemContainers.Networks;

/// <summary>What files make of a network by name.</summary>
/// <param name="File">The file that declares it; of one that goes, the file that did.</param>
/// <param name="Before">As it is; null for none.</param>
/// <param name="After">As it would be; null for one that goes.</param>
sealed record NetworkChange(string Name, string? File, NetworkDefinition? Before, NetworkDefinition? After)
{
    /// <summary>Whether anything of it becomes otherwise; who declares it is nothing to the containers on it.</summary>
    public bool IsAny =>
        Before is null
        || After is null
        || (Before with { Labels = null }).ToJson() != (After with { Labels = null, Created = Before.Created }).ToJson()
        || LabelsOf(Before) != LabelsOf(After);

    private static string LabelsOf(NetworkDefinition network) =>
        string.Join('\n', network.OwnLabels.Select(l => $"{l.Key}={l.Value}").Order(StringComparer.Ordinal));
}
