// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using SystemContainers.Errors;

namespace SystemContainers.Cdi;

/// <summary>Reads a specification, JSON or YAML, as strictly as the interface's own reader (pkg/cdi, ParseSpec and
/// validate): what it does not know changes a container in ways that nobody asked for, or does not.</summary>
static class CdiSpecReader
{
    private static readonly string[] s_versions =
    [
        "0.1.0",
        "0.2.0",
        "0.3.0",
        "0.4.0",
        "0.5.0",
        "0.6.0",
        "0.7.0",
        "0.8.0",
        "1.0.0",
        "1.1.0",
    ];

    private static readonly string[] s_stages =
    [
        "prestart",
        "createRuntime",
        "createContainer",
        "startContainer",
        "poststart",
        "poststop",
    ];

    /// <param name="file">Its path; by its end it is known whether it is JSON.</param>
    /// <exception cref="FormatException">It is none; says why.</exception>
    /// <exception cref="SysctrException">It is no YAML.</exception>
    public static CdiSpec Read(string file, string text)
    {
        JsonObject root =
            Document(file, text) as JsonObject ?? throw new FormatException("it has to be a mapping of keys");
        Know(root, "", "cdiVersion", "kind", "annotations", "devices", "containerEdits");
        string version = Text(root, "cdiVersion", "");
        if (!s_versions.Contains(version.TrimStart('v'), StringComparer.Ordinal))
        {
            throw new FormatException(
                $"cdiVersion '{version}' is not known here, which are {s_versions[0]} to {s_versions[^1]}"
            );
        }

        string kind = CdiName.CheckedKind(Text(root, "kind", ""));
        CdiEdits edits = Edits(root, "");
        Dictionary<string, CdiEdits> devices = new(StringComparer.Ordinal);
        foreach ((JsonObject device, string at) in Objects(root, "devices", ""))
        {
            Know(device, at, "name", "annotations", "containerEdits");
            string name = CdiName.CheckedDevice(Text(device, "name", at));
            CdiEdits own = Edits(device, at + ".");
            if (own.IsEmpty)
            {
                throw new FormatException($"{at}.containerEdits of {name} changes nothing");
            }

            if (!devices.TryAdd(name, own))
            {
                throw new FormatException($"{name} is among its devices twice");
            }
        }

        return devices.Count == 0
            ? throw new FormatException("it has no devices")
            : new CdiSpec(file, kind, edits, devices);
    }

    private static CdiEdits Edits(JsonObject parent, string at)
    {
        string place = at + "containerEdits";
        if (parent["containerEdits"] is not { } node)
        {
            return new CdiEdits();
        }

        JsonObject edits = node as JsonObject ?? throw new FormatException($"{place} has to be a mapping");
        Know(edits, place, "env", "deviceNodes", "netDevices", "mounts", "hooks", "intelRdt", "additionalGids");
        string inside = place + ".";
        return new CdiEdits
        {
            Env = Variables(edits, inside),
            DeviceNodes = [.. Objects(edits, "deviceNodes", inside).Select(o => Node(o.Value, o.At))],
            NetDevices = Interfaces(edits, inside),
            Mounts = [.. Objects(edits, "mounts", inside).Select(o => Mount(o.Value, o.At))],
            Hooks = [.. Objects(edits, "hooks", inside).Select(o => Hook(o.Value, o.At))],
            IntelRdt = Rdt(edits, inside),
            AdditionalGids =
            [
                .. List(edits, "additionalGids", inside)
                    .Select(g => Number(g, inside + "additionalGids") ?? 0)
                    .Where(g => g != 0),
            ],
        };
    }

    private static CdiDeviceNode Node(JsonObject node, string at)
    {
        Know(node, at, "path", "hostPath", "type", "major", "minor", "fileMode", "permissions", "uid", "gid");
        string path = Absolute(Text(node, "path", at), at);
        string? type = Find(node, "type", at);
        string access = Find(node, "permissions", at) ?? "rwm";
        return type is not (null or "b" or "c" or "u" or "p")
                ? throw new FormatException($"{at}.type is of b, c, u and p")
            : access != "none" && access.Trim('r', 'w', 'm').Length > 0
                ? throw new FormatException($"{at}.permissions are of r, w and m, or none")
            : new CdiDeviceNode(
                path,
                Find(node, "hostPath", at) is { } host ? Absolute(host, at) : path,
                access == "none" ? "" : access
            )
            {
                Type = type,
                Major = Number(node["major"], at + ".major") ?? 0,
                Minor = Number(node["minor"], at + ".minor") ?? 0,
                FileMode = Number(node["fileMode"], at + ".fileMode"),
                Uid = Number(node["uid"], at + ".uid"),
                Gid = Number(node["gid"], at + ".gid"),
            };
    }

    private static CdiMount Mount(JsonObject mount, string at)
    {
        Know(mount, at, "hostPath", "containerPath", "type", "options");
        return new CdiMount(
            Text(mount, "hostPath", at),
            Absolute(Text(mount, "containerPath", at), at),
            Find(mount, "type", at),
            Texts(mount, "options", at + ".")
        );
    }

    private static CdiHook Hook(JsonObject hook, string at)
    {
        Know(hook, at, "hookName", "path", "args", "env", "timeout");
        string stage = Text(hook, "hookName", at);
        long? timeout = Number(hook["timeout"], at + ".timeout");
        return !s_stages.Contains(stage, StringComparer.Ordinal)
                ? throw new FormatException($"{at}.hookName '{stage}' is none of {string.Join(", ", s_stages)}")
            : timeout <= 0 ? throw new FormatException($"{at}.timeout has to be greater than zero")
            : new CdiHook(
                stage,
                Absolute(Text(hook, "path", at), at),
                Texts(hook, "args", at + "."),
                Variables(hook, at + "."),
                timeout
            );
    }

    private static List<(string, string)> Interfaces(JsonObject edits, string inside)
    {
        List<(string Host, string Container)> all = [];
        foreach ((JsonObject device, string at) in Objects(edits, "netDevices", inside))
        {
            Know(device, at, "hostInterfaceName", "name");
            (string host, string name) = (Text(device, "hostInterfaceName", at), Text(device, "name", at));
            if (all.Exists(d => d.Host == host || d.Container == name))
            {
                throw new FormatException($"{at} names {host} or {name} a second time");
            }

            all.Add((host, name));
        }

        return all;
    }

    private static JsonObject? Rdt(JsonObject edits, string inside)
    {
        if (edits["intelRdt"] is not { } node)
        {
            return null;
        }

        string at = inside + "intelRdt";
        JsonObject rdt = node as JsonObject ?? throw new FormatException($"{at} has to be a mapping");
        Know(rdt, at, "closID", "l3CacheSchema", "memBwSchema", "schemata", "enableMonitoring");
        string closed = Find(rdt, "closID", at) ?? "";
        if (closed is "." or ".." || (closed != "/" && closed.Any(c => c is '/' or '\n')) || closed.Length >= 4096)
        {
            throw new FormatException($"{at}.closID has to be the name of a file");
        }

        JsonObject made = rdt.DeepClone().AsObject();
        foreach (string key in (string[])["closID", "l3CacheSchema", "memBwSchema"])
        {
            if (rdt.ContainsKey(key))
            {
                made[key] = Find(rdt, key, at) ?? "";
            }
        }

        return made;
    }

    private static string[] Variables(JsonObject parent, string at)
    {
        string[] all = Texts(parent, "env", at);
        return all.FirstOrDefault(v => v.IndexOf('=', StringComparison.Ordinal) <= 0) is { } wrong
            ? throw new FormatException($"{at}env '{wrong}' is not NAME=VALUE")
            : all;
    }

    private static string Absolute(string path, string at) =>
        path is ['/', ..] && !path.Split('/').Contains("..", StringComparer.Ordinal)
            ? path
            : throw new FormatException($"{at}: '{path}' has to be an absolute path");

    private static IEnumerable<(JsonObject Value, string At)> Objects(JsonObject parent, string key, string at) =>
        List(parent, key, at)
            .Select(
                (item, i) =>
                    item is JsonObject value
                        ? (value, $"{at}{key}[{i}]")
                        : throw new FormatException($"{at}{key}[{i}] has to be a mapping")
            );

    private static JsonArray List(JsonObject parent, string key, string at) =>
        parent[key] switch
        {
            null => [],
            JsonArray list => list,
            _ => throw new FormatException($"{at}{key} has to be an array"),
        };

    private static string[] Texts(JsonObject parent, string key, string at) =>
        [
            .. List(parent, key, at)
                .Select(item => AsText(item) ?? throw new FormatException($"{at}{key} has to be an array of strings")),
        ];

    private static string Text(JsonObject parent, string key, string at) =>
        Find(parent, key, at) is { Length: > 0 } text
            ? text
            : throw new FormatException($"{Place(at, key)} is missing");

    private static string? Find(JsonObject parent, string key, string at) =>
        parent[key] switch
        {
            null => null,
            var value when AsText(value) is { } text => text.Length > 0 ? text : null,
            _ => throw new FormatException($"{Place(at, key)} has to be a string"),
        };

    /// <summary>A text; a number or a boolean where one has to be is the text that its value is written as, as
    /// sigs.k8s.io/yaml has it.</summary>
    private static string? AsText(JsonNode? node) =>
        node is not JsonValue value ? null
        : value.TryGetValue(out string? text) ? text
        : value.TryGetValue(out bool flag) ? (flag ? "true" : "false")
        : value.TryGetValue(out long whole) ? whole.ToString(CultureInfo.InvariantCulture)
        : value.TryGetValue(out double number) && Math.Abs(number) is 0 or (>= 1e-4 and < 1e6)
            ? number.ToString("R", CultureInfo.InvariantCulture)
        : null;

    private static long? Number(JsonNode? node, string at) =>
        node switch
        {
            null => null,
            JsonValue value when value.TryGetValue(out long number) && number is >= 0 and <= uint.MaxValue => number,
            JsonValue value
                when value.TryGetValue(out double number)
                    && number is >= 0 and <= uint.MaxValue
                    && Math.Floor(number) == number => (long)number,
            _ => throw new FormatException($"{at} has to be a number that is not negative"),
        };

    private static string Place(string at, string key) => at.Length > 0 ? $"{at}.{key}" : key;

    private static void Know(JsonObject parent, string at, params ReadOnlySpan<string> keys)
    {
        foreach ((string key, _) in parent)
        {
            if (!keys.Contains(key))
            {
                throw new FormatException($"{Place(at, key)} is not known here");
            }
        }
    }

    private static JsonNode? Document(string file, string text)
    {
        if (!file.EndsWith(".json", StringComparison.Ordinal))
        {
            return CdiYaml.Parse(file, text);
        }

        try
        {
            return JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (JsonException e)
        {
            try
            {
                // The interface's own reader reads it as the YAML that it is: with comments and a comma too many.
                return CdiYaml.Parse(file, text);
            }
            catch (SysctrException)
            {
                throw new FormatException(e.Message, e);
            }
        }
    }
}
