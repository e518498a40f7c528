// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Fleet;

/// <summary>What a host writes of itself in etcd, JSON at <c>KEY/hosts/ID</c>.</summary>
/// <param name="Host">Its name, for people.</param>
/// <param name="State">How far it is.</param>
/// <param name="Since">When it came to this state, by its own clock.</param>
/// <param name="Reason">Why it failed.</param>
sealed record SlotRecord(
    [property: JsonRequired] string Host,
    [property: JsonRequired] SlotState State,
    [property: JsonRequired] DateTimeOffset Since,
    string? Reason = null
);
