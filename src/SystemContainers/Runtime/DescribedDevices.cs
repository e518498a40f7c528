// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Cdi;
using SystemContainers.Errors;
using SystemContainers.SystemdText;
using SystemContainers.Templates;

namespace SystemContainers.Runtime;

/// <summary>
/// Devices that a specification of the host's describes (--device VENDOR/CLASS=NAME), put into config.json when the
/// container starts: the specifications are made at boot, with what the driver has found. As pkg/cdi does it
/// (ContainerEdits.Apply).
/// </summary>
/// <param name="document">config.json of this start.</param>
/// <param name="root">Whether we are root; nobody else makes nodes, and gets the host's bound in.</param>
/// <param name="runtime">What carries it out.</param>
/// <param name="onHost">The number of a character or block device of the host; null where there is none.</param>
sealed class DescribedDevices(
    JsonObject document,
    bool root,
    RuntimeKind runtime,
    Func<string, (char Type, uint Major, uint Minor)?> onHost
)
{
    /// <summary>Adds those that the document names.</summary>
    /// <param name="document">config.json of this start, <c>root.path</c> as it is written.</param>
    /// <param name="bundle">What that is relative to.</param>
    /// <param name="root">As of the class.</param>
    /// <param name="runtime">As of the class.</param>
    /// <param name="onHost">As of the class.</param>
    /// <param name="bindsNodes">Whether the runtime can't make nodes.</param>
    /// <returns>Whether there are some, so that the runtime may make places in the root for them and hooks write
    /// there.</returns>
    /// <exception cref="SysctrException">NotFound: the host has no such device, or not what its specification names;
    /// Conflict: two describe it; Host: this container can't have it.</exception>
    public static bool Add(
        JsonObject document,
        string bundle,
        bool root,
        RuntimeKind runtime,
        Func<string, (char Type, uint Major, uint Minor)?> onHost,
        bool bindsNodes
    )
    {
        IReadOnlyList<string> names = StartAnnotations.Lines(document, StartAnnotations.NamedDevices);
        if (names.Count == 0)
        {
            return false;
        }

        DescribedDevices devices = new(document, root, runtime, onHost) { BindsNodes = bindsNodes };
        string tree = Path.Combine(bundle, document["root"]?["path"]?.ToString() ?? "");
        foreach ((string file, CdiEdits edits) in CdiSpecs.Read("/").Resolve(names))
        {
            devices.Apply(file, edits, destination => Path.Exists(Path.Join(tree, destination)));
        }

        return true;
    }

    /// <summary>Why a start would fail of the devices that a configuration names.</summary>
    /// <param name="config">As it is rendered; it is left as it is.</param>
    /// <param name="system">Where the host's specifications are.</param>
    /// <param name="root">As of the class.</param>
    /// <param name="runtime">As of the class.</param>
    /// <param name="onHost">As of the class; null for a system that does not run, whose devices nobody knows.</param>
    /// <param name="inTree">Whether the image has a path.</param>
    /// <returns>Null where it would not.</returns>
    public static SysctrException? Fault(
        RuntimeConfigFile config,
        string system,
        bool root,
        RuntimeKind runtime,
        Func<string, (char Type, uint Major, uint Minor)?>? onHost,
        Func<string, bool> inTree
    )
    {
        string[] names = [.. config.Annotation(StartAnnotations.NamedDevices)];
        if (names.Length == 0)
        {
            return null;
        }

        try
        {
            IReadOnlyList<(string File, CdiEdits Edits)> all = CdiSpecs.Read(system).Resolve(names);
            if (onHost is not null)
            {
                DescribedDevices devices = new(config.Copy(), root, runtime, onHost);
                foreach ((string file, CdiEdits edits) in all)
                {
                    devices.Apply(file, edits, inTree);
                }
            }

            return null;
        }
        catch (SysctrException e)
        {
            return e;
        }
    }

    /// <summary>Whether the runtime can't make nodes, though we are root.</summary>
    internal bool BindsNodes { get; init; }

    /// <summary>Makes one change.</summary>
    /// <param name="file">Who says it.</param>
    /// <param name="inTree">Whether the image has a path.</param>
    internal void Apply(string file, CdiEdits edits, Func<string, bool> inTree)
    {
        foreach (string variable in edits.Env)
        {
            string[] parts = variable.Split('=', 2);
            BundleConfig.SetVariable(document, parts[0], parts[1]);
        }

        foreach (CdiDeviceNode node in edits.DeviceNodes)
        {
            AddNode(file, node);
        }

        foreach ((string host, string container) in edits.NetDevices)
        {
            Require(root, file, $"the interface {host}", "only root moves interfaces");
            Object(Linux, "netDevices")[host] = new JsonObject { ["name"] = container };
        }

        foreach (CdiMount mount in edits.Mounts)
        {
            AddMount(file, mount, inTree);
        }

        foreach (CdiHook hook in edits.Hooks)
        {
            AddHook(file, hook);
        }

        if (edits.IntelRdt is { } rdt)
        {
            Require(root, file, "a class of the processor's caches", "only root makes classes");
            Linux["intelRdt"] = rdt.DeepClone();
        }

        foreach (long group in edits.AdditionalGids)
        {
            Require(
                root || runtime == RuntimeKind.Crun,
                file,
                $"the group {group}",
                "runc gives a user's container no groups; --runtime crun does"
            );
            JsonArray groups = List(Object(document["process"]!.AsObject(), "user"), "additionalGids");
            if (!groups.Any(g => g!.GetValue<long>() == group))
            {
                groups.Add((JsonNode)group);
            }
        }
    }

    private JsonObject Linux => Object(document, "linux");

    private void AddNode(string file, CdiDeviceNode node)
    {
        (char Type, uint Major, uint Minor)? found = onHost(node.HostPath);
        if (found is null && (!node.IsWhole || !root))
        {
            throw Missing(file, $"device {node.HostPath}");
        }

        // Who makes no node binds the host's of the very path that it has in the container.
        if (!root || (found is not null && (BindsNodes || DeviceEntries.HasUserNamespace(Linux))))
        {
            DeviceEntries.Bind(document, node.HostPath, node.Path, node.Access);
            if (root)
            {
                Allow(found!.Value.Type.ToString(), found.Value.Major, found.Value.Minor, node.Access);
            }

            return;
        }

        string type = node.Type ?? found!.Value.Type.ToString();
        if (!node.IsWhole && type != found!.Value.Type.ToString())
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"giving the container {node.HostPath}: {file} has it as one of type {type}, the host as one of type {found.Value.Type}",
                "let the driver's own program make the specification anew"
            );
        }

        (long major, long minor) =
            node.Major != 0 || found is null ? (node.Major, node.Minor) : (found.Value.Major, found.Value.Minor);
        JsonObject device = new()
        {
            ["path"] = node.Path,
            ["type"] = type,
            ["major"] = major,
            ["minor"] = minor,
        };
        Set(device, "fileMode", node.FileMode);
        Set(device, "uid", node.Uid ?? Payload("uid"));
        Set(device, "gid", node.Gid ?? Payload("gid"));
        JsonArray devices = List(Linux, "devices");
        Remove(devices, "path", node.Path);
        devices.Add((JsonNode)device);
        Allow(type, major, minor, node.Access);
    }

    private void Allow(string type, long major, long minor, string access)
    {
        if (type is "b" or "c" && access.Length > 0)
        {
            DeviceEntries.Allow(Linux, type, major, minor, access);
        }
    }

    /// <summary>One that is there for the same place gives way; those below the place stay on top of it.</summary>
    private void AddMount(string file, CdiMount mount, Func<string, bool> inTree)
    {
        if (mount.IsBind && !Path.Exists(mount.HostPath))
        {
            throw Missing(file, mount.HostPath);
        }

        JsonArray mounts = List(document, "mounts");
        Remove(mounts, "destination", mount.ContainerPath);
        string place = HostPath.Absolute(mount.ContainerPath);
        Require(
            root
                || inTree(place)
                || mounts.Any(m => HostPath.IsBelow(place, HostPath.Absolute(m!["destination"]!.ToString()))),
            file,
            $"what is mounted on {place}",
            "the image has nothing there, and a user's container has a root that nothing is made in; make the place in the image"
        );
        JsonArray options = new([.. mount.Options.Select(o => JsonValue.Create(o))]);
        if (mount.IsBind && !mount.Options.Any(o => o is "bind" or "rbind"))
        {
            options.Add((JsonNode)"rbind");
        }

        int at = 0;
        while (at < mounts.Count && !HostPath.IsBelow(HostPath.Absolute(mounts[at]!["destination"]!.ToString()), place))
        {
            at++;
        }

        mounts.Insert(
            at,
            new JsonObject
            {
                ["destination"] = mount.ContainerPath,
                ["type"] = mount.IsBind ? "bind" : mount.Type,
                ["source"] = mount.HostPath,
                ["options"] = options,
            }
        );
    }

    /// <summary>Before the container's root is its own, a user's hook would write into the image's tree, which other
    /// containers may share.</summary>
    private void AddHook(string file, CdiHook hook)
    {
        Require(
            root || hook.Stage is "startContainer" or "poststart" or "poststop",
            file,
            $"the hook {hook.Path} ({hook.Stage})",
            "a user's container has a root that nothing is written to; a system's has the device"
        );

        // What a startContainer hook calls is in the container.
        if (hook.Stage != "startContainer" && !File.Exists(hook.Path))
        {
            throw Missing(file, $"program {hook.Path}");
        }

        JsonObject made = new() { ["path"] = hook.Path };
        if (hook.Args.Count > 0)
        {
            made["args"] = new JsonArray([.. hook.Args.Select(a => JsonValue.Create(a))]);
        }

        if (hook.Env.Count > 0)
        {
            made["env"] = new JsonArray([.. hook.Env.Select(e => JsonValue.Create(e))]);
        }

        Set(made, "timeout", hook.Timeout);
        List(Object(document, "hooks"), hook.Stage).Add((JsonNode)made);
    }

    private long? Payload(string id) =>
        document["process"]?["user"]?[id] is JsonValue value && value.TryGetValue(out long number) && number > 0
            ? number
            : null;

    private static SysctrException Missing(string file, string what) =>
        new(
            ErrorKind.NotFound,
            $"giving the container its devices: the host has no {what}, which {file} names",
            "load the driver, or let its own program make the specification anew"
        );

    private static void Require(bool can, string file, string what, string why)
    {
        if (!can)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"giving the container its devices: {file} has {what}, which this container can't have",
                why
            );
        }
    }

    private static void Set(JsonObject parent, string key, long? value)
    {
        if (value is { } number)
        {
            parent[key] = number;
        }
    }

    private static void Remove(JsonArray list, string key, string value)
    {
        foreach (JsonNode? old in list.Where(o => o?[key]?.ToString() == value).ToArray())
        {
            list.Remove(old);
        }
    }

    private static JsonObject Object(JsonObject parent, string name)
    {
        JsonObject value = parent[name] as JsonObject ?? [];
        if (value.Parent is null)
        {
            parent[name] = value;
        }

        return value;
    }

    private static JsonArray List(JsonObject parent, string name)
    {
        JsonArray value = parent[name] as JsonArray ?? [];
        if (value.Parent is null)
        {
            parent[name] = value;
        }

        return value;
    }
}
