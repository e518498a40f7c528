// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Linux.Users;
using SystemContainers.Network;
using SystemContainers.Templates;

namespace SystemContainers.Runtime;

/// <summary>Changes to a config.json that passed <see cref="RuntimeConfigFile.Read"/> (OCI runtime-spec,
/// config.md).</summary>
static class BundleConfig
{
    /// <summary>systemd's own socket for readiness and watchdog.</summary>
    private const string ManagerSocket = "/run/systemd/notify";

    /// <summary>Where sysctr-listen stands inside the container.</summary>
    private const string ListenInside = "/.sysctr-listen";

    /// <summary>Whether the payload counts its processes from 1.</summary>
    public static bool HasOwnPidNamespace(JsonObject linux) =>
        linux["namespaces"] is JsonArray namespaces
        && namespaces.Any(n => n?["type"]?.GetValue<string>() == "pid" && n["path"] is null);

    /// <summary>
    /// Whether a payload may make a mount writable again that its runtime has made read-only, its root among them
    /// (mount(8), "remount"; user_namespaces(7): not in a namespace of its own, where such mounts are locked).
    /// </summary>
    /// <param name="configJson">What <see cref="RuntimeConfigFile.Read"/> has accepted.</param>
    public static bool MayRemount(RuntimeConfigFile configJson) =>
        MayRemountBinds(configJson)
        && !(
            (configJson.Copy()["linux"]?["namespaces"] as JsonArray)?.Any(n => n?["type"]?.ToString() == "user")
            ?? false
        );

    /// <summary>The same of what is bound into it, in any namespace: crun 1.21 opens that before it makes the
    /// payload's, so that nothing locks it there.</summary>
    /// <param name="configJson">As above.</param>
    public static bool MayRemountBinds(RuntimeConfigFile configJson) =>
        configJson.Capabilities.Contains("CAP_SYS_ADMIN", StringComparer.Ordinal);

    /// <summary>Puts the files of names of this start where the document has the container's, and the network that was
    /// made for it in its place.</summary>
    /// <param name="files">The sources, by the name of the file.</param>
    /// <param name="network">Path of the namespace; null where the runtime makes it, or none.</param>
    /// <param name="users">Path of the namespace of users that owns it; null where that is the host's.</param>
    public static void PlaceNetwork(
        JsonObject document,
        IReadOnlyDictionary<string, string> files,
        string? network,
        string? users = null
    )
    {
        foreach (
            JsonObject mount in (document["mounts"] as JsonArray ?? [])
                .OfType<JsonObject>()
                .Where(m => NameFiles.IsPath(m["source"]?.ToString()))
        )
        {
            mount["source"] = files[Path.GetFileName(mount["source"]!.ToString())];

            // Attack: an image's own config.json asks for one, which is no right of its, and to write to it; it gets
            // the host's own /etc/hosts or /etc/resolv.conf.
            mount["type"] = "bind";
            mount["options"] = new JsonArray([
                .. (mount["options"] as JsonArray ?? [])
                    .Select(o => o?.ToString())
                    .OfType<string>()
                    .Where(o => o is not ("ro" or "rw" or "rro" or "rrw"))
                    .Append("ro")
                    .Select(o => JsonValue.Create(o)),
            ]);
        }

        Put("network", network);
        Put("user", users);

        void Put(string type, string? path)
        {
            if (path is not null && document["linux"]?["namespaces"] is JsonArray namespaces)
            {
                namespaces.OfType<JsonObject>().First(n => n["type"]?.ToString() == type)["path"] = path;
            }
        }
    }

    /// <summary>Whether the document has files of names that each start places.</summary>
    public static bool HasNames(JsonObject document) =>
        (document["mounts"] as JsonArray ?? []).Any(m => NameFiles.IsPath(m?["source"]?.ToString()));

    /// <summary>Whether the host is to see what the payload mounts on a directory of the host (a kubelet's
    /// volumes).</summary>
    public static bool SharesMounts(JsonObject document) =>
        document["linux"]?["rootfsPropagation"]?.GetValue<string>() is "shared" or "rshared"
        && document["mounts"] is JsonArray mounts
        && mounts.Any(m =>
            m?["options"] is JsonArray options && options.Any(o => o!.GetValue<string>() is "shared" or "rshared")
        );

    /// <summary>
    /// Lets the payload of a user's manager speak to it without a proxy. Nobody in there is root of the host's, so that
    /// systemd believes it of no process but its unit's (service_is_suitable_main_pid in src/core/service.c).
    /// </summary>
    public static void BindUserNotifySocket(JsonObject document, RuntimeConfigFile config, HostUser user)
    {
        string socket = Path.Join(user.RuntimeDirectory, "systemd/notify");
        bool visible = config.Mounts.Any(m =>
            m.IsBind
            && m.Source == m.Destination
            && (m.Destination is "/run" or "/run/systemd" || m.Destination == socket)
        );
        if (!visible)
        {
            AddBind(document, socket, socket, "ro", "nosuid", "nodev");
        }

        SetVariable(document, "NOTIFY_SOCKET", socket);
    }

    /// <summary>Lets the payload speak to <see cref="NotifyFilter"/>, by the socket that the launcher makes for each
    /// start.</summary>
    /// <param name="config">The same, read.</param>
    /// <param name="name">The container.</param>
    public static void BindNotifySocket(JsonObject document, RuntimeConfigFile config, string name)
    {
        string socket = NotifySocket.PathOf(name);
        if (config.Mounts.Any(m => m is { IsBind: true, Destination: "/run", Source: "/run" or "/var/run" }))
        {
            // It has the host's directory and systemd's own socket in it; ours is covered there, and where the
            // directory is shared a mount inside would be seen by the host.
            SetVariable(document, "NOTIFY_SOCKET", ManagerSocket);
            return;
        }

        string inside = config.Mounts.Any(m => m is { IsBind: true, Destination: "/run/systemd" })
            ? "/run/sysctr-notify"
            : ManagerSocket;
        AddBind(document, socket, inside, "ro", "nosuid", "nodev");
        SetVariable(document, "NOTIFY_SOCKET", inside);
    }

    /// <summary>Takes out a bind of systemd's own socket that the image makes itself: what goes to it is the filter's
    /// to say.</summary>
    /// <returns>Nothing, or that it was done, in words for the user.</returns>
    public static IEnumerable<string> DropManagerSocket(JsonObject document)
    {
        JsonArray mounts = document["mounts"] as JsonArray ?? [];
        JsonNode?[] binds =
        [
            .. mounts.Where(m =>
                m?["source"]?.ToString() is { } source
                && source.StartsWith('/')
                && HostPath.WithoutVarRun(HostPath.Absolute(source)) == ManagerSocket
            ),
        ];
        foreach (JsonNode? bind in binds)
        {
            mounts.Remove(bind);
        }

        return binds.Length == 0
            ? []
            :
            [
                $"config.json binds {ManagerSocket}, by which any process of the host could be named as the container's; it is left out",
            ];
    }

    /// <summary>
    /// Puts the socket of this start where the document has the container's: an instance has one of its own. An image's
    /// own bind of some container's socket becomes one of its own, too.
    /// </summary>
    /// <param name="document">config.json as <see cref="BindNotifySocket"/> has left it.</param>
    /// <param name="socket">This start's; null for none, where nobody would listen.</param>
    public static void PlaceNotifySocket(JsonObject document, string? socket)
    {
        JsonArray mounts = document["mounts"] as JsonArray ?? [];
        JsonNode[] binds = [.. mounts.OfType<JsonNode>().Where(m => NotifySocket.IsPath(m["source"]?.ToString()))];
        foreach (JsonNode bind in binds)
        {
            if (socket is not null)
            {
                bind["source"] = socket;
            }
            else
            {
                mounts.Remove(bind);
            }
        }

        if (socket is null && binds.Length > 0)
        {
            RemoveVariable(document, "NOTIFY_SOCKET");
        }

        if (NotifySocket.IsPath(Variable(document, "NOTIFY_SOCKET")))
        {
            RemoveVariable(document, "NOTIFY_SOCKET");
            if (socket is not null)
            {
                SetVariable(document, "NOTIFY_SOCKET", socket);
            }
        }
    }

    /// <summary>Whether the payload is to speak to <see cref="NotifyFilter"/>.</summary>
    public static bool UsesFilter(JsonObject document) =>
        (document["mounts"] as JsonArray ?? []).Any(m => NotifySocket.IsPath(m?["source"]?.ToString()));

    /// <summary>Takes out what is there for the payload's own command alone: the socket for its notifications,
    /// sysctr-listen, and checks of its health.</summary>
    public static void DropHelpers(JsonObject document)
    {
        PlaceNotifySocket(document, socket: null);

        // What is checked is the payload.
        (document["annotations"] as JsonObject)?.Remove(StartAnnotations.Health);
        JsonArray mounts = document["mounts"] as JsonArray ?? [];
        foreach (JsonNode? helper in mounts.Where(m => m?["destination"]?.ToString() == ListenInside).ToArray())
        {
            mounts.Remove(helper);
        }
    }

    /// <summary>Puts sysctr-listen in front of the payload's command.</summary>
    public static void Prefix(JsonObject document, string listenHelper)
    {
        AddBind(document, listenHelper, ListenInside, "ro", "nosuid", "nodev");
        document["process"]!["args"]!.AsArray().Insert(0, ListenInside);
    }

    /// <summary>Sets a variable of the payload's environment; one that is there gives way.</summary>
    public static void SetVariable(JsonObject document, string name, string value)
    {
        JsonObject process = document["process"]!.AsObject();
        RemoveVariable(document, name);
        JsonArray environment = process["env"] as JsonArray ?? [];
        process["env"] = environment;
        environment.Add((JsonNode)$"{name}={value}");
    }

    /// <summary>Whether the payload's environment has a variable.</summary>
    public static bool HasVariable(JsonObject document, string name) => Variable(document, name) is not null;

    /// <summary>Takes a variable from the payload's environment.</summary>
    public static void RemoveVariable(JsonObject document, string name)
    {
        JsonArray environment = document["process"]!["env"] as JsonArray ?? [];
        foreach (
            JsonNode? old in environment
                .Where(e => e!.GetValue<string>().StartsWith(name + "=", StringComparison.Ordinal))
                .ToArray()
        )
        {
            environment.Remove(old);
        }
    }

    private static string? Variable(JsonObject document, string name) =>
        (document["process"]!["env"] as JsonArray ?? [])
            .Select(e => e!.GetValue<string>())
            .LastOrDefault(e => e.StartsWith(name + "=", StringComparison.Ordinal))
            ?[(name.Length + 1)..];

    /// <summary>
    /// Takes out the labels of a security module that this host does not have: runtimes refuse them, though there is
    /// nothing that they could protect from. Images made for Fedora carry SELinux's everywhere.
    /// </summary>
    /// <returns>What has been left out, in words for the user.</returns>
    public static IEnumerable<string> DropLabels(JsonObject document, HostFacts host)
    {
        JsonObject process = document["process"]!.AsObject();
        List<string> dropped = [];
        if (!host.HasSelinux)
        {
            Drop(process, "selinuxLabel", "SELinux");
            Drop(document["linux"]!.AsObject(), "mountLabel", "SELinux");
            foreach (
                JsonNode? mount in (document["mounts"] as JsonArray ?? [])
                    .Where(m => m?["source"]?.ToString() == "/sys/fs/selinux")
                    .ToArray()
            )
            {
                document["mounts"]!.AsArray().Remove(mount);
                dropped.Add("config.json binds /sys/fs/selinux; this host has no SELinux, so it is left out");
            }
        }

        if (!host.HasAppArmor)
        {
            Drop(process, "apparmorProfile", "AppArmor");
        }

        return dropped;

        void Drop(JsonObject parent, string member, string module)
        {
            string? label = parent[member]?.ToString();
            parent.Remove(member);
            if (!string.IsNullOrEmpty(label))
            {
                dropped.Add($"config.json asks for {member} '{label}'; this host has no {module}, so it is left out");
            }
        }
    }

    /// <summary>Takes out a filter without a default action: runc reads it as no filter, crun as a fault.</summary>
    public static void DropEmptyFilter(JsonObject linux)
    {
        if (linux["seccomp"] is JsonObject filter && filter["defaultAction"]?.ToString() == "")
        {
            linux.Remove("seccomp");
        }
    }

    /// <summary>Gives the container a mount namespace. Without one a runtime mounts into the checkout on the host, and
    /// nobody unmounts it.</summary>
    /// <returns>Nothing, or that it was done, in words for the user.</returns>
    public static IEnumerable<string> AddMountNamespace(JsonObject document)
    {
        JsonObject linux = document["linux"]!.AsObject();
        JsonArray namespaces = linux["namespaces"] as JsonArray ?? [];
        linux["namespaces"] = namespaces;
        if (namespaces.Any(n => n?["type"]?.ToString() == "mount"))
        {
            return [];
        }

        namespaces.Add((JsonNode)new JsonObject { ["type"] = "mount" });
        return ["config.json has no mount namespace, so that its mounts would be the host's; it gets one"];
    }

    /// <summary>
    /// Lowers resource limits to what this host can give: without CAP_SYS_RESOURCE nobody has more than the first
    /// process (setrlimit(2)) or is spared from its need for memory more than others (proc_pid_oom_score_adj(5)), and a
    /// runtime that tries starts nothing.
    /// </summary>
    /// <returns>What was lowered, in words for the user.</returns>
    public static IEnumerable<string> LowerLimits(JsonObject document, HostFacts host)
    {
        JsonObject process = document["process"]!.AsObject();
        List<string> lowered =
        [
            .. LowerLimits(process, host.HardLimits)
                .Select(l => $"config.json asks for {l.Type} {l.Asked}; this host has no more than {l.Most} to give"),
        ];

        if (
            !host.Capabilities.Contains("CAP_SYS_RESOURCE", StringComparer.Ordinal)
            && process["oomScoreAdj"]?.ToString().StartsWith('-') == true
        )
        {
            lowered.Add(
                $"config.json asks for oomScoreAdj {process["oomScoreAdj"]}; this host has no CAP_SYS_RESOURCE, so it is left out"
            );
            process.Remove("oomScoreAdj");
        }

        return lowered;
    }

    /// <summary>Lowers resource limits to hard ones that nobody here can go past.</summary>
    /// <param name="hard">Those, as <see cref="ResourceLimits.Parse"/> reads them.</param>
    /// <returns>What was lowered.</returns>
    public static List<(string Type, ulong Asked, ulong Most)> LowerLimits(
        JsonObject process,
        IReadOnlyDictionary<string, ulong> hard
    )
    {
        List<(string, ulong, ulong)> lowered = [];
        foreach (JsonObject limit in (process["rlimits"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (
                limit["type"]?.ToString() is { } type
                && hard.TryGetValue(type, out ulong most)
                && ulong.TryParse(limit["hard"]?.ToString(), out ulong asked)
                && asked > most
            )
            {
                limit["hard"] = most;
                limit["soft"] = ulong.TryParse(limit["soft"]?.ToString(), out ulong soft) ? Math.Min(soft, most) : most;
                lowered.Add((type, asked, most));
            }
        }

        return lowered;
    }

    /// <summary>Adds a bind mount, last of all.</summary>
    /// <param name="source">On the host.</param>
    /// <param name="destination">In the container.</param>
    /// <param name="options">Beside <c>bind</c>.</param>
    public static void AddBind(
        JsonObject document,
        string source,
        string destination,
        params ReadOnlySpan<string> options
    )
    {
        JsonArray all = new("bind");
        foreach (string option in options)
        {
            all.Add((JsonNode)option);
        }

        JsonArray mounts = document["mounts"] as JsonArray ?? [];
        document["mounts"] = mounts;
        mounts.Add(
            (JsonNode)
                new JsonObject
                {
                    ["destination"] = destination,
                    ["type"] = "bind",
                    ["source"] = source,
                    ["options"] = all,
                }
        );
    }
}
