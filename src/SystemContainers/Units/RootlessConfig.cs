// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Linux.Users;
using SystemContainers.Network;
using SystemContainers.Settings;
using SystemContainers.SystemdText;

namespace SystemContainers.Units;

/// <summary>
/// What a config.json needs so that a runtime without root can carry it out (runtime-spec, config-linux.md; runc's and
/// crun's documents on rootless containers). Images were made for root; what the kernel refuses to a user is replaced
/// by the nearest that it allows.
/// </summary>
static class RootlessConfig
{
    /// <summary>The namespaces that own what is mounted as these types: without one of its own a container gets the
    /// host's, by a bind mount.</summary>
    private static readonly Dictionary<string, string> s_owners = new(StringComparer.Ordinal)
    {
        ["sysfs"] = "network",
        ["proc"] = "pid",
        ["mqueue"] = "ipc",
    };

    /// <summary>Changes a document that was checked.</summary>
    /// <param name="ids">The user's namespace, as the files of the checkout have it.</param>
    /// <param name="runtime">What carries it out.</param>
    /// <returns>What the container has to do without, one sentence each.</returns>
    public static IReadOnlyList<string> Adapt(JsonObject document, IdMap ids, RuntimeKind runtime)
    {
        JsonObject linux = document["linux"]!.AsObject();
        JsonArray namespaces = linux["namespaces"] as JsonArray ?? [];
        linux["namespaces"] = namespaces;

        if (NetworkRequest.Find(document) is not { Mode: not NetworkMode.Host })
        {
            // As atomic did: nobody would connect the new network of an image's own configuration to anything.
            foreach (JsonNode? network in namespaces.Where(n => Type(n) == "network").ToArray())
            {
                namespaces.Remove(network);
            }
        }

        if (!namespaces.Any(n => Type(n) == "user"))
        {
            namespaces.Add((JsonNode)new JsonObject { ["type"] = "user" });
            linux["uidMappings"] = Mappings(ids.Uids);
            linux["gidMappings"] = Mappings(ids.Gids);
        }

        HashSet<string?> own = [.. namespaces.Select(Type)];
        foreach (JsonObject mount in (document["mounts"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (Type(mount) is { } type && s_owners.TryGetValue(type, out string? owner) && !own.Contains(owner))
            {
                BindHosts(mount, type);
            }

            DropUnmappedOwners(mount, ids);
        }

        // The rules for devices are the kernel's own here; processes may not be spared from its need for memory more
        // than others.
        if (linux["resources"] is JsonObject resources)
        {
            resources.Remove("devices");
        }

        JsonObject process = document["process"]!.AsObject();
        process.Remove("oomScoreAdj");
        return runtime == RuntimeKind.Runc ? WithoutGroups(process) : [];
    }

    /// <summary>Checks that the payload is somebody whom the namespace has.</summary>
    /// <param name="ids">The namespace.</param>
    /// <param name="name">The user whose it is.</param>
    /// <exception cref="SysctrException">Host: it is not; says how an administrator helps. Template: what stands there
    /// is no user.</exception>
    public static void CheckUser(JsonObject document, IdMap ids, string name)
    {
        SpecReader.Place user = User(document["process"] as JsonObject);
        long uid = user.Number("uid") ?? 0;
        long gid = user.Number("gid") ?? 0;
        if (!ids.HasUid(uid) || !ids.HasGid(gid))
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"checking config.json: the payload is user {uid} and group {gid}, and {name} has no subordinate ids for them",
                SubordinateIds.Hint(name)
            );
        }
    }

    /// <summary>The kernel takes no owner that the namespace does not have, such as the usual <c>gid=5</c> of a devpts;
    /// without, it is root.</summary>
    private static void DropUnmappedOwners(JsonObject mount, IdMap ids)
    {
        JsonArray options = mount["options"] as JsonArray ?? [];
        foreach (
            JsonNode option in options.OfType<JsonNode>().Where(o => IsUnmapped(o.GetValue<string>(), ids)).ToArray()
        )
        {
            options.Remove(option);
        }
    }

    private static bool IsUnmapped(string option, IdMap ids) =>
        option.Split('=', 2) switch
        {
            ["uid", string uid] => long.TryParse(uid, CultureInfo.InvariantCulture, out long number)
                && !ids.HasUid(number),
            ["gid", string gid] => long.TryParse(gid, CultureInfo.InvariantCulture, out long number)
                && !ids.HasGid(number),
            _ => false,
        };

    /// <summary>runc sets no supplementary groups without root ("cannot set any additional groups in a rootless
    /// container"); crun does.</summary>
    private static string[] WithoutGroups(JsonObject process)
    {
        SpecReader.Place user = User(process);
        long own = user.Number("gid") ?? 0;
        string[] lost =
        [
            .. (user.Node?["additionalGids"] as JsonArray ?? [])
                .Select(g =>
                    g is JsonValue value && value.TryGetValue(out long number)
                        ? number
                        : throw user.Wrong("additionalGids", "an array of integers")
                )
                .Where(g => g != own)
                .Select(g => g.ToString(CultureInfo.InvariantCulture)),
        ];
        user.Node?.Remove("additionalGids");
        return lost.Length == 0
            ? []
            :
            [
                $"runc can't give the payload of a user's container the further groups {string.Join(", ", lost)}; '--runtime crun' can",
            ];
    }

    private static SpecReader.Place User(JsonObject? process) => new SpecReader("process").Object(process, "user");

    private static void BindHosts(JsonObject mount, string type)
    {
        // Of several the last counts.
        string access = (mount["options"] as JsonArray ?? [])
            .Select(o => o?.ToString())
            .LastOrDefault(o => o is "ro" or "rw" or "rro" or "rrw")
            is "rw"
                or "rrw"
            ? "rw"
            : "ro";
        string source = type switch
        {
            "sysfs" => "/sys",
            "proc" => "/proc",
            _ => "/dev/mqueue",
        };
        mount["type"] = "bind";
        mount["source"] = source;
        mount["options"] =
            type == "sysfs"
                ? new JsonArray("rbind", "nosuid", "noexec", "nodev", access)
                : new JsonArray("rbind", "nosuid", "noexec", "nodev");
    }

    private static JsonArray Mappings(IReadOnlyList<IdRange> ranges) =>
        [
            .. ranges.Select(r =>
                (JsonNode)
                    new JsonObject
                    {
                        ["containerID"] = r.Inside,
                        ["hostID"] = r.Outside,
                        ["size"] = r.Count,
                    }
            ),
        ];

    private static string? Type(JsonNode? node) => node?["type"]?.GetValue<string>();
}
