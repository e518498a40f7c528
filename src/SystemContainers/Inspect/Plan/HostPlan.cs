// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Inspect.Plan;

/// <summary>What a verb would change on the host; the object that <c>plan --json</c> prints.</summary>
/// <param name="Containers">By container, in the order in which they change.</param>
/// <param name="DownloadBytes">Size of the layers that the store lacks, compressed, as they are fetched; each counted
/// once.</param>
/// <param name="DownloadLayers">How many these are.</param>
/// <param name="StoredLayers">How many layers of the images the store has.</param>
/// <param name="DiskBytes">What the files of these layers take that the store lacks, in whole blocks.</param>
sealed record HostPlan(
    IReadOnlyList<ContainerPlan> Containers,
    long DownloadBytes,
    int DownloadLayers,
    int StoredLayers,
    long DiskBytes
)
{
    /// <summary>Whether several containers are one transaction: all of them change, or none.</summary>
    public bool Together { get; init; }

    /// <summary>Where they are <see cref="Together"/>: units in the order in which they stop, those of others that
    /// depend on them too.</summary>
    public IReadOnlyList<string> StopOrder { get; init; } = [];

    /// <summary>Where they are <see cref="Together"/>: units in the order in which they start, when the last has
    /// stopped.</summary>
    public IReadOnlyList<string> StartOrder { get; init; } = [];

    /// <summary>Networks that files declare or have declared, and the one that is made when it is needed where it is
    /// not there.</summary>
    public IReadOnlyList<PlannedNetwork> Networks { get; init; } = [];

    /// <summary>Why the networks would be refused, and so all of the call; null where they would not.</summary>
    public PlanRefusal? NetworksRefused { get; init; }

    /// <summary>Whether anything would change.</summary>
    public bool HasChanges =>
        Containers.Any(c => c.Action != PlanAction.None) || Networks.Any(n => n.Action != PlannedNetworkAction.None);

    /// <summary>The first reason for a refusal; null where there is none.</summary>
    [JsonIgnore]
    public PlanRefusal? Refused =>
        Containers.Select(c => c.Refused).FirstOrDefault(r => r is not null) ?? NetworksRefused;

    /// <summary>How many containers an action is for.</summary>
    public int Count(PlanAction action) => Containers.Count(c => c.Action == action);

    /// <summary>How many networks an action is for.</summary>
    public int Count(PlannedNetworkAction action) => Networks.Count(n => n.Action == action);
}
