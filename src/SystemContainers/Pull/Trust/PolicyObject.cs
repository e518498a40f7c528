// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Pull.Trust.Requirements;

namespace SystemContainers.Pull.Trust;

/// <summary>An object in a policy file, its members read as Go's decoder reads them: a null is as if nothing was
/// there.</summary>
sealed class PolicyObject
{
    private readonly PolicyJson _json;
    private readonly JsonElement _element;

    /// <param name="json">The file.</param>
    /// <param name="element">The value.</param>
    /// <param name="where">Whose it is, for messages.</param>
    /// <exception cref="SysctrException">Policy: it is no object.</exception>
    public PolicyObject(PolicyJson json, JsonElement element, string where)
    {
        _json = json;
        _element = json.Object(element, where);
        Where = where;
    }

    /// <summary>Whose it is.</summary>
    public string Where { get; }

    /// <summary>What is wrong with it.</summary>
    public SysctrException Invalid(string why) => _json.Invalid($"{Where}: {why}");

    /// <summary>Checks that it has no other members.</summary>
    public void Only(params string[] members)
    {
        foreach (JsonProperty member in _element.EnumerateObject())
        {
            if (!members.Contains(member.Name))
            {
                throw Invalid($"it takes no key \"{member.Name}\"");
            }
        }
    }

    /// <summary>A member, null where it is not there; a null in the file is one.</summary>
    public JsonElement? Member(string name) => _element.TryGetProperty(name, out JsonElement member) ? member : null;

    /// <summary>How many of some members are there.</summary>
    public int Present(params string[] names) => names.Count(n => Member(n) is not null);

    /// <summary>A text; null where it is not there.</summary>
    public string? Text(string name) => Member(name) is { } member ? Text(name, member) : null;

    /// <summary>How many ways of naming keys say something.</summary>
    public int Sources(string file, string? files, string data, string? datas) =>
        (Text(file) is { Length: > 0 } ? 1 : 0)
        + (files is not null && Texts(files) is not null ? 1 : 0)
        + (Bytes(data) is not null ? 1 : 0)
        + (datas is not null && Datas(datas) is not null ? 1 : 0);

    /// <summary>The keys that it names; null where none of these members says something.</summary>
    public KeySource? Source(string file, string? files, string data, string? datas, Func<string, string> here) =>
        Sources(file, files, data, datas) == 0
            ? null
            : new KeySource(
                Text(file) is { Length: > 0 } one ? [one]
                    : files is not null && Texts(files) is { } several ? several
                    : [],
                Bytes(data) is { } bytes ? [bytes]
                    : datas is not null && Datas(datas) is { } all ? all
                    : [],
                here
            );

    private string Text(string name, JsonElement element) =>
        element.ValueKind switch
        {
            JsonValueKind.String => element.GetString()!,
            JsonValueKind.Null => "",
            _ => throw Invalid($"{name} is no string"),
        };

    private string[]? Texts(string name) =>
        List(name) is { } list ? [.. list.EnumerateArray().Select(i => Text(name, i))] : null;

    private byte[][]? Datas(string name) =>
        List(name) is { } list ? [.. list.EnumerateArray().Select(i => Bytes(name, i) ?? [])] : null;

    private JsonElement? List(string name) =>
        Member(name) switch
        {
            null or { ValueKind: JsonValueKind.Null } => null,
            { ValueKind: JsonValueKind.Array } list => list,
            _ => throw Invalid($"{name} is no array"),
        };

    private byte[]? Bytes(string name) => Member(name) is { } member ? Bytes(name, member) : null;

    /// <summary>Base64 with its padding, and lines broken anywhere; Go takes an array of numbers as well.</summary>
    private byte[]? Bytes(string name, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Null:
                return null;
            case JsonValueKind.String:
                string text = element
                    .GetString()!
                    .Replace("\n", "", StringComparison.Ordinal)
                    .Replace("\r", "", StringComparison.Ordinal);
                byte[] bytes = new byte[text.Length];
                return !text.Any(char.IsWhiteSpace) && Convert.TryFromBase64String(text, bytes, out int length)
                    ? bytes[..length]
                    : throw Invalid($"{name} is no base64");
            case JsonValueKind.Array:
                return [.. element.EnumerateArray().Select(i => Number(name, i))];
            default:
                throw Invalid($"{name} is no base64");
        }
    }

    private byte Number(string name, JsonElement element) =>
        element.ValueKind == JsonValueKind.Null ? (byte)0
        : element.ValueKind == JsonValueKind.Number
        && byte.TryParse(element.GetRawText(), NumberStyles.None, CultureInfo.InvariantCulture, out byte number)
            ? number
        : throw Invalid($"{name} is no base64");
}
