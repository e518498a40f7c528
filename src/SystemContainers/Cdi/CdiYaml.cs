// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json.Nodes;
using SystemContainers.Yaml;

namespace SystemContainers.Cdi;

/// <summary>Values of a specification in YAML, in the types that its own reader gives them: sigs.k8s.io/yaml, which
/// reads YAML 1.1 and makes JSON of it.</summary>
static class CdiYaml
{
    /// <summary>Reads a document.</summary>
    /// <param name="file">Its path.</param>
    /// <exception cref="Errors.SysctrException">It is no YAML.</exception>
    public static JsonNode? Parse(string file, string text) => Plain(YamlText.Parse(new YamlSource(file, file), text));

    private static JsonNode? Plain(YamlNode? node) =>
        node switch
        {
            YamlMap map => new JsonObject(map.Entries.Select(e => KeyValuePair.Create(e.Key.Text, Plain(e.Value)))),
            YamlList list => new JsonArray([.. list.Items.Select(Plain)]),
            YamlScalar { IsNull: true } => null,
            YamlScalar { IsPlain: true } scalar => Boolean(scalar.Text) is { } flag ? JsonValue.Create(flag)
            : Integer(Digits(scalar.Text)) is { } number ? JsonValue.Create(number)
            : Fraction(Digits(scalar.Text)) is { } fraction ? JsonValue.Create(fraction)
            : JsonValue.Create(scalar.Text),
            YamlScalar scalar => JsonValue.Create(scalar.Text),
            _ => null,
        };

    private static bool? Boolean(string text) =>
        text switch
        {
            "y" or "Y" or "yes" or "Yes" or "YES" or "true" or "True" or "TRUE" or "on" or "On" or "ON" => true,
            "n" or "N" or "no" or "No" or "NO" or "false" or "False" or "FALSE" or "off" or "Off" or "OFF" => false,
            _ => null,
        };

    /// <summary>A number may have underscores anywhere behind its first character.</summary>
    private static string Digits(string text) =>
        text is [(>= '0' and <= '9') or '-' or '+', ..] ? text.Replace("_", "", StringComparison.Ordinal) : text;

    /// <summary>With the octal numbers of YAML 1.1: <c>0666</c> of a mode.</summary>
    private static long? Integer(string text)
    {
        (string digits, int from) = text switch
        {
            ['0', 'x' or 'X', .. var hexadecimal] => (hexadecimal, 16),
            ['0', 'o' or 'O', .. var octal] => (octal, 8),
            ['0', 'b' or 'B', .. var binary] => (binary, 2),
            ['0', .. { Length: > 0 } octal] => (octal, 8),
            _ => (text, 10),
        };
        try
        {
            return from == 10
                ? long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
                    ? number
                    : null
                : Convert.ToInt64(digits, from);
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
        {
            return null;
        }
    }

    private static double? Fraction(string text) =>
        text is [(>= '0' and <= '9') or '-' or '+' or '.', ..]
        && double.TryParse(
            text,
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
            CultureInfo.InvariantCulture,
            out double number
        )
        && double.IsFinite(number)
            ? number
            : null;
}
