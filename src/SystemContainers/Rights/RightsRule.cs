// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Rights;

/// <summary>A <c>[[rights]]</c> table of sysctr.toml: what images below a prefix may have.</summary>
sealed class RightsRule
{
    /// <summary>In <see cref="Allow"/>: every class that nobody has to grant where there is no table.</summary>
    public const string Default = "default";

    /// <summary>In both lists, and with <c>--grant</c>: every class.</summary>
    public const string All = "all";

    [JsonPropertyName("prefix")]
    public string? Prefix { get; set; }

    /// <summary>What they have without being asked for; all else has to be granted. Null: as without a table.</summary>
    [JsonPropertyName("allow")]
    public List<string>? Allow { get; set; }

    /// <summary>What nobody can grant them.</summary>
    [JsonPropertyName("forbid")]
    public List<string>? Forbid { get; set; }

    /// <summary>Keys that we do not know.</summary>
    [JsonExtensionData]
    public Dictionary<string, object?> Unknown { get; set; } = [];

    /// <summary>Whether no grant helps.</summary>
    public bool Forbids(Right right) => Forbid is { } forbid && (forbid.Contains(right.Class) || forbid.Contains(All));

    /// <summary>Whether the table names the right; null where it says nothing about what is allowed.</summary>
    public bool? Allows(Right right) =>
        Allow is not { } allow
            ? null
            : allow.Contains(right.Class)
                || allow.Contains(All)
                || (allow.Contains(Default) && right.LevelOf() != RightLevel.Dangerous);
}
