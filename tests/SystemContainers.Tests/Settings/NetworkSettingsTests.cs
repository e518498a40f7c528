// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Settings;
using Xunit;

namespace SystemContainers.Tests.Settings;

/// <summary>Networks as podman-run(1) names them.</summary>
public sealed class NetworkSettingsTests
{
    [Theory]
    [InlineData("host", NetworkMode.Host, "")]
    [InlineData("none", NetworkMode.None, "")]
    [InlineData("bridge", NetworkMode.Bridge, "")]
    [InlineData("private", NetworkMode.Bridge, "")]
    [InlineData("ns:/run/netns/blue", NetworkMode.Namespace, "/run/netns/blue")]
    [InlineData("container:db", NetworkMode.Container, "db")]
    [InlineData("pasta:--mtu,1400", NetworkMode.Pasta, "")]
    [InlineData("web", NetworkMode.Bridge, "web")]
    [InlineData(
        "web:ip=10.1.2.3,ip6=fd00::3,mac=92:D0:C6:0A:29:33,alias=a,alias=b,interface_name=lan0",
        NetworkMode.Bridge,
        "web"
    )]
    public void What_podman_takes_is_read(string text, object mode, string name)
    {
        NetworkSetting setting = NetworkSetting.Parse(text);

        Assert.Equal(((NetworkMode)mode, name), (setting.Mode, setting.Name));
        if (text.Contains("ip6", StringComparison.Ordinal))
        {
            Assert.Equal(["10.1.2.3", "fd00::3"], setting.Ips);
            Assert.Equal(["a", "b"], setting.Aliases);
            Assert.Equal(("92:d0:c6:0a:29:33", "lan0"), (setting.Mac, setting.Interface));
        }
    }

    [Theory]
    [InlineData("host:ip=1.2.3.4")]
    [InlineData("ns:relative")]
    [InlineData("ns:/a/../b")]
    [InlineData("container:")]
    [InlineData("slirp4netns")]
    [InlineData("../x")]
    [InlineData("web:ip=nonsense")]
    [InlineData("web:mac=1")]
    [InlineData("web:interface_name=a-name-that-is-too-long")]
    [InlineData("web:mode=l2")]
    [InlineData("web:alias=a b")]
    public void What_is_none_is_refused(string text) =>
        Assert.Throws<FormatException>(() => NetworkSetting.Parse(text));

    [Theory]
    [InlineData("--network=web --network=host")]
    [InlineData("--network=web --network=web")]
    [InlineData("--network=web --network=db --ip=10.0.0.1")]
    [InlineData("--network=none --publish=80")]
    [InlineData("--network=ns:/run/netns/a --publish=80")]
    [InlineData("--network=container:a --publish=80")]
    [InlineData("--network=host --ip=10.0.0.1")]
    [InlineData("--network=none --network-alias=a")]
    public void What_contradicts_is_refused(string words) =>
        Assert.Equal(ErrorKind.Usage, Assert.Throws<SysctrException>(() => Of(words).CheckTogether()).Kind);

    [Theory]
    [InlineData("", false, NetworkMode.Host)]
    [InlineData("--add-host=a:1.2.3.4 --dns=1.1.1.1", false, NetworkMode.Host)]
    [InlineData("--publish=80", false, NetworkMode.Bridge)]
    [InlineData("--publish=80", true, NetworkMode.Pasta)]
    [InlineData("--network=bridge", true, NetworkMode.Pasta)]
    [InlineData("--ip=10.0.0.1", false, NetworkMode.Bridge)]
    [InlineData("--network=host --publish=80", false, NetworkMode.Host)]
    public void Ports_and_addresses_mean_a_network_of_its_own(string words, bool isUsers, object mode) =>
        Assert.Equal((NetworkMode)mode, Of(words).Spec.Network.Mode(isUsers));

    [Fact]
    public void An_update_replaces_networks_as_a_whole_and_ports_by_their_place()
    {
        ContainerSettings updated = Of("--network=web --publish=8080:80 --publish=8081:81 --add-host=a:1.1.1.1")
            .With(Of("--network=db --publish=8080:90 --add-host=a:2.2.2.2 --add-host=a:fd00::1"), []);

        Assert.Equal(["db"], updated.All("network"));
        Assert.Equal(["8080:90", "8081:81"], updated.All("publish"));
        Assert.Equal(["a:2.2.2.2", "a:fd00::1"], updated.All("add-host"));
    }

    private static ContainerSettings Of(string words) =>
        new(
            words
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(w => w[2..].Split('=', 2))
                .GroupBy(w => w[0], w => w[1], StringComparer.Ordinal)
                .ToDictionary(g => g.Key, g => (IReadOnlyList<string>)[.. g], StringComparer.Ordinal)
        );
}
