// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SystemContainers.Templates;

namespace SystemContainers.Bundle;

/// <summary>
/// A config.json, whoever wrote it: checked for the shape that we and every runtime rely on, and asked for what the
/// rest of the installation depends on. Members beyond that are the runtime's business and pass through unread.
/// </summary>
sealed class RuntimeConfigFile
{
    private static readonly JsonSerializerOptions s_written = new() { WriteIndented = true };

    private RuntimeConfigFile(
        byte[] json,
        JsonElement root,
        bool isReadonly,
        IReadOnlyList<Mount> mounts,
        string workingDirectory,
        IReadOnlyList<string> capabilities,
        IReadOnlyDictionary<string, string> annotations,
        IReadOnlyList<string> devices
    )
    {
        Annotations = annotations;
        Devices = devices;
        IsReadonly = isReadonly;
        Json = json;
        Root = root;
        Mounts = mounts;
        WorkingDirectory = workingDirectory;
        Capabilities = capabilities;
    }

    /// <summary>The document as it was written, but for what a runtime of today would not understand.</summary>
    public byte[] Json { get; }

    /// <summary>The same, parsed: nobody need do it again.</summary>
    public JsonElement Root { get; }

    /// <summary>A copy that can be changed.</summary>
    public JsonObject Copy() => JsonObject.Create(Root)!;

    /// <summary>A changed copy as it is written.</summary>
    public static byte[] Write(JsonObject document) => Encoding.UTF8.GetBytes(document.ToJsonString(s_written));

    /// <summary>The same written anew, by somebody who has changed nothing of what was read.</summary>
    internal RuntimeConfigFile Rewritten(JsonObject document)
    {
        byte[] json = Write(document);
        return new(
            json,
            JsonElement.Parse(json),
            IsReadonly,
            Mounts,
            WorkingDirectory,
            Capabilities,
            Annotations,
            Devices
        );
    }

    /// <summary>process.user; root where it is not there.</summary>
    public (uint Uid, uint Gid) User =>
        Copy()["process"]?["user"] is { } user
            ? (user["uid"]?.GetValue<uint>() ?? 0, user["gid"]?.GetValue<uint>() ?? 0)
            : (0, 0);

    /// <summary>root.readonly.</summary>
    public bool IsReadonly { get; }

    /// <summary>In the order in which the runtime makes them.</summary>
    public IReadOnlyList<Mount> Mounts { get; }

    /// <summary>linux.devices[].path: nodes that the runtime makes.</summary>
    public IReadOnlyList<string> Devices { get; }

    /// <summary>process.cwd.</summary>
    public string WorkingDirectory { get; }

    /// <summary>Every capability that process.capabilities names, in ordinal order.</summary>
    public IReadOnlyList<string> Capabilities { get; }

    public IReadOnlyDictionary<string, string> Annotations { get; }

    /// <summary>The lines of an annotation of ours; none where it is not there.</summary>
    /// <param name="name">Of <see cref="StartAnnotations"/>.</param>
    public IEnumerable<string> Annotation(string name) =>
        Annotations.GetValueOrDefault(name, "").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <param name="Destination">Absolute in the container, normalized.</param>
    /// <param name="Source">Where it comes from; empty where the document does not say.</param>
    /// <param name="IsBind">The source is a path of the host.</param>
    /// <param name="Mode">What <c>mode=</c> says for a tmpfs; null for nothing.</param>
    public sealed record Mount(string Destination, string Source, bool IsBind, int? Mode);

    /// <summary>Checks and reads a document.</summary>
    /// <param name="path">What errors name.</param>
    /// <param name="text">The document.</param>
    /// <exception cref="Errors.SysctrException">Template: no JSON, or not of the right shape; says where.</exception>
    public static RuntimeConfigFile Read(string path, string text)
    {
        using JsonDocument document = ExportJson.Parse(path, text);
        Reader reader = new(path);
        JsonElement root = document.RootElement;
        JsonElement process = reader.Required(root, "process", "process", JsonValueKind.Object);
        string[] arguments = reader.Strings(process, "args", "process.args");
        if (arguments.Length == 0)
        {
            throw TemplateErrors.At(path, "process.args has to name a program");
        }

        foreach (string variable in reader.Strings(process, "env", "process.env"))
        {
            if (variable.IndexOf('=', StringComparison.Ordinal) <= 0)
            {
                throw TemplateErrors.At(path, $"process.env has '{variable}', which is not NAME=VALUE");
            }
        }

        CheckTwice(reader, root, "");
        CheckRoot(reader, root);
        List<string> devices = ReadLinux(reader, root);
        byte[]? withSets = WithCapabilitySets(root, process);
        return new RuntimeConfigFile(
            withSets ?? Encoding.UTF8.GetBytes(text),
            withSets is null ? root.Clone() : JsonElement.Parse(withSets),
            SaysReadonly(root),
            ReadMounts(reader, root),
            reader.AbsolutePath(process, "cwd", "process.cwd"),
            ReadCapabilities(reader, process),
            ReadAnnotations(reader, root),
            devices
        );
    }

    /// <summary>
    /// Rejects duplicate members: runtimes differ in which one they take. To runc the case of letters is no
    /// difference, so that <c>Root</c> would speak for <c>root</c>.
    /// </summary>
    private static void CheckTwice(Reader reader, JsonElement element, string name)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach ((int i, JsonElement item) in element.EnumerateArray().Index())
            {
                CheckTwice(reader, item, $"{name}[{i}]");
            }
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            // Elsewhere are maps, whose keys are data.
            HashSet<string> seen = new(
                name is "" or "root" or "process" or "linux" ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal
            );
            foreach (JsonProperty member in element.EnumerateObject())
            {
                string full = name.Length == 0 ? member.Name : $"{name}.{member.Name}";
                if (!seen.Add(AsGoFolds(member.Name)))
                {
                    throw TemplateErrors.At(reader.Path, $"{full} is there twice");
                }

                CheckTwice(reader, member.Value, full);
            }
        }
    }

    // Go takes the long s and the Kelvin sign for s and k too (encoding/json, fold.go).
    private static string AsGoFolds(string name) => name.Replace('\u017f', 's').Replace('\u212a', 'k');

    /// <summary>Checks what we ask of <c>linux</c> ourselves when the container is made to fit into its unit.</summary>
    /// <returns>The paths of its devices.</returns>
    private static List<string> ReadLinux(Reader reader, JsonElement document)
    {
        if (!document.TryGetProperty("linux", out JsonElement linux) || linux.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        linux = reader.Required(document, "linux", "linux", JsonValueKind.Object);
        _ = reader.OptionalString(linux, "rootfsPropagation", "linux.rootfsPropagation");
        foreach ((int i, JsonElement space) in reader.List(linux, "namespaces", "linux.namespaces").Index())
        {
            if (space.ValueKind != JsonValueKind.Object)
            {
                throw ExportJson.WrongType(reader.Path, $"linux.namespaces[{i}]", "an object", space);
            }

            _ = reader.OptionalString(space, "type", $"linux.namespaces[{i}].type");
        }

        List<string> devices = [];
        foreach ((int i, JsonElement device) in reader.List(linux, "devices", "linux.devices").Index())
        {
            if (device.ValueKind != JsonValueKind.Object)
            {
                throw ExportJson.WrongType(reader.Path, $"linux.devices[{i}]", "an object", device);
            }

            if (reader.OptionalString(device, "path", $"linux.devices[{i}].path") is { Length: > 0 } path)
            {
                devices.Add(path);
            }
        }

        return devices;
    }

    private static void CheckRoot(Reader reader, JsonElement document)
    {
        JsonElement root = reader.Required(document, "root", "root", JsonValueKind.Object);
        string directory = reader.Required(root, "path", "root.path", JsonValueKind.String).GetString()!;
        if (directory != "rootfs")
        {
            throw TemplateErrors.At(reader.Path, $"root.path has to be 'rootfs', not '{directory}'");
        }
    }

    private static bool SaysReadonly(JsonElement document) =>
        document.GetProperty("root").TryGetProperty("readonly", out JsonElement isReadonly)
        && isReadonly.ValueKind == JsonValueKind.True;

    private static Dictionary<string, string> ReadAnnotations(Reader reader, JsonElement root) =>
        !root.TryGetProperty("annotations", out JsonElement annotations) || annotations.ValueKind == JsonValueKind.Null
            ? []
            : reader
                .Required(root, "annotations", "annotations", JsonValueKind.Object)
                .EnumerateObject()
                .ToDictionary(
                    a => a.Name,
                    a => reader.OptionalString(annotations, a.Name, $"annotations.{a.Name}"),
                    StringComparer.Ordinal
                );

    private static List<Mount> ReadMounts(Reader reader, JsonElement root)
    {
        List<Mount> mounts = [];
        foreach (JsonElement mount in reader.List(root, "mounts", "mounts"))
        {
            string name = $"mounts[{mounts.Count}]";
            if (mount.ValueKind != JsonValueKind.Object)
            {
                throw ExportJson.WrongType(reader.Path, name, "an object", mount);
            }

            string type = reader.OptionalString(mount, "type", name + ".type");
            string[] options = reader.Strings(mount, "options", name + ".options");
            mounts.Add(
                new Mount(
                    reader.AbsolutePath(mount, "destination", name + ".destination"),
                    reader.OneLine(mount, "source", name + ".source"),
                    type == "bind" || options.Contains("bind") || options.Contains("rbind"),
                    type == "tmpfs" ? Mode(options) : null
                )
            );
        }

        return mounts;
    }

    /// <summary>An octal <c>mode=</c>; one that is no such number is left for the runtime to complain about.</summary>
    private static int? Mode(string[] options)
    {
        string? text = options.LastOrDefault(o => o.StartsWith("mode=", StringComparison.Ordinal))?["mode=".Length..];
        return text is { Length: > 0 and <= 5 } && text.All(c => c is >= '0' and <= '7')
            ? Convert.ToInt32(text, 8) & 0xfff
            : null;
    }

    private static string[] ReadCapabilities(Reader reader, JsonElement process)
    {
        SortedSet<string> names = new(StringComparer.Ordinal);
        if (process.TryGetProperty("capabilities", out JsonElement sets) && sets.ValueKind != JsonValueKind.Null)
        {
            if (sets.ValueKind == JsonValueKind.Array)
            {
                return reader.Strings(process, "capabilities", "process.capabilities");
            }

            if (sets.ValueKind != JsonValueKind.Object)
            {
                throw ExportJson.WrongType(reader.Path, "process.capabilities", "an object of lists", sets);
            }

            foreach (JsonProperty set in sets.EnumerateObject())
            {
                names.UnionWith(reader.Strings(sets, set.Name, $"process.capabilities.{set.Name}"));
            }
        }

        return [.. names];
    }

    /// <summary>
    /// The document as today's runtimes read it; null where it is so already. Before runtime-spec 1.0 capabilities were
    /// one list that stood for every set; images of that time are still in use, and every runtime since refuses the
    /// list.
    /// </summary>
    private static byte[]? WithCapabilitySets(JsonElement root, JsonElement process)
    {
        if (!process.TryGetProperty("capabilities", out JsonElement list) || list.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        JsonObject document = JsonObject.Create(root)!;
        JsonObject sets = [];
        foreach (string set in (string[])["bounding", "effective", "inheritable", "permitted"])
        {
            sets[set] = JsonArray.Create(list);
        }

        document["process"]!["capabilities"] = sets;
        return Encoding.UTF8.GetBytes(document.ToJsonString());
    }

    /// <summary>Asks for members; <c>name</c> is a member's path from the root, for errors. Null counts as missing, as
    /// it does in Go.</summary>
    private sealed class Reader(string path)
    {
        public string Path => path;

        public JsonElement Required(JsonElement parent, string member, string name, JsonValueKind kind) =>
            parent.TryGetProperty(member, out JsonElement value) && value.ValueKind == kind
                ? value
                : throw ExportJson.WrongType(
                    path,
                    name,
                    kind == JsonValueKind.Object ? "an object" : "a string",
                    value
                );

        public JsonElement.ArrayEnumerator List(JsonElement parent, string member, string name) =>
            !parent.TryGetProperty(member, out JsonElement value) || value.ValueKind == JsonValueKind.Null ? default
            : value.ValueKind == JsonValueKind.Array ? value.EnumerateArray()
            : throw ExportJson.WrongType(path, name, "an array", value);

        public string[] Strings(JsonElement parent, string member, string name) =>
            [
                .. List(parent, member, name)
                    .Select(e =>
                        e.ValueKind == JsonValueKind.String
                            ? e.GetString()!
                            : throw ExportJson.WrongType(path, name, "an array of strings", e)
                    ),
            ];

        public string OptionalString(JsonElement parent, string member, string name) =>
            !parent.TryGetProperty(member, out JsonElement value) || value.ValueKind == JsonValueKind.Null ? ""
            : value.ValueKind == JsonValueKind.String ? value.GetString()!
            : throw ExportJson.WrongType(path, name, "a string", value);

        /// <summary>A text that becomes a field of a tmpfiles line.</summary>
        public string OneLine(JsonElement parent, string member, string name) =>
            OptionalString(parent, member, name) is var text && text.Any(char.IsControl)
                ? throw TemplateErrors.At(path, $"{name} has a control character such as a line break")
                : text;

        public string AbsolutePath(JsonElement parent, string member, string name)
        {
            string text = Required(parent, member, name, JsonValueKind.String).GetString()!;
            _ = OneLine(parent, member, name);
            return text.StartsWith('/') && !HostPath.LeadsUpwards(text)
                ? HostPath.Absolute(text)
                : throw TemplateErrors.At(path, $"{name} has to be an absolute path without '..', not '{text}'");
        }
    }
}
