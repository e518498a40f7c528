// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Quadlet;
using SystemContainers.Quadlet.Values;
using SystemContainers.Reference;
using SystemContainers.Requests;
using SystemContainers.State;
using Xunit;

namespace SystemContainers.Tests.Quadlet;

/// <summary>What [Container] asks for: the meaning that each key has to podman.</summary>
public sealed class ContainerReaderTests : IDisposable
{
    private readonly QuadletFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(
        "AddCapability=CAP_NET_ADMIN sys_time\nAddCapability=kill",
        "cap-add",
        new[] { "CAP_NET_ADMIN", "sys_time", "kill" }
    )]
    [InlineData("DropCapability=mknod\nDropCapability=\nDropCapability=Cap_Kill", "cap-drop", new[] { "Cap_Kill" })]
    [InlineData(
        "Environment=A=1 \"B=2 \" \\\n  C=3\nEnvironment=C=4 'D=x\\ny'",
        "env",
        new[] { "A=1", "B=2 ", "C=4", "D=x\ny" }
    )]
    [InlineData("Label=a=1 b", "label", new[] { "a=1", "b=" })]
    [InlineData(
        "Exec=/bin/x \"an arg\" a;b 'a\"b' \\110i",
        "command",
        new[] { "/bin/x", "an arg", "a;b", "a\"b", "Hi" }
    )]
    [InlineData("Entrypoint=top -b", "entrypoint", new[] { "top -b" })]
    [InlineData("Entrypoint=", "entrypoint", new[] { "" })]
    [InlineData("Entrypoint=/a\nEntrypoint=\nEntrypoint=/b", "entrypoint", new[] { "/b" })]
    [InlineData("HostName=a\nHostName=\nHostName=b", "hostname", new[] { "b" })]
    [InlineData("AddCapability=all", "cap-add", new[] { "all" })]
    [InlineData("HealthCmd=\"hello world\"", "health-cmd", new[] { "hello world" })]
    [InlineData("HealthCmd=/bin/sh -c \"echo 'hi'\"", "health-cmd", new[] { "/bin/sh -c \"echo 'hi'\"" })]
    [InlineData("HostName=h", "hostname", new[] { "h" })]
    [InlineData("Memory=20g", "memory", new[] { "20g" })]
    [InlineData("PidsLimit=8765432", "pids-limit", new[] { "-1" })]
    [InlineData("ShmSize=5g", "shm-size", new[] { "5g" })]
    [InlineData("StopSignal=SIGKILL", "stop-signal", new[] { "SIGKILL" })]
    [InlineData("StopTimeout=20", "stop-timeout", new[] { "20" })]
    [InlineData("Sysctl=kernel.shmmax=1 kernel.msgmax=2", "sysctl", new[] { "kernel.shmmax=1", "kernel.msgmax=2" })]
    [InlineData(
        "Sysctl=net.ipv4.ip_forward=0\nSysctl=net.ipv4.ip_forward=1\nNetwork=none",
        "sysctl",
        new[] { "net.ipv4.ip_forward=1" }
    )]
    [InlineData("Annotation=a=1 a=2", "annotation", new[] { "a=2" })]
    [InlineData(
        "AddHost=db:1.1.1.1\nAddHost=db:fd00::1\nAddHost=db:1.1.1.1",
        "add-host",
        new[] { "db:1.1.1.1", "db:fd00::1" }
    )]
    [InlineData("PublishPort=80-81:80-81\nPublishPort=80:80", "publish", new[] { "80-81:80-81", "80:80" })]
    [InlineData("HealthCmd=[ -f /x ] || exit 1", "health-cmd", new[] { "[ -f /x ] || exit 1" })]
    [InlineData("Sysctl=net.a=1,net.b=2", "sysctl", new[] { "net.a=1", "net.b=2" })]
    [InlineData("Sysctl='\"net.ports=1,2\",net.b=2'", "sysctl", new[] { "net.ports=1,2", "net.b=2" })]
    [InlineData("AddHost=a:1.1.1.1,b:2.2.2.2", "add-host", new[] { "a:1.1.1.1", "b:2.2.2.2" })]
    [InlineData("UIDMap=0:100000:10,10:200000", "uidmap", new[] { "0:100000:10", "10:200000" })]
    [InlineData("GIDMap=0:100000:10,10:200000", "gidmap", new[] { "0:100000:10", "10:200000" })]
    [InlineData(
        "PodmanArgs=--device-cgroup-rule='c 1:3 r,c 1:5 rwm'",
        "device-cgroup-rule",
        new[] { "c 1:3 r", "c 1:5 rwm" }
    )]
    [InlineData("Annotation=a=1,b=2", "annotation", new[] { "a=1,b=2" })]
    [InlineData("Tmpfs=/t:size=1m,mode=1777", "tmpfs", new[] { "/t:size=1m,mode=1777" })]
    [InlineData("Secret=type=env,source=foo,target=BAR", "secret", new[] { "type=env,source=foo,target=BAR" })]
    [InlineData("ShmSize=0", "shm-size", new[] { "0" })]
    [InlineData("PodmanArgs=--security-opt=systempaths=unconfined", "security-opt", new[] { "systempaths=unconfined" })]
    [InlineData("PodmanArgs=--no-healthcheck", "health-cmd", new[] { "none" })]
    [InlineData("PodmanArgs=--no-healthcheck=false", "health-cmd", new string[0])]
    [InlineData("PodmanArgs=--env OWN\n[Service]\nEnvironment=OWN=1", "env", new[] { "OWN=1" })]
    [InlineData("PodmanArgs=--group-add=keep-groups,5", "group-add", new[] { "5" })]
    [InlineData("PodmanArgs=--expose 80 --retry=3", "publish", new string[0])]
    [InlineData("HostName=my_host", "hostname", new[] { "my_host" })]
    [InlineData(
        "Mount=type=bind,src=/a,dst=/b,Z,noexec,rslave",
        "mount",
        new[] { "type=bind,source=/a,dst=/b,Z,noexec,rslave" }
    )]
    [InlineData("Timezone=local", "tz", new[] { "local" })]
    [InlineData("Tmpfs=/work\nTmpfs=/x:size=1m", "tmpfs", new[] { "/work", "/x:size=1m" })]
    [InlineData("Ulimit=nproc=12:56", "ulimit", new[] { "nproc=12:56" })]
    [InlineData("User=998\nGroup=999", "user", new[] { "998:999" })]
    [InlineData("WorkingDir=%h", "workdir", new[] { "/root" })]
    [InlineData("Mask=/proc/a:/proc/b\nUnmask=all", "security-opt", new[] { "mask=/proc/a:/proc/b", "unmask=ALL" })]
    [InlineData(
        "SeccompProfile=unconfined\nSecurityLabelDisable=true\nAppArmor=unconfined",
        "security-opt",
        new[] { "apparmor=unconfined", "seccomp=unconfined", "label=disable" }
    )]
    [InlineData(
        "SeccompProfile=/a.json\nSecurityLabelNested=yes\nSecurityLabelType=spc_t\nSecurityLabelLevel=s0:c1,c2\nAppArmor=mine",
        "security-opt",
        new[] { "apparmor=mine", "seccomp=/a.json", "label=level:s0:c1,c2", "label=nested", "label=type:spc_t" }
    )]
    [InlineData("NoNewPrivileges=yes", "security-opt", new[] { "no-new-privileges=true" })]
    [InlineData("VolatileTmp=yes", "tmpfs", new[] { "/tmp:rw,size=512M,mode=1777" })]
    [InlineData("VolatileTmp=yes\nReadOnly=yes", "tmpfs", new string[0])]
    [InlineData("Volume=named:/n\nVolume=/e", "volume", new[] { "named:/n", "/e" })]
    [InlineData("Volume=/etc:/x:ro,Z", "volume", new[] { "/etc:/x:ro,Z" })]
    [InlineData("Volume=%h/c:/v", "volume", new[] { "/root/c:/v" })]
    [InlineData("Mount=type=tmpfs,dst=/t", "mount", new[] { "type=tmpfs,dst=/t" })]
    [InlineData(
        "PodmanArgs=--cpus 2 --shm-size=1g \"--memory\" \\\n 2g -m=3g\nPodmanArgs=-e A=1",
        "memory",
        new[] { "3g" }
    )]
    [InlineData("PodmanArgs=--cpus 2 -eA=1", "cpus", new[] { "2" })]
    [InlineData(
        "CgroupsMode=no-conmon\nLogDriver=journald\nHttpProxy=false\nEnvironmentHost=no\nReadOnlyTmpfs=yes\nNetwork=host\nUserNS=host\nRetry=5",
        "env",
        new string[0]
    )]
    public void A_key_is_an_option(string keys, string option, string[] values)
    {
        ContainerDeclaration declared = Declared(keys);

        Assert.Equal(values, declared.Request.Settings.All(option));
    }

    [Fact]
    public void What_is_said_of_the_image_and_of_sysctr()
    {
        ContainerDeclaration declared = Declared(
            "Pull=newer\nAutoUpdate=registry\nServiceName=other\n[X-Sysctr]\nSet=A=1 \"B=x y\"\nGrant=setuid\nRuntime=crun\nSettle=30\nHostFiles=no"
        );

        InstallRequest request = declared.Request;
        Assert.Equal(
            ("img", "other", PullPolicy.Always, AutoUpdatePolicy.Registry, "crun", true),
            (request.Image, request.Name, request.Pull, request.AutoUpdate, request.Runtime, request.WithoutHostFiles)
        );
        Assert.Equal("x y", request.Set["B"]);
        Assert.Equal(["setuid"], request.Grants);
        Assert.Equal(TimeSpan.FromSeconds(30), declared.Settle);
    }

    /// <summary>What nobody says is as podman has it, for images that have no configuration of their own.</summary>
    [Fact]
    public void What_is_not_said_is_podman_s_default()
    {
        Assert.Equal(["no-new-privileges=false"], Declared("").Request.Usual.All("security-opt"));
        Assert.True(Declared("NoNewPrivileges=no").Request.Usual.Values.Keys.All(k => k != "security-opt"));
        Assert.True(Declared("").Request.Settings.IsEmpty);
    }

    [Theory]
    [InlineData("Rootfs=/srv/tree", "/srv/tree", "direct")]
    [InlineData("Rootfs=/srv/tree:O", "/srv/tree", "volatile")]
    [InlineData("Rootfs=/srv/tree\nReadOnly=yes", "/srv/tree", null)]
    public void A_directory_may_stand_in_the_place_of_an_image(string keys, string rootfs, string? writable)
    {
        _folder.Write("tree.container", $"[Container]\n{keys}\nExec=/bin/app\n");

        ContainerDeclaration declared = Assert.Single(_folder.Read(new QuadletHost { LooksAtHost = false }).Containers);

        Assert.Equal(
            (ImageReference.Rootfs, rootfs, writable),
            (
                declared.Request.Image,
                declared.Request.Rootfs,
                declared.Request.Usual.With(declared.Request.Settings, []).One("writable")
            )
        );
        Assert.Equal([rootfs], declared.HostSources.Select(s => s.Text));
    }

    /// <summary>What sysctr leaves to podman may be waited for all the same.</summary>
    [Fact]
    public void Files_of_podman_s_own_are_units_to_wait_for()
    {
        _folder.Write(
            "web.container",
            "[Unit]\nAfter=app.build old.kube data.artifact far.container\n[Container]\nImage=i\n"
        );
        _folder.Write("app.build", "[Build]\nImageTag=i\n");
        _folder.Write("old.kube", "[Kube]\nYaml=x.yml\nServiceName=older\n");
        _folder.Write("data.artifact", "[Artifact]\n");

        QuadletSet set = _folder.Read(
            new QuadletHost { Applied = name => name == "far.container" ? "far.service" : null }
        );

        Assert.Contains(
            "app-build.service older.service data-artifact.service far.service",
            Assert.Single(set.Containers).Request.Declared!.Lines.Where(l => l.Key == "After").Select(l => l.Value)
        );
    }

    [Theory]
    [InlineData("Annotation=a=b \"c=d e\"", "annotation", "a=b|c=d e")]
    [InlineData("HealthStartupCmd=a 'b c'\nHealthStartupSuccess=2", "health-startup-cmd", "a 'b c'")]
    [InlineData("GroupAdd=audio\nGroupAdd=5", "group-add", "audio|5")]
    [InlineData("HttpProxy=no", "http-proxy", "false")]
    [InlineData("EnvironmentHost=yes", "env-host", "true")]
    [InlineData("ReadOnlyTmpfs=no", "read-only-tmpfs", "false")]
    [InlineData("PodmanArgs=--cap-add SYS_ADMIN,MKNOD --env-host", "cap-add", "SYS_ADMIN|MKNOD")]
    public void Keys_are_options(string key, string option, string values) =>
        Assert.Equal(values, string.Join('|', Declared(key).Request.Settings.All(option)));

    [Theory]
    [InlineData(
        "PodmanArgs=--rm --replace -d --sig-proxy=false --tty=false --name x --privileged --ipc=host",
        "privileged",
        "true",
        5
    )]
    [InlineData(
        "PodmanArgs=--privileged=false --device-cgroup-rule='c 226:* rwm'",
        "device-cgroup-rule",
        "c 226:* rwm",
        0
    )]
    [InlineData("PodmanArgs=--pull newer --log-driver journald -e A=1", "env", "A=1", 0)]
    [InlineData("LogOpt=path=/x\nLogOpt=max-size=1m", "env", "", 2)]
    [InlineData("GroupAdd=keep-groups\nGroupAdd=5", "group-add", "5", 1)]
    public void What_podman_alone_needs_is_told(string keys, string option, string values, int notes)
    {
        ContainerDeclaration declared = Declared(keys);

        Assert.Equal(values, string.Join('|', declared.Request.Settings.All(option)));
        Assert.Equal(notes, _folder.Read().Faults.Notes.Count);
    }

    /// <summary>podman's generator leaves the value out, and so the image's own command is what runs.</summary>
    [Theory]
    [InlineData(@"Exec='test\.com' a", "command", "")]
    [InlineData(@"Label=a=b regex=^foo(\?.*)?$" + "\nLabel=c=d", "label", "c=d")]
    [InlineData(@"ReloadCmd='test\.sh'", "command", "")]
    public void An_escape_that_is_none_takes_its_value_with_it(string keys, string option, string values)
    {
        ContainerDeclaration declared = Declared(keys);

        Assert.Equal(values, string.Join('|', declared.Request.Settings.All(option)));
        Assert.DoesNotContain(declared.Request.Declared!.Lines, l => l.Key == "ExecReload");
        Assert.Contains("is no escape", Assert.Single(_folder.Read().Faults.Notes).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tag_is_the_name_in_the_journal()
    {
        string? Of(string keys) =>
            Declared(keys).Request.Declared!.Lines.LastOrDefault(l => l.Key == "SyslogIdentifier")?.Value;

        Assert.Equal("img/web%%", Of("LogOpt=tag=\"{{.ImageName}}/{{.Name}}%%\""));
        Assert.Equal("own", Of("LogOpt=tag=x\n[Service]\nSyslogIdentifier=own"));
    }

    [Fact]
    public void A_label_of_the_log_is_a_field_of_the_journal() =>
        Assert.Equal(
            ["A=b", "\"B=c d\""],
            Declared("LogOpt=label=A=b\nLogOpt='label=B=c d'")
                .Request.Declared!.Lines.Where(l => l.Key == "LogExtraFields")
                .Select(l => l.Value)
        );

    [Fact]
    public void Auto_update_may_be_a_label() =>
        Assert.Equal(AutoUpdatePolicy.Registry, Declared("Label=io.containers.autoupdate=registry").Request.AutoUpdate);

    [Fact]
    public void Files_of_variables_are_read_and_count_less_than_variables()
    {
        _folder.Write("rel.env", "# no\nA=file\nB=\"kept as it is\"\n");

        Assert.Equal(
            ["A=own", "B=\"kept as it is\""],
            Declared("Environment=A=own\nEnvironmentFile=rel.env").Request.Settings.All("env")
        );
    }

    /// <summary>They stand behind all that the other keys say on podman's command line.</summary>
    [Theory]
    [InlineData("PodmanArgs=--user 7\nUser=5\nGroup=6", "user", "7")]
    [InlineData("PodmanArgs=--workdir /a\nWorkingDir=/b", "workdir", "/a")]
    [InlineData("PodmanArgs=--memory 1g\nMemory=2g", "memory", "1g")]
    [InlineData("PodmanArgs=-e A=args\nEnvironment=A=key", "env", "A=args")]
    [InlineData("PodmanArgs=--stop-timeout 1\nStopTimeout=2", "stop-timeout", "1")]
    [InlineData("PodmanArgs=--tz UTC\nTimezone=local", "tz", "UTC")]
    public void Words_of_podman_s_command_line_count_more_than_keys(string keys, string option, string value) =>
        Assert.Equal([value], Declared(keys).Request.Settings.All(option));

    [Fact]
    public void Of_files_of_variables_the_later_counts_more_and_a_name_alone_takes_podman_s_own()
    {
        _folder.Write("a.env", "A=a\nB=a\nC=a\n");
        _folder.Write("b.env", "B=b\nC=b\nOWN\nNOWHERE\n");
        _folder.Write("c.env", "C=c\n");

        ContainerDeclaration declared = Declared(
            $"PodmanArgs=--env-file {_folder.Path}/b.env --env-file {_folder.Path}/c.env\nEnvironmentFile=a.env\n"
                + "Environment=A=own PRE*\n[Service]\nEnvironment=OWN=1 PREX=x PREA=a"
        );

        Assert.Equal(
            ["A=own", "B=b", "C=c", "OWN=1", "PREA=a", "PREX=x"],
            declared.Request.Settings.All("env").Order(StringComparer.Ordinal)
        );
        Assert.Contains(
            "EnvironmentFile=NOWHERE: it has no value",
            Assert.Single(_folder.Read().Faults.Notes).Text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Variables_of_the_service_are_not_the_payload_s()
    {
        _folder.Write("own.env", "F=1\n");

        ContainerDeclaration declared = Declared(
            $"Environment=A=1\n[Service]\nEnvironment=B=2 C=%b\nEnvironmentFile={_folder.Path}/own.env"
        );

        Assert.Equal(["A=1"], declared.Request.Settings.All("env"));
        Assert.Equal(
            [
                StartAnnotations.OfService("B", "2"),
                StartAnnotations.OfService("C", null),
                StartAnnotations.ServiceFile + _folder.Path + "/own.env",
            ],
            declared
                .Request.Declared!.Lines.Where(l => l is { Section: "X-Sysctr", Key: "Environment" })
                .Select(l => l.Value)
        );
    }

    /// <summary>The unit's is what podman may take for all of the stop, and podman ends the payload before.</summary>
    [Theory]
    [InlineData("StopTimeout=20\n[Service]\nTimeoutStopSec=1min 30s", "1min 30s 20")]
    [InlineData("StopTimeout=20\n[Service]\nTimeoutSec=infinity", "20")]
    [InlineData("StopTimeout=0\n[Service]\nTimeoutStopSec=5", "5 1ms")]
    [InlineData("StopTimeout=20\n[Service]\nTimeoutStopSec=10", "10")]
    [InlineData("[Service]\nTimeoutStopSec=10", "10")]
    [InlineData("StopTimeout=20", "")]
    public void Of_two_times_to_stop_the_shorter_counts(string keys, string values) =>
        Assert.Equal(
            values,
            string.Join(
                ' ',
                Declared(keys).Request.Declared!.Lines.Where(l => l.Key == "TimeoutStopSec").Select(l => l.Value)
            )
        );

    [Fact]
    public void A_relative_source_is_relative_to_the_file()
    {
        ContainerDeclaration declared = Declared("Volume=./data:/d");

        Assert.Equal([$"{_folder.Path}/data:/d"], declared.Request.Settings.All("volume"));
        Assert.Equal($"{_folder.Path}/data", Assert.Single(declared.HostSources).Text);
        Assert.Contains(
            declared.Request.Declared!.Lines,
            l => l.Key == "RequiresMountsFor" && l.Value == $"{_folder.Path}/data"
        );
    }

    [Theory]
    [InlineData(
        "Exec=%p %i %N %n %% %h %t %S",
        new[] { "web", "", "web", "web.service", "%", "/root", "/run", "/var/lib" }
    )]
    [InlineData("Exec=%s%z", new[] { "/bin/sh%z" })]
    [InlineData(
        "Exec=$$A a$$b $A ${A}-x a$A $ 5$\n[Service]\nEnvironment=A=1 \"B=2\"",
        new[] { "$A", "a$b", "1", "1-x", "a$A", "$", "5$" }
    )]
    [InlineData("Environment=B\n[Service]\nEnvironment=B=2", new string[0])]
    public void Specifiers_and_variables_are_what_systemd_would_make_of_them(string keys, string[] words) =>
        Assert.Equal(words, Declared(keys).Request.Settings.All("command"));

    [Fact]
    public void A_variable_without_a_value_takes_the_unit_s() =>
        Assert.Equal(["B=2"], Declared("Environment=B X\n[Service]\nEnvironment=B=2").Request.Settings.All("env"));

    [Fact]
    public void An_instance_has_the_words_of_its_template()
    {
        _folder.Write(
            "t@.container",
            "[Container]\nImage=img\nExec=%i %p %N\nVolume=d@.volume:/d\n[Unit]\nDescription=%p of %i, %n\n[Install]\nDefaultInstance=one"
        );
        _folder.Write("d@.volume", "[Volume]\nVolumeName=my-%i");
        File.CreateSymbolicLink(_folder.Path + "/t@two.container", "t@.container");
        _folder.Write("t@two.container.d/x.conf", "[Container]\nImage=other");

        QuadletSet set = _folder.Read();

        Assert.Empty(set.Faults.All);
        Assert.Equal(["t-two", "t-one"], set.Containers.Select(c => c.Name));
        Assert.Equal(["other", "img"], set.Containers.Select(c => c.Request.Image));
        Assert.Equal(["two", "t", "t-two"], set.Containers[0].Request.Settings.All("command"));
        Assert.Equal(["my-two:/d"], set.Containers[0].Request.Settings.All("volume"));
        Assert.Contains(set.Containers[1].Request.Declared!.Lines, l => l.Value == "t of one, %n");
    }

    [Fact]
    public void Names_of_files_become_names_of_units_volumes_and_images()
    {
        _folder.Write(
            "db.container",
            "[Container]\nImage=pg.image\nServiceName=postgres\n[Unit]\nAfter=local-fs.target"
        );
        _folder.Write("pg.image", "[Image]\nImage=quay.io/pg:1\nPolicy=always");
        _folder.Write("data.volume", "[Volume]\n");
        _folder.Write("data.volume", "[Volume]\nCopy=yes");
        _folder.Write(
            "web.container",
            "[Unit]\nAfter=db.container data.volume pg.image\nRequires=db.container\nWants=db.service x.service\nBindsTo=data.volume\n[Container]\nImage=img\nVolume=data.volume:/d"
        );

        QuadletSet set = _folder.Read();

        Assert.Empty(set.Faults.All);
        ContainerDeclaration db = set.Containers.Single(c => c.Name == "postgres");
        Assert.Equal(("quay.io/pg:1", PullPolicy.Always), (db.Request.Image, db.Request.Pull));
        ContainerDeclaration web = set.Containers.Single(c => c.Name == "web");
        Assert.Equal(["systemd-data:/d"], web.Request.Settings.All("volume"));
        Assert.Equal(
            ["After=postgres.service", "Requires=postgres.service", "Wants=postgres.service x.service"],
            web.OwnLines.Select(l => $"{l.Key}={l.Value}")
        );
        Assert.Equal("quay.io/pg:1", Assert.Single(set.Images).Image);
    }

    /// <summary>Units that podman's generator would make of files are none that anybody makes here.</summary>
    [Fact]
    public void A_dependency_may_be_of_the_unit_that_podman_would_make_of_a_file()
    {
        _folder.Write("dn.network", "[Network]\n");
        _folder.Write("dv.volume", "[Volume]\n");
        _folder.Write("dw.volume", "[Volume]\nServiceName=store");
        _folder.Write("di.image", "[Image]\nImage=quay.io/pg:1");
        _folder.Write("both.network", "[Network]\n");
        _folder.Write("both-network.container", "[Container]\nImage=i");
        _folder.Write("own.container", "[Container]\nImage=i\n[X-Sysctr]\nName=mine");
        _folder.Write("p.pod", "[Pod]\n[X-Sysctr]\nName=pp");
        _folder.Write(
            "web.container",
            "[Unit]\nRequires=dn-network.service dv-volume.service\nAfter=di-image.service store.service a.service\n"
                + "Wants=both-network.service own.service p-pod.service\n[Container]\nImage=i"
        );

        QuadletSet set = _folder.Read();

        Assert.Empty(set.Faults.All);
        Assert.Equal(
            ["After=a.service", "Wants=both-network.service mine.service pp.service"],
            set.Containers.Single(c => c.Name == "web").OwnLines.Select(l => $"{l.Key}={l.Value}")
        );
    }

    [Fact]
    public void A_dependency_may_be_of_a_file_that_was_applied_before()
    {
        _folder.Write("web.container", "[Unit]\nAfter=db.container\n[Container]\nImage=img");

        QuadletSet set = _folder.Read(
            new QuadletHost { Applied = name => name == "db.container" ? "postgres.service" : null }
        );

        Assert.Empty(set.Faults.All);
        Assert.Equal("postgres.service", Assert.Single(set.Containers).OwnLines[0].Value);
    }

    /// <summary>systemd expands %p of bar.service to bar, whatever the file is called.</summary>
    [Fact]
    public void Specifiers_are_of_the_unit_s_name()
    {
        _folder.Write("sn.container", "[Container]\nImage=i\nServiceName=the-bar\nExec=%p %P %N %j %n");
        _folder.Write("t@one.container", "[Container]\nImage=i\nExec=%p %i %j");
        _folder.Write("p-x.pod", "[Pod]\nVolume=/srv/%p:/srv");
        _folder.Write("in.container", "[Container]\nImage=i\nPod=p-x.pod\nExec=%p");

        QuadletSet set = _folder.Read();

        Assert.Equal("the-bar the-bar the-bar bar the-bar.service", Command("the-bar"));
        Assert.Equal("t one t", Command("t-one"));
        Assert.Equal("in", Command("in"));
        Assert.Equal(["/srv/p-x-pod:/srv"], set.Containers.Single(c => c.Name == "in").Request.Settings.All("volume"));

        string Command(string name) =>
            string.Join(' ', set.Containers.Single(c => c.Name == name).Request.Settings.All("command"));
    }

    [Theory]
    [InlineData("ReloadSignal=SIGHUP", "kill -s HUP $MAINPID")]
    [InlineData("ReloadCmd=\"/some/binary file\" --a %i", "/usr/bin/sysctr exec web -- \"/some/binary file\" --a \"\"")]
    public void Reload_is_the_unit_s(string keys, string command) =>
        Assert.Equal(command, Assert.Single(Declared(keys).Request.Declared!.Lines, l => l.Key == "ExecReload").Value);

    [Fact]
    public void The_unit_waits_for_the_network_unless_the_file_says_otherwise()
    {
        Assert.Contains(
            Declared("").Request.Declared!.Lines,
            l => l is { Key: "After", Value: "network-online.target" }
        );
        Assert.DoesNotContain(
            Declared("[Quadlet]\nDefaultDependencies=no").Request.Declared!.Lines,
            l => l.Key is "After" or "Wants"
        );
    }

    private ContainerDeclaration Declared(string keys)
    {
        _folder.Write("web.container", "[Container]\nImage=img\n" + keys + "\n");
        QuadletSet set = _folder.Read();
        Assert.Empty(set.Faults.All);
        return Assert.Single(set.Containers);
    }
}
