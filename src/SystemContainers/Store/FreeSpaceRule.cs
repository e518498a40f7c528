// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace SystemContainers.Store;

/// <summary>
/// How much of the store's file system stays free for the rest of the host, <c>min-free-space</c> in sysctr.toml(5):
/// additions that would leave less are refused.
/// </summary>
/// <param name="Percent">Of the whole file system, 0 to 99; null for no such limit.</param>
/// <param name="Bytes">That many; null for no such limit. Of two limits the smaller one counts.</param>
sealed record FreeSpaceRule(double? Percent, long? Bytes)
{
    private static readonly (string Suffix, long Factor)[] s_units =
    [
        ("KB", 1000),
        ("MB", 1000_000),
        ("GB", 1000_000_000),
        ("TB", 1000_000_000_000),
        ("K", 1L << 10),
        ("M", 1L << 20),
        ("G", 1L << 30),
        ("T", 1L << 40),
        ("B", 1),
        ("", 1),
    ];

    /// <summary>3 %, but no more than 500 MB.</summary>
    public static FreeSpaceRule Default { get; } = new(3, 500_000_000);

    /// <summary>Reads <c>5%</c>, <c>500MB</c> (of 1000), <c>2G</c> (of 1024) or <c>0</c>.</summary>
    /// <returns>Null where it is none of these.</returns>
    public static FreeSpaceRule? TryParse(string text)
    {
        if (text.EndsWith('%'))
        {
            return
                double.TryParse(
                    text[..^1],
                    NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture,
                    out double percent
                )
                && percent < 100
                ? new FreeSpaceRule(percent, null)
                : null;
        }

        (string suffix, long factor) = s_units.First(u => text.EndsWith(u.Suffix, StringComparison.OrdinalIgnoreCase));
        return
            double.TryParse(
                text[..^suffix.Length].Trim(),
                NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture,
                out double number
            )
            && number * factor < long.MaxValue
            ? new FreeSpaceRule(null, (long)(number * factor))
            : null;
    }

    /// <summary>The bytes of a file system that stay free.</summary>
    /// <param name="total">Its size.</param>
    public long Of(long total) =>
        Math.Min(Percent is { } p ? (long)(total * p / 100) : long.MaxValue, Bytes ?? long.MaxValue) is var least
        && least < long.MaxValue
            ? least
            : 0;
}
