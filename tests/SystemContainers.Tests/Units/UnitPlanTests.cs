// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Exports;
using SystemContainers.Linux.Users;
using SystemContainers.Network;
using SystemContainers.Render;
using SystemContainers.Runtime;
using SystemContainers.SystemdText;
using SystemContainers.Tests.Render;
using SystemContainers.Tests.Settings;
using SystemContainers.Units;
using Xunit;

namespace SystemContainers.Tests.Units;

/// <summary>Which command a unit gets, and what its drop-in says; that these work is shown on hosts (RunTests,
/// SocketTests).</summary>
public sealed class UnitPlanTests
{
    private const string Bundle = "/var/lib/sysctr/deployments/etcd/1";

    private const string Kill = "/usr/bin/sysctr launch kill --runtime=/usr/sbin/runc etcd";
    private const string Delete =
        "/usr/bin/sysctr launch delete --runtime=/usr/sbin/runc --pid-file=/run/etcd.pid etcd";

    private static readonly OciRuntime s_runc = new("/usr/sbin/runc", RuntimeKind.Runc);
    private static readonly OciRuntime s_crun = new("/usr/bin/crun", RuntimeKind.Crun);

    // A payload that ends at once is gone before systemd has read who it was, and its status with it, unless it waits
    // to be told of.
    [Theory]
    [InlineData(252)]
    [InlineData(257)]
    public void Every_payload_is_introduced_to_systemd_before_it_runs(int systemd)
    {
        foreach (OciRuntime runtime in (OciRuntime[])[s_runc, s_crun])
        {
            UnitPlan plan = Plan(runtime, systemd, Ordinary());

            Assert.Equal(
                $"/usr/bin/sysctr launch start --runtime={runtime.Path} --pid-file=/run/etcd.pid --bundle={Bundle} --ready etcd",
                plan.Commands.Start
            );
            Assert.Equal("", plan.Commands.Stop);
            Assert.Equal(["Type=notify", "NotifyAccess=all"], plan.ServiceLines.Take(2));
        }

        Assert.Equal(
            systemd < 254 ? ["Delegate=yes"] : ["Delegate=yes", "DelegateSubgroup=supervisor"],
            Plan(s_runc, systemd, Ordinary()).ServiceLines.Skip(2)
        );
    }

    [Theory]
    [InlineData(null, " --ready etcd", false)]
    [InlineData("conmon", " --ready etcd", false)]
    [InlineData("container", " --notify etcd", false)]
    [InlineData("healthy", " --ready etcd", true)]
    public void When_it_is_ready_is_the_users_to_say_where_the_unit_is_ours(string? sdnotify, string flags, bool awaits)
    {
        UnitPlan plan = UnitPlan.For(
            s_runc,
            "etcd",
            Bundle,
            "/run/etcd.pid",
            "/usr/bin/sysctr",
            ImageExports.Read(Ordinary(), null),
            252,
            settings: sdnotify is null ? null : SettingOptionsTests.Of(("sdnotify", sdnotify))
        );

        Assert.EndsWith(flags, plan.Commands.Start, StringComparison.Ordinal);
        Assert.Equal(
            awaits,
            plan.ServiceLines.Contains(
                "ExecStartPost=/usr/bin/sysctr launch await --runtime=/usr/sbin/runc --bundle=/run/sysctr/etcd etcd.service"
            )
        );
    }

    // systemd.service(5), Type=; what the author's unit says of the payload's id gives way, for systemd has been told.
    [Theory]
    [InlineData("", "Type=notify NotifyAccess=all")]
    [InlineData("Type=simple", "Type=notify NotifyAccess=all")]
    [InlineData("Type=exec", "Type=notify NotifyAccess=all")]
    [InlineData("Type=idle", "Type=notify NotifyAccess=all")]
    [InlineData("Type=forking\nPIDFile=/run/x.pid", "Type=notify NotifyAccess=all PIDFile=")]
    [InlineData("Type=dbus\nBusName=a.b", "NotifyAccess=all")]
    [InlineData("Type=notify\nNotifyAccess=main", "NotifyAccess=all")]
    [InlineData("Type=notify-reload\nNotifyAccess=all", "")]
    [InlineData("Type=oneshot", "")]
    public void Units_of_every_type_learn_of_the_payload(string lines, string added)
    {
        string[] types = ["Type=", "NotifyAccess=", "PIDFile="];

        foreach (int systemd in (int[])[252, 257])
        {
            Assert.Equal(
                added.Split(' ', StringSplitOptions.RemoveEmptyEntries),
                DropIn(s_runc, systemd, Image(lines))
                    .Where(l => types.Any(t => l.StartsWith(t, StringComparison.Ordinal)))
            );
        }
    }

    [Theory]
    [InlineData("Type=notify", false)]
    [InlineData("WatchdogSec=2s", true)]
    public void A_payload_that_says_when_it_is_ready_is_not_forestalled(string line, bool ready)
    {
        UnitPlan plan = Plan(s_runc, 257, Image(line));

        Assert.StartsWith("/usr/bin/sysctr launch start ", plan.Commands.Start, StringComparison.Ordinal);
        Assert.Equal(ready, plan.Commands.Start.Contains("--ready", StringComparison.Ordinal));
    }

    [Fact]
    public void A_oneshot_stays_with_its_payload()
    {
        foreach (OciRuntime runtime in (OciRuntime[])[s_runc, s_crun])
        {
            Assert.Contains(
                " --foreground ",
                Plan(runtime, 252, Image("Type=oneshot")).Commands.Start,
                StringComparison.Ordinal
            );
            Assert.Contains(
                " --foreground ",
                Plan(runtime, 257, Image("Type=oneshot")).Commands.Start,
                StringComparison.Ordinal
            );

            // What a kill leaves is taken away, too.
            Assert.Contains(
                DropIn(runtime, 257, Image("Type=oneshot")),
                l => l.StartsWith("ExecStopPost=/usr/bin/sysctr launch delete ", StringComparison.Ordinal)
            );
        }
    }

    [Fact]
    public void The_drop_in_says_what_a_template_lacks_and_nothing_else()
    {
        Assert.Equal(
            [
                "Type=notify",
                "NotifyAccess=all",
                "Delegate=yes",
                "DelegateSubgroup=supervisor",
                "SyslogIdentifier=etcd",
                "ExecStop=",
                "ExecStop=-" + Kill,
                "ExecStopPost=" + Delete,
            ],
            DropIn(s_runc, 257, Image("Restart=always", "ExecStop=$EXEC_STOP"))
        );
        Assert.Equal(
            ["SyslogIdentifier=etcd"],
            DropIn(s_crun, 257, Image("Type=notify", "NotifyAccess=all", "ExecStopPost=$EXEC_STOPPOST"))
        );
    }

    [Fact]
    public void Other_stop_commands_of_a_template_are_kept_in_their_places()
    {
        string[] lines = DropIn(s_runc, 257, Image("ExecStop=/bin/true", "ExecStop=$EXEC_STOP", "ExecStop=/bin/false"));

        Assert.Equal(
            ["ExecStop=", "ExecStop=/bin/true", "ExecStop=-" + Kill, "ExecStop=/bin/false"],
            lines.Where(l => l.StartsWith("ExecStop=", StringComparison.Ordinal))
        );
    }

    [Theory]
    [InlineData("rshared", "rshared", true)]
    [InlineData("shared", "shared", true)]
    [InlineData("rslave", "rshared", false)]
    [InlineData("rshared", "rslave", false)]
    public void A_root_is_a_mount_of_its_own_where_the_host_is_to_see_mounts(string root, string bind, bool mounted)
    {
        TestImage image = Image()
            .File(
                "/exports/config.json",
                $$"""
                {
                  "process": { "args": ["/bin/true"], "cwd": "/" }, "root": { "path": "rootfs", "readonly": true },
                  "mounts": [{ "destination": "/mnt", "type": "bind", "source": "/mnt", "options": ["rbind", "{{bind}}"] }],
                  "linux": { "rootfsPropagation": "{{root}}" }
                }
                """
            );

        Assert.Equal(
            mounted
                ?
                [
                    $"ExecStartPre=mount --bind --make-private {Bundle}/rootfs {Bundle}/rootfs",
                    $"ExecStopPost=-umount {Bundle}/rootfs",
                ]
                : [],
            DropIn(s_runc, 257, image).Where(l => l.Contains("mount ", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void The_container_goes_before_a_command_of_the_template_can_fail()
    {
        const string delete = "ExecStopPost=" + Delete;

        Assert.Equal(
            ["ExecStopPost=", delete, "ExecStopPost=/bin/rm /run/x", "ExecStopPost=-/bin/y"],
            DropIn(s_runc, 257, Image("ExecStopPost=/bin/rm /run/x", "ExecStopPost=-/bin/y")).Where(IsStopPost)
        );
        Assert.Equal(
            ["ExecStopPost=", delete, "ExecStopPost=/bin/rm /run/x"],
            DropIn(s_runc, 257, Image("ExecStopPost=/bin/rm /run/x", "ExecStopPost=$EXEC_STOPPOST")).Where(IsStopPost)
        );
        Assert.Equal(
            [],
            DropIn(s_runc, 257, Image("ExecStopPost=$EXEC_STOPPOST", "ExecStopPost=/bin/rm /run/x")).Where(IsStopPost)
        );
        Assert.Equal([delete], DropIn(s_runc, 257, Image()).Where(IsStopPost));

        static bool IsStopPost(string line) => line.StartsWith("ExecStopPost=", StringComparison.Ordinal);
    }

    [Fact]
    public void Commands_that_the_author_wrote_out_are_replaced_by_ours()
    {
        TestImage image = Ordinary()
            .Directory("/proc")
            .File(
                "/exports/service.template",
                """
                [Service]
                ExecStart=/bin/runc --systemd-cgroup run '$NAME'
                ExecStop=/bin/runc kill $NAME KILL
                ExecStopPost=/bin/runc delete $NAME
                PIDFile=/run/other.pid
                """
            );

        Assert.Equal(
            [
                "ExecStart=",
                $"ExecStart=/usr/bin/sysctr launch start --runtime=/usr/sbin/runc --pid-file=/run/etcd.pid --bundle={Bundle} --ready etcd",
                "Type=notify",
                "NotifyAccess=all",
                "PIDFile=",
                "Delegate=yes",
                "DelegateSubgroup=supervisor",
                "SyslogIdentifier=etcd",
                "ExecStop=",
                "ExecStop=-/usr/sbin/runc kill etcd KILL",
                "ExecStopPost=",
                "ExecStopPost=" + Delete,
            ],
            DropIn(s_runc, 257, image)
        );
    }

    [Fact]
    public void A_command_around_EXEC_START_is_left_as_it_is() =>
        Assert.Equal(
            [
                "Type=notify",
                "NotifyAccess=all",
                "Delegate=yes",
                "DelegateSubgroup=supervisor",
                "SyslogIdentifier=etcd",
                "ExecStop=",
                $"ExecStop=-/bin/sh -c '{Kill}'",
                "ExecStopPost=" + Delete,
            ],
            DropIn(
                s_runc,
                257,
                Ordinary()
                    .Directory("/proc")
                    .File(
                        "/exports/service.template",
                        "[Service]\nExecStart=/bin/bash -c 'exec $EXEC_START'\nExecStop=/bin/sh -c '$EXEC_STOP'\n"
                    )
            )
        );

    [Fact]
    public void Limits_are_lowered_to_what_the_host_can_give()
    {
        TestImage image = Ordinary()
            .File(
                "/exports/config.json",
                """
                {
                  "process": {
                    "args": ["/bin/true"], "cwd": "/", "oomScoreAdj": -998,
                    "rlimits": [{ "type": "RLIMIT_NOFILE", "hard": 65536, "soft": 10 }, { "type": "RLIMIT_CORE", "hard": 18446744073709551615, "soft": 0 }]
                  },
                  "root": { "path": "rootfs", "readonly": true }, "linux": { "namespaces": [{ "type": "mount" }] }
                }
                """
            );
        HostFacts host = RenderRequests.Host with
        {
            Capabilities = ["CAP_KILL"],
            HardLimits = new Dictionary<string, ulong> { ["RLIMIT_NOFILE"] = 20000 },
        };

        RenderedContainer adapted = Plan(s_runc, 257, image)
            .Adapt(ContainerRenderer.Render(RenderRequests.For(image)), image, host, "/l", null);

        Assert.Contains("\"hard\": 20000", adapted.ConfigText(), StringComparison.Ordinal);
        Assert.Contains("\"soft\": 10", adapted.ConfigText(), StringComparison.Ordinal);
        Assert.Contains("18446744073709551615", adapted.ConfigText(), StringComparison.Ordinal);
        Assert.DoesNotContain("oomScoreAdj", adapted.ConfigText(), StringComparison.Ordinal);
        Assert.Equal(
            ["RLIMIT_NOFILE 65536", "oomScoreAdj -998"],
            adapted.Warnings.Select(w => w["config.json asks for ".Length..w.IndexOf(';', StringComparison.Ordinal)])
        );
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void Labels_of_a_security_module_that_the_host_lacks_are_left_out_and_told(bool there, bool kept)
    {
        TestImage image = Ordinary()
            .File(
                "/exports/config.json",
                """
                {
                  "process": { "args": ["/bin/true"], "cwd": "/", "selinuxLabel": "a:b:c:s0", "apparmorProfile": "strict" },
                  "root": { "path": "rootfs", "readonly": true },
                  "mounts": [{ "destination": "/mnt", "type": "bind", "source": "/sys/fs/selinux" }],
                  "linux": { "mountLabel": "d:e:f:s0", "seccomp": { "defaultAction": "" } }
                }
                """
            );
        UnitPlan plan = Plan(s_runc, 257, image);

        RenderedContainer adapted = plan.Adapt(
            ContainerRenderer.Render(RenderRequests.For(image)),
            image,
            RenderRequests.Host with
            {
                HasSelinux = there,
                HasAppArmor = there,
            },
            "/l",
            null
        );

        foreach (string label in (string[])["a:b:c:s0", "strict", "d:e:f:s0", "/sys/fs/selinux"])
        {
            Assert.Equal(kept, adapted.ConfigText().Contains(label, StringComparison.Ordinal));
            Assert.Equal(!kept, adapted.Warnings.Any(w => w.Contains(label, StringComparison.Ordinal)));
        }

        Assert.DoesNotContain("seccomp", adapted.ConfigText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DefaultDependencies=no", true)]
    [InlineData("DefaultDependencies=false\nBefore=sysinit.target docker.service", true)]
    [InlineData("DefaultDependencies=no\nBefore=systemd-networkd.service network-pre.target", true)]
    [InlineData("DefaultDependencies=yes", false)]
    [InlineData("After=network.target", false)]
    // The recovery waits for these, and nothing can wait for both.
    [InlineData("DefaultDependencies=no\nBefore=shutdown.target local-fs.target", false)]
    [InlineData("DefaultDependencies=no\nBefore=data.mount", false)]
    [InlineData("DefaultDependencies=no\nBefore=systemd-fsck@dev-vdb.service", false)]
    public void A_unit_that_starts_before_the_others_starts_after_the_recovery_all_the_same(string lines, bool ordered)
    {
        TestImage image = Ordinary()
            .File("/exports/service.template", $"[Unit]\n{lines}\n[Service]\nExecStart=$EXEC_START\n")
            .Directory("/proc");

        foreach (
            HostUser? user in (HostUser?[])
                [
                    null,
                    new(
                        "alice",
                        1000,
                        1000,
                        "/home/alice",
                        "/home/alice/.config",
                        "/home/alice/.local/share",
                        "/run/user/1000"
                    ),
                ]
        )
        {
            Assert.Equal(
                ordered,
                Adapted(image, user).Contains("[Unit]\nAfter=sysctr-recover.service\n", StringComparison.Ordinal)
            );
        }
    }

    [Theory]
    [InlineData("", "/run/systemd/notify", true)]
    [InlineData(
        """{ "destination": "/run", "type": "bind", "source": "/run", "options": ["rbind", "rslave"] }""",
        "/run/systemd/notify",
        false
    )]
    [InlineData(
        """{ "destination": "/run/systemd", "type": "bind", "source": "/run/systemd", "options": ["bind"] }""",
        "/run/sysctr-notify",
        true
    )]
    [InlineData(
        """{ "destination": "/run/systemd/notify", "type": "bind", "source": "/run/systemd/notify", "options": ["bind"] }""",
        "/run/systemd/notify",
        true
    )]
    [InlineData(
        """{ "destination": "/notify", "type": "bind", "source": "/var/run/./systemd/notify", "options": ["bind"] }""",
        "/run/systemd/notify",
        true
    )]
    public void A_payload_of_the_systems_manager_speaks_to_a_filter(string mount, string variable, bool bound)
    {
        TestImage image = Ordinary()
            .File("/exports/service.template", "[Service]\nType=notify\nExecStart=$EXEC_START\n")
            .File(
                "/exports/config.json",
                $$"""
                {
                  "process": { "args": ["/bin/true"], "cwd": "/", "env": ["NOTIFY_SOCKET=/notify"] }, "root": { "path": "rootfs", "readonly": true },
                  "mounts": [{{mount}}], "linux": { "namespaces": [{ "type": "mount" }, { "type": "pid" }] }
                }
                """
            );
        UnitPlan plan = Plan(s_runc, 257, image);

        RenderedContainer adapted = plan.Adapt(
            ContainerRenderer.Render(RenderRequests.For(image) with { Commands = plan.Commands }),
            image,
            RenderRequests.Host,
            "/l",
            null
        );
        JsonObject document = JsonNode.Parse(adapted.ConfigJson!)!.AsObject();

        Assert.Contains(" --notify ", plan.Commands.Start, StringComparison.Ordinal);
        Assert.Equal(
            [$"NOTIFY_SOCKET={variable}"],
            document["process"]!["env"]!.AsArray().Select(e => e!.GetValue<string>())
        );
        Assert.Equal(
            bound ? [("/run/sysctr/etcd/notify", variable)] : [],
            document["mounts"]!
                .AsArray()
                .Select(m => (m!["source"]!.ToString(), m["destination"]!.ToString()))
                .Where(m => m.Item1.EndsWith("notify", StringComparison.Ordinal))
        );
        Assert.All(
            adapted.Mounts.Where(m => m.Path.EndsWith("notify", StringComparison.Ordinal)),
            m => Assert.False(m.IsDirectory)
        );

        // The host's /run has systemd's own socket in it, and is said so among the container's rights.
        Assert.Equal(bound, BundleConfig.UsesFilter(document));
        if (!bound)
        {
            return;
        }

        // An instance has a socket of its own, and where nobody listens there is none.
        BundleConfig.PlaceNotifySocket(document, "/run/sysctr/etcd-1/notify");
        Assert.Contains("/run/sysctr/etcd-1/notify", document.ToJsonString(), StringComparison.Ordinal);
        BundleConfig.PlaceNotifySocket(document = JsonNode.Parse(adapted.ConfigJson!)!.AsObject(), null);
        Assert.DoesNotContain("notify", document.ToJsonString(), StringComparison.Ordinal);
    }

    private static TestImage Ordinary() => new TestImage().File("/usr/bin/etcd", "");

    private static TestImage Image(params string[] lines) =>
        Ordinary()
            .File("/exports/service.template", $"[Service]\nExecStart=$EXEC_START\n{string.Join('\n', lines)}\n")
            .Directory("/proc");

    private static UnitPlan Plan(OciRuntime runtime, int systemd, TestImage image) =>
        UnitPlan.For(runtime, "etcd", Bundle, "/run/etcd.pid", "/usr/bin/sysctr", ImageExports.Read(image), systemd);

    /// <summary>The whole drop-in of the service.</summary>
    private static string Adapted(TestImage image, HostUser? user)
    {
        UnitPlan plan = UnitPlan.For(
            s_runc,
            "etcd",
            Bundle,
            "/run/etcd.pid",
            "/usr/bin/sysctr",
            ImageExports.Read(image),
            257,
            user
        );
        RenderedContainer rendered = plan.Adapt(
            ContainerRenderer.Render(
                RenderRequests.For(image) with
                {
                    Commands = plan.Commands,
                    ServiceLines = plan.ServiceLines,
                }
            ),
            image,
            RenderRequests.Host,
            "/l",
            rootfs: null
        );
        return Assert.Single(rendered.Units, u => u.FileName == "etcd.service.d/10-sysctr.conf").Text;
    }

    private static string[] DropIn(OciRuntime runtime, int systemd, TestImage image)
    {
        UnitPlan plan = Plan(runtime, systemd, image);
        RenderedContainer rendered = plan.Adapt(
            ContainerRenderer.Render(
                RenderRequests.For(image) with
                {
                    Commands = plan.Commands,
                    ServiceLines = plan.ServiceLines,
                }
            ),
            image,
            RenderRequests.Host,
            "/usr/libexec/sysctr/sysctr-listen",
            $"{Bundle}/rootfs",
            new MountGuard(["/var/lib/sysctr", "/run/sysctr"], Bundle, () => [])
            {
                OwnSources = [NotifySocket.PathOf("etcd"), .. NameFiles.Of("/run", "etcd").Select(f => f.Source)],
            }
        );
        RenderedUnit unit = Assert.Single(rendered.Units, u => u.FileName == "etcd.service.d/10-sysctr.conf");

        // What config.json limits is UnitLimitsTests' business.
        return
        [
            .. unit
                .Text.Split('\n')
                .SkipWhile(l => l != "[Service]")
                .Skip(1)
                .Where(l => l.Length > 0 && !l.StartsWith("Device", StringComparison.Ordinal)),
        ];
    }
}
