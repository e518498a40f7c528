// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Rights;
using SystemContainers.Rights.Assessment;
using Xunit;

namespace SystemContainers.Tests.Rights.Assessment;

/// <summary>What a config.json takes of the host.</summary>
public sealed class ConfigRightsTests
{
    [Fact]
    public void A_container_of_its_own_namespaces_has_none() => Assert.Empty(Subjects.WithConfig().Rights());

    [Fact]
    public void What_every_container_shares_is_usual()
    {
        string[] rights = Subjects
            .WithConfig(namespaces: """{"type": "pid"}, {"type": "ipc"}, {"type": "mount"}, {"type": "cgroup"}""")
            .Rights();

        Assert.Equal(["host-network", "host-uts", "host-user"], rights);
        Assert.All(rights, r => Assert.Equal(RightLevel.Usual, RightClasses.Find(r)!.Level));
    }

    [Theory]
    [InlineData("""{"type": "mount"}""", "host-pid")]
    [InlineData("", "host-mounts")]
    [InlineData("""{"type": "mount", "path": "/proc/1/ns/mnt"}""", "namespace-path mount /proc/1/ns/mnt")]
    [InlineData("""{"type": "mount", "path": "/proc/self/../1/ns/mnt"}""", "namespace-path mount /proc/1/ns/mnt")]
    [InlineData("""{"type": "network", "path": "/proc/1/ns/net"}""", "namespace-path network /proc/1/ns/net")]
    [InlineData("""{"type": "network", "path": "/var/run/netns/blue"}""", "network-namespace network /run/netns/blue")]
    [InlineData(
        """{"type": "network", "path": "/run/netns/../../proc/1/ns/net"}""",
        "namespace-path network /proc/1/ns/net"
    )]
    [InlineData("""{"type": "pid", "Path": "/proc/1/ns/pid"}""", "namespace-path pid /proc/1/ns/pid")]
    public void Namespaces_that_are_not_its_own(string namespaces, string right) =>
        Assert.Contains(right, Subjects.WithConfig(namespaces: namespaces).Rights());

    [Theory]
    [InlineData(
        """, "hooks": {"prestart": [{"path": "/bin/sh", "args": ["sh", "-c", "id"]}]}""",
        "oci-hook prestart /bin/sh -c id"
    )]
    [InlineData(""", "Hooks": {"createRuntime": [{"Path": "/bin/x"}]}""", "oci-hook createRuntime /bin/x")]
    [InlineData(""", "hoo\u212as": {"poststop": [{"path": "/bin/x"}]}""", "oci-hook poststop /bin/x")]
    [InlineData(
        """, "annotations": {"run.oci.hooks.stdout": "/etc/cron.d/x"}""",
        "runtime-annotation run.oci.hooks.stdout=/etc/cron.d/x"
    )]
    [InlineData(
        """, "mounts": [{"destination": "/m", "type": "ext4", "source": "/dev/sda1", "options": ["rw"]}]""",
        "mount-filesystem ext4 /dev/sda1 rw"
    )]
    [InlineData(
        """, "mounts": [{"destination": "/m", "type": "overlay", "source": "o", "options": ["lowerdir=/etc", "upperdir=/etc", "workdir=/w"]}]""",
        "mount-filesystem overlay o lowerdir=/etc,upperdir=/etc,workdir=/w"
    )]
    [InlineData(
        """, "mounts": [{"destination": "/m", "type": "debugfs", "source": "debugfs"}]""",
        "kernel-filesystem debugfs"
    )]
    [InlineData(
        """, "mounts": [{"destination": "/m", "type": "cgroup", "source": "cgroup"}]""",
        "kernel-filesystem cgroup"
    )]
    public void Members_of_the_document(string members, string right) =>
        Assert.Contains(right, Subjects.WithConfig(members).Rights());

    [Theory]
    [InlineData(""", "hooks": {}""")]
    [InlineData(""", "hooks": {"prestart": null}""")]
    [InlineData(""", "hooks": null, "mounts": null""")]
    [InlineData(
        """, "mounts": [{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["ro"]}, {"destination": "/proc", "type": "proc", "source": "proc"}]"""
    )]
    public void Members_that_take_nothing(string members) => Assert.Empty(Subjects.WithConfig(members).Rights());

    [Theory]
    [InlineData(
        """, "devices": [{"path": "/dev/sda", "type": "b", "major": 8, "minor": 0}]""",
        "device /dev/sda b 8:0"
    )]
    [InlineData(
        """, "devices": [{"path": "/dev/null", "type": "b", "major": 8, "minor": 0}]""",
        "device /dev/null b 8:0"
    )]
    [InlineData(""", "resources": {"devices": [{"allow": true, "access": "rwm"}]}""", "device all")]
    [InlineData(
        """, "resources": {"devices": [{"allow": true, "type": "b", "major": 7, "minor": -1, "access": "rwm"}]}""",
        "device b 7:*"
    )]
    [InlineData(""", "sysctl": {"kernel.msgmax": "1"}""", "sysctl kernel.msgmax=1")]
    [InlineData(""", "netDevices": {"eth0": {}}""", "network-device eth0")]
    [InlineData(""", "rootfsPropagation": "rshared" """, "mount-propagation rshared /")]
    public void Members_of_linux(string linux, string right) =>
        Assert.Contains(right, Subjects.WithConfig(linux: linux).Rights());

    [Theory]
    [InlineData(
        """, "devices": [{"path": "/dev/null", "type": "c", "major": 1, "minor": 3}], "resources": {"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 3}]}"""
    )]
    [InlineData(""", "devices": null, "rootfsPropagation": "rslave" """)]
    public void Members_of_linux_that_take_nothing(string linux) =>
        Assert.Empty(Subjects.WithConfig(linux: linux).Rights());

    [Theory]
    [InlineData("""{"bounding": ["CAP_CHOWN", "CAP_SYS_PTRACE"]}""", "capability CAP_SYS_PTRACE")]
    [InlineData("""{"Ambient": ["CAP_BPF"]}""", "capability CAP_BPF")]
    [InlineData("""["CAP_SYS_TIME"]""", "capability CAP_SYS_TIME")]
    [InlineData("""{"bounding": ["CAP_CHOWN", "CAP_NET_ADMIN", "CAP_SYS_ADMIN"]}""", "capability all")]
    public void Capabilities_beyond_the_default(string capabilities, string right) =>
        Assert.Equal(
            [right],
            Subjects.WithConfig(process: $", \"noNewPrivileges\": true, \"capabilities\": {capabilities}").Rights()
        );

    [Fact]
    public void A_host_that_has_more_to_give_makes_no_new_right()
    {
        Right all = new("capability", Right.All);

        Assert.True(all.Covers(new Right("capability", "CAP_NEW")));
        Assert.False(new Right("capability", "CAP_NEW").Covers(all));
    }

    [Fact]
    public void No_filter_and_a_writable_proc()
    {
        RightsSubject subject = Subjects.App with
        {
            Config = JsonElement.Parse(
                """
                {"process": {"args": ["x"], "cwd": "/", "selinuxLabel": "system_u:system_r:spc_t:s0"}, "root": {"path": "rootfs"}, "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
                 "linux": {"namespaces": [{"type": "pid"}, {"type": "ipc"}, {"type": "mount"}, {"type": "cgroup"}, {"type": "network"}, {"type": "uts"}, {"type": "user"}], "seccomp": {"defaultAction": "SCMP_ACT_ALLOW"}}}
                """u8
            ),
        };

        Assert.Equal(
            ["proc-write", "no-seccomp", "unconfined-label system_u:system_r:spc_t:s0", "new-privileges"],
            subject.Rights()
        );
    }
}
