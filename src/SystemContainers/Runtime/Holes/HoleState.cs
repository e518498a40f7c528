// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Runtime.Holes;

/// <summary>Whether a runtime has a hole.</summary>
enum HoleState
{
    /// <summary>Its version is a fixed one, or its distribution says that it mended this one.</summary>
    [JsonStringEnumMemberName("closed")]
    Closed,

    /// <summary>Its version is too old and its distribution names no fix.</summary>
    [JsonStringEnumMemberName("open")]
    Open,

    /// <summary>Its version is too old or not known, and nothing tells whether somebody mended it.</summary>
    [JsonStringEnumMemberName("unknown")]
    Unknown,
}
