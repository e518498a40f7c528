// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Templates;

namespace SystemContainers.Exports;

sealed partial record ExportManifest
{
    /// <summary>Checks and reads a manifest; members that we do not know are left alone, for other tools may know
    /// them.</summary>
    /// <exception cref="Errors.SysctrException">Template: no JSON, or a member has the wrong type; says
    /// which.</exception>
    public static ExportManifest Read(string path, string text)
    {
        using JsonDocument document = ExportJson.Parse(path, text);
        JsonElement root = document.RootElement;
        Dictionary<string, string> renames = new(StringComparer.Ordinal);
        foreach ((string from, string to) in Texts(path, root, "renameFiles", Text))
        {
            renames[HostPath.Absolute(from)] = to;
        }

        return new ExportManifest
        {
            Version = Optional(root, "version") is { } version ? Text(path, "version", version) : null,
            DefaultValues = Texts(path, root, "defaultValues", DefaultValue),
            RenameFiles = renames,
            InstalledFilesTemplate = List(path, root, "installedFilesTemplate")
                .Select(HostPath.Absolute)
                .ToHashSet(StringComparer.Ordinal),
            NoContainerService = Flag(path, root, "noContainerService", unset: false),
            UseLinks = Flag(path, root, "useLinks", unset: true),
            Health = Optional(root, ImageHealth.ManifestMember) is { } health
                ? ImageHealth.OfManifest(path, health)
                : null,
        };
    }

    private static Dictionary<string, string> Texts(
        string path,
        JsonElement root,
        string name,
        Func<string, string, JsonElement, string> read
    )
    {
        Dictionary<string, string> texts = new(StringComparer.Ordinal);
        if (Optional(root, name) is not { } member)
        {
            return texts;
        }

        if (member.ValueKind != JsonValueKind.Object)
        {
            throw ExportJson.WrongType(path, name, "an object", member);
        }

        foreach (JsonProperty property in member.EnumerateObject())
        {
            texts[property.Name] = read(path, $"{name}.{property.Name}", property.Value);
        }

        return texts;
    }

    private static string[] List(string path, JsonElement root, string name)
    {
        if (Optional(root, name) is not { } member)
        {
            return [];
        }

        return member.ValueKind == JsonValueKind.Array
            ? [.. member.EnumerateArray().Select((e, i) => Text(path, $"{name}[{i}]", e))]
            : throw ExportJson.WrongType(path, name, "an array", member);
    }

    // A number is taken as it is written: published manifests have "version": 1.0 and default values such as 8081.
    private static string Text(string path, string name, JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Number => value.GetRawText(),
            _ => throw ExportJson.WrongType(path, name, "a string", value),
        };

    // As Python prints them, for so the old tool inserted them.
    private static string DefaultValue(string path, string name, JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.True => "True",
            JsonValueKind.False => "False",
            JsonValueKind.Null => "None",
            _ => Text(path, name, value),
        };

    private static bool Flag(string path, JsonElement root, string name, bool unset) =>
        Optional(root, name) switch
        {
            null => unset,
            { ValueKind: JsonValueKind.True } => true,
            { ValueKind: JsonValueKind.False } => false,
            { } other => throw ExportJson.WrongType(path, name, "a boolean", other),
        };

    private static JsonElement? Optional(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
