// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Rights.Assessment;

namespace SystemContainers.Tests.Rights.Assessment;

/// <summary>Containers named <c>app</c>, as far as rights go, and what the rules find in them.</summary>
static class Subjects
{
    public const string Destination = "/var/lib/sysctr/deployments/app/1";

    public static RightsSubject App { get; } =
        new()
        {
            Name = "app",
            Destination = Destination,
            Runtime = "/usr/bin/runc",
            ListenHelper = "/usr/libexec/sysctr-listen",
            Values = new Dictionary<string, string>
            {
                ["EXEC_START"] = $"/usr/bin/sysctr launch start --runtime=/usr/bin/runc --bundle={Destination} app",
                ["EXEC_STOP"] = "/usr/bin/sysctr launch kill --runtime=/usr/bin/runc app",
                ["EXEC_STOPPOST"] = "/usr/bin/sysctr launch delete --runtime=/usr/bin/runc app",
                ["EXEC_STARTPRE"] = "",
                ["IMAGE_ID"] = "0123456789abcdef",
                ["IMAGE_NAME"] = "reg.example.com/app:1",
                ["ALL_PROCESS_CAPABILITIES"] = "\"CAP_CHOWN\", \"CAP_NET_ADMIN\", \"CAP_SYS_ADMIN\"",
            },
        };

    /// <summary>A container whose configuration is like the one that sysctr makes, but for these members.</summary>
    /// <param name="members">Of the document; they begin with a comma.</param>
    /// <param name="linux">Of <c>linux</c>, likewise.</param>
    /// <param name="process">Of <c>process</c>, likewise.</param>
    /// <param name="namespaces">Those of its own.</param>
    public static RightsSubject WithConfig(
        string members = "",
        string linux = "",
        string process = ", \"noNewPrivileges\": true",
        string namespaces =
            """{"type": "pid"}, {"type": "ipc"}, {"type": "mount"}, {"type": "cgroup"}, {"type": "network"}, {"type": "uts"}, {"type": "user"}"""
    ) =>
        App with
        {
            Config = JsonElement.Parse(
                "{\"process\": {\"args\": [\"x\"], \"cwd\": \"/\""
                    + process
                    + "}, \"root\": {\"path\": \"rootfs\"}"
                    + members
                    + ", \"linux\": {\"namespaces\": ["
                    + namespaces
                    + "], \"seccomp\": {\"defaultAction\": \"SCMP_ACT_ERRNO\"}, \"readonlyPaths\": [\"/proc/sys\"]"
                    + linux
                    + "}}"
            ),
        };

    public static RightsSubject WithMount(string source, string options = "\"rbind\", \"rw\"") =>
        WithConfig(
            ", \"mounts\": [{\"destination\": \"/m\", \"type\": \"bind\", \"source\": \""
                + source
                + "\", \"options\": ["
                + options
                + "]}]"
        );

    public static RightsSubject WithService(string lines, string section = "Service", string file = "app.service") =>
        App with
        {
            Units = [(file, $"[{section}]\n{lines}\n")],
        };

    public static RightsFile File(
        string path,
        string content = "",
        int mode = 0x1a4,
        string? link = null,
        byte[]? capability = null
    ) => new(path, mode, 0, link, capability, () => content);

    public static RightsSubject WithFiles(params RightsFile[] files) => App with { HostFiles = files };

    /// <summary>The rights as <c>class detail</c>.</summary>
    public static string[] Rights(this RightsSubject subject) =>
        [.. ContainerRights.Of(subject).Select(r => $"{r.Class} {r.Detail}".TrimEnd())];
}
