// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using SystemContainers.Templates;

namespace SystemContainers.Lint.Json;

/// <summary>JSON in which every value knows where it stands.</summary>
sealed class LocatedJson
{
    private const int MaxDepth = 64;

    private readonly byte[] _document;
    private readonly long _offset;

    private LocatedJson(byte[] document, long offset, JsonValueKind kind)
    {
        _document = document;
        _offset = offset;
        Kind = kind;
    }

    public JsonValueKind Kind { get; }

    /// <summary>A text's characters, a number as it is written; else empty.</summary>
    public string Text { get; private set; } = "";

    /// <summary>An object's members in their order; of two with the same name both.</summary>
    public IReadOnlyList<(string Name, LocatedJson Value)> Members { get; private set; } = [];

    public IReadOnlyList<LocatedJson> Items { get; private set; } = [];

    /// <summary>Where it begins.</summary>
    public TextPosition Position
    {
        get
        {
            ReadOnlySpan<byte> before = _document.AsSpan(0, (int)_offset);
            int lineStart = before.LastIndexOf((byte)'\n') + 1;
            return new TextPosition(before.Count((byte)'\n') + 1, Encoding.UTF8.GetCharCount(before[lineStart..]) + 1);
        }
    }

    /// <summary>The last member of a name that is not null, which is the one that runtimes take; null for
    /// none.</summary>
    public LocatedJson? this[string name] =>
        Members.LastOrDefault(m => m.Name == name).Value is { Kind: not JsonValueKind.Null } value ? value : null;

    /// <summary>Reads a document.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static LocatedJson Parse(string text)
    {
        byte[] document = Encoding.UTF8.GetBytes(text);
        Utf8JsonReader reader = new(document, new JsonReaderOptions { MaxDepth = MaxDepth });
        reader.Read();
        LocatedJson root = Read(ref reader, document);
        reader.Read();
        return root;
    }

    private static LocatedJson Read(ref Utf8JsonReader reader, byte[] document)
    {
        LocatedJson value = new(document, reader.TokenStartIndex, KindOf(reader.TokenType));
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                List<(string, LocatedJson)> members = [];
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    string name = reader.GetString()!;
                    reader.Read();
                    members.Add((name, Read(ref reader, document)));
                }

                value.Members = members;
                break;
            case JsonTokenType.StartArray:
                List<LocatedJson> items = [];
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    items.Add(Read(ref reader, document));
                }

                value.Items = items;
                break;
            case JsonTokenType.String:
                value.Text = reader.GetString()!;
                break;
            case JsonTokenType.Number:
                value.Text = Encoding.UTF8.GetString(reader.ValueSpan);
                break;
        }

        return value;
    }

    private static JsonValueKind KindOf(JsonTokenType token) =>
        token switch
        {
            JsonTokenType.StartObject => JsonValueKind.Object,
            JsonTokenType.StartArray => JsonValueKind.Array,
            JsonTokenType.String => JsonValueKind.String,
            JsonTokenType.Number => JsonValueKind.Number,
            JsonTokenType.True => JsonValueKind.True,
            JsonTokenType.False => JsonValueKind.False,
            _ => JsonValueKind.Null,
        };
}
