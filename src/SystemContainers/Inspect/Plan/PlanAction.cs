// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Inspect.Plan;

/// <summary>What a plan does with a container.</summary>
enum PlanAction
{
    /// <summary>Nothing: it is as it shall be.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>It comes.</summary>
    [JsonStringEnumMemberName("install")]
    Install,

    /// <summary>It gets a new deployment.</summary>
    [JsonStringEnumMemberName("update")]
    Update,

    /// <summary>It goes back to a deployment that is there.</summary>
    [JsonStringEnumMemberName("rollback")]
    Rollback,

    /// <summary>It goes.</summary>
    [JsonStringEnumMemberName("uninstall")]
    Uninstall,
}
