// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Fleet;

/// <summary>How far a host of a roll-out is.</summary>
enum SlotState
{
    /// <summary>It waits for a slot; forgotten when its lease ends.</summary>
    [JsonStringEnumMemberName("waiting")]
    Waiting,

    /// <summary>It has a slot and prepares; nothing on the host has changed. Forgotten when its lease ends.</summary>
    [JsonStringEnumMemberName("preparing")]
    Preparing,

    /// <summary>It changes the host. From here on it keeps its slot until it is through, alive or not.</summary>
    [JsonStringEnumMemberName("switching")]
    Switching,

    /// <summary>Its update failed: the roll-out is held.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}
