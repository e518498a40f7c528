// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Doctor.Facts;

/// <summary>How a thing that was looked at is.</summary>
enum DoctorLevel
{
    /// <summary>As it should be.</summary>
    [JsonStringEnumMemberName("ok")]
    Ok,

    /// <summary>It could not be looked at, or says nothing.</summary>
    [JsonStringEnumMemberName("unknown")]
    Unknown,

    /// <summary>It works, but something that was promised is weaker, or will not work for long.</summary>
    [JsonStringEnumMemberName("warning")]
    Warning,

    /// <summary>Something does not work, or is in danger; the exit status is 1.</summary>
    [JsonStringEnumMemberName("problem")]
    Problem,
}
