// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Lint;
using SystemContainers.Lint.Json;
using SystemContainers.Linux.Users;
using SystemContainers.Quadlet;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Settings;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests.Quadlet;

/// <summary>What can't be had is refused with its place, all of it at once; nothing is passed over.</summary>
public sealed class QuadletFaultTests : IDisposable
{
    private readonly QuadletFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Line 1 is [Container], line 2 the image.</summary>
    [Theory]
    [InlineData("Imaeg=x", 3, "Imaeg= is no key of [Container]")]
    [InlineData("Image=other", 3, "stands in line 2, too")]
    [InlineData("Exec='a", 3, "not closed")]
    [InlineData("Group=5", 3, "goes with User=")]
    [InlineData("AddCapability=!", 3, "no name of a capability")]
    [InlineData("DropCapability=SYS_CHROTT", 3, "'SYS_CHROTT' is no name of a capability")]
    [InlineData("PodmanArgs=--cap-add CAP_NET_ADMN", 3, "no name of a capability")]
    [InlineData("AddCapability=CAP_ALL", 3, "no name of a capability")]
    [InlineData("[Quadlet]\nDefaultDependencies=fasle", 4, "DefaultDependencies=fasle: it is yes or no")]
    [InlineData("[Quadlet]\nDefaultDependencies=no\nDefaultDependencies=yes", 5, "stands in line 4, too")]
    [InlineData("IP=10.88.0.012", 3, "'10.88.0.012' is no IPv4 address")]
    [InlineData("IP6=[fd00::1]", 3, "no IPv6 address")]
    [InlineData("DNS=[fd00::53]:5353", 3, "no IP address")]
    [InlineData("DNS=10.1", 3, "'10.1' is no IP address")]
    [InlineData("AddHost=db:10", 3, "'10' is no IP address")]
    [InlineData("AddHost=web:10.0.0.010", 3, "'10.0.0.010' is no IP address")]
    [InlineData("PublishPort=127.1:80:80", 3, "'127.1' is no IP address")]
    [InlineData("Sysctl=net.a=\"1,2", 3, "Sysctl=")]
    [InlineData("Secret=type=env,target=A", 3, "names no secret")]
    [InlineData("Secret=a,uid=1,UID=2", 3, "each once")]
    [InlineData("Mount=type=bind,src=/a,dst=/b,shard", 3, "'shard' is nothing that a mount has here")]
    [InlineData("Memory=much", 3, "Memory=much")]
    [InlineData("Environment=A\\x3d1 =2", 3, "no name before the equals sign")]
    [InlineData("EnvironmentFile=/no/such/file", 3, "there is no such file")]
    [InlineData("RunInit=perhaps", 3, "it is yes or no")]
    [InlineData("LogDriver=k8s-file", 3, "in the journal")]
    [InlineData("AutoUpdate=local", 3, "AutoUpdate=local")]
    [InlineData("CgroupsMode=disabled", 3, "CgroupsMode=disabled")]
    [InlineData("Pull=sometimes", 3, "Pull=sometimes")]
    [InlineData("GlobalArgs=--log-level=debug", 3, "GlobalArgs=")]
    [InlineData("PodmanArgs=--foo bar --memory 1g", 3, "--foo has no counterpart")]
    [InlineData("PodmanArgs=-it", 3, "no terminal")]
    [InlineData("PodmanArgs=--tty", 3, "no terminal")]
    [InlineData("PodmanArgs=--tty=maybe", 3, "--tty=maybe: it is a boolean: true, false")]
    [InlineData("PodmanArgs=--privileged=maybe", 3, "a boolean: true, false")]
    [InlineData("PodmanArgs=--no-healthcheck=maybe", 3, "--no-healthcheck=maybe: it is a boolean: true, false")]
    [InlineData("PodmanArgs=--log-driver none", 3, "in the journal")]
    [InlineData("PodmanArgs=--ipc container:db", 3, "other containers'")]
    [InlineData("LogOpt=label=a=B", 3, "capitals, digits")]
    [InlineData("LogOpt=label=_A=B", 3, "capitals, digits")]
    [InlineData("LogOpt=tag={{.ID}}", 3, "SyslogIdentifier=")]
    [InlineData("PodmanArgs=--memory", 3, "has no value")]
    [InlineData("Rootfs=/x", 3, "both there")]
    [InlineData("Rootfs=x", 3, "no absolute path")]
    [InlineData("Rootfs=/x:idmap", 3, "'idmap' is no option")]
    [InlineData("ReloadCmd=a\nReloadSignal=HUP", 4, "both there")]
    [InlineData("ReloadCmd=a b\u0002c", 3, "control character")]
    [InlineData("ReloadCmd=a \"b\\nc\"", 3, "control character")]
    [InlineData("ReloadSignal=SIGNOSUCH", 3, "no such signal")]
    [InlineData("Exec=%H", 3, "%H")]
    [InlineData("Exec=${INVOCATION_ID}", 3, "INVOCATION_ID")]
    [InlineData("Volume=nothere.volume:/x", 3, "no file declares nothere.volume")]
    [InlineData("Volume=a:b:c:d", 3, "Volume=")]
    [InlineData("Mount=type=artifact,source=x,destination=/y", 3, "type=artifact")]
    [InlineData("Pod=test-pod", 3, "no .pod file")]
    [InlineData("Pod=not-found.pod", 3, "no file declares not-found.pod")]
    [InlineData("Network=web.network", 3, "no file declares web.network")]
    [InlineData("Annotation=io.sysctr.log=pipe", 3, "sysctr's own")]
    [InlineData("HealthStartupRetries=many", 3, "HealthStartupRetries=many")]
    [InlineData("HealthStartupInterval=5s", 3, "HealthStartupInterval=5s: it is about a check at the start")]
    [InlineData("HealthTimeout=0s", 3, "HealthTimeout=0s: it is more than nothing")]
    [InlineData(
        "PublishPort=8080-8082:80-82\nPublishPort=8081:90",
        4,
        "PublishPort=8081:90: PublishPort=8080-8082:80-82 has port 8081/tcp of the host, too"
    )]
    [InlineData("Tmpfs=/x:exec,noexec", 3, "Tmpfs=/x:exec,noexec: it can't be exec and noexec")]
    [InlineData(
        "Mount=type=bind,src=/srv,dst=/x,rshared,bind-propagation=private",
        3,
        "it can't be rshared and private; leave one of the two out"
    )]
    [InlineData("Mount=type=image,source=nothere.image,destination=/x", 3, "Mount=: no file declares nothere.image")]
    [InlineData("Mount=type=image,source=a,destination=/x,rw=true", 3, "'rw=true': an image's files are the store's")]
    [InlineData("PublishPort=80:80\nNetwork=none", 3, "PublishPort=80:80: with the network none nothing leads")]
    [InlineData(
        "AddDevice=/dev/null:/dev/x\nAddDevice=/dev/zero:/dev/x",
        4,
        "AddDevice=/dev/zero:/dev/x: AddDevice=/dev/null:/dev/x is about /dev/x, too"
    )]
    [InlineData("Volume=/x:/a\nTmpfs=/a", 4, "Tmpfs=/a: Volume=/x:/a is about /a, too")]
    [InlineData("UserNS=keep-id\nUIDMap=0:1:2", 3, "UserNS=keep-id: maps of users")]
    [InlineData("UserNS=private", 3, "UserNS=private: nothing says")]
    [InlineData("SubUIDMap=x\nUIDMap=0:1:2", 4, "UIDMap=0:1:2: a name of subuid(5)")]
    [InlineData("Mask=rel", 3, "Mask=rel: 'rel' is no")]
    [InlineData("Unmask=/proc/[a", 3, "Unmask=/proc/[a: it is no pattern")]
    [InlineData("SeccompProfile=./x.json", 3, "SeccompProfile=./x.json: './x.json' is neither")]
    [InlineData("AddDevice=nvidia.com=all", 3, "AddDevice=nvidia.com=all: 'nvidia.com' is no kind of devices")]
    [InlineData("[Service]\nExecStart=/bin/x", 4, "ExecStart= in [Service]")]
    [InlineData("[Service]\nUser=1", 4, "User= in [Service]")]
    [InlineData("[Service]\nWorkingDirectory=/srv\nExecStartPre=mkdir -p a", 4, "ExecStartPre= runs in a directory")]
    [InlineData("[Service]\nType=oneshot\nRestart=always", 5, "Restart=always: systemd refuses it")]
    [InlineData("Network=pasta", 3, "Network=pasta: pasta is for a user's")]
    [InlineData("[Service]\nDynamicUser=yes", 4, "DynamicUser= in [Service]")]
    [InlineData("[Service]\nType=forking", 4, "Type= in [Service]")]
    [InlineData("[Service]\nKillMode=process", 4, "KillMode= in [Service]")]
    [InlineData("[Service]\nExecStopPost=", 4, "ExecStopPost= in [Service]")]
    [InlineData("[Unit]\nAfter=db.container", 4, "no file declares db.container")]
    [InlineData("[Unit]\nAfter=\"db", 4, "not closed")]
    [InlineData("[Install]\nWantedBy=\"multi-user.target", 4, "not closed")]
    [InlineData("[Install]\nAlias='a.service", 4, "not closed")]
    [InlineData("[Unit]\nDescription=a\\\\", 4, "no line of a unit")]
    [InlineData("[Unit]\n[A=b", 4, "no line of a unit")]
    [InlineData("[Install]\nDefaultInstance=x", 4, "goes with a template")]
    [InlineData("[Containers]\nImage=x", 4, "[Containers] is no section")]
    [InlineData("[Volume]\nVolumeName=x", 4, "[Volume] is no section")]
    [InlineData("[Quadlet]\nOther=x", 4, "Other= is no key of [Quadlet]")]
    [InlineData("[X-Sysctr]\nOther=x", 4, "Other= is no key of [X-Sysctr]")]
    [InlineData("[X-Sysctr]\nSet=novalue", 4, "NAME=VALUE")]
    [InlineData("[X-Sysctr]\nGrant=nosuch", 4, "nosuch")]
    [InlineData("[X-Sysctr]\nSettle=soon", 4, "Settle=soon")]
    [InlineData("[X-Sysctr]\nKeep=0", 4, "Keep=0")]
    public void A_key_that_can_t_be_had(string keys, int line, string said)
    {
        _folder.Write("web.container", "[Container]\nImage=img\n" + keys + "\n");

        IReadOnlyList<QuadletFault> faults = _folder.Read().Faults.All;

        Assert.Contains(
            faults,
            f =>
                f.Text.Contains(said, StringComparison.Ordinal)
                && f.Place == new QuadletPlace(_folder.Path + "/web.container", line)
        );
    }

    [Theory]
    [InlineData("x.container", "[Container]\nExec=a \\\n\n# end", "no Image=")]
    [InlineData("x.container", "", "declares nothing")]
    [InlineData("x.kube", "[Kube]\nYaml=a", ".kube file can't be had")]
    [InlineData("x.build", "[Build]\nImageTag=a", ".build file can't be had")]
    [InlineData("x.artifact", "[Artifact]\nArtifact=a", ".artifact file can't be had")]
    [InlineData("x.network", "[Network]\nIPAMDriver=dhcp", "host-local")]
    [InlineData("x.network", "[Network]\nDNS=10.0.0.2\nDisableDNS=yes", "DNS=: the network has no names")]
    [InlineData("x.network", "[Network]\nDNS=dns.example", "DNS=dns.example: 'dns.example' is no IP address")]
    [InlineData("x.network", "[Network]\nOptions=bridge_name=br0", "Options=: 'bridge_name' is no option of a bridge")]
    [InlineData("x.network", "[Network]\nOptions=mtu=abc", "Options=: mtu=abc: it is a number")]
    [InlineData("x.network", "[Network]\nOptions=mtu=", "Options=: mtu=: it is a number")]
    [InlineData("x.network", "[Network]\nOptions=vlan=", "Options=: vlan=: it is a number")]
    [InlineData("x.network", "[Network]\nOptions=vlan=4095", "Options=: vlan=4095: it is a number")]
    [InlineData(
        "x.network",
        "[Network]\nOptions=isolate=maybe",
        "Options=: isolate=maybe: it is a boolean: true, false"
    )]
    [InlineData("x.network", "[Network]\nOptions=mode=some", "Options=: mode=some: it is managed")]
    [InlineData("x.network", "[Network]\nDriver=ipvlan\nOptions=parent=e0 bclim=1", "no option of a ipvlan")]
    [InlineData("x.network", "[Network]\nDriver=overlay", "Driver=overlay: there is no such driver")]
    [InlineData("x.network", "[Network]\nDriver=macvlan", "Driver=macvlan: it needs a device")]
    [InlineData("x.network", "[Network]\nNetworkName=%H", "what %H stands for")]
    [InlineData("x.image", "[Image]\nImage=a\nTLSVerify=no", "TLSVerify=no: who may fetch")]
    [InlineData("x.image", "[Image]\nImage=a\nImageTag=b", "ImageTag=b: an image keeps")]
    [InlineData("x.pod", "[Pod]\nPodmanArgs=--cpus 2", "--cpus: a pod has no limits")]
    [InlineData("x.pod", "[Pod]\nPodmanArgs=--share=net", "--share has no counterpart")]
    [InlineData("x.pod", "[Pod]\nPodmanArgs=--dns", "--dns has no value")]
    [InlineData("x.pod", "[Pod]\n[Network]\nInternal=yes", "[Network] is no section of a .pod file")]
    [InlineData("x.network", "[Network]\nNetworkName=a b", "the name of a network")]
    [InlineData("x.network", "[Network]\nGateway=10.0.0.1", "go with Subnet=")]
    [InlineData("x.network", "[Network]\nNoSuch=1", "NoSuch= is no key of [Network]")]
    [InlineData("x.network", "[Network]\nInternal=ture", "Internal=ture: it is yes or no")]
    [InlineData("x.network", "[Network]\nDisableDNS=nope", "DisableDNS=nope: it is yes or no")]
    [InlineData("x.network", "[Network]\nIPv6=maybe", "IPv6=maybe: it is yes or no")]
    [InlineData("x.network", "[Network]\nNetworkDeleteOnStop=x", "NetworkDeleteOnStop=x: it is yes or no")]
    [InlineData("x.network", "[Network]\nInternal=true\nInternal=false", "Internal= stands in line 2, too")]
    [InlineData("x.network", "[Network]\nOptions=\"mtu=1", "not closed")]
    [InlineData("x.volume", "[Volume]\nCopy=ja", "Copy=ja: it is yes or no")]
    [InlineData("x.volume", "[Volume]\nVolumeName=a\nVolumeName=b", "VolumeName= stands in line 2, too")]
    [InlineData("x.image", "[Image]\nImage=a\nImage=b", "Image= stands in line 2, too")]
    [InlineData("x.pod", "[Pod]\nPodName=a\nPodName=b", "PodName= stands in line 2, too")]
    [InlineData("x.pod", "[Pod]\nIP=10.0.0.1\nIP=10.0.0.2", "IP= stands in line")]
    [InlineData("x.volume", "[Volume]\nUser=1", "User=: a volume has the owner")]
    [InlineData("x.volume", "[Volume]\nDriver=image", "Driver=image")]
    [InlineData("x.volume", "[Volume]\nNoSuch=1", "NoSuch= is no key of [Volume]")]
    [InlineData("x.image", "[Image]\nPolicy=missing", "no Image=")]
    [InlineData("x.image", "[Image]\nImage=a\nArch=arm64", "Arch=: an image is fetched for this host's own platform")]
    [InlineData("x.image", "[Image]\nImage=a\nNoSuch=1", "NoSuch= is no key of [Image]")]
    [InlineData("x!.container", "[Container]\nImage=i", "can't be the name of a container")]
    public void A_file_that_can_t_be_had(string name, string text, string said)
    {
        _folder.Write(name, text);

        Assert.Contains(_folder.Read().Faults.All, f => f.Text.Contains(said, StringComparison.Ordinal));
    }

    [Fact]
    public void Two_files_for_one_unit()
    {
        _folder.Write("a.container", "[Container]\nImage=i");
        _folder.Write("b.container", "[Container]\nImage=i\nServiceName=a");

        QuadletFault fault = Assert.Single(_folder.Read().Faults.All);

        Assert.Equal((ErrorKind.Conflict, _folder.Path + "/b.container"), (fault.Kind, fault.Place.File));
        Assert.Contains("a.container", fault.Text, StringComparison.Ordinal);
    }

    /// <summary>Both can't run; which of the two would, chance says.</summary>
    [Theory]
    [InlineData("PublishPort=8080:80", "PublishPort=8080:90", true)]
    [InlineData("PublishPort=8080:80", "PublishPort=8080:80", true)]
    [InlineData("PublishPort=0.0.0.0:8080:80", "PublishPort=8079-8081:79-81", true)]
    [InlineData("PublishPort=127.0.0.1:8080:80", "PublishPort=8080:80", true)]
    [InlineData("PublishPort=[::]:8080:80", "PublishPort=[::1]:8080:80", true)]
    [InlineData("PublishPort=0.0.0.0:8080:80", "PublishPort=[::]:8080:80", false)]
    [InlineData("PublishPort=8080:80", "PublishPort=8080:80/udp", false)]
    [InlineData("PublishPort=127.0.0.1:8080:80", "PublishPort=127.0.0.2:8080:80", false)]
    [InlineData("PublishPort=80", "PublishPort=80", false)]
    [InlineData("PublishPort=8080:80", "PublishPort=8080:80\nNetwork=host", false)]
    [InlineData("PublishPort=8080:80", "PublishPort=8080:80\n[Unit]\nConflicts=a.container", false)]
    public void Two_containers_at_one_port_of_the_host(string one, string other, bool isRefused)
    {
        _folder.Write("a.container", $"[Container]\nImage=i\n{one}\n[Install]\nWantedBy=default.target");
        _folder.Write("b.container", $"[Container]\nImage=i\n{other}\n[Install]\nWantedBy=default.target");

        QuadletFault? fault = _folder.Read().Faults.All.SingleOrDefault();

        Assert.Equal(isRefused ? (QuadletPlace)new(_folder.Path + "/b.container", 3) : null, fault?.Place);
        Assert.Equal(
            isRefused,
            fault?.Text.Contains(_folder.Path + "/a.container:3 has port", StringComparison.Ordinal) ?? false
        );
    }

    /// <summary>One of the two runs at a time, as whoever starts them likes.</summary>
    [Theory]
    [InlineData("", "")]
    [InlineData("", "\n[Install]\nWantedBy=default.target")]
    public void Two_at_one_port_that_do_not_both_start_are_told_of(string one, string other)
    {
        _folder.Write("blue.container", $"[Container]\nImage=i\nPublishPort=8080:80{one}");
        _folder.Write("green.container", $"[Container]\nImage=i\nPublishPort=8080:80{other}");

        QuadletFaults faults = _folder.Read().Faults;

        Assert.Empty(faults.All);
        QuadletFault note = Assert.Single(faults.Notes);
        Assert.Equal(new QuadletPlace(_folder.Path + "/green.container", 3), note.Place);
        Assert.Contains("Conflicts=blue.service", note.Text, StringComparison.Ordinal);
    }

    /// <summary>The most usual line there is says nothing that would have to be known.</summary>
    [Theory]
    [InlineData("%N", 0)]
    [InlineData("a", 0)]
    [InlineData("other", 1)]
    public void A_name_that_is_the_units_is_no_news(string name, int notes)
    {
        _folder.Write("a.container", $"[Container]\nImage=i\nContainerName={name}");

        Assert.Equal(notes, _folder.Read().Faults.Notes.Count);
    }

    [Fact]
    public void Containers_that_wait_for_each_other()
    {
        _folder.Write("a.container", "[Container]\nImage=i\n[Unit]\nAfter=b.container");
        _folder.Write("b.container", "[Container]\nImage=i\n[Unit]\nAfter=c.service");
        _folder.Write("c.container", "[Container]\nImage=i\n[Unit]\nBefore=b.container\nAfter=a.container");
        _folder.Write("d.container", "[Container]\nImage=i\n[Unit]\nAfter=a.container");

        QuadletFault fault = Assert.Single(_folder.Read().Faults.All);

        Assert.Contains("a.service, b.service, c.service", fault.Text, StringComparison.Ordinal);
        Assert.NotEqual(0, fault.Place.Line);
    }

    [Fact]
    public void All_faults_are_told_at_once()
    {
        _folder.Write("a.container", "[Container]\nImage=i\nNope=1");
        _folder.Write("b.container", "[Container]\nExec=a");

        SysctrException refused = Assert.Throws<SysctrException>(() => _folder.Read().Faults.ThrowIfAny());

        Assert.Equal(ErrorKind.Template, refused.Kind);
        Assert.Equal(2, refused.Message.Split('\n').Length);
    }

    [Fact]
    public async Task A_FIFO_in_the_place_of_a_file_does_not_keep_the_call()
    {
        await Command.MustAsync("mkfifo", [_folder.Path + "/a.container"]);

        Assert.Contains(
            "no file",
            Assert
                .Single(
                    _folder.Read().Faults.All,
                    f => f.Place.Line == 0 && f.Text.Contains("KiB", StringComparison.Ordinal)
                )
                .Text,
            StringComparison.Ordinal
        );
    }

    /// <summary>A key of podman's manual is in the table; one whose option is not there yet says which.</summary>
    [Fact]
    public void Each_key_says_what_becomes_of_it() =>
        Assert.All(
            ContainerKeys.OfContainer.Values,
            k =>
                Assert.True(
                    k.Read is not null || k.Refused is not null || k.Idle is not null || k.Option is not null,
                    k.Name
                )
        );

    [Fact]
    public void Lint_tells_the_same_of_a_file_and_nothing_of_its_neighbours()
    {
        _folder.Write(
            "web.container",
            "[Container]\nImage=img\nAddHots=a:1\nContainerName=w\nVolume=data.volume:/d\nEnvironmentFile=/not/here"
        );
        _folder.Write("data.volume", "[Volume]\nUser=1");

        IReadOnlyList<LintMessage> found = QuadletCheck.Run(_folder.Path + "/web.container");

        Assert.Equal([(3, LintSeverity.Error), (4, LintSeverity.Note)], found.Select(f => (f.Line, f.Severity)));
        Assert.Contains("AddHost= is one", found[0].Text, StringComparison.Ordinal);
        Assert.Null(SettingOptions.Find("no-such-option"));
    }

    /// <summary>Each is at its key, and what follows from it is not told, too.</summary>
    [Theory]
    [InlineData("Subnet=10.x/24", 2, "Subnet=10.x/24: '10.x/24' is no subnet")]
    [InlineData("Subnet=10.0.0.0/24\nGateway=10.1.0.1", 3, "Gateway=10.1.0.1: the gateway 10.1.0.1 is not in")]
    [InlineData("Subnet=10.0.0.0/24\nIPRange=10.0.0.9-10.1.0.9", 3, "10.1.0.9 of the range is not in")]
    [InlineData("Subnet=10.0.0.0/24\nIPRange=10.0.0.9-10.0.0.8", 3, "ends before it begins")]
    [InlineData("InterfaceName=a/b", 2, "InterfaceName=: 'a/b' is no name of a device")]
    [InlineData("Subnet=10.0.0.0/24\nGateway=10.0.0.1\nGateway=10.0.0.2", 4, "there are 2 of them")]
    [InlineData("DNS=nowhere", 2, "no IP address")]
    public void A_network_s_fault_is_at_its_key(string keys, int line, string said)
    {
        _folder.Write("x.network", "[Network]\n" + keys);
        _folder.Write("a.container", "[Container]\nImage=i\nNetwork=x.network");

        QuadletSet set = _folder.Read();

        QuadletFault fault = Assert.Single(set.Faults.All);
        Assert.Equal(new QuadletPlace(_folder.Path + "/x.network", line), fault.Place);
        Assert.Contains(said, fault.Text, StringComparison.Ordinal);
        Assert.Equal(["systemd-x"], set.Containers[0].Request.NewNetworks);
    }

    /// <summary>Of several faults each says what to do about it.</summary>
    [Fact]
    public void What_to_do_stands_beside_its_fault()
    {
        _folder.Write("a.container", "[Container]\nImage=i\nLogDriver=json-file\nGroup=5");
        SysctrException several = Assert.Throws<SysctrException>(() => _folder.Read().Faults.ThrowIfAny());
        Assert.Equal("nothing was changed", several.Hint);
        Assert.Contains("goes with User=; name the user, too", several.Message, StringComparison.Ordinal);
        Assert.Contains("in the journal; leave it out", several.Message, StringComparison.Ordinal);

        _folder.Write("a.container", "[Container]\nImage=i\nGroup=5");
        SysctrException one = Assert.Throws<SysctrException>(() => _folder.Read().Faults.ThrowIfAny());
        Assert.Equal("name the user, too", one.Hint);
        Assert.EndsWith("goes with User=", one.Message, StringComparison.Ordinal);
    }

    /// <summary>What takes nothing away is not told: other notes would not be seen among them.</summary>
    [Theory]
    [InlineData("a.container", "[Container]\nImage=i\nContainerName=a", "")]
    [InlineData("a.container", "[Container]\nImage=i\nContainerName=b", "the container is called a")]
    [InlineData(
        "a.network",
        "[Unit]\nDescription=d\nDocumentation=https://example.com\nAfter=network-online.target\n[Network]\n[Install]\nWantedBy=default.target",
        ""
    )]
    [InlineData("a.network", "[Unit]\nAfter=other.service\n[Network]", "has no unit here")]
    [InlineData("a.image", "[Image]\nImage=i\nImageTag=i\nTLSVerify=true", "")]
    [InlineData("a.container", "[Container]\nImage=i\n[Service]\nRestart=unless-stopped", "systemd knows no such word")]
    [InlineData(
        "a.container",
        "[Container]\nImage=i\n[Service]\nWorkingDirectory=/srv",
        "changes nothing, as with podman"
    )]
    [InlineData("a.container", "[Container]\nImage=i\n[Service]\nRestrat=no", "Restart= is one")]
    [InlineData("a.container", "[Container]\nImage=i\n[Service]\nHealthCmd=true", "it is one of [Container]")]
    [InlineData("a.container", "[Container]\nImage=i\n[Unit]\nNice=3", "Nice= is no key of [Unit]")]
    [InlineData("a.container", "[Container]\nImage=i\n[Install]\nWants=x", "Wants= is no key of [Install]")]
    [InlineData("a.container", "[Container]\nImage=i\n[Service]\nX-Mine=1\nNice=3\nOOMPolicy=kill", "")]
    [InlineData("a.pod", "[Pod]\n[Service]\nFoo=1", "Foo= is no key of [Service]")]
    [InlineData(
        "a.container",
        "[Container]\nImage=i\nNetwork=host\nPublishPort=80:80",
        "PublishPort=80:80: changes nothing: on the host's network"
    )]
    [InlineData(
        "a.pod",
        "[Pod]\nNetwork=host\nPublishPort=80:80",
        "PublishPort=80:80: changes nothing: on the host's network"
    )]
    public void Notes_are_of_what_is_otherwise(string name, string text, string said)
    {
        _folder.Write(name, text);

        QuadletSet set = _folder.Read();

        Assert.Empty(set.Faults.All);
        Assert.Equal(said.Length == 0 ? 0 : 1, set.Faults.Notes.Count);
        Assert.All(
            set.Faults.Notes,
            n =>
            {
                Assert.Contains(said, n.Text, StringComparison.Ordinal);
                Assert.NotEqual(0, n.Place.Line);
            }
        );
    }

    /// <summary>A drop-in can add to a list and take nothing out of it; podman's own files have such.</summary>
    [Theory]
    [InlineData(
        "PublishPort=8080:80\nPublishPort=8080:81",
        4,
        "PublishPort=8080:81: PublishPort=8080:80 has port 8080/tcp of the host, too",
        "8080:81"
    )]
    [InlineData(
        "PublishPort=1:1\nPublishPort=80:80\nPublishPort=127.0.0.1:80:80",
        5,
        "PublishPort=127.0.0.1:80:80: PublishPort=80:80 has port 80/tcp of 127.0.0.1 of the host, too",
        "1:1 127.0.0.1:80:80"
    )]
    [InlineData(
        "PodmanArgs=--publish 1.2.3.4:1:2 -p 1.2.3.4:1:3",
        3,
        "PodmanArgs=--publish=1.2.3.4:1:3: PodmanArgs=--publish=1.2.3.4:1:2 has port 1/tcp of 1.2.3.4",
        "1.2.3.4:1:3"
    )]
    [InlineData(
        "Secret=a\nSecret=b,target=a\nSecret=a,type=env",
        4,
        "Secret=b,target=a: Secret=a is about /run/secrets/a, too; the later one counts",
        "b,target=a a,type=env"
    )]
    public void Of_two_values_for_one_place_the_later_counts(string keys, int line, string said, string left)
    {
        _folder.Write("web.container", "[Container]\nImage=img\n" + keys);

        QuadletSet set = _folder.Read();

        Assert.Empty(set.Faults.All);
        QuadletFault note = Assert.Single(set.Faults.Notes);
        Assert.Equal(new QuadletPlace(_folder.Path + "/web.container", line), note.Place);
        Assert.Contains(said, note.Text, StringComparison.Ordinal);
        ContainerSettings settings = Assert.Single(set.Containers).Request.Settings;
        Assert.Equal<IEnumerable<string>>(left.Split(' '), [.. settings.All("publish"), .. settings.All("secret")]);
    }

    /// <summary>As it would be for a user, where one calls.</summary>
    [Theory]
    [InlineData("UserNS=auto", true, "user's own namespace")]
    [InlineData("UserNS=auto", false, "")]
    [InlineData("Network=web", true, "")]
    [InlineData("Network=web", false, "")]
    public void Lint_is_of_the_user_s_containers_or_the_system_s(string key, bool isUsers, string said)
    {
        _folder.Write("web.container", "[Container]\nImage=img\n" + key);
        HostUser user = new(
            "me",
            1000,
            1000,
            "/home/me",
            "/home/me/.config",
            "/home/me/.local/share",
            "/run/user/1000"
        );

        IEnumerable<LintMessage> errors = QuadletCheck
            .Run(_folder.Path + "/web.container", isUsers ? user : null)
            .Where(m => m.Severity == LintSeverity.Error);

        Assert.Equal(said.Length > 0 ? 1 : 0, errors.Count());
        Assert.All(errors, m => Assert.Contains(said, m.Text, StringComparison.Ordinal));
    }
}
