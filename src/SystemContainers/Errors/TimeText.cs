// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace SystemContainers.Errors;

/// <summary>Times for people: how long ago in tables, both in what is about one thing. JSON has ISO 8601 with the
/// offset.</summary>
static class TimeText
{
    private static readonly (double Seconds, string Unit)[] s_units =
    [
        (365.25 * 86400, "year"),
        (30.44 * 86400, "month"),
        (7 * 86400, "week"),
        (86400, "day"),
        (3600, "hour"),
        (60, "minute"),
        (1, "second"),
    ];

    /// <summary><c>3 hours ago</c>; <c>in 2 days</c> where the clock has gone back since.</summary>
    public static string Ago(DateTimeOffset then, DateTimeOffset now)
    {
        double seconds = (now - then).TotalSeconds;
        foreach ((double unit, string name) in s_units)
        {
            if (Math.Abs(seconds) >= unit)
            {
                long count = (long)(Math.Abs(seconds) / unit);
                string amount = $"{count} {name}{(count == 1 ? "" : "s")}";
                return seconds < 0 ? $"in {amount}" : $"{amount} ago";
            }
        }

        return "just now";
    }

    /// <summary>As of now.</summary>
    public static string Ago(DateTimeOffset then) => Ago(then, DateTimeOffset.UtcNow);

    /// <summary><c>2026-11-28 16:44:51</c>, in the local zone.</summary>
    public static string Absolute(DateTimeOffset then) =>
        then.LocalDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary><c>2026-11-28 16:44:51 (3 hours ago)</c>.</summary>
    public static string Both(DateTimeOffset then) => $"{Absolute(then)} ({Ago(then)})";
}
