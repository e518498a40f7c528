// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;

namespace SystemContainers.Tar;

/// <summary>Numbers in a header: octal text, or GNU's base-256 where the first bit is set.</summary>
static class TarNumber
{
    /// <returns>False where the field holds neither.</returns>
    public static bool TryParse(ReadOnlySpan<byte> field, out long value)
    {
        value = 0;
        if ((field[0] & 0x80) != 0)
        {
            return TryParseBinary(field, out value);
        }

        ReadOnlySpan<byte> digits = field.Trim(" \0"u8);
        int end = digits.IndexOf((byte)0);
        digits = end < 0 ? digits : digits[..end];
        foreach (byte digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'7' || value > long.MaxValue >> 3)
            {
                return false;
            }

            value = (value << 3) | (uint)(digit - '0');
        }

        return true;
    }

    /// <summary>Decimal digits only, as pax records have them, any number of zeros before them.</summary>
    public static bool TryParseDecimal(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        foreach (byte digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'9' || value > (long.MaxValue - 9) / 10)
            {
                return false;
            }

            value = (value * 10) + (digit - '0');
        }

        return !text.IsEmpty;
    }

    /// <summary>A pax time: seconds with any number of decimals, perhaps negative; digits after the ninth are
    /// cut.</summary>
    public static bool TryParseTime(ReadOnlySpan<byte> text, out long seconds, out int nanoseconds)
    {
        seconds = 0;
        nanoseconds = 0;
        bool negative = text.Length > 0 && text[0] == '-';
        text = negative ? text[1..] : text;
        int dot = text.IndexOf((byte)'.');
        if (!TryParseDecimal(dot < 0 ? text : text[..dot], out seconds))
        {
            return false;
        }

        if (dot >= 0)
        {
            ReadOnlySpan<byte> fraction = text[(dot + 1)..];
            if (fraction.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
            {
                return false;
            }

            for (int i = 0; i < 9; i++)
            {
                nanoseconds = (nanoseconds * 10) + (i < fraction.Length ? fraction[i] - '0' : 0);
            }
        }

        if (negative)
        {
            seconds = -seconds - (nanoseconds > 0 ? 1 : 0);
            nanoseconds = nanoseconds > 0 ? 1_000_000_000 - nanoseconds : 0;
        }

        return true;
    }

    private static bool TryParseBinary(ReadOnlySpan<byte> field, out long value)
    {
        // Two's complement, big-endian, the topmost bit being the mark and the next one the sign.
        bool negative = (field[0] & 0x40) != 0;
        byte fill = negative ? (byte)0xff : (byte)0;
        Span<byte> wide = stackalloc byte[16];
        wide.Fill(fill);
        field.CopyTo(wide[(16 - field.Length)..]);
        wide[16 - field.Length] = (byte)((field[0] & 0x3f) | (negative ? 0xc0 : 0));
        value = BinaryPrimitives.ReadInt64BigEndian(wide[8..]);
        return !wide[..8].ContainsAnyExcept(fill) && (value < 0) == negative;
    }
}
