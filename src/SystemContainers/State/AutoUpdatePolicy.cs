// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.State;

/// <summary>Whether a container is updated when nobody asks (<c>auto-update</c>); podman-auto-update(1) has the same
/// words.</summary>
enum AutoUpdatePolicy
{
    /// <summary>Only <c>update</c> changes it.</summary>
    [JsonStringEnumMemberName("disabled")]
    Disabled,

    /// <summary>When its registry has another image under the name that it was installed by.</summary>
    [JsonStringEnumMemberName("registry")]
    Registry,
}
