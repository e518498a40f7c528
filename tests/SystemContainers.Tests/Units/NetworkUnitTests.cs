// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Exports;
using SystemContainers.Network;
using SystemContainers.Render;
using SystemContainers.Runtime;
using SystemContainers.Settings;
using SystemContainers.SystemdText;
using SystemContainers.Tests.Render;
using SystemContainers.Units;
using Xunit;

namespace SystemContainers.Tests.Units;

/// <summary>What a unit does for a container's network.</summary>
public sealed class NetworkUnitTests
{
    private const string Up = "ExecStartPre=+/usr/bin/sysctr launch network-up --bundle=/d/0 etcd";
    private const string Down = "ExecStopPost=+/usr/bin/sysctr launch network-down etcd";

    [Fact]
    public void The_network_is_made_first_and_goes_after_the_container()
    {
        string[] lines = DropIn(
            "bridge",
            new TestImage()
                .File("/usr/bin/etcd", "")
                .File(
                    "/exports/service.template",
                    "[Service]\nExecStartPre=/bin/prepare\nExecStart=$EXEC_START\nExecStopPost=/bin/tidy\n"
                )
        );

        Assert.Equal(
            ["ExecStartPre=", Up, "ExecStartPre=/bin/prepare"],
            lines.Where(l => l.StartsWith("ExecStartPre", StringComparison.Ordinal))
        );
        string[] posts = [.. lines.Where(l => l.StartsWith("ExecStopPost", StringComparison.Ordinal))];
        Assert.Equal(4, posts.Length);
        Assert.Contains("launch delete", posts[1], StringComparison.Ordinal);
        Assert.Equal([Down, "ExecStopPost=/bin/tidy"], posts[2..]);
        Assert.Contains(
            lines,
            l =>
                l.StartsWith("After=", StringComparison.Ordinal)
                && l.Contains("nftables.service", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("host")]
    [InlineData("none")]
    [InlineData("ns:/run/netns/a")]
    public void What_nobody_has_to_make_needs_no_command(string network) =>
        Assert.DoesNotContain(
            DropIn(network, new TestImage().File("/usr/bin/etcd", "")),
            l => l.Contains("network-", StringComparison.Ordinal)
        );

    [Fact]
    public void Who_shares_a_network_is_there_as_long_as_that_is()
    {
        string[] lines = DropIn("container:shop-pod", new TestImage().File("/usr/bin/etcd", ""));

        Assert.Contains("BindsTo=shop-pod.service", lines);
        Assert.Contains("After=shop-pod.service", lines);
    }

    [Fact]
    public void A_user_s_is_made_where_the_user_s_networks_are()
    {
        NetworkRequest request = new() { Mode = NetworkMode.Bridge, Name = "etcd" };
        NetworkUnit unit = new("/usr/bin/sysctr", "/d/0", "etcd", instantiated: false, request, isUsers: true);

        Assert.Equal(
            ["Requires=sysctr-netns.service", "After=sysctr-netns.service sysctr-uplink.service"],
            NetworkUnit.OrderLines(request, isUsers: true)
        );
        Assert.Empty(unit.StartPreLines(UnitText.Parse("[Service]\nExecStartPre=/bin/prepare\n")));
        Assert.Equal("/usr/bin/sysctr launch network-up --bundle=/d/0 etcd", unit.UsersStartPre);
        Assert.Equal("/usr/bin/sysctr launch network-down etcd", unit.StopPost);
        Assert.Equal(
            [
                "ExecStartPre=",
                "ExecStartPre=/usr/bin/sysctr launch network-up --bundle=/d/0 etcd",
                "ExecStartPre=/bin/prepare",
            ],
            UserUnit.StartPreLines(
                UnitText.Parse("[Service]\nExecStartPre=/bin/prepare\n"),
                "/t",
                file: null,
                own: null,
                unit.UsersStartPre
            )
        );
    }

    private static string[] DropIn(string network, TestImage image)
    {
        UnitPlan plan = UnitPlan.For(
            new OciRuntime("/usr/sbin/runc", RuntimeKind.Runc),
            "etcd",
            "/d/0",
            "/run/etcd.pid",
            "/usr/bin/sysctr",
            ImageExports.Read(image),
            252
        );
        ContainerSettings settings = new(new Dictionary<string, IReadOnlyList<string>> { ["network"] = [network] });
        RenderedContainer rendered = plan.Adapt(
            ContainerRenderer.Render(
                RenderRequests.For(image) with
                {
                    Name = "etcd",
                    Settings = settings,
                    Commands = plan.Commands,
                    ServiceLines = plan.ServiceLines,
                }
            ),
            image,
            RenderRequests.Host,
            "/l",
            rootfs: null
        );
        JsonNode? annotation = JsonNode.Parse(rendered.ConfigJson!)!["annotations"]?[NetworkRequest.Annotation];
        Assert.Equal(network != "host", annotation is not null);
        return
        [
            .. rendered
                .Units.Where(u => u.FileName == "etcd.service.d/10-sysctr.conf")
                .SelectMany(u => u.Text.Split('\n')),
        ];
    }
}
