// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;
using SystemContainers.Reference;
using SystemContainers.Settings;
using Xunit;

namespace SystemContainers.Tests.Quadlet;

/// <summary>Pods: a network that containers share, as podman-systemd.unit(5) has them.</summary>
public sealed class QuadletPodTests : IDisposable
{
    private const string Container = "[Container]\nImage=i\nPod=shop.pod\n";

    private readonly QuadletFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The name of a pod is its containers' host name, and what the file has is PodName=.</summary>
    [Theory]
    [InlineData("PodName=my_pod", "my_pod", "")]
    [InlineData("PodName=-p", null, "PodName=-p: as the host name")]
    [InlineData("PodName=-p\nHostName=h", "h", "")]
    [InlineData("HostName=-p", null, "HostName=-p: ")]
    public void A_pod_s_name_is_the_host_name_of_all(string keys, string? name, string said)
    {
        _folder.Write("shop_a.pod", "[Pod]\n" + keys);
        _folder.Write("web.container", "[Container]\nImage=i\nPod=shop_a.pod\n");

        QuadletSet set = _folder.Read();

        Assert.Equal(said.Length > 0 ? 1 : 0, set.Faults.All.Count);
        Assert.All(set.Faults.All, f => Assert.Contains(said, f.Text, StringComparison.Ordinal));
        Assert.All(set.Faults.All, f => Assert.EndsWith("shop_a.pod", f.Place.File, StringComparison.Ordinal));
        Assert.Equal(name, set.Containers.Single(c => c.Name == "web").Request.Settings.One("hostname"));
    }

    /// <summary>The pod's member is read without the key, so that it is looked at before.</summary>
    [Theory]
    [InlineData("StartWithPod=ture", "StartWithPod=ture: it is yes or no")]
    [InlineData("StartWithPod=yes\nStartWithPod=no", "StartWithPod= stands in line 4, too")]
    public void Whether_it_starts_with_the_pod_is_yes_or_no(string key, string said)
    {
        _folder.Write("shop.pod", "[Pod]\n");
        _folder.Write("web.container", "[Container]\nImage=i\nPod=shop.pod\n" + key);

        QuadletFault fault = Assert.Single(_folder.Read().Faults.All);

        Assert.Contains(said, fault.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pod_is_declared_like_a_container_and_starts_those_in_it()
    {
        _folder.Write(
            "shop.pod",
            "[Unit]\nDescription=The shop\n[Pod]\nPublishPort=8080:80\nNetwork=net.network\nDNS=192.0.2.1\n[Install]\nWantedBy=multi-user.target"
        );
        _folder.Write("net.network", "[Network]\n");
        _folder.Write("web.container", Container);
        _folder.Write("db.container", Container + "StartWithPod=no");
        _folder.Write("alone.container", "[Container]\nImage=i");

        QuadletSet set = _folder.Read();
        ContainerDeclaration pod = set.Containers.Single(c => c.Name == "shop-pod");

        Assert.Empty(set.Faults.All);
        Assert.Equal(ImageReference.Pod, pod.Request.Image);
        Assert.Equal(
            "--dns=192.0.2.1 --network=systemd-net --publish=8080:80",
            string.Join(' ', pod.Request.Settings.Words())
        );
        Assert.Equal(
            ["Before=web.service", "Description=The shop", "StopWhenUnneeded=yes", "Wants=web.service"],
            pod.Request.Declared!.Lines.Where(l =>
                    l.Section == "Unit"
                    && l.Key is not "SourcePath" and not "After"
                    && l.Value != "network-online.target"
                )
                .Select(l => $"{l.Key}={l.Value}")
                .Order(StringComparer.Ordinal)
        );
        Assert.EndsWith("/shop.pod", pod.Request.Declared.File, StringComparison.Ordinal);
    }

    [Fact]
    public void A_container_in_it_has_its_network_its_name_and_what_all_have()
    {
        _folder.Write("shop.pod", "[Pod]\nVolume=/srv/%p:/srv\nVolume=data:/data\nAddHost=a:192.0.2.7\nShmSize=1m");
        _folder.Write("web.container", Container + "Volume=own:/data\nShmSize=2m");

        ContainerDeclaration web = _folder.Read().Containers.Single(c => c.Name == "web");

        Assert.Equal(
            "--add-host=a:192.0.2.7 --hostname=systemd-shop --network=container:shop-pod --shm-size=2m --volume=/srv/shop-pod:/srv --volume=own:/data",
            string.Join(' ', web.Request.Settings.Words())
        );
    }

    [Fact]
    public void Others_wait_for_it_by_the_name_of_its_file()
    {
        _folder.Write("shop.pod", "[Pod]\nServiceName=mall");
        _folder.Write("other.container", "[Unit]\nAfter=shop.pod\n[Container]\nImage=i");

        QuadletSet set = _folder.Read();

        Assert.Contains(set.Containers, c => c.Name == "mall");
        Assert.Contains(
            set.Containers.Single(c => c.Name == "other").Request.Declared!.Lines,
            l => l is { Key: "After", Value: "mall.service" }
        );
    }

    [Theory]
    [InlineData("Network=host", false)]
    [InlineData("", true)]
    public void In_the_host_s_network_it_is_a_unit_that_they_are_bound_to(string key, bool isUsers)
    {
        _folder.Write("shop.pod", "[Pod]\n" + key);
        _folder.Write("web.container", Container);

        QuadletSet set = _folder.Read(new QuadletHost { IsUser = isUsers });
        ContainerDeclaration web = set.Containers.Single(c => c.Name == "web");

        Assert.Empty(set.Faults.All);
        Assert.Equal(["host"], web.Request.Settings.All("network"));
        Assert.Contains(
            web.Request.Declared!.Lines,
            l => l is { Section: "Unit", Key: "BindsTo", Value: "shop-pod.service" }
        );
    }

    [Theory]
    [InlineData("shop.pod", "[Pod]\nExitPolicy=never", "it is stop or continue")]
    [InlineData("shop.pod", "[Pod]\nPublshPort=80", "is no key of [Pod]")]
    [InlineData("shop.pod", "[Pod]\nPublishPort=x", "PublishPort=x")]
    [InlineData("shop@.pod", "[Pod]\n", "a template of a pod")]
    [InlineData(
        "web.container",
        "[Container]\nImage=i\nPod=s.pod\nPublishPort=80",
        "PublishPort=: the container is in s.pod"
    )]
    [InlineData(
        "web.container",
        "[Container]\nImage=i\nPod=s.pod\nNetwork=none",
        "Network=: the container is in s.pod"
    )]
    [InlineData("s-pod.container", "[Container]\nImage=i", "it makes s-pod.service, and so does")]
    public void What_can_t_be_had_says_where(string file, string text, string said)
    {
        _folder.Write("s.pod", "[Pod]\n");
        _folder.Write(file, text);

        Assert.Contains(said, Assert.Single(_folder.Read().Faults.All).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_policy_to_stop_it_stays()
    {
        _folder.Write("s.pod", "[Pod]\nExitPolicy=continue");

        Assert.DoesNotContain(
            Assert.Single(_folder.Read().Containers).Request.Declared!.Lines,
            l => l.Key == "StopWhenUnneeded"
        );
    }

    /// <summary>They are words of podman's pod create, behind all others.</summary>
    [Fact]
    public void PodmanArgs_say_what_keys_say()
    {
        _folder.Write(
            "shop.pod",
            "[Pod]\nHostName=other\nPodmanArgs=--hostname h --shm-size=256m --userns keep-id --dns 192.0.2.1 --dns=192.0.2.2\n"
                + "PodmanArgs=--add-host x:192.0.2.7 -v /srv/%p:/s --infra-name i --replace -p 80:80 --label \"a=b c\""
        );
        _folder.Write("web.container", Container);

        QuadletSet set = _folder.Read();

        Assert.Empty(set.Faults.All);
        Assert.Equal(
            "--add-host=x:192.0.2.7 --dns=192.0.2.1 --dns=192.0.2.2 --hostname=h --network=container:shop-pod --shm-size=256m --userns=keep-id --volume=/srv/shop-pod:/s",
            string.Join(' ', set.Containers.Single(c => c.Name == "web").Request.Settings.Words())
        );
        ContainerSettings pod = set.Containers.Single(c => c.Name == "shop-pod").Request.Settings;
        Assert.Equal(["80:80"], pod.All("publish"));
        Assert.Equal(["a=b c"], pod.All("label"));
        Assert.Equal(["192.0.2.1", "192.0.2.2"], pod.All("dns"));
        Assert.Equal(2, set.Faults.Notes.Count);
    }

    [Fact]
    public void A_user_s_pod_on_a_network_by_name_has_ports()
    {
        _folder.Write("shop.pod", "[Pod]\nNetwork=shop.network\nPublishPort=8080:80");
        _folder.Write("shop.network", "[Network]");
        _folder.Write("web.container", Container);

        QuadletSet set = _folder.Read(new QuadletHost { IsUser = true });

        Assert.Empty(set.Faults.All);
        ContainerSettings pod = set.Containers.Single(c => c.Name == "shop-pod").Request.Settings;
        Assert.Equal(["systemd-shop"], pod.All("network"));
        Assert.Equal(["8080:80"], pod.All("publish"));
        Assert.Equal(
            ["container:shop-pod"],
            set.Containers.Single(c => c.Name == "web").Request.Settings.All("network")
        );
    }

    [Theory]
    [InlineData("PublishPort=8080:80")]
    [InlineData("Network=pasta\nPublishPort=8080:80")]
    [InlineData("Network=podman")]
    public void A_user_s_pod_has_no_ports(string keys)
    {
        _folder.Write("shop.pod", "[Pod]\n" + keys);
        _folder.Write("web.container", Container);

        QuadletFault fault = Assert.Single(_folder.Read(new QuadletHost { IsUser = true }).Faults.All);

        Assert.Equal(new QuadletPlace(_folder.Path + "/shop.pod", 2), fault.Place);
        Assert.Contains("a user's pod has the host's network", fault.Text, StringComparison.Ordinal);
    }
}
