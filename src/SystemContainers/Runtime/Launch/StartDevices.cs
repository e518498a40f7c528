// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Settings;

namespace SystemContainers.Runtime.Launch;

/// <summary>
/// Devices that were asked for by --device, put into config.json when the container starts: their numbers are the
/// kernel's to choose anew at each boot. The unit's DeviceAllow= lets them be used; runc, which has a list of its own,
/// gets the rule too.
/// </summary>
static class StartDevices
{
    /// <summary>What below /dev is no device of the host, or each container has of its own.</summary>
    private static readonly string[] s_own =
    [
        "/dev/pts",
        "/dev/shm",
        "/dev/fd",
        "/dev/mqueue",
        "/dev/console",
        "/dev/ptmx",
        "/dev/.lxc",
        "/dev/.lxd-mounts",
        "/dev/.udev",
    ];

    private static readonly EnumerationOptions s_all = new()
    {
        AttributesToSkip = FileAttributes.None,
        IgnoreInaccessible = true,
    };

    /// <param name="document">config.json of this start.</param>
    /// <param name="root">Whether we are root, who makes nodes; nobody else does, and gets the host's bound in.</param>
    /// <param name="bindsNodes">Whether the runtime can't make nodes, though we are root.</param>
    /// <exception cref="SysctrException">NotFound: the host has no such device.</exception>
    public static void Add(JsonObject document, bool root, bool bindsNodes)
    {
        foreach (
            DeviceSetting device in StartAnnotations
                .Lines(document, StartAnnotations.Devices)
                .Select(DeviceSetting.Parse)
        )
        {
            if (!Directory.Exists(device.Source))
            {
                AddNode(document, device, root, bindsNodes);
                continue;
            }

            // Links there (by-path, by-id) say again what nodes are there.
            foreach (
                string node in Directory
                    .EnumerateFiles(device.Source, "*", SearchOption.AllDirectories)
                    .Where(f => DeviceBinds.DeviceNumber(f) is not null)
                    .Order(StringComparer.Ordinal)
            )
            {
                AddNode(
                    document,
                    new DeviceSetting(node, device.Destination + node[device.Source.Length..], device.Access),
                    root,
                    bindsNodes
                );
            }
        }

        if (StartAnnotations.Lines(document, StartAnnotations.AllDevices) is [var which, ..])
        {
            AddAll(document, root, consoles: root && which != StartAnnotations.NoConsoles);
        }
    }

    /// <summary>Those of a privileged container. What a user's would take from the session, its terminals, it does not
    /// get.</summary>
    private static void AddAll(JsonObject document, bool root, bool consoles)
    {
        HashSet<string> there =
        [
            .. List(document["linux"]!.AsObject(), "devices").Select(d => d!["path"]!.GetValue<string>()),
        ];
        foreach (
            string node in Nodes("/dev")
                .Where(n => !there.Contains(n) && (consoles || !IsConsole(n)) && (root || n != "/dev/tty"))
                .Order(StringComparer.Ordinal)
        )
        {
            AddNode(document, new DeviceSetting(node, node, "rwm"), root, bindsNodes: false);
        }

        if (!root)
        {
            return;
        }

        // Last, so that it counts.
        document["linux"]!["resources"] ??= new JsonObject();
        List(document["linux"]!["resources"]!.AsObject(), "devices")
            .Add((JsonNode)new JsonObject { ["allow"] = true, ["access"] = "rwm" });
    }

    private static IEnumerable<string> Nodes(string directory) =>
        new DirectoryInfo(directory)
            .EnumerateFileSystemInfos("*", s_all)
            .Where(e => e.LinkTarget is null && !s_own.Contains(e.FullName, StringComparer.Ordinal))
            .SelectMany(e =>
                e is DirectoryInfo ? Nodes(e.FullName)
                : DeviceBinds.DeviceNumber(e.FullName) is null ? []
                : (string[])[e.FullName]
            );

    private static bool IsConsole(string node) =>
        node.StartsWith("/dev/tty", StringComparison.Ordinal)
        && node.Length > "/dev/tty".Length
        && node["/dev/tty".Length..].All(char.IsAsciiDigit);

    private static void AddNode(JsonObject document, DeviceSetting device, bool root, bool bindsNodes)
    {
        string source = Resolved(device.Source);
        (char type, uint major, uint minor) =
            DeviceBinds.DeviceNumber(source)
            ?? throw new SysctrException(
                ErrorKind.NotFound,
                $"giving the container {device.Source}: the host has no such device",
                "plug it in or load its module; 'sysctr update --reset device NAME' lets the container go without"
            );
        JsonObject linux = document["linux"]!.AsObject();
        if (!root)
        {
            DeviceEntries.Bind(document, source, device.Destination, device.Access);
            return;
        }

        // Who makes no node binds the host's of the very path that it has in the container.
        if (source != device.Destination && (bindsNodes || DeviceEntries.HasUserNamespace(linux)))
        {
            DeviceEntries.Bind(document, source, device.Destination, device.Access);
            DeviceEntries.Allow(linux, type.ToString(), major, minor, device.Access);
            return;
        }

        List(linux, "devices")
            .Add(
                (JsonNode)
                    new JsonObject
                    {
                        ["path"] = device.Destination,
                        ["type"] = type.ToString(),
                        ["major"] = major,
                        ["minor"] = minor,
                        ["fileMode"] = (int)File.GetUnixFileMode(source),
                        ["uid"] = 0,
                        ["gid"] = 0,
                    }
            );
        DeviceEntries.Allow(linux, type.ToString(), major, minor, device.Access);
    }

    /// <summary>A link such as /dev/serial/by-id/NAME leads to the node.</summary>
    private static string Resolved(string path) =>
        (Path.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null) ?? path;

    private static JsonArray List(JsonObject parent, string name)
    {
        JsonArray list = parent[name] as JsonArray ?? [];
        parent[name] = list;
        return list;
    }
}
