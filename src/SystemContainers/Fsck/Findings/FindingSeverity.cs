// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Fsck.Findings;

/// <summary>How much a finding matters.</summary>
enum FindingSeverity
{
    /// <summary>Something is broken; the exit status is 7 until it is mended.</summary>
    [JsonStringEnumMemberName("error")]
    Error,

    /// <summary>Worth knowing: an edit, or space that could be free.</summary>
    [JsonStringEnumMemberName("note")]
    Note,
}
