// SPDX-License-Identifier: Apache-2.0

using BenchmarkDotNet.Attributes;
using SystemContainers.Render;
using SystemContainers.Tests.Render;

namespace SystemContainers.MicroBench;

/// <summary>Unit, configuration and values: of an image of the old contract, and of one that brings nothing.</summary>
public class RenderBenchmarks
{
    private static readonly TestImage s_plain = new TestImage()
        .File("/usr/bin/etcd", "")
        .File("/etc/passwd", "root:x:0:0::/:/bin/sh\n");

    private static readonly TestImage s_legacy = new TestImage()
        .File("/usr/bin/etcd", "")
        .File(
            "/exports/service.template",
            "[Unit]\nDescription=$NAME\n[Service]\nExecStart=$EXEC_START\nExecStop=$EXEC_STOP\n"
        )
        .File(
            "/exports/config.json.template",
            """{"ociVersion":"1.0.2","process":{"args":["/usr/bin/etcd","$LISTEN"],"cwd":"/","user":{"uid":0,"gid":0}},"root":{"path":"rootfs","readonly":true},"mounts":[],"linux":{}}"""
        )
        .File("/exports/manifest.json", """{"version":"1.0","defaultValues":{"LISTEN":"127.0.0.1"}}""");

    [Benchmark]
    public object RenderPlain() => ContainerRenderer.Render(RenderRequests.For(s_plain));

    [Benchmark]
    public object RenderLegacy() => ContainerRenderer.Render(RenderRequests.For(s_legacy));
}
