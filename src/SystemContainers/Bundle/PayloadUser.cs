// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace SystemContainers.Bundle;

/// <summary>Whose the payload is and what it may gain, for commands that are run beside it: crun before 1.17 takes root
/// where nobody says it, and no crun takes over that nothing is gained.</summary>
static class PayloadUser
{
    /// <summary><c>UID:GID</c>; null for root.</summary>
    /// <param name="process">process of a config.json.</param>
    public static string? Of(JsonNode? process) =>
        process?["user"] is JsonObject user
        && (user["uid"]?.ToString() ?? "0", user["gid"]?.ToString() ?? "0") is var (uid, gid)
        && (uid, gid) != ("0", "0")
            ? $"{uid}:{gid}"
            : null;

    /// <summary>Whether what the payload executes gains it nothing (no_new_privs).</summary>
    /// <param name="process">process of a config.json.</param>
    public static bool GainsNothing(JsonNode? process) =>
        process?["noNewPrivileges"] is JsonValue value && value.TryGetValue(out bool gainsNothing) && gainsNothing;
}
