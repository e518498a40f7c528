// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Processes;
using SystemContainers.Oci;
using SystemContainers.Render;
using SystemContainers.Render.Request;
using SystemContainers.SystemdText;
using Xunit;

namespace SystemContainers.Tests.Render;

/// <summary>The defaults as systemd's own tools read them.</summary>
[Trait("needs", "programs")]
public sealed class SystemdAcceptsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("render 50%").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task The_default_unit()
    {
        RenderRequest request = RenderRequests.For(
            new TestImage(),
            new ImageRunConfig { Cmd = ["x"], StopSignal = "SIGRTMIN+3" }
        ) with
        {
            Commands = new UnitCommandLines("/bin/true start", "/bin/true stop", "/bin/true pre", "/bin/true post"),
            DestinationDirectory = _directory,
            ServiceLines = ["Delegate=yes"],
            ImageName = "docker://h/a%20b:1",
        };
        string unit = Path.Combine(_directory, "etcd.service");
        File.WriteAllText(unit, ContainerRenderer.Render(request).Units.Single().Text);

        ProcessResult result = await ProcessRunner.RunAsync(
            "systemd-analyze",
            ["verify", unit],
            CancellationToken.None
        );

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
    }

    [Fact]
    public async Task The_lines_for_volumes()
    {
        string rootfs = Path.Combine(_directory, "rootfs");
        Directory.CreateDirectory(rootfs + "/with content/sub", (UnixFileMode)0x1e8);
        File.WriteAllText(rootfs + "/with content/sub/file", "kept");
        Directory.CreateDirectory(rootfs + "/empty");
        TestImage image = TestImage.FromDirectory(rootfs).Directory("/empty", mode: 0x3ff, uid: 7, gid: 8);
        ImageRunConfig run = new()
        {
            Cmd = ["x"],
            Volumes = new Dictionary<string, EmptyObject>
            {
                ["/with content"] = new(),
                ["/empty"] = new(),
                ["/odd\"'\\%n"] = new(),
            },
        };
        string state = Path.Combine(_directory, "state");
        RenderedContainer container = ContainerRenderer.Render(
            RenderRequests.For(image, run) with
            {
                DestinationDirectory = _directory,
                StateDirectory = state,
            }
        );
        string lines = Path.Combine(_directory, "etcd.conf");
        File.WriteAllText(lines, container.Tmpfiles);

        ProcessResult result = await ProcessRunner.RunAsync(
            "systemd-tmpfiles",
            ["--create", lines],
            CancellationToken.None
        );

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Equal([state + "/etcd"], container.GeneratedDirectories);
        Assert.Equal("kept", File.ReadAllText(state + "/etcd/with content/sub/file"));
        Assert.Equal((UnixFileMode)0x1e8, File.GetUnixFileMode(state + "/etcd/with content/sub"));
        Assert.Equal((UnixFileMode)0x3ff, File.GetUnixFileMode(state + "/etcd/empty"));
        Assert.True(Directory.Exists(state + "/etcd/odd\"'\\%n"));
    }
}
