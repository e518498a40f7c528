// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Tree;

/// <summary>The letters of <c>podman diff</c> and <c>ostree admin config-diff</c>.</summary>
enum TreeChangeKind
{
    /// <summary>It is new.</summary>
    [JsonStringEnumMemberName("A")]
    Added,

    /// <summary>It is there in both.</summary>
    [JsonStringEnumMemberName("C")]
    Changed,

    /// <summary>It is not there any more; what was in it is not told.</summary>
    [JsonStringEnumMemberName("D")]
    Deleted,
}
