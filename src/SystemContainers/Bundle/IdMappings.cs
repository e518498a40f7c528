// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Users;

namespace SystemContainers.Bundle;

/// <summary>The ids of a container's user namespace as a config.json of ours has them (runtime-spec, config-linux.md,
/// "User namespace mappings").</summary>
static class IdMappings
{
    /// <summary>Reads them; null where there are none.</summary>
    /// <param name="document">config.json, which sysctr wrote.</param>
    public static IdMap? Find(JsonNode? document) =>
        document?["linux"] is JsonObject linux
        && linux["uidMappings"] is JsonArray uids
        && linux["gidMappings"] is JsonArray gids
            ? new IdMap(Ranges(uids), Ranges(gids))
            : null;

    /// <summary>Those of a deployment's config.json; null where it has none, or can't be read: then it does not start
    /// either.</summary>
    /// <param name="configFile">Its path.</param>
    public static IdMap? OfFile(string configFile)
    {
        try
        {
            return RegularFile.Find(configFile) is { } text ? Find(JsonNode.Parse(text)) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or IOException)
        {
            return null;
        }
    }

    private static IdRange[] Ranges(JsonArray mappings) =>
        [
            .. mappings.Select(m => new IdRange(
                m!["containerID"]!.GetValue<uint>(),
                m["hostID"]!.GetValue<uint>(),
                m["size"]!.GetValue<uint>()
            )),
        ];
}
