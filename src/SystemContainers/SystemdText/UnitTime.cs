// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Globalization;

namespace SystemContainers.SystemdText;

/// <summary>Times of a unit's lines (systemd.time(7)), of a second and longer.</summary>
static class UnitTime
{
    private static readonly SearchValues<char> s_digits = SearchValues.Create("0123456789.");

    private static readonly Dictionary<string, double> s_units = new(StringComparer.Ordinal)
    {
        [""] = 1,
        ["ms"] = 1e-3,
        ["msec"] = 1e-3,
        ["s"] = 1,
        ["sec"] = 1,
        ["second"] = 1,
        ["seconds"] = 1,
        ["m"] = 60,
        ["min"] = 60,
        ["minute"] = 60,
        ["minutes"] = 60,
        ["h"] = 3600,
        ["hr"] = 3600,
        ["hour"] = 3600,
        ["hours"] = 3600,
        ["d"] = 86_400,
        ["day"] = 86_400,
        ["days"] = 86_400,
    };

    /// <summary>Seconds of a time after which something is given up: <c>infinity</c>, and nothing at all, are for
    /// ever. Null for what is none.</summary>
    public static double? Limit(string text)
    {
        ReadOnlySpan<char> rest = text.Trim();
        if (rest is "infinity")
        {
            return double.PositiveInfinity;
        }

        double sum = 0;
        do
        {
            int digits = rest.IndexOfAnyExcept(s_digits);
            digits = digits < 0 ? rest.Length : digits;
            ReadOnlySpan<char> behind = rest[digits..].TrimStart();
            int letters = behind.IndexOfAnyExceptInRange('a', 'z');
            letters = letters < 0 ? behind.Length : letters;
            if (
                !s_units.TryGetValue(behind[..letters].ToString(), out double unit)
                || !double.TryParse(
                    rest[..digits],
                    NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture,
                    out double number
                )
            )
            {
                return null;
            }

            sum += number * unit;
            rest = behind[letters..].TrimStart();
        } while (rest.Length > 0);

        return sum > 0 ? sum : double.PositiveInfinity;
    }
}
