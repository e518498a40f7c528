// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Settings;
using Xunit;

namespace SystemContainers.Tests.Settings;

/// <summary>Values as podman-run(1) writes them.</summary>
public sealed class SettingOptionsTests
{
    [Fact]
    public void A_secret_may_be_named_by_its_source() =>
        Assert.Equal(
            SecretSetting.Parse("pw,type=mount,uid=1000,gid=1001,mode=777"),
            SecretSetting.Parse("source=pw,type=mount,uid=1000,gid=1001,mode=777")
        );

    /// <summary>A device that is none is of no use; podman takes over what the source's file system has.</summary>
    [Theory]
    [InlineData("/dev/null:/etc/x.conf:ro", false)]
    [InlineData("/dev:/dev", false)]
    [InlineData("/dev/net/tun:/dev/net/tun:nodev", true)]
    [InlineData("/device:/x", true)]
    [InlineData("name:/x", true)]
    public void What_is_mounted_has_devices_where_it_is_one(string volume, bool isWithout) =>
        Assert.Equal(isWithout, VolumeSetting.Parse(volume).MountOptions.Contains("nodev", StringComparer.Ordinal));

    [Theory]
    [InlineData("cap-add", "A,B", "A|B")]
    [InlineData("group-add", "1,video", "1|video")]
    [InlineData("env", "A=1,B=2", "A=1,B=2")]
    [InlineData("annotation", "A=1,B=2", "A=1,B=2")]
    [InlineData("security-opt", "mask=/a,/b", "mask=/a,/b")]
    [InlineData("sysctl", "net.a=1,net.b=2", "net.a=1|net.b=2")]
    [InlineData("sysctl", "\"net.a=1,2\",net.b=2", "net.a=1,2|net.b=2")]
    [InlineData("add-host", "a:1.1.1.1,b:2.2.2.2", "a:1.1.1.1|b:2.2.2.2")]
    [InlineData("uidmap", "0:100000:10,10:200000", "0:100000:10|10:200000")]
    [InlineData("gidmap", "0:100000:10,10:200000", "0:100000:10|10:200000")]
    [InlineData("device-cgroup-rule", "c 1:3 r,c 1:5 rwm", "c 1:3 r|c 1:5 rwm")]
    public void Some_values_are_several(string option, string value, string values) =>
        Assert.Equal(values, string.Join('|', SettingOptions.Find(option)!.Split(value)));

    /// <summary>A value with a comma is one where it is said again.</summary>
    [Theory]
    [InlineData("sysctl", "net.a=1,2", "--sysctl=\"net.a=1,2\"")]
    [InlineData("sysctl", "net.a=1", "--sysctl=net.a=1")]
    [InlineData("env", "A=1,2", "--env=A=1,2")]
    public void What_is_said_again_is_read_as_it_was(string option, string value, string word)
    {
        ContainerSettings settings = new(new Dictionary<string, IReadOnlyList<string>> { [option] = [value] });

        Assert.Equal([word], settings.Words());
        Assert.Equal([value], SettingOptions.Find(option)!.Split(word[(option.Length + 3)..]));
    }

    [Theory]
    [InlineData("type=env,source=pw,target=X", "pw,type=env,target=X")]
    [InlineData("target=/x,source=pw", "pw,target=/x")]
    [InlineData("pw,UID=5,GID=6", "pw,uid=5,gid=6")]
    public void A_secret_is_the_same_in_other_words(string text, string same) =>
        Assert.Equal(SecretSetting.Parse(same), SecretSetting.Parse(text));

    /// <summary>0 is no limit to podman.</summary>
    [Fact]
    public void Zero_is_no_limit()
    {
        ContainerSettings settings = new(
            new[] { "memory", "memory-reservation", "cpus", "cpu-shares", "shm-size" }.ToDictionary(
                o => o,
                IReadOnlyList<string> (_) => ["0"]
            )
        );

        settings.Check();

        SpecSettings spec = settings.Spec;
        Assert.Equal((null, null, null, null), (spec.Memory, spec.MemoryReservation, spec.Cpus, spec.CpuShares));
        Assert.Equal(0, spec.ShmSize);
    }

    /// <summary>Words that --volume has are words of --mount, too.</summary>
    [Theory]
    [InlineData("Z", "")]
    [InlineData("z,consistency=cached", "")]
    [InlineData("noexec,nodev,nosuid", "noexec nodev nosuid")]
    [InlineData("exec,dev,suid", "exec dev suid")]
    [InlineData("shared", "shared")]
    [InlineData("rslave", "rslave")]
    [InlineData("runbindable", "runbindable")]
    public void A_mount_has_a_volume_s_options(string words, string options)
    {
        VolumeSetting bind = MountSetting.Parse("type=bind,src=/a,dst=/b," + words).Volume!;

        Assert.Equal(options, string.Join(' ', bind.Options));
        Assert.Equal(bind, VolumeSetting.Parse("/a:/b:" + words) with { Options = bind.Options });
    }

    [Fact]
    public void A_bind_mount_without_a_source_is_of_the_same_place() =>
        Assert.Equal("/srv/a", MountSetting.Parse("type=bind,dst=/srv/a").Volume!.Source);

    [Theory]
    [InlineData("volume", "data")]
    [InlineData("volume", "/a:b")]
    [InlineData("volume", "../a:/b")]
    [InlineData("volume", "/a:/b:ro,rw")]
    [InlineData("volume", "/a:/b:u")]
    [InlineData("volume", "/a:/b:O")]
    [InlineData("volume", "/a:/b:nonsense")]
    [InlineData("volume", "/a:/b/../c")]
    [InlineData("volume", "/a:/b:ro:/c")]
    [InlineData("volume", "-data:/b")]
    [InlineData("mount", "type=bind,src=a,dst=/b")]
    [InlineData("mount", "type=volume,src=/a,dst=/b")]
    [InlineData("mount", "type=image,dst=/b")]
    [InlineData("mount", "type=image,src=,dst=/b")]
    [InlineData("mount", "type=image,src=a")]
    [InlineData("mount", "type=image,src=a,dst=/")]
    [InlineData("mount", "type=image,src=a,dst=/b,subpath=c")]
    [InlineData("mount", "type=image,src=a,dst=/b,subpath=/../c")]
    [InlineData("mount", "type=image,src=a,dst=/b,noexec")]
    [InlineData("mount", "type=bind,src=/a,dst=/b,idmap=uids=0-1-10")]
    [InlineData("mount", "type=bind,src=/a,dst=/b,tmpcopyup")]
    [InlineData("mount", "type=bind,src=/a,\"dst=/b")]
    [InlineData("mount", "type=bind,src=/a,dst=/b\",c\"")]
    [InlineData("mount", "type=bind,src=/a,\"dst=/b\"c")]
    [InlineData("mount", "type=tmpfs")]
    [InlineData("mount", "type=tmpfs,dst=/a,ro=maybe")]
    [InlineData("mount", "type=tmpfs,dst=/a,exec,noexec")]
    [InlineData("mount", "type=bind,dst=/a,rshared,private")]
    [InlineData("mount", "type=bind,dst=/a,shared,bind-propagation=shared")]
    [InlineData("mount", "type=bind,dst=/a,bind,bind-nonrecursive")]
    [InlineData("mount", "type=tmpfs,dst=/a,tmpfs-size=1m,tmpfs-size=2m")]
    [InlineData("mount", "type=bind,dst=/a,U,chown")]
    [InlineData("mount", "type=bind,dst=/a,z,relabel=private")]
    [InlineData("volume", "/a:/b:rslave,shared")]
    [InlineData("volume", "/a:/b:exec,noexec")]
    [InlineData("volume", "/a:/b:dev,nodev")]
    [InlineData("volume", "/a:/b:suid,nosuid")]
    [InlineData("volume", "/a:/b:bind,rbind")]
    [InlineData("volume", "/a:/b:ro,ro")]
    [InlineData("tmpfs", "/x:exec,noexec")]
    [InlineData("tmpfs", "/x:nosuid,suid")]
    [InlineData("tmpfs", "/x:tmpcopyup,notmpcopyup")]
    [InlineData("tmpfs", "/x:size=1m,size=2m")]
    [InlineData("tmpfs", "run")]
    [InlineData("tmpfs", "/run:size")]
    [InlineData("device", "/etc/passwd")]
    [InlineData("device", "/dev/a:/b:rx")]
    [InlineData("device", "/dev/../etc/passwd")]
    [InlineData("device", "/dev/a:")]
    [InlineData("device", "vendor.com=all")]
    [InlineData("secret", "")]
    [InlineData("secret", "../pw")]
    [InlineData("secret", "pw,type=file")]
    [InlineData("secret", "pw,mode=1777")]
    [InlineData("secret", "pw,mode=rw")]
    [InlineData("secret", "pw,uid=web")]
    [InlineData("secret", "pw,target=a,target=b")]
    [InlineData("secret", "pw,type=env,mode=0400")]
    [InlineData("secret", "pw,target=/run/../etc/shadow")]
    [InlineData("secret", "source=")]
    [InlineData("secret", "source=pw,source=pw")]
    [InlineData("annotation", "A")]
    [InlineData("annotation", "io.sysctr.log=pipe")]
    [InlineData("group-add", "a b")]
    [InlineData("http-proxy", "maybe")]
    [InlineData("health-startup-cmd", "")]
    [InlineData("health-startup-timeout", "0s")]
    [InlineData("health-timeout", "0")]
    [InlineData("health-cmd", "[]")]
    [InlineData("health-startup-interval", "10ms")]
    [InlineData("health-startup-retries", "-1")]
    [InlineData("ipc", "container:db")]
    [InlineData("ipc", "")]
    [InlineData("pid", "ns:/proc/1/ns/pid")]
    [InlineData("image-volume", "keep")]
    [InlineData("device-cgroup-rule", "c 1:2")]
    [InlineData("device-cgroup-rule", "c 1:2:3 rwm")]
    [InlineData("device-cgroup-rule", "c x:* rwm")]
    [InlineData("device-cgroup-rule", "d 1:* rwm")]
    [InlineData("oom-score-adj", "1001")]
    [InlineData("umask", "9")]
    [InlineData("umask", "01000")]
    [InlineData("systemd", "perhaps")]
    [InlineData("security-opt", "seccomp=profile.json")]
    [InlineData("security-opt", "apparmor=")]
    [InlineData("security-opt", "apparmor=a b")]
    [InlineData("security-opt", "label=type")]
    [InlineData("security-opt", "label=colour:red")]
    [InlineData("init", "maybe")]
    [InlineData("read-only", "")]
    [InlineData("writable", "yes")]
    [InlineData("log-pipe", "cat")]
    [InlineData("health-interval", "10ms")]
    [InlineData("health-interval", "often")]
    [InlineData("health-retries", "0")]
    [InlineData("health-on-failure", "reboot")]
    [InlineData("sdnotify", "true")]
    [InlineData("env", "A")]
    [InlineData("env", "=b")]
    [InlineData("user", "")]
    [InlineData("workdir", "srv")]
    [InlineData("entrypoint", "[\"a\"")]
    [InlineData("entrypoint", "[1]")]
    [InlineData("entrypoint", "[\"\\ud800\"]")]
    [InlineData("hostname", "a b")]
    [InlineData("hostname", "")]
    [InlineData("cap-add", "NET-ADMIN")]
    [InlineData("ulimit", "nofile")]
    [InlineData("ulimit", "files=1")]
    [InlineData("ulimit", "nofile=2:1")]
    [InlineData("ulimit", "nofile=many")]
    [InlineData("ulimit", "host")]
    [InlineData("sysctl", "kernel.pid_max=1")]
    [InlineData("network", "a b")]
    [InlineData("publish", "80/icmp")]
    [InlineData("network-alias", "a b")]
    [InlineData("ip", "fd00::1")]
    [InlineData("ip6", "10.0.0.1")]
    [InlineData("mac-address", "92:d0")]
    [InlineData("add-host", "a")]
    [InlineData("add-host", "a:nowhere")]
    [InlineData("add-host", "a b:1.2.3.4")]
    [InlineData("dns", "none")]
    [InlineData("dns", "example.com")]
    [InlineData("dns-search", "a b")]
    [InlineData("dns-option", "")]
    [InlineData("sysctl", "kernel.shmmax")]
    [InlineData("shm-size", "-1")]
    [InlineData("memory", "1x")]
    [InlineData("memory", "-1")]
    [InlineData("memory", "99999999999999999999g")]
    [InlineData("pids-limit", "many")]
    [InlineData("cpus", "0.001")]
    [InlineData("cpu-shares", "1")]
    [InlineData("cpuset-cpus", "a")]
    [InlineData("tz", "/etc/passwd")]
    [InlineData("security-opt", "mask=a")]
    [InlineData("security-opt", "nonsense")]
    [InlineData("stop-timeout", "soon")]
    [InlineData("health-start-period", "soon")]
    [InlineData("health-timeout", "")]
    [InlineData("no-such-option", "1")]
    [InlineData("hostname", "a\0b")]
    public void What_is_no_value_is_refused_and_named(string option, string value)
    {
        SysctrException e = Assert.Throws<SysctrException>(
            new ContainerSettings(new Dictionary<string, IReadOnlyList<string>> { [option] = [value] }).Check
        );

        Assert.Equal(ErrorKind.Usage, e.Kind);
        Assert.Contains("--" + option, e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.Hint);
    }

    [Theory]
    [InlineData("/data", null, "/data", "rbind,rw,nosuid,nodev,rprivate")]
    [InlineData("data:/data", "data", "/data", "rbind,rw,nosuid,nodev,rprivate")]
    [InlineData("/a:/b/", "/a", "/b", "rbind,rw,nosuid,nodev,rprivate")]
    [InlineData("/a//x/.:/b:ro", "/a/x", "/b", "ro,rbind,nosuid,nodev,rprivate")]
    [InlineData("/a:/b:ro,z", "/a", "/b", "ro,rbind,nosuid,nodev,rprivate")]
    [InlineData("/a:/b:bind,rslave,suid,dev,noexec", "/a", "/b", "bind,rslave,noexec,rw")]
    public void A_volume_is_read_as_podman_reads_it(string text, string? source, string destination, string options)
    {
        VolumeSetting volume = VolumeSetting.Parse(text);

        Assert.Equal((source, destination), (volume.Source, volume.Destination));
        Assert.Equal(options, string.Join(',', volume.MountOptions));
    }

    [Theory]
    [InlineData("type=bind,src=/a,dst=/b,ro", "/a", "/b", "ro,rbind,nosuid,nodev,rprivate")]
    [InlineData(
        "type=bind,source=/a,target=/b,readonly=false,bind-propagation=rslave",
        "/a",
        "/b",
        "rw,rslave,rbind,nosuid,nodev"
    )]
    [InlineData("type=volume,src=data,destination=/b", "data", "/b", "rbind,rw,nosuid,nodev,rprivate")]
    [InlineData("dst=/b", null, "/b", "rbind,rw,nosuid,nodev,rprivate")]
    [InlineData("type=bind,src=/a,dest=/b,idmap", "/a", "/b", "rbind,rw,nosuid,nodev,rprivate")]
    [InlineData("type=bind,src=/a,\"dst=/b,1\",ro", "/a", "/b,1", "ro,rbind,nosuid,nodev,rprivate")]
    [InlineData("\"type=bind\",\"src=/a\"\"q\",dst=/b", "/a\"q", "/b", "rbind,rw,nosuid,nodev,rprivate")]
    public void A_mount_says_the_same_in_other_words(string text, string? source, string destination, string options)
    {
        VolumeSetting volume = MountSetting.Parse(text).Volume!;

        Assert.Equal((source, destination), (volume.Source, volume.Destination));
        Assert.Equal(options, string.Join(',', volume.MountOptions));
    }

    [Theory]
    [InlineData("type=image,source=quay.io/a/b:1,destination=/f", "/")]
    [InlineData("destination=/f/,src=quay.io/a/b:1,rw=false,type=image,subpath=/etc//x/", "/etc/x")]
    [InlineData("type=image,source=quay.io/a/b:1,dst=/f,ro,readonly=true,readwrite=false,consistency=cached", "/")]
    public void A_mount_names_another_image_and_what_of_it(string text, string subpath)
    {
        MountSetting mount = MountSetting.Parse(text);

        Assert.Equal(("quay.io/a/b:1", "/f", subpath), (mount.Image, mount.Destination, mount.Subpath));
        Assert.Equal((null, null), (mount.Volume, mount.Tmpfs));
        Assert.Equal("/f", MountSetting.Key(text));
        Assert.Equal(
            ["quay.io/a/b:1"],
            new ContainerSettings(
                new Dictionary<string, IReadOnlyList<string>>
                {
                    ["mount"] = [text, text.Replace("/f", "/g", StringComparison.Ordinal)],
                }
            ).MountedImages()
        );
    }

    /// <summary>What podman has besides is refused with what to do instead, whatever else stands there.</summary>
    [Theory]
    [InlineData("type=image,source=fedora,destination=/f,rw=true", "'rw=true': an image's files are the store's")]
    [InlineData("type=image,source=fedora,destination=/f,readwrite", "'readwrite': an image's files are the store's")]
    [InlineData("type=image,source=fedora,destination=/f,ro=false", "'ro=false': an image's files are the store's")]
    [InlineData("type=artifact,source=a,destination=/f", "type=bind")]
    [InlineData("type=glob,src=/a*,destination=/f", "type=bind")]
    [InlineData("type=ramfs,destination=/f", "type=tmpfs")]
    [InlineData("type=devpts,destination=/dev/pts", "of its own")]
    [InlineData("type=bind,src=/a,dst=/b,tmpfs-size=1m", "'tmpfs-size=1m' goes with type=tmpfs")]
    public void Other_mounts_are_refused_with_what_to_do(string text, string said) =>
        Assert.Contains(
            said,
            Assert.Throws<FormatException>(() => MountSetting.Parse(text)).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Words_of_a_mount_are_taken_apart_and_put_together()
    {
        string[] words = ["type=bind", "src=/a,b", "dst=/c\"d", ""];

        Assert.Equal(words, CommaWords.Split(CommaWords.Join(words)));
        Assert.Equal("type=bind,\"src=/a,b\",\"dst=/c\"\"d\",", CommaWords.Join(words));
    }

    [Theory]
    [InlineData("/run", "nosuid,nodev")]
    [InlineData("/run:size=64m,mode=1777", "nosuid,nodev,size=64m,mode=1777")]
    [InlineData("/run:exec,dev,ro", "nosuid,exec,dev,ro")]
    public void A_tmpfs_has_no_programs_of_others_rights_unless_asked(string text, string options) =>
        Assert.Equal(options, string.Join(',', TmpfsSetting.Parse(text).Options));

    [Theory]
    [InlineData("/run", true)]
    [InlineData("/run:notmpcopyup", false)]
    [InlineData("/run:tmpcopyup,size=1m", true)]
    public void A_tmpfs_begins_with_what_the_image_has_as_podmans_does(string text, bool copies) =>
        Assert.Equal(copies, TmpfsSetting.Parse(text).CopyUp);

    [Theory]
    [InlineData("/dev/fuse", "/dev/fuse", "/dev/fuse", "rwm", "/dev/fuse")]
    [InlineData("/dev/ttyUSB0:/dev/modem", "/dev/ttyUSB0", "/dev/modem", "rwm", "/dev/ttyUSB0")]
    [InlineData("/dev/ttyUSB0:r", "/dev/ttyUSB0", "/dev/ttyUSB0", "r", "/dev/ttyUSB0")]
    [InlineData("/dev/dri/:/dev/gpu:rw", "/dev/dri", "/dev/gpu", "rw", "char-drm")]
    public void A_device_is_read_as_podman_reads_it(
        string text,
        string source,
        string destination,
        string access,
        string specifier
    )
    {
        DeviceSetting device = DeviceSetting.Parse(text);

        Assert.Equal(
            (source, destination, access, specifier),
            (device.Source, device.Destination, device.Access, device.Specifier)
        );
    }

    [Theory]
    [InlineData("pw", null, "/run/secrets/pw", 0, 0, 0x124)]
    [InlineData("pw,type=mount,target=web/key,uid=33,gid=44,mode=0400", null, "/run/secrets/web/key", 33, 44, 0x100)]
    [InlineData("pw,target=/etc/pw", null, "/etc/pw", 0, 0, 0x124)]
    [InlineData("pw,type=env", "pw", null, 0, 0, 0x124)]
    [InlineData("pw,type=env,target=PGPASSWORD", "PGPASSWORD", null, 0, 0, 0x124)]
    public void A_secret_is_read_as_podman_reads_it(
        string text,
        string? variable,
        string? file,
        uint uid,
        uint gid,
        int mode
    ) => Assert.Equal(new SecretSetting("pw", variable, file, uid, gid, mode), SecretSetting.Parse(text));

    [Theory]
    [InlineData("512", 512)]
    [InlineData("512b", 512)]
    [InlineData("1k", 1024)]
    [InlineData("1.5M", 1_572_864)]
    [InlineData("2g", 2_147_483_648)]
    [InlineData("2GiB", 2_147_483_648)]
    [InlineData("2gb", 2_147_483_648)]
    public void Bytes_are_powers_of_1024(string text, long bytes) => Assert.Equal(bytes, Quantity.Bytes(text));

    [Theory]
    [InlineData("30", 30)]
    [InlineData("1m30s", 90)]
    [InlineData("1.5h", 5400)]
    [InlineData("500ms", 0.5)]
    public void Durations_are_Gos(string text, double seconds) =>
        Assert.Equal(seconds, Quantity.Duration(text).TotalSeconds);

    [Theory]
    [InlineData("nofile=1024:4096", "RLIMIT_NOFILE", 1024, 4096)]
    [InlineData("RLIMIT_NPROC=10", "RLIMIT_NPROC", 10, 10)]
    [InlineData("memlock=-1:-1", "RLIMIT_MEMLOCK", ulong.MaxValue, ulong.MaxValue)]
    public void Limits_have_the_kernels_names(string text, string type, ulong soft, ulong hard) =>
        Assert.Equal(new UlimitSetting(type, soft, hard), UlimitSetting.Parse(text));

    [Theory]
    [InlineData("", "", "CAP_CHOWN CAP_KILL")]
    [InlineData("net_admin", "", "CAP_CHOWN CAP_KILL CAP_NET_ADMIN")]
    [InlineData("", "ALL", "")]
    [InlineData("CAP_KILL", "all", "CAP_KILL")]
    [InlineData("all", "CHOWN", "CAP_KILL CAP_NET_ADMIN CAP_SYS_ADMIN")]
    [InlineData("SYSLOG", "", "CAP_CHOWN CAP_KILL")]
    public void Capabilities_are_those_that_the_host_has(string add, string drop, string has)
    {
        SpecSettings spec = SpecSettings.Of(Of(("cap-add", add), ("cap-drop", drop)));

        Assert.Equal(
            has,
            string.Join(
                ' ',
                spec.Capabilities(
                    ["CAP_CHOWN", "CAP_KILL"],
                    ["CAP_CHOWN", "CAP_KILL", "CAP_NET_ADMIN", "CAP_SYS_ADMIN"]
                )
            )
        );
    }

    [Fact]
    public void Every_option_says_what_it_is()
    {
        Assert.All(
            SettingOptions.InOrder,
            o => Assert.True(o.Help.Length > 10 && o.Help.EndsWith('.') && o.ValueName.Length > 0, o.Name)
        );
        Assert.Equal(SettingOptions.InOrder.Count, SettingOptions.InOrder.Select(o => o.Name).Distinct().Count());
        char[] letters = [.. SettingOptions.InOrder.Select(o => o.Letter).OfType<char>()];
        Assert.Equal(letters.Length, letters.Distinct().Count());
    }

    internal static ContainerSettings Of(params (string Option, string Value)[] values) =>
        new(
            values
                .Where(v => v.Value.Length > 0)
                .GroupBy(v => v.Option)
                .ToDictionary(g => g.Key, g => (IReadOnlyList<string>)[.. g.Select(v => v.Value)])
        );
}
