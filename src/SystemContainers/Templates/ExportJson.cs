// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using SystemContainers.Errors;

namespace SystemContainers.Templates;

/// <summary>JSON of an image's exports: parsed with the place of an error, and asked for shapes with errors that name
/// the member.</summary>
static class ExportJson
{
    /// <summary>Parses a document whose root has to be an object.</summary>
    /// <exception cref="SysctrException">Template: it does not parse, or is no object.</exception>
    public static JsonDocument Parse(string path, string text)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 64 });
        }
        catch (JsonException e)
        {
            throw TemplateErrors.At(Place(path, text, e), Reason(e), inner: e);
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object)
        {
            try
            {
                CheckValues(path, document.RootElement, "");
                return document;
            }
            catch
            {
                document.Dispose();
                throw;
            }
        }

        JsonValueKind kind = document.RootElement.ValueKind;
        document.Dispose();
        throw TemplateErrors.At(path, $"it has to be a JSON object, not {Name(kind)}");
    }

    /// <summary>A member is not of the type that it has to be.</summary>
    public static SysctrException WrongType(string path, string member, string wanted, JsonElement found) =>
        TemplateErrors.At(path, $"{member} has to be {wanted}, not {Name(found.ValueKind)}");

    /// <summary>A type of JSON in words.</summary>
    public static string Name(JsonValueKind kind) =>
        kind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "an array",
            JsonValueKind.String => "a string",
            JsonValueKind.Number => "a number",
            JsonValueKind.Null => "null",
            JsonValueKind.Undefined => "missing",
            _ => "a boolean",
        };

    /// <summary>Refuses what the parser lets pass and no runtime reads: texts with half a surrogate pair or NUL, and
    /// numbers beyond 64 bits.</summary>
    private static void CheckValues(string path, JsonElement element, string name)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = Checked(path, name, () => element.GetString()!);
                break;
            case JsonValueKind.Number
                when !element.TryGetDecimal(out decimal number) || number < long.MinValue || number > ulong.MaxValue:
                throw TemplateErrors.At(path, $"{name} is a number of more than 64 bits");
            case JsonValueKind.Array:
                foreach ((int i, JsonElement item) in element.EnumerateArray().Index())
                {
                    CheckValues(path, item, $"{name}[{i}]");
                }

                break;
            case JsonValueKind.Object:
                foreach (JsonProperty member in element.EnumerateObject())
                {
                    string full = Checked(
                        path,
                        name.Length == 0 ? "a member's name" : $"a name in {name}",
                        () => member.Name
                    );
                    CheckValues(path, member.Value, name.Length == 0 ? full : $"{name}.{full}");
                }

                break;
        }
    }

    private static string Checked(string path, string name, Func<string> read)
    {
        try
        {
            string text = read();
            return text.Contains('\0', StringComparison.Ordinal)
                ? throw TemplateErrors.At(path, $"{name} has a NUL character, so it is no string")
                : text;
        }
        catch (InvalidOperationException e)
        {
            throw TemplateErrors.At(path, $"{name} is no string: it has half a surrogate pair", inner: e);
        }
    }

    // The parser counts bytes of UTF-8, editors count characters.
    private static string Place(string path, string text, JsonException error)
    {
        int line = (int)(error.LineNumber ?? 0);
        string found = text.Split('\n').ElementAtOrDefault(line) ?? "";
        byte[] bytes = Encoding.UTF8.GetBytes(found);
        int before = (int)Math.Min(error.BytePositionInLine ?? 0, bytes.Length);
        return new TextPosition(line + 1, Encoding.UTF8.GetCharCount(bytes, 0, before) + 1).In(path);
    }

    // The parser's message ends in its own idea of the place, which is counted from zero.
    private static string Reason(JsonException error)
    {
        int place = error.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return "this is no JSON: " + (place < 0 ? error.Message : error.Message[..place]).TrimEnd('.');
    }
}
