// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using System.Text.Json;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Sigstore;

/// <summary>The JSON Canonicalization Scheme (RFC 8785): what Rekor signs.</summary>
static class CanonicalJson
{
    /// <summary>The canonical form of a value.</summary>
    /// <exception cref="Errors.SysctrException">Policy: it has none, such as an object with a member twice.</exception>
    public static byte[] Of(JsonElement element)
    {
        StringBuilder text = new();
        Write(element, text);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void Write(JsonElement element, StringBuilder text)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                string next = "{";
                foreach (
                    (string name, JsonElement value) in StrictMembers
                        .Of(element, "Rekor's entry")
                        .OrderBy(m => m.Key, StringComparer.Ordinal)
                )
                {
                    text.Append(next);
                    Write(name, text);
                    text.Append(':');
                    Write(value, text);
                    next = ",";
                }

                text.Append(next == "{" ? "{}" : "}");
                break;
            case JsonValueKind.Array:
                text.Append('[');
                foreach ((int index, JsonElement item) in element.EnumerateArray().Index())
                {
                    text.Append(index > 0 ? "," : "");
                    Write(item, text);
                }

                text.Append(']');
                break;
            case JsonValueKind.String:
                Write(StrictMembers.Text(element, "Rekor's entry"), text);
                break;
            case JsonValueKind.Number:
                double number = Fault.Reading("a number", element.GetDouble);
                text.Append(
                    double.IsFinite(number) ? Number(number) : throw Fault.Of("a number of Rekor's entry is too large")
                );
                break;
            default:
                text.Append(
                    element.ValueKind switch
                    {
                        JsonValueKind.True => "true",
                        JsonValueKind.False => "false",
                        _ => "null",
                    }
                );
                break;
        }
    }

    private static void Write(string value, StringBuilder text)
    {
        text.Append('"');
        foreach (char c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\b' => text.Append("\\b"),
                '\t' => text.Append("\\t"),
                '\n' => text.Append("\\n"),
                '\f' => text.Append("\\f"),
                '\r' => text.Append("\\r"),
                < ' ' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => text.Append(c),
            };
        }

        text.Append('"');
    }

    /// <summary>As ECMAScript writes it: the shortest digits that read the same, an exponent only from 1e21 and below
    /// 1e-6.</summary>
    private static string Number(double number)
    {
        if (number == 0)
        {
            return "0";
        }

        string sign = number < 0 ? "-" : "";
        string[] parts = Math.Abs(number).ToString("E16", CultureInfo.InvariantCulture).Split('E');
        string shortest = Math.Abs(number).ToString("R", CultureInfo.InvariantCulture);
        string digits = Digits(shortest);
        int exponent = Exponent(shortest, parts[1]);
        return sign
            + exponent switch
            {
                >= 21 => $"{Mantissa(digits)}e+{exponent}",
                >= 0 when digits.Length <= exponent + 1 => digits.PadRight(exponent + 1, '0'),
                >= 0 => $"{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}",
                >= -7 + 1 => "0." + new string('0', -exponent - 1) + digits,
                _ => $"{Mantissa(digits)}e{exponent}",
            };
    }

    private static string Digits(string shortest)
    {
        string digits = shortest.Split('E')[0].Replace(".", "", StringComparison.Ordinal).Trim('0');
        return digits.Length == 0 ? "0" : digits;
    }

    // Of the shortest form: rounding to 17 digits may reach the next power of ten.
    private static int Exponent(string shortest, string other)
    {
        if (shortest.Split('E') is [_, { } written])
        {
            return int.Parse(written, CultureInfo.InvariantCulture);
        }

        string whole = shortest.Split('.')[0];
        if (whole != "0")
        {
            return whole.Length - 1;
        }

        string fraction = shortest.Split('.') is [_, { } behind] ? behind : "";
        int zeros = fraction.Length - fraction.TrimStart('0').Length;
        return fraction.Length > 0 ? -zeros - 1 : int.Parse(other, CultureInfo.InvariantCulture);
    }

    private static string Mantissa(string digits) => digits.Length == 1 ? digits : $"{digits[0]}.{digits[1..]}";
}
