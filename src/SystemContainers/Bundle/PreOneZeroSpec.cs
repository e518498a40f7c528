// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace SystemContainers.Bundle;

/// <summary>
/// What a config.json says in the words of the runtime-spec's drafts (0.5 to 1.0.0-rc5, 2016 and 2017), in those of
/// 1.0. runc passes over what it does not know, crun refuses it, and neither does what was meant. Capabilities are
/// translated by <c>RuntimeConfigFile</c>.
/// </summary>
static class PreOneZeroSpec
{
    /// <summary>Changes a document that passed <see cref="Bundle.RuntimeConfigFile.Read"/>.</summary>
    public static void Translate(JsonObject document)
    {
        if (document["ociVersion"]?.ToString().StartsWith("1.", StringComparison.Ordinal) != true)
        {
            document["ociVersion"] = "1.0.0";
        }

        JsonObject? linux = document["linux"] as JsonObject;
        foreach (
            JsonObject space in (linux?["namespaces"] as JsonArray ?? [])
                .OfType<JsonObject>()
                .Where(n => n["path"]?.ToString() == "")
        )
        {
            space.Remove("path");
        }

        // Members of blockIO had the controller's name before theirs.
        JsonObject? io = (linux?["resources"] as JsonObject)?["blockIO"] as JsonObject;
        foreach (
            (string old, JsonNode? value) in (io ?? [])
                .Where(m => m.Key.StartsWith("blkio", StringComparison.Ordinal) && m.Key.Length > "blkio".Length)
                .ToArray()
        )
        {
            io!.Remove(old);
            io.TryAdd(char.ToLowerInvariant(old["blkio".Length]) + old[("blkio".Length + 1)..], value);
        }

        // A rule of the filter was for one system call.
        foreach (
            JsonObject rule in ((linux?["seccomp"] as JsonObject)?["syscalls"] as JsonArray ?? []).OfType<JsonObject>()
        )
        {
            if (rule["names"] is null && rule["name"] is JsonValue name)
            {
                rule["names"] = new JsonArray(name.DeepClone());
                rule.Remove("name");
            }
        }
    }
}
