// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Verbs.Apply;

/// <summary>What becomes of a container.</summary>
enum ApplyAction
{
    /// <summary>Nothing: it is as it is declared.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>It comes.</summary>
    [JsonStringEnumMemberName("install")]
    Install,

    /// <summary>It gets a new deployment, or a new record.</summary>
    [JsonStringEnumMemberName("update")]
    Update,

    /// <summary>It goes.</summary>
    [JsonStringEnumMemberName("uninstall")]
    Uninstall,
}
