// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Sigstore;

/// <summary>JSON that others signed or wrote, read so that no two readers see two documents.</summary>
static class StrictMembers
{
    private const int MaxDepth = 64;

    /// <summary>Parses; duplicates are for <see cref="Of"/> to find, which looks only where something is
    /// decided.</summary>
    /// <exception cref="SysctrException">Policy: it is no JSON.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json, string what)
    {
        try
        {
            return JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MaxDepth });
        }
        catch (JsonException e)
        {
            throw Fault.Of($"{what} is no JSON", e);
        }
    }

    /// <summary>The members of an object.</summary>
    /// <exception cref="SysctrException">Policy: it is none, or one stands twice.</exception>
    public static IReadOnlyDictionary<string, JsonElement> Of(JsonElement element, string what)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Fault.Of($"{what} is no object");
        }

        Dictionary<string, JsonElement> members = new(StringComparer.Ordinal);
        foreach (JsonProperty member in element.EnumerateObject())
        {
            string name = Fault.Reading(what, () => member.Name);
            if (!members.TryAdd(name, member.Value))
            {
                throw Fault.Of($"{what} has \"{Redact.Text(name)}\" twice");
            }
        }

        return members;
    }

    /// <summary>The members of an object that has just these.</summary>
    /// <exception cref="SysctrException">Policy: one is missing, stands twice or is another.</exception>
    public static IReadOnlyDictionary<string, JsonElement> Exactly(
        JsonElement element,
        string what,
        params string[] names
    )
    {
        IReadOnlyDictionary<string, JsonElement> members = Among(element, what, names);
        return Array.Find(names, n => !members.ContainsKey(n)) is { } missing
            ? throw Fault.Of($"{what} has no \"{missing}\"")
            : members;
    }

    /// <summary>The members of an object that has no others than these.</summary>
    /// <exception cref="SysctrException">Policy: one stands twice or is another.</exception>
    public static IReadOnlyDictionary<string, JsonElement> Among(
        JsonElement element,
        string what,
        params string[] names
    )
    {
        IReadOnlyDictionary<string, JsonElement> members = Of(element, what);
        return members.Keys.FirstOrDefault(k => !names.Contains(k)) is { } unknown
            ? throw Fault.Of($"{what} has an unknown \"{Redact.Text(unknown)}\"")
            : members;
    }

    /// <exception cref="SysctrException">Policy: it is none, or not Unicode.</exception>
    public static string Text(JsonElement element, string what) =>
        element.ValueKind == JsonValueKind.String
            ? Fault.Reading(what, () => element.GetString()!)
            : throw Fault.Of($"{what} is no string");

    /// <summary>Bytes in base64.</summary>
    /// <exception cref="SysctrException">Policy: they are not.</exception>
    public static byte[] Bytes(JsonElement element, string what) => Base64(Text(element, what), what);

    /// <summary>Bytes in base64, padded; line ends in it are passed over, as Go does.</summary>
    /// <exception cref="SysctrException">Policy: they are not.</exception>
    public static byte[] Base64(string text, string what)
    {
        string packed = text.ReplaceLineEndings("");
        byte[] bytes = new byte[packed.Length / 4 * 3];
        return
            packed.All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '/' or '=')
            && Convert.TryFromBase64String(packed, bytes, out int written)
            ? bytes[..written]
            : throw Fault.Of($"{what} is not in base64");
    }

    /// <summary>An integer; in protobuf's JSON it may be a string.</summary>
    /// <exception cref="SysctrException">Policy: it is none.</exception>
    public static long Integer(JsonElement element, string what) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out long number) ? number
        : element.ValueKind == JsonValueKind.String
        && long.TryParse(Text(element, what), System.Globalization.NumberStyles.AllowLeadingSign, null, out long text)
            ? text
        : throw Fault.Of($"{what} is no integer");
}
