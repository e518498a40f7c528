// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace SystemContainers.Runtime;

/// <summary>What config.json says of a device that a start gives, whoever names it.</summary>
static class DeviceEntries
{
    /// <summary>Binds the host's node in, where no node is made.</summary>
    /// <param name="document">config.json.</param>
    /// <param name="source">The host's node.</param>
    /// <param name="destination">Where the payload has it.</param>
    /// <param name="access">Of r, w and m.</param>
    public static void Bind(JsonObject document, string source, string destination, string access) =>
        BundleConfig.AddBind(
            document,
            source,
            destination,
            "nosuid",
            "noexec",
            "private",
            access.Contains('w', StringComparison.Ordinal) ? "rw" : "ro"
        );

    /// <summary>Whether the container has a user namespace of its own, in which no runtime makes nodes.</summary>
    /// <param name="linux">The part <c>linux</c> of config.json.</param>
    public static bool HasUserNamespace(JsonObject linux) =>
        (linux["namespaces"] as JsonArray ?? []).Any(n => n?["type"]?.ToString() == "user");

    /// <summary>Lets the payload open it (linux.resources.devices).</summary>
    /// <param name="linux">The part <c>linux</c> of config.json.</param>
    /// <param name="type">b or c.</param>
    /// <param name="major">Its number.</param>
    /// <param name="minor">Its number.</param>
    /// <param name="access">Of r, w and m.</param>
    public static void Allow(JsonObject linux, string type, long major, long minor, string access)
    {
        JsonObject resources = linux["resources"] as JsonObject ?? [];
        JsonArray rules = resources["devices"] as JsonArray ?? [];
        rules.Add(
            (JsonNode)
                new JsonObject
                {
                    ["allow"] = true,
                    ["type"] = type,
                    ["major"] = major,
                    ["minor"] = minor,
                    ["access"] = access,
                }
        );
        if (rules.Parent is null)
        {
            resources["devices"] = rules;
        }

        if (resources.Parent is null)
        {
            linux["resources"] = resources;
        }
    }
}
