// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Bundle;
using SystemContainers.Bundle.RuntimeSpec;
using SystemContainers.Exports;
using SystemContainers.Oci;
using SystemContainers.Render;
using SystemContainers.Render.Request;
using SystemContainers.SystemdText;

namespace SystemContainers.Tests.Render;

/// <summary>Render requests with everything filled in, so that a test says only what it is about.</summary>
static class RenderRequests
{
    public static HostFacts Host { get; } =
        new()
        {
            Capabilities = Capabilities.FromMask(0x1ffffffffff),
            Kernel = new Version(6, 1),
            Architecture = "amd64",
            IsDirectory = path =>
                path is "/etc/hosts" or "/etc/resolv.conf" ? false
                : path is "/run" or "/var/lib" or "/sys" ? true
                : null,
        };

    public static RenderRequest For(
        TestImage image,
        ImageRunConfig? run = null,
        params (string Name, string Value)[] set
    ) =>
        new()
        {
            Name = "etcd",
            DestinationDirectory = "/var/lib/sysctr/deployments/etcd/1",
            ImageName = "docker://registry.example/etcd:3.4",
            ImageId = Digest.Sha256("an image"u8),
            Image = new ImageConfig("amd64", "linux", new ImageRootFs("layers", []))
            {
                Run = run ?? new ImageRunConfig { Entrypoint = ["/usr/bin/etcd"], Cmd = ["--help"] },
            },
            Files = image,
            Exports = ImageExports.Read(image),
            Commands = new UnitCommandLines(
                "/usr/sbin/runc run --detach etcd",
                "/usr/sbin/runc kill etcd",
                "",
                "/usr/sbin/runc delete etcd"
            ),
            RuntimePath = "/usr/sbin/runc",
            ToolPath = "/usr/bin/sysctr",
            Uuid = "0d0a2a4c-0000-4000-8000-000000000001",
            Host = Host,
            Set = set.ToDictionary(s => s.Name, s => s.Value),
        };

    public static RenderedContainer Render(TestImage image, params (string Name, string Value)[] set) =>
        ContainerRenderer.Render(For(image, set: set));

    public static string ConfigText(this RenderedContainer container) => Encoding.UTF8.GetString(container.ConfigJson!);

    /// <summary>A config.json that is right in every respect, with members to add.</summary>
    public static string Config(string mounts = "", string more = "") =>
        $$"""
            {"ociVersion": "1.0.2", "process": {"args": ["/bin/true"], "cwd": "/", "env": ["A=b"]},
             "root": {"path": "rootfs", "readonly": true}, "mounts": [{{mounts}}] {{more}}}
            """;
}
