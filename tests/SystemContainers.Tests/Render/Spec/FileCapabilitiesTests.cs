// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Exports;
using SystemContainers.Oci;
using SystemContainers.Render;
using SystemContainers.Render.Request;
using SystemContainers.Settings;
using SystemContainers.Tests.Settings;
using Xunit;

namespace SystemContainers.Tests.Render.Spec;

/// <summary>Programs that count on the capabilities of their file: dnsmasq and coredns at low ports, vault that locks
/// its memory.</summary>
public sealed class FileCapabilitiesTests
{
    private const ulong NetBindService = 1 << 10;
    private const ulong IpcLock = 1 << 14;
    private const ulong Bpf = 1UL << 39;

    private static readonly (string, string) s_gains = ("security-opt", "no-new-privileges=false");

    [Theory]
    [InlineData(
        "53",
        NetBindService,
        "/usr/sbin/serve has CAP_NET_BIND_SERVICE by its file (setcap), which gives no payload anything: --cap-add NET_BIND_SERVICE gives it"
    )]
    [InlineData("53", NetBindService | Bpf, "--cap-add NET_BIND_SERVICE --cap-add BPF gives it")]
    [InlineData("root", NetBindService, null)]
    [InlineData("", IpcLock, "--cap-add IPC_LOCK gives it")]
    [InlineData("53", 0, null)]
    public void What_nobody_gains_is_told(string user, ulong permitted, string? said) =>
        Assert.Equal(said, Told(user, permitted, said));

    [Fact]
    public void What_was_added_or_is_gained_lacks_nothing()
    {
        Assert.Null(Told("53", NetBindService, null, ("cap-add", "NET_BIND_SERVICE")));
        Assert.Null(Told("53", NetBindService, null, s_gains));
        Assert.NotNull(Told("53", IpcLock, null, s_gains));
        Assert.Null(Told("53", IpcLock, null, s_gains, ("cap-add", "IPC_LOCK")));
        Assert.NotNull(Told("53", NetBindService, null, s_gains, ("cap-drop", "NET_BIND_SERVICE")));
    }

    /// <summary>The warning; where it has what is wanted, that.</summary>
    private static string? Told(string user, ulong permitted, string? wanted, params (string, string)[] values)
    {
        TestImage image = new TestImage()
            .File("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
            .Program("/usr/sbin/serve", permitted);
        ContainerSettings settings = SettingOptionsTests.Of(values);
        ImageRunConfig run = ImageSettings.Apply(
            new ImageRunConfig { Entrypoint = ["serve", "--here"], User = user },
            settings
        )!;
        RenderRequest request = RenderRequests.For(image, run) with
        {
            Settings = settings,
            Exports = ImageExports.Read(image, run),
        };
        string? told = ContainerRenderer
            .Render(request with { Host = request.Host with { HasSeccomp = false } })
            .Warnings.SingleOrDefault(w => w.Contains("setcap", StringComparison.Ordinal));
        return wanted is not null && told?.Contains(wanted, StringComparison.Ordinal) == true ? wanted : told;
    }
}
