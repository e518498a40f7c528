// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Lint.Json;

/// <summary>How much a finding matters; in the order in which findings of one line are shown.</summary>
enum LintSeverity
{
    /// <summary>The image can't be installed, or the container can't start.</summary>
    [JsonStringEnumMemberName("error")]
    Error,

    /// <summary>It is probably not what the author meant.</summary>
    [JsonStringEnumMemberName("warning")]
    Warning,

    /// <summary>Worth knowing; nothing is wrong.</summary>
    [JsonStringEnumMemberName("note")]
    Note,
}
