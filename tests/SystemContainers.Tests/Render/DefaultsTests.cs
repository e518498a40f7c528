// SPDX-License-Identifier: Apache-2.0

using System.Runtime.CompilerServices;
using SystemContainers.Oci;
using SystemContainers.Render;
using SystemContainers.Render.Request;
using SystemContainers.Render.Spec;
using SystemContainers.SystemdText;
using Xunit;

namespace SystemContainers.Tests.Render;

/// <summary>What an ordinary image, without /exports, becomes.</summary>
public sealed class DefaultsTests
{
    private static readonly TestImage s_image = new TestImage()
        .File("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\netcd:x:101:102::/var/lib/etcd:/bin/false\n")
        .File("/etc/group", "root:x:0:\nadm:x:4:syslog,etcd\netcd:x:102:\nssl-cert:x:103:etcd\n")
        .Directory("/proc")
        .Directory("/dev")
        .Directory("/sys")
        .Directory("/tmp")
        .Directory("/var/lib/etcd", mode: 0x1c0, uid: 101, gid: 102)
        .File("/srv/www/index.html", "hello");

    private static readonly ImageRunConfig s_run = new()
    {
        User = "etcd",
        Env = ["ETCD_NAME=a \"quoted\"\nname", "PATH=/opt/bin:/bin", "ETCD_NAME=b"],
        Entrypoint = ["/usr/bin/etcd"],
        Cmd = ["--name", "x\"y"],
        WorkingDir = "/var/lib/etcd/work",
        StopSignal = "INT",
        Volumes = new Dictionary<string, EmptyObject> { ["/var/lib/etcd/"] = new(), ["/srv/www"] = new() },
    };

    [Fact]
    public void Unit() => Golden.Matches("default.service", Rendered().Units.Single().Text);

    [Fact]
    public void Config() => Golden.Matches("default.config.json", Rendered().ConfigText() + "\n");

    [Fact]
    public void Tmpfiles() => Golden.Matches("default.tmpfiles", Rendered().Tmpfiles!);

    [Fact]
    public void Mount_points_are_what_the_image_lacks() =>
        Assert.Equal(
            [
                new RequiredMount("/etc/hostname", IsDirectory: false, 0x1a4),
                new RequiredMount("/etc/hosts", IsDirectory: false, 0x1a4),
                new RequiredMount("/etc/resolv.conf", IsDirectory: false, 0x1a4),
                new RequiredMount("/run", IsDirectory: true, 0x1ed),
                new RequiredMount("/var/tmp", IsDirectory: true, 0x3ff),
            ],
            Rendered().Mounts
        );

    [Fact]
    public void Empty_command_lines_leave_no_line()
    {
        RenderRequest request = RenderRequests.For(s_image, s_run) with
        {
            Commands = new UnitCommandLines("/usr/sbin/runc run x"),
        };

        string unit = ContainerRenderer.Render(request).Units.Single().Text;

        Assert.DoesNotContain("ExecStop", unit, StringComparison.Ordinal);
        Assert.DoesNotContain("ExecStartPre", unit, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_variable_is_in_the_documentation()
    {
        string table = File.ReadAllText(Path.Combine(SourceDirectory(), "../../../templates/README.md"));

        Assert.All(Rendered().Values.Keys, name => Assert.Contains($"`{name}`", table, StringComparison.Ordinal));
    }

    private static string SourceDirectory([CallerFilePath] string self = "") => Path.GetDirectoryName(self)!;

    /// <remarks>Without the 500 lines of the built-in seccomp profile: SeccompProfileTests look at them.</remarks>
    private static RenderedContainer Rendered() =>
        ContainerRenderer.Render(
            RenderRequests.For(s_image, s_run) with
            {
                ServiceLines =
                [
                    "Type=forking",
                    "PIDFile=/run/container-etcd.pid",
                    "Delegate=yes",
                    "DelegateSubgroup=supervisor",
                ],
                Host = RenderRequests.Host with { HasSeccomp = false },
            }
        );
}
