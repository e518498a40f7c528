// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Rights;
using SystemContainers.Rights.Assessment;
using SystemContainers.State;
using Xunit;

namespace SystemContainers.Tests.Rights.Assessment;

/// <summary>What files of the image mean to the host.</summary>
public sealed class HostFileRightsTests
{
    [Theory]
    [InlineData("/etc/ld.so.preload", "loader")]
    [InlineData("/etc/ld.so.conf.d/x.conf", "loader")]
    [InlineData("/lib64/ld-linux-x86-64.so.2", "loader")]
    [InlineData("/usr/local/lib/libc.so.6", "library")]
    [InlineData("/lib/x86_64-linux-gnu/libnss_evil.so.2", "library")]
    [InlineData("/usr/lib/python3/dist-packages/sitecustomize.py", "library")]
    [InlineData("/etc/cron.d/x", "cron")]
    [InlineData("/etc/cron.daily/x", "cron")]
    [InlineData("/var/spool/cron/crontabs/root", "cron")]
    [InlineData("/etc/logrotate.d/x", "cron")]
    [InlineData("/etc/sudoers.d/x", "sudo")]
    [InlineData("/etc/polkit-1/rules.d/x.rules", "polkit")]
    [InlineData("/usr/share/polkit-1/actions/x.policy", "polkit")]
    [InlineData("/etc/pam.d/x", "pam")]
    [InlineData("/lib/x86_64-linux-gnu/security/pam_evil.so", "pam")]
    [InlineData("/root/.ssh/authorized_keys", "ssh")]
    [InlineData("/home/me/.ssh/authorized_keys", "ssh")]
    [InlineData("/etc/ssh/sshd_config.d/x.conf", "ssh")]
    [InlineData("/etc/sysusers.d/x.conf", "accounts")]
    [InlineData("/run/userdb/x.user", "accounts")]
    [InlineData("/etc/nsswitch.conf", "name-service")]
    [InlineData("/etc/profile.d/x.sh", "shell")]
    [InlineData("/root/.bashrc", "shell")]
    [InlineData("/etc/environment.d/x.conf", "shell")]
    [InlineData("/etc/update-motd.d/99-x", "shell")]
    [InlineData("/etc/systemd/system/evil.service", "unit")]
    [InlineData("/lib/systemd/system/evil.service", "unit")]
    [InlineData("/run/systemd/system/evil.service", "unit")]
    [InlineData("/etc/systemd/user/evil.service", "unit")]
    [InlineData("/etc/containers/systemd/x.container", "unit")]
    [InlineData("/etc/systemd/system/multi-user.target.wants/app-x.service", "unit")]
    [InlineData("/etc/systemd/system-generators/x", "systemd")]
    [InlineData("/usr/lib/systemd/system-generators/x", "systemd")]
    [InlineData("/usr/lib/systemd/system-sleep/x", "systemd")]
    [InlineData("/etc/systemd/journald.conf.d/x.conf", "systemd")]
    [InlineData("/etc/tmpfiles.d/x.conf", "systemd")]
    [InlineData("/usr/lib/systemd/system-preset/00-x.preset", "systemd")]
    [InlineData("/etc/udev/rules.d/x.rules", "udev")]
    [InlineData("/run/udev/rules.d/x.rules", "udev")]
    [InlineData("/etc/modules-load.d/x.conf", "kernel")]
    [InlineData("/etc/modprobe.d/x.conf", "kernel")]
    [InlineData("/etc/sysctl.d/x.conf", "kernel")]
    [InlineData("/usr/lib/binfmt.d/x.conf", "kernel")]
    [InlineData("/boot/grub/custom.cfg", "boot")]
    [InlineData("/etc/default/grub.d/x.cfg", "boot")]
    [InlineData("/etc/init.d/x", "boot")]
    [InlineData("/etc/rc.local", "boot")]
    [InlineData("/etc/initramfs-tools/hooks/x", "boot")]
    [InlineData("/etc/dbus-1/system.d/x.conf", "dbus")]
    [InlineData("/usr/share/dbus-1/system-services/x.service", "dbus")]
    [InlineData("/etc/apt/apt.conf.d/x", "packages")]
    [InlineData("/etc/NetworkManager/dispatcher.d/x", "hooks")]
    [InlineData("/etc/sysctr/sysctr.toml", "engine")]
    [InlineData("/etc/containers/policy.json", "engine")]
    [InlineData("/usr/share/containers/oci/hooks.d/x.json", "engine")]
    public void Places_that_need_a_grant(string path, string right)
    {
        Assert.Equal(right, ContainerRights.Of(Subjects.WithFiles(Subjects.File(path))).Select(r => r.Class).Single());
        Assert.Equal(RightLevel.Dangerous, RightClasses.Find(right)!.Level);
        // Whatever the image is called.
        string name = path.Split('/')[^2] is var parent ? parent : "";
        Assert.Contains(
            right,
            ContainerRights.Of(Subjects.WithFiles(Subjects.File(path)) with { Name = name }).Select(r => r.Class)
        );
    }

    [Theory]
    [InlineData("/usr/local/bin/etcdctl", "program /usr/local/bin/etcdctl")]
    [InlineData("/etc/docker/daemon.json", "config /etc/docker/")]
    [InlineData("/etc/docker/certs.d/x", "config /etc/docker/")]
    [InlineData("/etc/oci-umount.conf", "config /etc/oci-umount.conf")]
    [InlineData("/etc/sysconfig/flanneld", "config /etc/sysconfig/")]
    [InlineData("/opt/wild/file", "file /opt/wild/")]
    [InlineData("/usr/local/share/wild", "file /usr/local/share/wild")]
    [InlineData("/usr/share/bash-completion/completions/x", "completion /usr/share/bash-completion/completions/x")]
    public void Places_that_are_told(string path, string right)
    {
        Assert.Equal([right], Subjects.WithFiles(Subjects.File(path)).Rights());
        Assert.Equal(RightLevel.Told, RightClasses.Find(right.Split(' ')[0])!.Level);
    }

    [Theory]
    [InlineData("/etc/app/app.conf")]
    [InlineData("/usr/share/app/data")]
    [InlineData("/var/lib/app/seed")]
    public void Its_own_places_are_no_right(string path) =>
        Assert.Empty(Subjects.WithFiles(Subjects.File(path)).Rights());

    [Fact]
    public void Names_of_links_that_the_host_has()
    {
        Assert.Equal(
            ["cron /etc/cron.d/y", "file /srv/x/"],
            (
                Subjects.WithFiles(Subjects.File("/srv/x/z/y")) with
                {
                    Resolve = p => p == "/srv/x/z" ? "/etc/cron.d" : p,
                }
            ).Rights()
        );
        Assert.Equal(["file /srv/x"], Subjects.WithFiles(Subjects.File("/srv/x", link: "/etc/cron.d/y")).Rights());
    }

    [Fact]
    public void Programs_with_more_rights_than_their_callers()
    {
        byte[] netRaw = Capability(1 << 13);
        byte[] sysAdmin = Capability(1 << 21);

        Assert.Equal(
            ["setuid /usr/local/bin/x", "program /usr/local/bin/x"],
            Subjects.WithFiles(Subjects.File("/usr/local/bin/x", mode: 0x9ed)).Rights()
        );
        Assert.Equal(["setuid /opt/app/x"], Subjects.WithFiles(Subjects.File("/opt/app/x", mode: 0x5ed)).Rights());
        Assert.Equal(
            ["setuid /opt/app/x"],
            Subjects.WithFiles(Subjects.File("/opt/app/x", capability: sysAdmin)).Rights()
        );
        Assert.Equal(
            ["setuid /opt/app/x"],
            Subjects.WithFiles(Subjects.File("/opt/app/x", capability: [1, 2])).Rights()
        );
        Assert.Equal(
            ["file-capability /opt/app/x"],
            Subjects.WithFiles(Subjects.File("/opt/app/x", capability: netRaw)).Rights()
        );

        static byte[] Capability(uint permitted) =>
            [.. BitConverter.GetBytes(0x02000001u), .. BitConverter.GetBytes(permitted), .. new byte[12]];
    }

    [Fact]
    public void Directories_that_are_given_away()
    {
        RightsSubject With(string path, int mode, uint uid) =>
            Subjects.App with
            {
                HostDirectories = [new InstalledDirectory(path, mode, uid, 0)],
            };

        Assert.Equal(["ssh /root/.ssh"], With("/root/.ssh", 0x1ed, 1000).Rights());
        Assert.Equal(["loader /etc/ld.so.conf.d"], With("/etc/ld.so.conf.d", 0x1ff, 0).Rights());
        Assert.Empty(With("/etc/ld.so.conf.d", 0x1ed, 0).Rights());
        Assert.Empty(With("/opt/wild", 0x1ff, 1000).Rights());
    }

    [Fact]
    public void A_program_in_front_of_one_of_the_hosts() =>
        Assert.Equal(
            ["program-shadow /usr/local/sbin/mount"],
            (
                Subjects.WithFiles(Subjects.File("/usr/local/sbin/mount")) with
                {
                    IsThere = p => p == "/usr/bin/mount",
                }
            ).Rights()
        );

    [Theory]
    [InlineData("docker.service", "[Service]\nEnvironmentFile=-/run/flannel/docker_opts.env\n", "drop-in-order")]
    [InlineData("ssh.service", "[Unit]\nAfter=app.service\n", "drop-in-order")]
    [InlineData("ssh.service", "[Service]\nEnvironmentFile=-/run/x\n", "drop-in")]
    [InlineData("docker.service", "[Service]\nExecStartPre=/bin/evil\n", "drop-in")]
    [InlineData("docker.service", "[Service]\nExecStart=\n", "drop-in")]
    [InlineData("docker.service", "[Service]\nEnvironment=A=b\n", "drop-in")]
    [InlineData("ssh.service", "[Unit]\nAfter=app.service\r[Service]\rExecStartPre=/bin/evil\n", "drop-in")]
    [InlineData("ssh.service", "[Service]\nUser=\n", "drop-in")]
    [InlineData("app2.service", "[Service]\nUser=\n", "drop-in")]
    public void Drop_ins_for_others(string unit, string text, string right)
    {
        string path = $"/etc/systemd/system/{unit}.d/app.conf";
        Assert.Equal([$"{right} {path}"], Subjects.WithFiles(Subjects.File(path, text)).Rights());
    }

    [Fact]
    public void Units_and_drop_ins_of_its_own_are_judged_by_what_they_say()
    {
        Assert.Equal(
            ["host-command ExecStart=/bin/x"],
            Subjects
                .WithFiles(Subjects.File("/etc/systemd/system/app-backup.service", "[Service]\nExecStart=/bin/x\n"))
                .Rights()
        );
        Assert.Equal(
            ["privileged-command ExecStartPre=+/bin/x"],
            (
                Subjects.WithService("Type=notify") with
                {
                    HostFiles =
                    [
                        Subjects.File("/etc/systemd/system/app.service.d/x.conf", "[Service]\nExecStartPre=+/bin/x\n"),
                    ],
                }
            ).Rights()
        );
    }

    [Theory]
    [InlineData("app", "app-data.mount")]
    [InlineData("systemd", "systemd-logind.service")]
    [InlineData("dbus", "dbus-org.freedesktop.login1.service")]
    [InlineData("ssh", "ssh.socket")]
    public void A_container_with_the_name_of_a_service_does_not_own_its_units(string name, string unit)
    {
        RightsSubject subject = Subjects.WithFiles(
            Subjects.File($"/etc/systemd/system/{unit}", "[Service]\n"),
            Subjects.File($"/etc/systemd/system/{unit}.d/x.conf", "[Service]\nUser=\n")
        );

        Assert.Equal(
            ["unit", "drop-in"],
            ContainerRights
                .Of(subject with { Name = name, IsThere = p => p == "/usr/lib/systemd/system/ssh.socket" })
                .Select(r => r.Class)
        );
    }

    [Fact]
    public void A_users_home_may_be_anywhere() =>
        Assert.Equal(
            ["ssh", "unit"],
            ContainerRights
                .Of(
                    Subjects.WithFiles(
                        Subjects.File("/srv/me/.ssh/authorized_keys"),
                        Subjects.File("/srv/me/.config/systemd/user/evil.service")
                    ) with
                    {
                        Home = "/srv/me",
                    }
                )
                .Select(r => r.Class)
        );
}
