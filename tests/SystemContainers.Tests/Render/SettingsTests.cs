// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Render;
using SystemContainers.Render.Request;
using SystemContainers.Settings;
using SystemContainers.Tests.Settings;
using Xunit;

namespace SystemContainers.Tests.Render;

/// <summary>What options of podman-run(1) make of a container whose configuration is ours; and that they are refused where it is the image's.</summary>
public sealed class SettingsTests
{
    private static readonly TestImage s_image = new TestImage()
        .File("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/srv:/bin/sh\n").Directory("/data", mode: 0x1c0, uid: 33, gid: 33).File("/data/first", "x");

    [Fact]
    public void A_configuration_has_what_was_asked_for()
    {
        JsonNode config = Config(
            ("volume", "/srv/site:/site:ro"), ("volume", "db:/data"), ("tmpfs", "/run:size=1m"), ("cap-add", "NET_ADMIN"), ("cap-drop", "KILL"), ("ulimit", "nofile=10:20"),
            ("hostname", "box"), ("sysctl", "kernel.shmmax=1"), ("shm-size", "1m"), ("memory", "64m"), ("pids-limit", "100"), ("cpus", "1.5"),
            ("security-opt", "no-new-privileges=false"), ("security-opt", "unmask=/proc/kcore"), ("security-opt", "mask=/data/secret"));

        Assert.Equal(["ro", "rbind", "nosuid", "nodev", "rprivate"], Options(Mount(config, "/site")));
        Assert.Equal("/srv/site", Mount(config, "/site")["source"]!.GetValue<string>());
        Assert.Equal("/var/lib/sysctr-volumes/db", Mount(config, "/data")["source"]!.GetValue<string>());
        Assert.Equal(["nosuid", "nodev", "size=1m"], Options(Mount(config, "/run")));
        Assert.Contains("size=1048576", Options(Mount(config, "/dev/shm")));
        Assert.Contains("CAP_NET_ADMIN", Texts(config["process"]!["capabilities"]!["effective"]!));
        Assert.DoesNotContain("CAP_KILL", Texts(config["process"]!["capabilities"]!["bounding"]!));
        Assert.Equal("""[{"type":"RLIMIT_NOFILE","hard":20,"soft":10}]""", config["process"]!["rlimits"]!.ToJsonString());
        Assert.False(config["process"]!["noNewPrivileges"]!.GetValue<bool>());
        Assert.Equal("box", config["hostname"]!.GetValue<string>());
        Assert.Contains("uts", config["linux"]!["namespaces"]!.AsArray().Select(n => n!["type"]!.GetValue<string>()));
        Assert.Equal("1", config["linux"]!["sysctl"]!["kernel.shmmax"]!.GetValue<string>());
        Assert.Equal(
            """{"limit":67108864}|{"quota":150000,"period":100000}|{"limit":100}""",
            string.Join('|', new[] { "memory", "cpu", "pids" }.Select(m => config["linux"]!["resources"]![m]!.ToJsonString())));
        Assert.DoesNotContain("/proc/kcore", Texts(config["linux"]!["maskedPaths"]!));
        Assert.Contains("/data/secret", Texts(config["linux"]!["maskedPaths"]!));
    }

    [Fact]
    public void Somebody_who_is_not_root_has_the_capabilities_that_were_named_and_no_others()
    {
        JsonNode sets = Config(("user", "web"), ("cap-add", "NET_ADMIN"))["process"]!["capabilities"]!;

        foreach (string set in (string[])["effective", "permitted", "inheritable", "ambient"])
        {
            Assert.Equal(["CAP_NET_ADMIN"], Texts(sets[set]!));
        }

        Assert.Contains("CAP_CHOWN", Texts(sets["bounding"]!));
    }

    [Fact]
    public void A_volume_with_a_name_is_private_begins_with_what_the_image_has_and_is_no_state_directory()
    {
        RenderedContainer rendered = Render(("volume", "db:/data"), ("volume", "/own:ro"));

        Assert.Contains("d /var/lib/sysctr-volumes 0700", rendered.Tmpfiles, StringComparison.Ordinal);
        Assert.Matches("C /var/lib/sysctr-volumes/db .*/rootfs/data\n", rendered.Tmpfiles);
        Assert.Contains("d /var/lib/etcd/own ", rendered.Tmpfiles, StringComparison.Ordinal);
        Assert.Equal(["/var/lib/etcd"], rendered.GeneratedDirectories);
        Assert.Equal("ro", Options(Mount(JsonNode.Parse(rendered.ConfigJson!)!, "/own"))[0]);
    }

    [Fact]
    public void A_unit_stops_as_it_was_told()
    {
        string unit = Render(("stop-timeout", "90"), ("stop-signal", "SIGQUIT")).Units[0].Text;

        Assert.Contains("\nTimeoutStopSec=90s\n", unit, StringComparison.Ordinal);
        Assert.Contains("\nKillSignal=SIGQUIT\n", unit, StringComparison.Ordinal);
        Assert.Contains("\nSuccessExitStatus=143 131 SIGQUIT\n", unit, StringComparison.Ordinal);
    }

    [Fact]
    public void A_time_zone_is_a_file_of_the_host_over_the_images()
    {
        JsonNode config = Config(("tz", "Europe/Paris"));

        Assert.Equal("/usr/share/zoneinfo/Europe/Paris", Mount(config, "/etc/localtime")["source"]!.GetValue<string>());
        Assert.DoesNotContain(Texts(config["process"]!["env"]!), v => v.StartsWith("TZ=", StringComparison.Ordinal));
        Assert.Contains("no /usr/share/zoneinfo/Mars", Assert.Throws<SysctrException>(() => Render(("tz", "Mars"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_that_the_host_lacks_is_refused() =>
        Assert.Contains("/nowhere", Assert.Throws<SysctrException>(() => Render(("volume", "/nowhere:/data"))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("env", "A=b", true, true)]
    [InlineData("volume", "/srv/site:/data", true, true)]
    [InlineData("command", "serve", true, true)]
    [InlineData("memory", "64m", true, true)]
    [InlineData("stop-timeout", "5", true, false)]
    [InlineData("stop-timeout", "5", false, true)]
    [InlineData("label", "a=b", true, false)]
    [InlineData("health-cmd", "true", true, false)]
    public void What_the_image_brings_itself_can_not_be_set(string option, string value, bool config, bool refused)
    {
        TestImage image = new();
        _ = config ? image.File("/exports/config.json", RenderRequests.Config()) : image.File("/exports/etcd.service.template", "[Service]\nExecStart=$EXEC_START\n");

        Exception? thrown = Record.Exception(() => ContainerRenderer.Render(RenderRequests.For(image) with { Settings = SettingOptionsTests.Of((option, value)) }));

        if (refused)
        {
            SysctrException e = Assert.IsType<SysctrException>(thrown);
            Assert.Equal(ErrorKind.Usage, e.Kind);
            Assert.Contains(option == "command" ? "words behind --" : "--" + option, e.Message, StringComparison.Ordinal);
        }
        else
        {
            Assert.Null(thrown);
        }
    }

    private static RenderedContainer Render(params (string, string)[] values)
    {
        ContainerSettings settings = SettingOptionsTests.Of(values);
        settings.Check();
        RenderRequest request = RenderRequests.For(s_image, ImageSettings.Apply(new ImageRunConfig { Entrypoint = ["/bin/x"] }, settings)) with { Settings = settings };
        return ContainerRenderer.Render(request with
        {
            Host = request.Host with { HasSeccomp = false, IsDirectory = path => path is "/srv/site" ? true : path is "/usr/share/zoneinfo/Europe/Paris" ? false : RenderRequests.Host.IsDirectory(path) },
        });
    }

    private static JsonNode Config(params (string, string)[] values) => JsonNode.Parse(Render(values).ConfigJson!)!;

    private static JsonNode Mount(JsonNode config, string destination) => config["mounts"]!.AsArray().Single(m => m!["destination"]!.GetValue<string>() == destination)!;

    private static string[] Options(JsonNode mount) => Texts(mount["options"]!);

    private static string[] Texts(JsonNode list) => [.. list.AsArray().Select(t => t!.GetValue<string>())];
}
