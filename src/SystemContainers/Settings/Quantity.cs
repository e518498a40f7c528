// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Globalization;

namespace SystemContainers.Settings;

/// <summary>Numbers as podman-run(1) writes them.</summary>
static class Quantity
{
    private static readonly SearchValues<char> s_digits = SearchValues.Create("0123456789.");

    /// <summary>Permission bits: <c>0022</c>.</summary>
    /// <exception cref="FormatException">It is none, or more than 0777.</exception>
    public static uint Octal(string text)
    {
        uint value = 0;
        foreach (char c in text.Length is > 0 and <= 5 ? text : "x")
        {
            value = c is >= '0' and <= '7'
                ? (value << 3) + (uint)(c - '0')
                : throw new FormatException($"'{text}' is no octal number, such as 0022");
        }

        return value <= 0b111_111_111 ? value : throw new FormatException($"{text} is more than 0777");
    }

    /// <summary>Bytes: <c>512m</c>, <c>1.5g</c>, <c>65536</c>; b, k, m, g and t are powers of 1024.</summary>
    /// <param name="text">As it was typed.</param>
    /// <param name="least">0 where that is no limit.</param>
    /// <exception cref="FormatException">It is none.</exception>
    public static long Bytes(string text, long least = 1)
    {
        string digits = text.ToLowerInvariant();
        digits =
            digits.EndsWith("ib", StringComparison.Ordinal) ? digits[..^2]
            : digits.Length > 1 && digits.EndsWith('b') ? digits[..^1]
            : digits;
        int power = digits.Length == 0 ? 0 : "kmgt".IndexOf(digits[^1], StringComparison.Ordinal) + 1;
        digits = power > 0 ? digits[..^1] : digits;
        return
            decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number)
            && number < long.MaxValue
            && number * (1L << (10 * power)) is >= 0 and <= long.MaxValue and var bytes
            && bytes >= least
            ? (long)bytes
            : throw new FormatException($"'{text}' is no number of bytes; it is a number with b, k, m, g or t");
    }

    /// <summary>A whole number in a range.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static long Whole(string text, long least, long most) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
        && number >= least
        && number <= most
            ? number
            : throw new FormatException($"'{text}' is no number from {least} to {most}");

    /// <summary>Processors: <c>1.5</c>; 0 for no limit.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static decimal Processors(string text) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number)
        && number is 0 or (>= 0.01m and <= 100_000)
            ? number
            : throw new FormatException($"'{text}' is no number of processors, such as 0.5");

    /// <summary>A duration as Go has it: <c>30s</c>, <c>1m30s</c>, <c>500ms</c>; a number alone is one of
    /// seconds.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static TimeSpan Duration(string text)
    {
        if (
            double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double alone)
            && alone < 1e9
        )
        {
            return TimeSpan.FromSeconds(alone);
        }

        TimeSpan sum = TimeSpan.Zero;
        ReadOnlySpan<char> rest = text;
        while (rest.Length > 0)
        {
            int digits = rest.IndexOfAnyExcept(s_digits);
            int letters = digits < 0 ? -1 : rest[digits..].IndexOfAny(s_digits);
            ReadOnlySpan<char> unit =
                digits < 0 ? ""
                : letters < 0 ? rest[digits..]
                : rest.Slice(digits, letters);
            double seconds = unit switch
            {
                "h" => 3600,
                "m" => 60,
                "s" => 1,
                "ms" => 1e-3,
                "us" or "µs" => 1e-6,
                "ns" => 1e-9,
                _ => 0,
            };
            if (
                seconds == 0
                || !double.TryParse(
                    rest[..digits],
                    NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture,
                    out double number
                )
                || number > 1e9
            )
            {
                throw new FormatException($"'{text}' is no duration, such as 30s or 1m30s");
            }

            sum += TimeSpan.FromSeconds(number * seconds);
            rest = rest[(digits + unit.Length)..];
        }

        return text.Length > 0 ? sum : throw new FormatException("it is empty");
    }
}
