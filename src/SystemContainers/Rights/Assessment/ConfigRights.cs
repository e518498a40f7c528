// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Bundle;
using SystemContainers.Bundle.RuntimeSpec;
using SystemContainers.Templates;

namespace SystemContainers.Rights.Assessment;

/// <summary>What a config.json takes of the host (OCI runtime-spec: config.md, config-linux.md; crun's
/// annotations).</summary>
static class ConfigRights
{
    private const string Annotation = "run.oci.";

    // What a runtime gives every container (config-linux.md, "Default Devices").
    private static readonly string[] s_usualDevices =
    [
        "/dev/null",
        "/dev/zero",
        "/dev/full",
        "/dev/random",
        "/dev/urandom",
        "/dev/tty",
        "/dev/console",
        "/dev/ptmx",
        "/dev/pts/ptmx",
    ];

    private static readonly string[] s_usualNumbers =
    [
        "c 1:3",
        "c 1:5",
        "c 1:7",
        "c 1:8",
        "c 1:9",
        "c 5:0",
        "c 5:1",
        "c 5:2",
        "c 136:*",
    ];

    private static readonly (string Type, string Class)[] s_namespaces =
    [
        ("mount", "host-mounts"),
        ("pid", "host-pid"),
        ("ipc", "host-ipc"),
        ("network", "host-network"),
        ("uts", "host-uts"),
        ("user", "host-user"),
        ("cgroup", "host-cgroup"),
    ];

    /// <summary>The rights, in no order.</summary>
    public static IEnumerable<Right> Of(RightsSubject subject)
    {
        if (subject.Config is not { } root)
        {
            return [];
        }

        return
        [
            .. Hooks(root).Concat(Annotations(root)).Select(r => r with { Detail = subject.Masked(r.Detail) }),
            .. MountRights.Of(subject, root),
            .. Namespaces(root.All("linux")),
            .. Process(subject, root.All("process")),
            .. Devices(root.All("linux")),
            .. Linux(root),
            .. Named(root),
            .. subject.RemoteRootfs is { } rootfs ? [new Right("foreign-root", rootfs)] : Array.Empty<Right>(),
        ];
    }

    private static IEnumerable<Right> Hooks(JsonElement root) =>
        from hooks in root.All("hooks")
        where hooks.ValueKind == JsonValueKind.Object
        from stage in hooks.EnumerateObject()
        from hook in new[] { stage.Value }.Items()
        select new Right(
            "oci-hook",
            $"{stage.Name} {string.Join(" && ", hook.All("path").Strings())} {string.Join(' ', hook.All("args").Items().Strings().Skip(1))}".TrimEnd()
        );

    private static IEnumerable<Right> Annotations(JsonElement root) =>
        from annotations in root.All("annotations")
        where annotations.ValueKind == JsonValueKind.Object
        from annotation in annotations.EnumerateObject()
        where
            annotation.Name.StartsWith(Annotation, StringComparison.OrdinalIgnoreCase)
            || annotation.Name.StartsWith("org.systemd.property.", StringComparison.OrdinalIgnoreCase)
        select new Right("runtime-annotation", $"{annotation.Name}={annotation.Value}");

    private static IEnumerable<Right> Namespaces(IEnumerable<JsonElement> linux)
    {
        JsonElement[] namespaces = [.. linux.All("namespaces").Items()];
        foreach (JsonElement space in namespaces)
        {
            foreach (string path in space.All("path").Strings().Where(p => p.Length > 0))
            {
                string type = string.Join('+', space.All("type").Strings());
                string normal = HostPlaces.Normal(path);
                bool named = type == "network" && HostPath.IsBelow(normal, "/run/netns");
                yield return new Right(named ? "network-namespace" : "namespace-path", $"{type} {normal}");
            }
        }

        foreach ((string type, string name) in s_namespaces)
        {
            if (!namespaces.Any(n => n.All("type").Strings().Contains(type, StringComparer.Ordinal)))
            {
                yield return new Right(name, "");
            }
        }
    }

    private static IEnumerable<Right> Process(RightsSubject subject, IEnumerable<JsonElement> process)
    {
        JsonElement[] processes = [.. process];
        JsonElement[] sets = [.. processes.All("capabilities")];
        HashSet<string> capabilities =
        [
            .. sets.Items().Strings(),
            .. sets.Where(s => s.ValueKind == JsonValueKind.Object)
                .SelectMany(s => s.EnumerateObject())
                .Select(p => p.Value)
                .Items()
                .Strings(),
        ];
        string[] host =
        [
            .. subject
                .Values.GetValueOrDefault("ALL_PROCESS_CAPABILITIES", "")
                .Split(',')
                .Select(c => c.Trim(' ', '"'))
                .Where(c => c.Length > 0),
        ];
        if (host.Length > 0 && capabilities.IsSupersetOf(host))
        {
            // The host has them all to give; after an update of its kernel it may have more, which is no wish of the
            // image.
            yield return new Right("capability", Right.All);
            capabilities.ExceptWith(host);
        }

        foreach (string capability in capabilities.Except(Capabilities.ContainerDefaults, StringComparer.Ordinal))
        {
            yield return new Right("capability", capability);
        }

        if (!processes.All("noNewPrivileges").IsTrue())
        {
            yield return new Right("new-privileges", "");
        }

        foreach (
            string label in processes
                .All("selinuxLabel")
                .Strings()
                .Where(l =>
                    l.Contains("spc_t", StringComparison.Ordinal)
                    || l.Contains("unconfined", StringComparison.Ordinal)
                    || l.Contains("container_runtime_t", StringComparison.Ordinal)
                )
                .Concat(processes.All("apparmorProfile").Strings().Where(p => p == "unconfined"))
        )
        {
            yield return new Right("unconfined-label", label);
        }
    }

    private static IEnumerable<Right> Devices(IEnumerable<JsonElement> linux)
    {
        JsonElement[] all = [.. linux];
        foreach (JsonElement device in all.All("devices").Items())
        {
            string path = string.Join('+', device.All("path").Strings());
            if (
                !s_usualDevices.Contains(path, StringComparer.Ordinal)
                || !s_usualNumbers.Contains(Rule(device), StringComparer.Ordinal)
            )
            {
                yield return new Right("device", $"{path} {Rule(device)}");
            }
        }

        // Without a filter for some the runtime would deny them all (runc, crun: default rules).
        foreach (JsonElement rule in all.All("resources").All("devices").Items().Where(d => d.All("allow").IsTrue()))
        {
            string numbers = Rule(rule);
            if (!s_usualNumbers.Contains(numbers, StringComparer.Ordinal))
            {
                yield return new Right("device", numbers == "a *:*" ? Right.All : numbers);
            }
        }

        foreach (JsonElement devices in all.All("netDevices").Where(d => d.ValueKind == JsonValueKind.Object))
        {
            foreach (JsonProperty device in devices.EnumerateObject())
            {
                yield return new Right("network-device", device.Name);
            }
        }
    }

    /// <summary>Those that the start looks up.</summary>
    private static IEnumerable<Right> Named(JsonElement root) =>
        from name in (string[])[StartAnnotations.Devices, StartAnnotations.NamedDevices]
        from devices in root.All("annotations").All(name).Strings()
        from device in devices.Split('\n')
        select new Right("device", device);

    /// <summary>As the device cgroup of old wrote it: <c>b 7:*</c>, <c>a *:*</c>.</summary>
    private static string Rule(JsonElement device)
    {
        string type = device.All("type").Strings().FirstOrDefault() is { Length: > 0 } given ? given : "a";
        return $"{type} {Number("major")}:{Number("minor")}";

        string Number(string name) =>
            device.All(name).FirstOrDefault(n => n.ValueKind == JsonValueKind.Number)
                is { ValueKind: JsonValueKind.Number } number
            && !number.ToString().StartsWith('-')
                ? number.ToString()
                : "*";
    }

    private static IEnumerable<Right> Linux(JsonElement root)
    {
        JsonElement[] linux = [.. root.All("linux")];
        foreach (JsonElement parameters in linux.All("sysctl").Where(s => s.ValueKind == JsonValueKind.Object))
        {
            // Pings from a network of its own, which sysctr gives every container that has one.
            foreach (
                JsonProperty parameter in parameters.EnumerateObject().Where(p => p.Name != "net.ipv4.ping_group_range")
            )
            {
                yield return new Right("sysctl", $"{parameter.Name}={parameter.Value}");
            }
        }

        JsonElement[] filters = [.. linux.All("seccomp").Where(s => s.ValueKind == JsonValueKind.Object)];
        string[] actions = [.. filters.All("defaultAction").Strings()];
        if (actions.Length == 0 || actions.Any(a => a is "" or "SCMP_ACT_ALLOW" or "SCMP_ACT_LOG"))
        {
            yield return new Right("no-seccomp", "");
        }

        foreach (string agent in filters.All("listenerPath").Strings().Where(p => p.Length > 0))
        {
            yield return new Right("seccomp-agent", agent);
        }

        bool hasProc = root.All("mounts")
            .Items()
            .Any(m => m.All("type").Strings().Contains("proc", StringComparer.Ordinal));
        if (
            hasProc
            && !linux.All("readonlyPaths").Items().Strings().Any(p => HostPath.Absolute(p) is "/proc/sys" or "/proc")
        )
        {
            yield return new Right("proc-write", "");
        }
    }
}
