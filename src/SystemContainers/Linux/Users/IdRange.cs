// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Linux.Users;

/// <summary>A line of an id map: <c>Count</c> ids from <c>Inside</c> on are those from <c>Outside</c> on outside of the
/// namespace.</summary>
sealed record IdRange(uint Inside, uint Outside, uint Count)
{
    /// <summary>Whether an id outside of the namespaces is both's.</summary>
    public bool Shares(IdRange other) => Overlap(Outside, Count, other.Outside, other.Count);

    /// <summary>Whether two runs of ids have one in common.</summary>
    public static bool Overlap(uint from, uint count, uint otherFrom, uint otherCount) =>
        from < (ulong)otherFrom + otherCount && otherFrom < (ulong)from + count;
}
