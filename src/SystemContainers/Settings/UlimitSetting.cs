// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace SystemContainers.Settings;

/// <summary>A value of <c>--ulimit</c> (podman-run(1)): <c>nofile=1024:4096</c>.</summary>
/// <param name="Type">As in setrlimit(2): <c>RLIMIT_NOFILE</c>.</param>
/// <param name="Soft">What holds; <see cref="ulong.MaxValue"/> for no limit.</param>
/// <param name="Hard">What it can be raised to.</param>
sealed record UlimitSetting(string Type, ulong Soft, ulong Hard)
{
    private static readonly string[] s_names =
    [
        "as",
        "core",
        "cpu",
        "data",
        "fsize",
        "locks",
        "memlock",
        "msgqueue",
        "nice",
        "nofile",
        "nproc",
        "rss",
        "rtprio",
        "rttime",
        "sigpending",
        "stack",
    ];

    /// <summary>Reads one.</summary>
    /// <exception cref="FormatException">Says what is wrong.</exception>
    public static UlimitSetting Parse(string text)
    {
        string[] parts = text.Split('=', 2);
        string name = Key(text);
        if (parts.Length != 2 || !s_names.Contains(name, StringComparer.Ordinal))
        {
            throw new FormatException(
                text == "host"
                    ? "name the limits one by one"
                    : $"'{parts[0]}' is no limit; there are {string.Join(", ", s_names)}"
            );
        }

        string[] values = parts[1].Split(':', 2);
        ulong soft = Number(values[0]);
        ulong hard = values.Length == 2 ? Number(values[1]) : soft;
        return soft <= hard
            ? new UlimitSetting("RLIMIT_" + name.ToUpperInvariant(), soft, hard)
            : throw new FormatException($"the soft limit {values[0]} is above the hard one");
    }

    /// <summary>The limit's name.</summary>
    public static string Key(string text)
    {
        string name = text.Split('=', 2)[0].ToLowerInvariant();
        return name.StartsWith("rlimit_", StringComparison.Ordinal) ? name["rlimit_".Length..] : name;
    }

    private static ulong Number(string text) =>
        text is "-1" or "unlimited" ? ulong.MaxValue
        : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number
        : throw new FormatException($"'{text}' is no number, -1 or unlimited");
}
