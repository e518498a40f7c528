// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Fleet;

/// <summary>A host of a roll-out, for <c>sysctr rollout status</c>.</summary>
/// <param name="Host">Its name.</param>
/// <param name="Id">Its ID in etcd.</param>
/// <param name="State">How far it is.</param>
/// <param name="Alive">Whether its process is there.</param>
/// <param name="Holds">Whether nobody else may begin because of it.</param>
/// <param name="Since">When it came to this state.</param>
/// <param name="Reason">Why it failed.</param>
sealed record RolloutReport(
    string Host,
    string Id,
    SlotState State,
    bool Alive,
    bool Holds,
    DateTimeOffset Since,
    string? Reason
);
