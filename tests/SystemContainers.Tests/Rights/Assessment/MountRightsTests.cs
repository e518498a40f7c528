// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Rights;
using SystemContainers.Rights.Assessment;
using Xunit;

namespace SystemContainers.Tests.Rights.Assessment;

/// <summary>Bind mounts by what they show of the host.</summary>
public sealed class MountRightsTests
{
    [Theory]
    [InlineData("/", "bind-root-write /")]
    [InlineData("//", "bind-root-write /")]
    [InlineData("/srv/..", "bind-root-write /")]
    [InlineData("/etc", "bind-system-write /etc")]
    [InlineData("/etc/cron.d", "bind-system-write /etc/cron.d")]
    [InlineData("/etc/systemd/system", "bind-system-write /etc/systemd/system")]
    [InlineData("/etc/systemd/system/ssh.service.d", "bind-system-write /etc/systemd/system/ssh.service.d")]
    [InlineData("/etc/default", "bind-system-write /etc/default")]
    [InlineData("/lib/modules", "bind-system-write /usr/lib/modules")]
    [InlineData("/usr/local/bin", "bind-system-write /usr/local/bin")]
    [InlineData("/bin", "bind-system-write /usr/bin")]
    [InlineData("/boot/grub", "bind-system-write /boot/grub")]
    [InlineData("/var", "bind-system-write /var")]
    [InlineData("/var/spool/cron/crontabs", "bind-system-write /var/spool/cron/crontabs")]
    [InlineData("/root/.ssh", "bind-system-write /root/.ssh")]
    [InlineData("/home/me/.bashrc", "bind-system-write /home/me/.bashrc")]
    [InlineData("/run/systemd/system", "bind-system-write /run/systemd/system")]
    [InlineData("/run/udev/rules.d", "bind-system-write /run/udev/rules.d")]
    [InlineData("/var/lib/sysctr", "bind-system-write /var/lib/sysctr")]
    public void Dangerous_for_writing(string source, string right)
    {
        Assert.Equal([right], Subjects.WithMount(source).Rights());
        Assert.Equal(RightLevel.Dangerous, RightClasses.Find(right.Split(' ')[0])!.Level);
        Assert.DoesNotContain(
            ContainerRights.Of(Subjects.WithMount(source, "\"rbind\", \"ro\"")),
            r => r.LevelOf() == RightLevel.Dangerous
        );
    }

    // As the published docker, kubelet, flannel, net-snmp and etcd have them.
    [Theory]
    [InlineData("/dev", "bind-dev /dev")]
    [InlineData("/sys", "bind-sys-write /sys")]
    [InlineData("/proc", "bind-proc-write /proc")]
    [InlineData("/run", "bind-run-write /run")]
    [InlineData("/var/run/", "bind-run-write /run")]
    [InlineData("/tmp", "bind-data-write /tmp")]
    [InlineData("/opt", "bind-data-write /opt")]
    [InlineData("/mnt", "bind-data-write /mnt")]
    [InlineData("/home", "bind-home-write /home")]
    [InlineData("/root", "bind-home-write /root")]
    [InlineData("/var/lib", "bind-state-write /var/lib")]
    [InlineData("/var/lib/kubelet", "bind-state-write /var/lib/kubelet")]
    [InlineData("/var/log", "bind-state-write /var/log")]
    [InlineData("/etc/docker", "bind-config-write /etc/docker")]
    [InlineData("/etc/cni/net.d", "bind-config-write /etc/cni/net.d")]
    [InlineData("/etc/snmp", "bind-config-write /etc/snmp")]
    [InlineData("/etc/sysconfig/flanneld", "bind-config-write /etc/sysconfig/flanneld")]
    [InlineData("/etc/systemd/system/docker.service.d", "bind-drop-ins-write /etc/systemd/system/docker.service.d")]
    [InlineData("/run/docker.sock", "bind-control-socket /run/docker.sock")]
    [InlineData("/run/dbus/system_bus_socket", "bind-control-socket /run/dbus/system_bus_socket")]
    public void Told_for_writing(string source, string right)
    {
        Assert.Equal([right], Subjects.WithMount(source).Rights());
        Assert.Equal(RightLevel.Told, RightClasses.Find(right.Split(' ')[0])!.Level);
    }

    [Theory]
    [InlineData("/", "bind-root /")]
    [InlineData("/etc", "bind-config /etc")]
    [InlineData("/etc/shadow", "bind-config /etc/shadow")]
    [InlineData("/usr", "bind-system /usr")]
    [InlineData("/run/systemd/private", "bind-control-socket /run/systemd/private")]
    public void Told_for_reading(string source, string right) =>
        Assert.Equal([right], Subjects.WithMount(source, "\"rbind\", \"rslave\", \"ro\"").Rights());

    [Theory]
    [InlineData("/var/lib/app")]
    [InlineData("/var/lib/app/data")]
    [InlineData("/run/app")]
    [InlineData("/run/sysctr/app/notify")]
    [InlineData("/etc/app")]
    [InlineData(Subjects.Destination + "/seed")]
    [InlineData("relative")]
    public void Its_own_places_are_no_right(string source) => Assert.Empty(Subjects.WithMount(source).Rights());

    [Theory]
    [InlineData("/etc/resolv.conf")]
    [InlineData("/etc/hosts")]
    [InlineData("/etc/localtime")]
    public void Nor_what_every_program_may_read(string source)
    {
        Assert.Empty(
            (
                Subjects.WithMount(source, "\"ro\", \"rbind\"") with
                {
                    Resolve = _ => "/run/systemd/resolve/stub-resolv.conf",
                }
            ).Rights()
        );
        Assert.NotEmpty(Subjects.WithMount(source).Rights());
    }

    /// <summary>Who writes to them changes what other containers get, or the host.</summary>
    [Theory]
    [InlineData("/usr/libexec/sysctr-listen", "/.sysctr-listen")]
    [InlineData("/run/sysctr/other/hosts", "/etc/hosts")]
    [InlineData("/srv/sysctr/other/resolv.conf", "/m")]
    public void Nor_sysctrs_own_files_to_be_read(string source, string destination)
    {
        Assert.Empty(Mount("ro").Rights());
        Assert.NotEmpty(Mount("rw").Rights());

        RightsSubject Mount(string option) =>
            Subjects.WithConfig(
                $", \"mounts\": [{{\"destination\": \"{destination}\", \"type\": \"bind\", "
                    + $"\"source\": \"{source}\", \"options\": [\"bind\", \"{option}\"]}}]"
            );
    }

    [Theory]
    [InlineData("\"bind\"")]
    [InlineData("\"bind\", \"ro\", \"rw\"")]
    [InlineData("")]
    public void What_is_not_said_to_be_for_reading_is_for_writing(string options) =>
        Assert.Equal(["bind-root-write /"], Subjects.WithMount("/", options).Rights());

    [Theory]
    [InlineData("""{"destination": "/m", "Type": "bind", "Source": "/"}""")]
    [InlineData("""{"destination": "/m", "source": "/", "options": ["bind"]}""")]
    [InlineData("""{"destination": "/m", "type": "none", "source": "/", "options": ["rbind"]}""")]
    [InlineData("""{"destination": "/m", "type": "bind", "source": "/var/lib/app", "Source": "/", "options": []}""")]
    [InlineData("""{"destination": "/m", "type": "bind", "source": "/", "options": ["rw"], "Options": ["ro"]}""")]
    [InlineData("""{"destination": "/m", "type": "bind", "source": "../../../../../../.."}""")]
    [InlineData("""{"destination": "/.sysctr-listen", "type": "bind", "source": "/"}""")]
    public void However_it_is_written(string mount) =>
        Assert.Contains("bind-root-write /", Subjects.WithConfig($", \"mounts\": [{mount}]").Rights());

    /// <summary>Its author may name it in any way; whether it can be had is for the mounts' check to say.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/.")]
    public void A_container_s_own_directory_is_a_source_like_others(string end) =>
        Assert.Equal(
            Subjects.WithMount(Subjects.Destination, "\"bind\", \"ro\"").Rights(),
            Subjects.WithMount(Subjects.Destination + end, "\"bind\", \"ro\"").Rights()
        );

    [Fact]
    public void Links_that_the_image_or_the_host_has_are_followed()
    {
        RightsSubject bind = Subjects.WithMount("/opt/app/host/cron.d");

        Assert.Contains(
            "bind-system-write /etc/cron.d",
            (bind with { HostFiles = [Subjects.File("/opt/app/host", link: "../../etc")] }).Rights()
        );
        Assert.Contains(
            "bind-system-write /etc/cron.d",
            (bind with { Tmpfiles = "L /opt/app/host - - - - /etc\n" }).Rights()
        );
        Assert.Contains(
            "bind-system-write /etc/cron.d",
            (bind with { Resolve = p => p.Replace("/opt/app/host", "/etc", StringComparison.Ordinal) }).Rights()
        );
        Assert.Contains(
            "bind-root-write /",
            (
                Subjects.WithMount("/opt/app/a") with
                {
                    HostFiles = [Subjects.File("/opt/app/a", link: "b"), Subjects.File("/opt/app/b", link: "/")],
                }
            ).Rights()
        );
        Assert.Empty(
            (Subjects.WithMount("/opt/app/a") with { HostFiles = [Subjects.File("/opt/app/a", link: "a/b")] })
                .Rights()
                .Except(["bind-data-write /opt/app/a"])
        );
    }

    [Fact]
    public void A_container_with_the_name_of_a_place_does_not_own_it()
    {
        Assert.Equal(
            ["bind-system-write /etc/cron.d"],
            (Subjects.WithMount("/etc/cron.d") with { Name = "cron.d" }).Rights()
        );
        Assert.Equal(
            ["bind-system-write /var/lib/sysctr"],
            (Subjects.WithMount("/var/lib/sysctr") with { Name = "sysctr" }).Rights()
        );
    }

    [Fact]
    public void What_a_container_mounts_for_all_is_told() =>
        Assert.Equal(
            ["bind-state-write /var/lib/docker", "mount-propagation /var/lib/docker"],
            Subjects.WithMount("/var/lib/docker", "\"rbind\", \"rshared\", \"rw\"").Rights()
        );

    [Fact]
    public void Who_may_write_may_read()
    {
        Assert.True(new Right("bind-run-write", "/run").Covers(new Right("bind-run", "/run")));
        Assert.False(new Right("bind-run", "/run").Covers(new Right("bind-run-write", "/run")));
    }
}
