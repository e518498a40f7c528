// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Linux.Users;
using SystemContainers.Oci;
using SystemContainers.Render;
using SystemContainers.Render.Request;
using SystemContainers.Settings;
using SystemContainers.Settings.Ids;
using SystemContainers.SystemdText;
using SystemContainers.Tests.Settings;
using Xunit;

namespace SystemContainers.Tests.Render;

/// <summary>What options of podman-run(1) make of a container whose configuration is ours; and that they are refused
/// where it is the image's.</summary>
public sealed class SettingsTests
{
    private static readonly TestImage s_image = new TestImage()
        .File("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/srv:/bin/sh\n")
        .Directory("/data", mode: 0x1c0, uid: 33, gid: 33)
        .File("/data/first", "x")
        .File("/etc/group", "root:x:0:\nvideo:x:44:\n");

    [Fact]
    public void A_configuration_has_what_was_asked_for()
    {
        JsonNode config = Config(
            ("volume", "/srv/site:/site:ro"),
            ("volume", "db:/data"),
            ("tmpfs", "/run:size=1m"),
            ("cap-add", "NET_ADMIN"),
            ("cap-drop", "KILL"),
            ("ulimit", "nofile=10:20"),
            ("hostname", "box"),
            ("sysctl", "kernel.shmmax=1"),
            ("shm-size", "1m"),
            ("memory", "64m"),
            ("pids-limit", "100"),
            ("cpus", "1.5"),
            ("security-opt", "no-new-privileges=false"),
            ("security-opt", "unmask=/proc/kcore"),
            ("security-opt", "mask=/data/secret")
        );

        Assert.Equal(["ro", "rbind", "nosuid", "nodev", "rprivate"], Options(Mount(config, "/site")));
        Assert.Equal("/srv/site", Mount(config, "/site")["source"]!.GetValue<string>());
        Assert.Equal("/var/lib/sysctr-volumes/db", Mount(config, "/data")["source"]!.GetValue<string>());
        Assert.Equal(["nosuid", "nodev", "size=1m"], Options(Mount(config, "/run")));
        Assert.Contains("size=1048576", Options(Mount(config, "/dev/shm")));
        Assert.Contains("CAP_NET_ADMIN", Texts(config["process"]!["capabilities"]!["effective"]!));
        Assert.DoesNotContain("CAP_KILL", Texts(config["process"]!["capabilities"]!["bounding"]!));
        Assert.Equal(
            """[{"type":"RLIMIT_NOFILE","hard":20,"soft":10}]""",
            config["process"]!["rlimits"]!.ToJsonString()
        );
        Assert.False(config["process"]!["noNewPrivileges"]!.GetValue<bool>());
        Assert.Equal("box", config["hostname"]!.GetValue<string>());
        Assert.Contains("uts", config["linux"]!["namespaces"]!.AsArray().Select(n => n!["type"]!.GetValue<string>()));
        Assert.Equal("1", config["linux"]!["sysctl"]!["kernel.shmmax"]!.GetValue<string>());
        Assert.Equal(
            """{"limit":67108864}|{"quota":150000,"period":100000}|{"limit":100}""",
            string.Join(
                '|',
                new[] { "memory", "cpu", "pids" }.Select(m => config["linux"]!["resources"]![m]!.ToJsonString())
            )
        );
        Assert.DoesNotContain("/proc/kcore", Texts(config["linux"]!["maskedPaths"]!));
        Assert.Contains("/data/secret", Texts(config["linux"]!["maskedPaths"]!));
    }

    [Fact]
    public void What_only_a_start_knows_is_in_annotations()
    {
        JsonNode config = Config(
            ("device", "/dev/fuse"),
            ("device", "/dev/dri"),
            ("secret", "pw,target=/data/pw"),
            ("writable", "volatile"),
            ("log-pipe", "yes")
        );

        Assert.Equal(
            """{"io.sysctr.devices":"/dev/fuse\n/dev/dri","io.sysctr.environment":"unit","io.sysctr.log":"pipe","io.sysctr.secrets":"pw,target=/data/pw","io.sysctr.writable":"volatile"}""",
            config["annotations"]!.ToJsonString()
        );
        Assert.True(config["root"]!["readonly"]!.GetValue<bool>());
        Assert.Equal(
            "/var/lib/etcd/.writable",
            Config(("writable", "persistent"))["annotations"]!["io.sysctr.writable"]!.GetValue<string>()
        );
        Assert.Equal(
            "volatile",
            Config(("read-only", "false"))["annotations"]!["io.sysctr.writable"]!.GetValue<string>()
        );
    }

    [Fact]
    public void Annotations_groups_and_variables_of_the_host()
    {
        JsonNode config = Config(
            ("annotation", "a.b=c=d"),
            ("http-proxy", "false"),
            ("env-host", "true"),
            ("group-add", "7"),
            ("group-add", "video")
        );

        Assert.Equal(
            ("""{"a.b":"c=d","io.sysctr.environment":"unit\nno-proxies\nall"}""", "[0,7,44]"),
            (config["annotations"]!.ToJsonString(), config["process"]!["user"]!["additionalGids"]!.ToJsonString())
        );
        Assert.Contains(
            "/etc/group",
            Assert.Throws<SysctrException>(() => Render(("group-add", "nosuch"))).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Without_the_usual_memory_nothing_can_be_written_unless_the_root_can()
    {
        string Places(params (string, string)[] settings) =>
            string.Join(
                ' ',
                Config(settings)["mounts"]!
                    .AsArray()
                    .Where(m => m!["type"]!.ToString() == "tmpfs")
                    .Select(m => m!["destination"] + (Texts(m["options"]!).Contains("ro") ? ":ro" : ""))
            );

        Assert.Equal("/dev /dev/shm /run /tmp /var/tmp", Places());
        Assert.Equal("/dev:ro /dev/shm:ro /opt", Places(("read-only-tmpfs", "false"), ("tmpfs", "/opt")));
        Assert.Equal("/dev /dev/shm", Places(("read-only-tmpfs", "false"), ("read-only", "false")));
    }

    [Fact]
    public void A_privileged_container_has_all_that_the_host_has()
    {
        JsonNode config = Config(("privileged", "true"), ("security-opt", "mask=/data/secret"));

        Assert.Equal(RenderRequests.Host.Capabilities, Texts(config["process"]!["capabilities"]!["effective"]!));
        Assert.False(config["process"]!["noNewPrivileges"]!.GetValue<bool>());
        Assert.Null(config["linux"]!["seccomp"]);
        Assert.Equal(
            "[\"/data/secret\"] []",
            $"{config["linux"]!["maskedPaths"]!.ToJsonString()} {config["linux"]!["readonlyPaths"]!.ToJsonString()}"
        );
        Assert.Equal("""[{"allow":true,"access":"rwm"}]""", config["linux"]!["resources"]!["devices"]!.ToJsonString());
        Assert.Contains("rw", Options(Mount(config, "/sys")));
        Assert.Contains("rw", Options(Mount(config, "/sys/fs/cgroup")));
        Assert.Equal("all", config["annotations"]!["io.sysctr.all-devices"]!.ToString());
        Assert.True(
            Config(("privileged", "true"), ("security-opt", "no-new-privileges"))["process"]![
                "noNewPrivileges"
            ]!.GetValue<bool>()
        );
    }

    [Theory]
    [InlineData("ipc", "host", "cgroup mount pid", "/dev/mqueue /dev/shm:bind")]
    [InlineData("ipc", "none", "cgroup ipc mount pid", "/dev/mqueue")]
    [InlineData("ipc", "shareable", "cgroup ipc mount pid", "/dev/mqueue /dev/shm")]
    [InlineData("pid", "host", "cgroup ipc mount", "/dev/mqueue /dev/shm")]
    [InlineData("uts", "private", "cgroup ipc mount pid uts", "/dev/mqueue /dev/shm")]
    [InlineData("uts", "host", "cgroup ipc mount pid", "/dev/mqueue /dev/shm")]
    [InlineData("cgroupns", "host", "ipc mount pid", "/dev/mqueue /dev/shm")]
    public void Namespaces_are_its_own_or_the_hosts(string option, string value, string namespaces, string memory)
    {
        JsonNode config = Config((option, value));

        Assert.Equal(
            namespaces,
            string.Join(
                ' ',
                config["linux"]!["namespaces"]!
                    .AsArray()
                    .Select(n => n!["type"]!.ToString())
                    .Order(StringComparer.Ordinal)
            )
        );
        Assert.Equal(
            memory,
            string.Join(
                ' ',
                config["mounts"]!
                    .AsArray()
                    .Where(m => m!["destination"]!.ToString() is "/dev/shm" or "/dev/mqueue")
                    .Select(m => m!["destination"] + (m["type"]!.ToString() == "bind" ? ":bind" : ""))
            )
        );
    }

    [Fact]
    public void What_would_be_the_hosts_is_refused()
    {
        Assert.Contains(
            "--ipc=host",
            Assert.Throws<SysctrException>(() => Render(("ipc", "host"), ("sysctl", "kernel.shmmax=1"))).Hint,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "--uts=host",
            Assert.Throws<SysctrException>(() => Render(("uts", "host"), ("hostname", "box"))).Message,
            StringComparison.Ordinal
        );
        RenderRequest request = Request(s_image, ("oom-score-adj", "-5"));
        Assert.Contains(
            "--oom-score-adj",
            Assert
                .Throws<SysctrException>(() =>
                    ContainerRenderer.Render(request with { Host = request.Host with { UserIds = new IdMap([], []) } })
                )
                .Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Numbers_of_the_process_and_rules_for_devices()
    {
        JsonNode config = Config(
            ("oom-score-adj", "-5"),
            ("umask", "0077"),
            ("device-cgroup-rule", "c 189:* rw"),
            ("device-cgroup-rule", "a *:* m")
        );

        Assert.Equal(
            (-5, 63),
            (config["process"]!["oomScoreAdj"]!.GetValue<int>(), config["process"]!["user"]!["umask"]!.GetValue<int>())
        );
        Assert.Equal(
            """[{"allow":false,"access":"rwm"},{"allow":true,"access":"rw","type":"c","major":189},{"allow":true,"access":"m","type":"a"}]""",
            config["linux"]!["resources"]!["devices"]!.ToJsonString()
        );
    }

    [Theory]
    [InlineData("/sbin/init", "true", true)]
    [InlineData("/lib/systemd/systemd", "true", true)]
    [InlineData("/sbin/init", "false", false)]
    [InlineData("/bin/x", "true", false)]
    [InlineData("/bin/x", "always", true)]
    public void A_systemd_inside_has_what_it_needs(string program, string option, bool isSystemd)
    {
        RenderRequest request = Request(s_image, ("entrypoint", program), ("systemd", option), ("privileged", "true"));
        RenderedContainer rendered = ContainerRenderer.Render(request);
        JsonNode config = JsonNode.Parse(rendered.ConfigJson!)!;

        Assert.Equal(isSystemd, config["mounts"]!.AsArray().Any(m => m!["destination"]!.ToString() == "/run/lock"));
        Assert.Equal(
            isSystemd,
            config["mounts"]!.AsArray().Any(m => m!["destination"]!.ToString() == "/var/log/journal")
        );
        Assert.Equal(
            isSystemd,
            Texts(config["process"]!["env"]!)
                .Any(v =>
                    v.StartsWith("container_uuid=", StringComparison.Ordinal)
                    && v.Length == "container_uuid=".Length + 32
                )
        );
        Assert.Equal(isSystemd ? "no-consoles" : "all", config["annotations"]!["io.sysctr.all-devices"]!.ToString());
        Assert.Equal(isSystemd, rendered.Units[0].Text.Contains("\nKillSignal=SIGRTMIN+3\n", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("bind", "/cache:bind /data:bind", 2)]
    [InlineData("tmpfs", "/cache:tmpfs /data:bind", 1)]
    [InlineData("ignore", "/data:bind", 1)]
    public void Volumes_that_the_image_declares(string option, string mounts, int kept)
    {
        ContainerSettings settings = SettingOptionsTests.Of(("image-volume", option), ("volume", "/data"));
        ImageRunConfig run = ImageSettings.Apply(
            new ImageRunConfig
            {
                Entrypoint = ["/bin/x"],
                Volumes = new Dictionary<string, EmptyObject> { ["/cache/"] = new() },
            },
            settings
        )!;
        RenderedContainer rendered = ContainerRenderer.Render(
            Request(s_image) with
            {
                Settings = settings,
                Image = RenderRequests.For(s_image, run).Image,
            }
        );

        Assert.Equal(
            mounts,
            string.Join(
                ' ',
                JsonNode.Parse(rendered.ConfigJson!)!["mounts"]!
                    .AsArray()
                    .Where(m => m!["destination"]!.ToString() is "/cache" or "/data")
                    .Select(m => $"{m!["destination"]}:{m["type"]}")
            )
        );
        Assert.Equal(kept, rendered.Tmpfiles!.Split('\n').Count(l => l.Contains("/etcd/", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("/srv/site:/data:U", "", "Z /srv/site - 70 80 - -")]
    [InlineData("/srv/site:/data:U,ro", "", "Z /srv/site - 70 80 - -")]
    [InlineData("/srv/site:/data:U", "auto", "Z /srv/site - 100070 100080 - -")]
    [InlineData("/srv/site:/data:U,idmap", "auto", "Z /srv/site - 70 80 - -")]
    [InlineData("named:/data:U", "auto", "Z /var/lib/sysctr-volumes/named - 70 80 - -")]
    [InlineData("/data:U", "", "Z /var/lib/etcd/data - 70 80 - -")]
    [InlineData("/srv/site:/data", "", null)]
    public void A_volume_becomes_the_payloads_users(string volume, string users, string? line)
    {
        (string, string)[] values =
        [
            ("volume", volume),
            ("user", "70:80"),
            .. users.Length > 0 ? [("userns", users)] : Array.Empty<(string, string)>(),
        ];
        RenderedContainer rendered = ContainerRenderer.Render(Mapped(Request(s_image, values)));

        Assert.Equal(line, (rendered.Tmpfiles ?? "").Split('\n').FirstOrDefault(l => l.StartsWith('Z')));
        Assert.DoesNotContain("\"U\"", Encoding.UTF8.GetString(rendered.ConfigJson!), StringComparison.Ordinal);
    }

    /// <summary>By each start, for systemd-tmpfiles could not; the user's own directories stay the user's.</summary>
    [Theory]
    [InlineData("/home/u/site:/data:U", "/home/u/site")]
    [InlineData("named:/data:U", "/home/u/.local/share/sysctr-volumes/named")]
    [InlineData("/home/u/site:/data", null)]
    [InlineData("/home/u:/data:U", "!the user's own directories are in it")]
    [InlineData("/home/u/.local:/data:U", "!the user's own directories are in it")]
    [InlineData("/srv:/data:U", "!the user's own directories are in it")]
    [InlineData("/home:/data:U", "!the user's own directories are in it")]
    [InlineData("/home/u/link:/data:U", "!it is a link")]
    [InlineData("/home/u/app/conf:/data:U", "!/home/u/app is mounted, too")]
    [InlineData("/home/u/site:/data:U,idmap", "!the kernel lets root alone do that")]
    public void A_volume_of_a_user_s_container_becomes_the_payloads_users(string volume, string? owned)
    {
        RenderRequest request = OfUser(
            Request(s_image, ("volume", volume), ("volume", "/home/u/app:/app"), ("user", "70:80"))
        );
        request = request with
        {
            Host = request.Host with { Home = "/home/u", IsLink = path => path == "/home/u/link" },
        };
        if (owned?.StartsWith('!') == true)
        {
            Assert.Contains(
                owned[1..],
                Assert.Throws<SysctrException>(() => ContainerRenderer.Render(request)).Message,
                StringComparison.Ordinal
            );
            return;
        }

        RenderedContainer rendered = ContainerRenderer.Render(request);
        Assert.Equal(owned, JsonNode.Parse(rendered.ConfigJson!)!["annotations"]!["io.sysctr.owned"]?.ToString());
        Assert.DoesNotContain("Z ", rendered.Tmpfiles ?? "", StringComparison.Ordinal);
    }

    /// <summary>The caller is the payload's user, the ids are those of the namespace, and nothing has to be mapped by a
    /// mount; a new volume is the payload's, what the image has stays its.</summary>
    [Fact]
    public void A_user_s_container_may_keep_the_user_s_id()
    {
        RenderRequest request = OfUser(Request(s_image, ("userns", "keep-id"), ("volume", "named:/fresh")));
        IdMap ids = request.Host.UserIds!;
        RenderedContainer rendered = ContainerRenderer.Render(
            request with
            {
                UserMap = ids.Keeping(1000, 1000, uint.MaxValue).Then(ids),
            }
        );
        JsonNode config = JsonNode.Parse(rendered.ConfigJson!)!;

        Assert.Equal(
            (1000, 1000),
            (config["process"]!["user"]!["uid"]!.GetValue<int>(), config["process"]!["user"]!["gid"]!.GetValue<int>())
        );
        Assert.Contains(config["linux"]!["namespaces"]!.AsArray(), n => n!["type"]!.ToString() == "user");
        Assert.Equal(
            """{"containerID":1000,"hostID":1000,"size":1}""",
            config["linux"]!["uidMappings"]!
                .AsArray()
                .First(m => m!["containerID"]!.GetValue<int>() == 1000)!
                .ToJsonString()
        );
        Assert.Equal(
            ("disk", null),
            (
                config["annotations"]!["io.sysctr.owners"]!.ToString(),
                config["annotations"]!["io.sysctr.mapped"]?.ToString()
            )
        );
        Assert.Contains(
            "d /home/u/.local/share/sysctr-volumes/named 0755 1000 1000",
            rendered.Tmpfiles,
            StringComparison.Ordinal
        );
    }

    /// <summary>crun(1): it leaves the groups that it is started with.</summary>
    [Fact]
    public void A_users_container_keeps_the_groups_of_its_user_with_crun_alone()
    {
        RenderRequest request = Request(s_image, ("group-add", "keep-groups"));
        RenderRequest users = OfUser(request) with { RuntimePath = "/usr/bin/crun" };

        JsonNode config = JsonNode.Parse(ContainerRenderer.Render(users).Config!.Json)!;

        Assert.Equal("1", config["annotations"]!["run.oci.keep_original_groups"]!.GetValue<string>());
        foreach (
            (RenderRequest refused, string why) in (IReadOnlyList<(RenderRequest, string)>)
                [
                    (request, "no further groups"),
                    (users with { RuntimePath = "/usr/bin/runc" }, "runc keeps none"),
                    (
                        users with
                        {
                            Settings = Request(s_image, ("group-add", "keep-groups"), ("group-add", "5")).Settings,
                        },
                        "with others"
                    ),
                ]
        )
        {
            Assert.Contains(
                why,
                Assert.Throws<SysctrException>(() => ContainerRenderer.Render(refused)).Message,
                StringComparison.Ordinal
            );
        }
    }

    private static RenderRequest OfUser(RenderRequest request) =>
        request with
        {
            StateDirectory = "/home/u/.local/share",
            ConfDirectory = "/home/u/.config",
            RunDirectory = "/run/user/1000",
            DestinationDirectory = "/home/u/.local/share/sysctr/deployments/web/0",
            Host = request.Host with
            {
                Uid = 1000,
                Gid = 1000,
                UserIds = IdMap.Of(1000, 1000, [new IdRange(0, 100_000, 65_536)], [new IdRange(0, 100_000, 65_536)]),
                IsDirectory = _ => true,
            },
        };

    [Theory]
    [InlineData("/etc")]
    [InlineData("/var/lib")]
    [InlineData("/usr/share/x")]
    [InlineData("/etc/ssl")]
    [InlineData("/run/systemd/x")]
    public void What_is_the_systems_gets_no_other_owner(string source)
    {
        RenderRequest request = Request(s_image, ("volume", source + ":/data:U"));

        SysctrException e = Assert.Throws<SysctrException>(() =>
            ContainerRenderer.Render(request with { Host = request.Host with { IsDirectory = _ => true } })
        );

        Assert.Equal(ErrorKind.Usage, e.Kind);
        Assert.Contains(source, e.Message, StringComparison.Ordinal);
    }

    /// <summary>What tmpfiles.d takes for a pattern, what it would follow, and what a payload or user could put
    /// there.</summary>
    [Theory]
    [InlineData("/srv/[prod]", "pattern")]
    [InlineData("/srv/{a,b}", "pattern")]
    [InlineData("/srv/link", "a link")]
    [InlineData("/srv/open/data", "others than root can change what is in /srv/open")]
    [InlineData("/srv/app/conf", "/srv/app is mounted, too")]
    public void Where_a_path_may_lead_elsewhere_nothing_gets_another_owner(string source, string why)
    {
        RenderRequest request = Request(s_image, ("volume", source + ":/data:U"), ("volume", "/srv/app:/app"));
        HostFacts host = request.Host with
        {
            IsDirectory = _ => true,
            IsLink = path => path == "/srv/link",
            IsRootsAlone = path => path != "/srv/open",
        };

        Assert.Contains(
            why,
            Assert.Throws<SysctrException>(() => ContainerRenderer.Render(request with { Host = host })).Message,
            StringComparison.Ordinal
        );
    }

    /// <summary>As the preparer has it, which asks the host for ranges.</summary>
    private static RenderRequest Mapped(RenderRequest request) =>
        request.Settings.Spec.UserNamespace.Mode == UserNamespaceMode.Host
            ? request
            : request with
            {
                UserMap = new IdMap([new IdRange(0, 100_000, 65_536)], [new IdRange(0, 100_000, 65_536)]),
            };

    [Fact]
    public void A_profile_of_AppArmor_has_to_be_there()
    {
        (string, string) asked = ("security-opt", "apparmor=mine");
        RenderRequest request = Request(s_image, asked);

        Assert.Contains(
            "the host has no AppArmor",
            Assert
                .Throws<SysctrException>(() =>
                    ContainerRenderer.Render(request with { Host = request.Host with { HasAppArmor = false } })
                )
                .Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "no profile of that name",
            Assert
                .Throws<SysctrException>(() =>
                    ContainerRenderer.Render(
                        request with
                        {
                            Host = request.Host with { HasAppArmor = true, HasAppArmorProfile = _ => false },
                        }
                    )
                )
                .Message,
            StringComparison.Ordinal
        );
        Assert.Equal(
            "mine",
            JsonNode.Parse(
                ContainerRenderer.Render(request with { Host = request.Host with { HasAppArmor = true } }).ConfigJson!
            )!["process"]!["apparmorProfile"]!.ToString()
        );
        Assert.Null(Config(asked, ("security-opt", "apparmor=unconfined"))["process"]!["apparmorProfile"]);
    }

    [Fact]
    public void A_seccomp_profile_of_ones_own()
    {
        RenderRequest request = Request(s_image, ("security-opt", "seccomp=/srv/filter.json"));
        HostFacts With(string profile) =>
            request.Host with
            {
                ReadSeccomp = path => new SeccompFile(path, System.Text.Encoding.UTF8.GetBytes(profile)),
            };
        JsonNode config = JsonNode.Parse(
            ContainerRenderer
                .Render(
                    request with
                    {
                        Host = With(
                            """{"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_LOG"], "syscalls": [{"names": ["chmod"], "action": "SCMP_ACT_ERRNO"}]}"""
                        ),
                    }
                )
                .ConfigJson!
        )!;

        Assert.Equal(
            """{"defaultAction":"SCMP_ACT_ALLOW","architectures":[],"syscalls":[{"names":["chmod"],"action":"SCMP_ACT_ERRNO"}],"flags":["SECCOMP_FILTER_FLAG_LOG"]}""",
            config["linux"]!["seccomp"]!.ToJsonString()
        );
        Assert.Contains(
            "/srv/filter.json",
            Assert.Throws<SysctrException>(() => ContainerRenderer.Render(request with { Host = With("[]") })).Message,
            StringComparison.Ordinal
        );
        Assert.Equal(
            ErrorKind.NotFound,
            Assert.Throws<SysctrException>(() => Render(("security-opt", "seccomp=/no/such/filter.json"))).Kind
        );
    }

    [Fact]
    public void Labels_change_nothing_without_SELinux_and_are_refused_with_it()
    {
        RenderRequest request = Request(
            s_image,
            ("security-opt", "label=type:spc_t"),
            ("security-opt", "label=level:s0")
        );

        Assert.Contains(
            "label=type:spc_t, label=level:s0 changes nothing",
            Assert.Single(
                ContainerRenderer.Render(request with { Host = request.Host with { HasSelinux = false } }).Warnings
            ),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "label=type:spc_t",
            Assert
                .Throws<SysctrException>(() =>
                    ContainerRenderer.Render(request with { Host = request.Host with { HasSelinux = true } })
                )
                .Message,
            StringComparison.Ordinal
        );
        Assert.Empty(Render(("security-opt", "label=disable")).Warnings);
    }

    /// <summary>systemd's own default, as podman's units have it; what nobody declares comes up again.</summary>
    [Fact]
    public void A_declared_unit_is_started_again_where_its_file_says_so()
    {
        RenderRequest request = Request(s_image);

        Assert.Contains(
            "\nRestart=on-failure\n",
            ContainerRenderer.Render(request).Units.Single().Text,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "\nRestart=no\n",
            ContainerRenderer
                .Render(request with { UnitLines = [new UnitLine("Unit", "SourcePath", "/x")] })
                .Units.Single()
                .Text,
            StringComparison.Ordinal
        );
    }

    /// <summary>The start tells what the file gives its service from what a drop-in says.</summary>
    [Fact]
    public void Variables_that_the_file_gives_its_service_are_named_to_the_start() =>
        Assert.Equal(
            "unit\n" + StartAnnotations.OfService("A", "1"),
            JsonNode.Parse(
                ContainerRenderer
                    .Render(
                        Request(s_image) with
                        {
                            UnitLines =
                            [
                                new UnitLine(
                                    DeclaredUnit.Ours,
                                    DeclaredUnit.Environment,
                                    StartAnnotations.OfService("A", "1")
                                ),
                            ],
                        }
                    )
                    .ConfigJson!
            )!["annotations"]![StartAnnotations.Environment]!.GetValue<string>()
        );

    /// <summary>Nothing is for ever to systemd.</summary>
    [Theory]
    [InlineData("7", "\nTimeoutStopSec=7s\n")]
    [InlineData("0", "\nTimeoutStopSec=0.001s\n")]
    public void A_payload_that_has_no_time_to_stop_has_none(string seconds, string line) =>
        Assert.Contains(line, Render(("stop-timeout", seconds)).Units.Single().Text, StringComparison.Ordinal);

    /// <summary>Go's filepath.Match, with which podman tells what not to hide.</summary>
    [Theory]
    [InlineData("/proc/*", "/sys/dev/block /sys/devices/virtual/powercap /sys/firmware /sys/fs/selinux", "")]
    [InlineData(
        "/proc/[!-s]*:/sys/*",
        "/proc/timer_list /proc/timer_stats /sys/dev/block /sys/devices/virtual/powercap /sys/fs/selinux",
        ""
    )]
    [InlineData("/*/*:/sys/*/*:/sys/devices/*/*cap", "", "")]
    [InlineData("all", "", "")]
    [InlineData(
        "/proc/sys?*:/sys/[^df]*/block:/proc/[a-su-z]*",
        "/proc/timer_list /proc/timer_stats /sys/dev/block /sys/devices/virtual/powercap /sys/firmware /sys/fs/selinux",
        ""
    )]
    public void Paths_that_are_not_hidden_are_patterns(string patterns, string masked, string readOnly)
    {
        JsonNode linux = Config(("security-opt", "unmask=" + patterns))["linux"]!;

        Assert.Equal(masked, string.Join(' ', Texts(linux["maskedPaths"] ?? new JsonArray())));
        Assert.Equal(readOnly, string.Join(' ', Texts(linux["readonlyPaths"] ?? new JsonArray())));
    }

    [Fact]
    public void A_check_that_repeats_is_an_annotation_and_needs_a_check()
    {
        Assert.Equal(
            """{"command":["/bin/sh","-c","true"],"directory":"/","attempt":30,"interval":30,"retries":3,"startPeriod":5,"onFailure":"kill"}""",
            Config(("health-cmd", "true"), ("health-on-failure", "kill"), ("health-start-period", "5s"))[
                "annotations"
            ]!["io.sysctr.health"]!.GetValue<string>()
        );
        Assert.Contains(
            "\"interval\":60,\"retries\":5,",
            Config(("health-cmd", "true"), ("health-interval", "1m"), ("health-retries", "5"))["annotations"]![
                "io.sysctr.health"
            ]!.GetValue<string>(),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "\"interval\":0,",
            Config(("health-cmd", "true"), ("sdnotify", "healthy"), ("health-interval", "disable"))["annotations"]![
                "io.sysctr.health"
            ]!.GetValue<string>(),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "\"command\":[\"curl\",\"x\"],\"directory\":\"/\",\"attempt\":7,\"interval\":30,",
            Config(("health-cmd", "CMD curl x"), ("health-timeout", "7s"))["annotations"]![
                "io.sysctr.health"
            ]!.GetValue<string>(),
            StringComparison.Ordinal
        );
        Assert.Null(Config(("health-cmd", "true"), ("health-interval", "disable"))["annotations"]!["io.sysctr.health"]);
        Assert.Null(Config(("health-cmd", "true"), ("health-interval", "0"))["annotations"]!["io.sysctr.health"]);
        Assert.Null(Config(("health-cmd", "none"))["annotations"]!["io.sysctr.health"]);
        Assert.Contains(
            "--health-cmd",
            Assert.Throws<SysctrException>(() => Render(("health-on-failure", "kill"))).Hint,
            StringComparison.Ordinal
        );
    }

    /// <summary>applyHealthCheckOverrides in podman's pkg/specgen: what was not said is the image's.</summary>
    [Fact]
    public void What_options_leave_unsaid_of_a_check_the_image_says()
    {
        const long second = 1_000_000_000;
        ImageHealthcheck image = new()
        {
            Test = ["CMD-SHELL", "up"],
            Interval = 5 * second,
            Timeout = 4 * second,
            StartPeriod = 60 * second,
            Retries = 7,
        };

        Assert.Equal(
            """{"command":["/bin/sh","-c","up"],"directory":"/","attempt":4,"interval":5,"retries":7,"startPeriod":60,"onFailure":"kill"}""",
            Of(image, ("health-on-failure", "kill"))
        );
        Assert.Equal(
            """{"command":["/bin/sh","-c","up"],"directory":"/","attempt":3,"interval":2,"retries":1,"startPeriod":9,"onFailure":"kill"}""",
            Of(
                image,
                ("health-on-failure", "kill"),
                ("health-interval", "2s"),
                ("health-timeout", "3s"),
                ("health-retries", "1"),
                ("health-start-period", "9s")
            )
        );

        // What it says of its own check says nothing of another.
        Assert.Equal(
            """{"command":["/bin/sh","-c","mine"],"directory":"/","attempt":30,"interval":30,"retries":3,"startPeriod":0,"onFailure":"none"}""",
            Of(image, ("health-cmd", "mine"))
        );

        // Without a word of anybody the image's own is made as docker and podman make it.
        Assert.Equal(
            """{"command":["/bin/sh","-c","up"],"directory":"/","attempt":4,"interval":5,"retries":7,"startPeriod":60,"onFailure":"none"}""",
            Of(image)
        );
        Assert.Contains(
            "\"interval\":30,",
            Of(new ImageHealthcheck { Test = ["CMD", "up"] }),
            StringComparison.Ordinal
        );
        Assert.Null(Of(image with { Interval = -1 }));
        Assert.Null(Of(image with { Test = ["NONE"] }));
        Assert.Null(Of(image, ("health-cmd", "none")));
        Assert.Null(Of(image, ("health-interval", "disable")));
        Assert.Null(Of(image, ("health-interval", "0s")));

        static string? Of(ImageHealthcheck check, params (string, string)[] values)
        {
            ContainerSettings settings = SettingOptionsTests.Of(values);
            ImageRunConfig run = ImageSettings.Apply(
                new ImageRunConfig { Entrypoint = ["/bin/x"], Healthcheck = check },
                settings
            )!;
            RenderRequest request = RenderRequests.For(s_image, run) with
            {
                Settings = settings,
                Exports = ImageExports.Read(s_image, run),
            };
            return JsonNode.Parse(ContainerRenderer.Render(request).ConfigJson!)!["annotations"]!
                ["io.sysctr.health"]
                ?.GetValue<string>();
        }
    }

    /// <summary>Who made it counts on its unit, or has said a check of another kind.</summary>
    [Theory]
    [InlineData("/exports/manifest.json", null, false)]
    [InlineData("/etc/other", "sysctr.health.tcp", false)]
    [InlineData("/etc/other", null, true)]
    [InlineData("/etc/other", null, false)]
    public void The_check_of_an_image_that_is_made_for_system_containers_is_not_repeated(
        string file,
        string? label,
        bool once
    )
    {
        TestImage image = new TestImage().File(file, "{}").File("/bin/x", "");
        ImageRunConfig run = new()
        {
            Entrypoint = ["/bin/x"],
            Healthcheck = new ImageHealthcheck { Test = ["CMD", "up"] },
            Labels = label is null ? null : new Dictionary<string, string> { [label] = "localhost:80" },
        };
        RenderRequest request = RenderRequests.For(image, run) with
        {
            Exports = ImageExports.Read(image, run),
            MayWriteRoot = once,
        };

        Assert.Equal(
            file == "/etc/other" && label is null && !once,
            JsonNode.Parse(ContainerRenderer.Render(request).ConfigJson!)!["annotations"]!["io.sysctr.health"]
                is not null
        );
    }

    [Fact]
    public void A_check_at_the_start_comes_before_one_that_repeats()
    {
        Assert.Equal(
            """{"command":["/bin/sh","-c","true"],"directory":"/","attempt":30,"interval":30,"retries":3,"startPeriod":0,"onFailure":"none","startup":{"command":["/up","now"],"attempt":30,"interval":5,"retries":4,"success":1}}""",
            Config(
                ("health-cmd", "true"),
                ("health-startup-cmd", "[\"/up\", \"now\"]"),
                ("health-startup-interval", "5s"),
                ("health-startup-retries", "4")
            )["annotations"]!["io.sysctr.health"]!.GetValue<string>()
        );
        Assert.Contains(
            "\"interval\":0,\"retries\":0,\"success\":2}",
            Config(
                ("health-cmd", "true"),
                ("health-startup-cmd", "up"),
                ("health-startup-interval", "disable"),
                ("health-startup-success", "2")
            )["annotations"]!["io.sysctr.health"]!.GetValue<string>(),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "--health-startup-cmd",
            Assert.Throws<SysctrException>(() => Render(("health-cmd", "true"), ("health-startup-retries", "1"))).Hint,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "--health-cmd",
            Assert.Throws<SysctrException>(() => Render(("health-startup-cmd", "true"))).Hint,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void An_images_own_configuration_has_no_annotations_of_ours()
    {
        TestImage image = new TestImage().File(
            "/exports/config.json",
            RenderRequests.Config(more: ", \"annotations\": {\"io.sysctr.secrets\": \"pw\"}")
        );

        SysctrException e = Assert.Throws<SysctrException>(() => ContainerRenderer.Render(RenderRequests.For(image)));

        Assert.Contains("io.sysctr.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_secrets_file_has_a_place_in_the_tree_and_a_persistent_root_a_directory()
    {
        RenderedContainer rendered = Render(("secret", "pw,target=/etc/keys/pw"), ("writable", "persistent"));

        Assert.Contains(rendered.Mounts, m => m is { Path: "/etc/keys/pw", IsDirectory: false });
        Assert.Equal(["/var/lib/etcd"], rendered.GeneratedDirectories);
        Assert.Contains("d /var/lib/etcd 0700", rendered.Tmpfiles, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tmpfs_is_filled_where_the_image_has_something()
    {
        TestImage image = new TestImage().File("/run/web/ready", "").Directory("/tmp").File("/data/first", "x");

        Assert.Contains("tmpcopyup", Options(Mount(Of(image), "/run")));
        Assert.DoesNotContain("tmpcopyup", Options(Mount(Of(image), "/tmp")));
        Assert.Contains("tmpcopyup", Options(Mount(Of(image, ("tmpfs", "/data")), "/data")));
        Assert.DoesNotContain("tmpcopyup", Options(Mount(Of(image, ("tmpfs", "/data:notmpcopyup")), "/data")));
    }

    [Fact]
    public void An_init_comes_before_the_payload_and_has_to_be_there()
    {
        RenderRequest request = Request(s_image, ("init", "true"));
        JsonNode config = JsonNode.Parse(
            ContainerRenderer
                .Render(
                    request with
                    {
                        Host = request.Host with
                        {
                            IsDirectory = p => p == "/usr/bin/catatonit" ? false : request.Host.IsDirectory(p),
                        },
                    }
                )
                .ConfigJson!
        )!;

        Assert.Equal(["/run/podman-init", "--"], Texts(config["process"]!["args"]!).Take(2));
        Assert.Equal("/usr/bin/catatonit", Mount(config, "/run/podman-init")["source"]!.GetValue<string>());
        Assert.Contains(
            "catatonit",
            Assert.Throws<SysctrException>(() => Render(("init", "true"))).Hint,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_secret_that_others_may_read_is_refused()
    {
        RenderRequest request = Request(s_image, ("secret", "pw"));

        SysctrException e = Assert.Throws<SysctrException>(() =>
            ContainerRenderer.Render(
                request with
                {
                    Host = request.Host with
                    {
                        SecretFault = name => new SysctrException(ErrorKind.Unsafe, name, "chmod"),
                    },
                }
            )
        );

        Assert.Equal((ErrorKind.Unsafe, "pw"), (e.Kind, e.Message));
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
        Assert.Contains(
            "no /usr/share/zoneinfo/Mars",
            Assert.Throws<SysctrException>(() => Render(("tz", "Mars"))).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_directory_that_the_host_lacks_is_refused() =>
        Assert.Contains(
            "/nowhere",
            Assert.Throws<SysctrException>(() => Render(("volume", "/nowhere:/data"))).Message,
            StringComparison.Ordinal
        );

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
        _ = config
            ? image.File("/exports/config.json", RenderRequests.Config())
            : image.File("/exports/etcd.service.template", "[Service]\nExecStart=$EXEC_START\n");

        Exception? thrown = Record.Exception(() =>
            ContainerRenderer.Render(
                RenderRequests.For(image) with
                {
                    Settings = SettingOptionsTests.Of((option, value)),
                }
            )
        );

        if (refused)
        {
            SysctrException e = Assert.IsType<SysctrException>(thrown);
            Assert.Equal(ErrorKind.Usage, e.Kind);
            Assert.Contains(
                option == "command" ? "words behind --" : "--" + option,
                e.Message,
                StringComparison.Ordinal
            );
        }
        else
        {
            Assert.Null(thrown);
        }
    }

    /// <summary>podman warns, too; of a file it is told with its line when that is read.</summary>
    [Fact]
    public void A_port_that_leads_nowhere_is_told_of()
    {
        Assert.Contains(
            "--publish 80:80 changes nothing",
            Assert.Single(Render(("network", "host"), ("publish", "80:80")).Warnings),
            StringComparison.Ordinal
        );
        Assert.Empty(Render(("network", "bridge"), ("publish", "80:80")).Warnings);
    }

    private static RenderedContainer Render(params (string, string)[] values) =>
        ContainerRenderer.Render(Request(s_image, values));

    private static RenderRequest Request(TestImage image, params (string, string)[] values)
    {
        ContainerSettings settings = SettingOptionsTests.Of(values);
        settings.Check();
        ImageRunConfig run = ImageSettings.Apply(new ImageRunConfig { Entrypoint = ["/bin/x"] }, settings)!;
        RenderRequest request = RenderRequests.For(image, run) with
        {
            Settings = settings,
            Exports = ImageExports.Read(image, run),
        };
        return request with
        {
            Host = request.Host with
            {
                HasSeccomp = false,
                IsDirectory = path =>
                    path is "/srv/site" ? true
                    : path is "/usr/share/zoneinfo/Europe/Paris" ? false
                    : RenderRequests.Host.IsDirectory(path),
            },
        };
    }

    private static JsonNode Of(TestImage image, params (string, string)[] values) =>
        JsonNode.Parse(ContainerRenderer.Render(Request(image, values)).ConfigJson!)!;

    private static JsonNode Config(params (string, string)[] values) => JsonNode.Parse(Render(values).ConfigJson!)!;

    private static JsonNode Mount(JsonNode config, string destination) =>
        config["mounts"]!.AsArray().Single(m => m!["destination"]!.GetValue<string>() == destination)!;

    private static string[] Options(JsonNode mount) => Texts(mount["options"]!);

    private static string[] Texts(JsonNode list) => [.. list.AsArray().Select(t => t!.GetValue<string>())];
}
