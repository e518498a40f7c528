// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Templates;

namespace SystemContainers.Bundle;

/// <summary>
/// Reads members of a config.json whose values become lines of a unit: a value of another type than the runtime-spec's
/// is refused, for a runtime would refuse it too, and a limit that is not understood is none. Null counts as missing,
/// as it does in Go.
/// </summary>
/// <param name="root">What errors put before names.</param>
sealed class SpecReader(string root)
{
    /// <summary>An object, or a missing one, and its path from the root.</summary>
    public readonly record struct Place(JsonObject? Node, string Name)
    {
        /// <summary>A whole number of 64 bits; null where it is missing.</summary>
        public long? Number(string member) =>
            Value(member) is not { } value ? null
            : value.TryGetValue(out long number) ? number
            : value.TryGetValue(out ulong large)
                ? large > long.MaxValue ? long.MaxValue
                    : (long)large
            : throw Wrong(member, "an integer");

        public string? Text(string member) =>
            Value(member) is not { } value ? null
            : value.TryGetValue(out string? text) ? text
            : throw Wrong(member, "a string");

        public bool Flag(string member) =>
            Value(member) is { } value && (value.TryGetValue(out bool flag) ? flag : throw Wrong(member, "a boolean"));

        /// <summary>Whether it is there and not null.</summary>
        public bool Has(string member) => Node?[member] is not null;

        private JsonValue? Value(string member) =>
            Node?[member] switch
            {
                null => null,
                JsonValue value => value,
                _ => throw Wrong(member, "a single value"),
            };

        public SysctrException Wrong(string member, string wanted) =>
            TemplateErrors.At("config.json", $"{Name}.{member} has to be {wanted}");
    }

    /// <summary>An object that is a member of another one.</summary>
    public Place Object(JsonObject? parent, string member) => Object(new Place(parent, root), member);

    public Place Object(Place parent, string member) =>
        parent.Node?[member] switch
        {
            null => new Place(null, $"{parent.Name}.{member}"),
            JsonObject found => new Place(found, $"{parent.Name}.{member}"),
            _ => throw parent.Wrong(member, "an object"),
        };

    /// <summary>The objects of an array.</summary>
    public IEnumerable<Place> Objects(Place parent, string member)
    {
        JsonNode? node = parent.Node?[member];
        if (node is null)
        {
            yield break;
        }

        foreach ((int i, JsonNode? item) in (node as JsonArray ?? throw parent.Wrong(member, "an array")).Index())
        {
            yield return item is JsonObject found
                ? new Place(found, $"{parent.Name}.{member}[{i}]")
                : throw parent.Wrong(member, "an array of objects");
        }
    }
}
