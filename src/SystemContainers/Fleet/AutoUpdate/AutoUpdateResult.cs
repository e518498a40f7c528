// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Fleet.AutoUpdate;

/// <summary>What <c>auto-update</c> did with a container.</summary>
enum AutoUpdateResult
{
    /// <summary>The registry has nothing else.</summary>
    [JsonStringEnumMemberName("current")]
    Current,

    /// <summary>The registry has another image; a dry run leaves it there.</summary>
    [JsonStringEnumMemberName("pending")]
    Pending,

    /// <summary>
    /// The registry has an image that the container was rolled back from, and it waits for yet another; or one that
    /// gained a right, and it waits for a grant: then there is a reason, and an exit code.
    /// </summary>
    [JsonStringEnumMemberName("held")]
    Held,

    /// <summary>It runs from a new deployment.</summary>
    [JsonStringEnumMemberName("updated")]
    Updated,

    /// <summary>It could not be updated, and is as it was.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}
