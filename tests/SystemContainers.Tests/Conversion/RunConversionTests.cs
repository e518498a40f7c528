// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text.RegularExpressions;
using CsCheck;
using SystemContainers.Conversion.Files;
using SystemContainers.Conversion.Run;
using SystemContainers.Errors;
using SystemContainers.Quadlet;
using SystemContainers.Settings;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests.Conversion;

/// <summary>Commands of docker and podman as files: each option means to apply's reader what it meant there.</summary>
public sealed partial class RunConversionTests
{
    [Theory]
    [InlineData("-e A=1 --env 'B=x  y' --env=C=%h -eD='$x'", "env", new[] { "A=1", "B=x  y", "C=%h", "D=$x" })]
    [InlineData("-p 80:80 -p127.0.0.1:53:53/udp -p=90", "publish", new[] { "80:80", "127.0.0.1:53:53/udp", "90" })]
    [InlineData(
        "-v /srv/a:/a:ro,cached -v data:/d -v ./c:/c -v /anonymous",
        "volume",
        new[] { "/srv/a:/a:ro", "data:/d", "/work/dir/c:/c", "/anonymous" }
    )]
    [InlineData(
        "--mount type=image,source=data:1,target=/t,image-subpath=etc",
        "mount",
        new[] { "type=image,source=data:1,target=/t,subpath=/etc" }
    )]
    [InlineData(
        "--mount 'type=bind,\"src=./c,d\",dst=/c'",
        "mount",
        new[] { "type=bind,\"source=/work/dir/c,d\",dst=/c" }
    )]
    [InlineData(
        "--mount type=bind,src=./c,dst=/c,readonly,consistency=cached --mount source=data,target=/d",
        "mount",
        new[] { "type=bind,source=/work/dir/c,dst=/c,readonly", "source=data,target=/d" }
    )]
    [InlineData("--cap-add NET_ADMIN --cap-add=kill", "cap-add", new[] { "NET_ADMIN", "kill" })]
    [InlineData("--cap-drop ALL", "cap-drop", new[] { "ALL" })]
    [InlineData("--net host", "network", new[] { "host" })]
    [InlineData("--network shop:alias=x", "network", new[] { "shop:alias=x" })]
    [InlineData("--network name=shop,alias=x,ip=10.1.2.3", "network", new[] { "shop:alias=x,ip=10.1.2.3" })]
    [InlineData("--network container:db", "network", new[] { "container:db" })]
    [InlineData("--network bridge", "network", new string[0])]
    [InlineData("--network a --network b", "network", new[] { "a", "b" })]
    [InlineData("--network shop --net-alias x", "network-alias", new[] { "x" })]
    [InlineData(
        "--add-host a:10.0.0.1 --add-host b=10.0.0.2 --add-host h=host-gateway",
        "add-host",
        new[] { "a:10.0.0.1", "b:10.0.0.2", "h:host-gateway" }
    )]
    [InlineData("--dns 1.1.1.1 --dns-opt ndots:2", "dns", new[] { "1.1.1.1" })]
    [InlineData("--dns-opt ndots:2", "dns-option", new[] { "ndots:2" })]
    [InlineData("--entrypoint ''", "entrypoint", new[] { "" })]
    [InlineData("--entrypoint '[\"a\",\"b c\"]'", "entrypoint", new[] { "[\"a\",\"b c\"]" })]
    [InlineData("-h web -h other", "hostname", new[] { "other" })]
    [InlineData("-l a=b -l c", "label", new[] { "a=b", "c=" })]
    [InlineData("-m 512m", "memory", new[] { "512m" })]
    [InlineData("--memory-reservation 1g", "memory-reservation", new[] { "1g" })]
    [InlineData("--cpus 1.5", "cpus", new[] { "1.5" })]
    [InlineData("--cpu-quota 50000 --cpu-period 25000", "cpus", new[] { "2" })]
    [InlineData("--cpu-quota 50000", "cpus", new[] { "0.5" })]
    [InlineData("--cpu-quota 29999 --cpu-period 30000", "cpus", new[] { "0.9999" })]
    [InlineData("--read-only=F", "read-only", new[] { "false" })]
    [InlineData("-c 512", "cpu-shares", new[] { "512" })]
    [InlineData("--cpuset-cpus 0-3,5", "cpuset-cpus", new[] { "0-3,5" })]
    [InlineData("--pids-limit -1", "pids-limit", new[] { "-1" })]
    [InlineData("--read-only", "read-only", new[] { "true" })]
    [InlineData("--read-only=false", "read-only", new[] { "false" })]
    [InlineData("--init", "init", new[] { "true" })]
    [InlineData("--shm-size 1g", "shm-size", new[] { "1g" })]
    [InlineData("--stop-signal SIGQUIT", "stop-signal", new[] { "SIGQUIT" })]
    [InlineData("--stop-timeout 5", "stop-timeout", new[] { "5" })]
    [InlineData("--sysctl net.core.somaxconn=1024", "sysctl", new[] { "net.core.somaxconn=1024" })]
    [InlineData("--tmpfs /run:size=64m,noexec --tmpfs /x", "tmpfs", new[] { "/run:size=64m,noexec", "/x" })]
    [InlineData("--ulimit nofile=1024:2048", "ulimit", new[] { "nofile=1024:2048" })]
    [InlineData("-u 1000:50", "user", new[] { "1000:50" })]
    [InlineData("-w /srv", "workdir", new[] { "/srv" })]
    [InlineData(
        "--device /dev/fuse --device /dev/sda:/dev/xvda:r",
        "device",
        new[] { "/dev/fuse", "/dev/sda:/dev/xvda:r" }
    )]
    [InlineData(
        "--security-opt no-new-privileges --security-opt seccomp=unconfined --security-opt apparmor:unconfined --security-opt systempaths=unconfined",
        "security-opt",
        new[] { "apparmor=unconfined", "no-new-privileges=true", "seccomp=unconfined", "unmask=ALL" }
    )]
    [InlineData(
        "--security-opt label=disable --security-opt mask=/proc/a:/proc/b",
        "security-opt",
        new[] { "mask=/proc/a:/proc/b", "label=disable" }
    )]
    [InlineData(
        "--health-cmd 'curl -f http://x/ || exit 1' --health-retries 2",
        "health-cmd",
        new[] { "curl -f http://x/ || exit 1" }
    )]
    [InlineData("--health-cmd '\"quoted\"'", "health-cmd", new[] { "\"quoted\"" })]
    [InlineData("--health-cmd 'a\nb'", "health-cmd", new[] { "[\"CMD-SHELL\",\"a\\nb\"]" })]
    [InlineData("--health-cmd x", "health-interval", new string[0])]
    [InlineData("--health-cmd '[ -f /x ]'", "health-cmd", new[] { "[ -f /x ]" })]
    [InlineData("--health-cmd x --health-interval 5s", "health-interval", new[] { "5s" })]
    [InlineData("--no-healthcheck", "health-cmd", new[] { "none" })]
    [InlineData("--secret token,type=env,target=TOKEN", "secret", new[] { "token,type=env,target=TOKEN" })]
    [InlineData("--tz Europe/Paris", "tz", new[] { "Europe/Paris" })]
    [InlineData("--ip 10.1.2.3 --network shop", "ip", new[] { "10.1.2.3" })]
    [InlineData("--mac-address 92:d0:c6:0a:29:33 --network shop", "mac-address", new[] { "92:d0:c6:0a:29:33" })]
    [InlineData("--systemd=always", "systemd", new[] { "always" })]
    [InlineData("--ipc none", "ipc", new[] { "none" })]
    [InlineData("--ipc host", "ipc", new[] { "host" })]
    [InlineData("--pid=host", "pid", new[] { "host" })]
    [InlineData("--uts=host", "uts", new[] { "host" })]
    [InlineData("--cgroupns=host", "cgroupns", new[] { "host" })]
    [InlineData("--device-cgroup-rule 'c 189:* rwm'", "device-cgroup-rule", new[] { "c 189:* rwm" })]
    [InlineData("--image-volume tmpfs", "image-volume", new[] { "tmpfs" })]
    [InlineData("--umask 0077", "umask", new[] { "0077" })]
    [InlineData("--device nvidia.com/gpu=all", "device", new[] { "nvidia.com/gpu=all" })]
    [InlineData("--gpus all", "device", new[] { "nvidia.com/gpu=all" })]
    [InlineData("--gpus '\"device=0,GPU-3a\"'", "device", new[] { "nvidia.com/gpu=0", "nvidia.com/gpu=GPU-3a" })]
    [InlineData("--privileged", "privileged", new[] { "true" })]
    [InlineData("--privileged --privileged=false", "privileged", new string[0])]
    [InlineData("--disable-content-trust", "env", new string[0])]
    [InlineData(
        "-dit --rm -a stdout -q --restart=no --log-driver journald --sig-proxy=false --privileged=false --pid= --ipc private --detach-keys ctrl-p",
        "env",
        new string[0]
    )]
    public void An_option_means_what_it_meant(string options, string setting, string[] values)
    {
        ConvertedFiles files = RoundTrip.Run($"docker run {options} img");

        Assert.Equal("", RoundTrip.Lost(files));
        Assert.Equal(values, RoundTrip.Settings(files).All(setting));
        Assert.Equal("docker.io/library/img", Assert.Single(RoundTrip.Read(files).Containers).Request.Image);
    }

    [Theory]
    [InlineData("--restart always", "Service Restart=always")]
    [InlineData(
        "--restart on-failure:3",
        "Service Restart=on-failure, Unit StartLimitBurst=4, Unit StartLimitIntervalSec=1h"
    )]
    [InlineData("-m 512m --memory-swap 1g", "Service MemorySwapMax=536870912")]
    [InlineData("--oom-score-adj -500", "Service OOMScoreAdjust=-500")]
    [InlineData("--blkio-weight 500", "Service IOWeight=4950")]
    [InlineData("--device-read-bps /dev/sda:1mb", "Service IOReadBandwidthMax=/dev/sda 1048576")]
    [InlineData("--device-write-iops /dev/sda:100", "Service IOWriteIOPSMax=/dev/sda 100")]
    [InlineData("--cgroup-parent /my.slice", "Service Slice=my.slice")]
    [InlineData("--log-driver none", "Service StandardError=null, Service StandardOutput=null")]
    [InlineData("--log-opt tag=50%", "Service SyslogIdentifier=50%%")]
    [InlineData("--timeout 60", "Service RuntimeMaxSec=60")]
    [InlineData("--cpuset-mems 0", "Service AllowedMemoryNodes=0")]
    [InlineData("--requires db", "Unit After=db.service, Unit Requires=db.service")]
    public void An_option_is_a_line_of_the_unit(string options, string lines)
    {
        ConvertedFiles files = RoundTrip.Run($"podman run -d {options} img");

        Assert.Equal("", RoundTrip.Lost(files));
        Assert.Equal(
            lines,
            string.Join(
                ", ",
                Assert
                    .Single(RoundTrip.Read(files).Containers)
                    .OwnLines.Where(l => l.Section != "Install")
                    .Select(l => $"{l.Section} {l.Key}={l.Value}")
                    .Order(StringComparer.Ordinal)
            )
        );
    }

    [Theory]
    [InlineData("--link db", "links of docker")]
    [InlineData("--rdt-class x", "Intel RDT")]
    [InlineData("--disable-content-trust=false", "content trust")]
    [InlineData("-P", "the image's to say")]
    [InlineData("--gpus 2", "not for sysctr to choose")]
    [InlineData("--device nvidia.com=all", "no kind of devices")]
    [InlineData("--pid=container:db", "other containers' and paths can't be had")]
    [InlineData("--ipc ns:/run/ipc", "other containers' and paths can't be had")]
    [InlineData("--systemd=perhaps", "a boolean: true, false")]
    [InlineData("--uts=ns:/run/uts", "other containers' and paths can't be had")]
    [InlineData("--volumes-from db", "names its volumes")]
    [InlineData("-e NAME", "that of who called")]
    [InlineData("--log-driver gelf", "in the journal")]
    [InlineData("-v x:/y:nocopy", "begins with what the image has")]
    [InlineData("--platform linux/s390x", "own platform")]
    [InlineData("--network none -p 80:80 --ip 10.0.0.1", "no network by name")]
    [InlineData("--tls-verify=false", "the host's to say")]
    [InlineData("--hostname a!b", "no host name")]
    public void What_has_no_counterpart_is_told_and_the_rest_is_kept(string options, string why)
    {
        ConvertedFiles files = RoundTrip.Run($"podman run -d {options} -e KEPT=1 img");

        ConversionFinding lost = Assert.Single(files.Findings, f => f.Lost);
        Assert.Contains(why, lost.Text, StringComparison.Ordinal);
        Assert.Contains("Environment=KEPT=1\n", files.All[0].Render().Text, StringComparison.Ordinal);
        Assert.Contains(
            "# Without a counterpart here:\n#   " + lost.Place,
            files.All[0].Render().Text,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("./tree", "/work/dir/tree", "direct")]
    [InlineData("/srv/tree:O", "/srv/tree", "volatile")]
    public void A_directory_in_place_of_an_image_stays_one(string typed, string directory, string writable)
    {
        ConvertedFiles files = RoundTrip.Run($"podman run -d --rootfs {typed} /bin/sh -c x");

        Assert.Equal("", RoundTrip.Lost(files));
        ContainerDeclaration container = Assert.Single(RoundTrip.Read(files).Containers);
        Assert.Equal("tree", container.Name);
        Assert.Equal(directory, container.Request.Rootfs);
        Assert.Equal(["/bin/sh", "-c", "x"], container.Request.Settings.All(ContainerSettings.Command));
        Assert.Equal(writable, container.Request.Usual.With(container.Request.Settings, []).One("writable"));
    }

    /// <summary>Docker's short names are Docker Hub's; podman's are what the host's registries.conf says.</summary>
    [Theory]
    [InlineData("docker run nginx:1@sha256:00", "docker.io/library/nginx:1@sha256:00")]
    [InlineData("docker run team/web", "docker.io/team/web")]
    [InlineData("docker run reg.example.com/web", "reg.example.com/web")]
    [InlineData("docker run reg:5000/web", "reg:5000/web")]
    [InlineData("docker run localhost/web", "localhost/web")]
    [InlineData("podman run nginx:1", "nginx:1")]
    public void An_image_is_the_one_that_was_meant(string command, string image) =>
        Assert.Equal(image, Assert.Single(RoundTrip.Read(RoundTrip.Run(command)).Containers).Request.Image);

    [Fact]
    public void An_image_that_apply_would_take_for_a_file_is_told_and_stays()
    {
        ConvertedFiles files = RoundTrip.Run("docker run -d -e A=1 team/x.image");

        Assert.Contains("no file declares", Assert.Single(files.Findings, f => f.Lost).Text, StringComparison.Ordinal);
        Assert.Contains(
            "Image=docker.io/team/x.image\nEnvironment=A=1\n",
            files.All[0].Render().Text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Volumes_and_networks_have_files_of_their_own()
    {
        ConvertedFiles files = RoundTrip.Run(
            "docker run -d --name my_web -v my.data:/d -v my.data:/e --network shop reg.example.com:5000/team/web:1@sha256:00"
        );

        Assert.Equal(["my_web.container", "my.data.volume", "shop.network"], files.All.Select(f => f.Name));
        QuadletSet set = RoundTrip.Read(files);
        Assert.Equal("shop", Assert.Single(set.Networks).Name);
        Assert.Equal(["my.data:/d", "my.data:/e"], Assert.Single(set.Containers).Request.Settings.All("volume"));
    }

    [Theory]
    [InlineData("docker run img", "img")]
    [InlineData("docker run reg.example.com:5000/team/web:1@sha256:00", "web")]
    [InlineData("docker run --name x img", "x")]
    [InlineData("sudo -E docker --context far container run -d --name=x img", "x")]
    [InlineData("$ sudo -u me /usr/bin/podman --log-level debug create --name x img", "x")]
    [InlineData("A=1 docker run -d -e A --name x img", "x")]
    public void A_command_is_found_whatever_stands_before_it(string command, string name) =>
        Assert.Equal(name + ".container", RoundTrip.Run(command).All[0].Name);

    [Fact]
    public void Variables_before_the_command_are_known()
    {
        Assert.Equal(["A=1"], RoundTrip.Settings(RoundTrip.Run("A=1 docker run -e A img")).All("env"));
        Assert.Equal(
            ["B=2"],
            RoundTrip.Settings(RoundTrip.Run("docker run -e B img", variables: new() { ["B"] = "2" })).All("env")
        );
    }

    [Theory]
    [InlineData("docker ps", "makes no container")]
    [InlineData("docker", "makes no container")]
    [InlineData("nginx", "no command of docker or podman")]
    [InlineData("docker run", "names no image")]
    [InlineData("docker run --name", "nothing follows it")]
    [InlineData("docker run -p", "nothing follows it")]
    [InlineData("docker run --frobnicate x img", "neither docker run nor podman run")]
    [InlineData("docker run -Z img", "neither docker run nor podman run")]
    [InlineData("docker --frobnicate run img", "no such option before its verb")]
    [InlineData("docker run --privileged=maybe img", "--privileged=maybe: it is a boolean: true, false")]
    [InlineData("podman run --init= img", "--init=: it is a boolean: true, false")]
    [InlineData("docker run -t=x img", "-t x: it is a boolean: true, false")]
    [InlineData("docker --debug=maybe run img", "--debug=maybe: it is a boolean: true, false")]
    public void What_is_no_such_command_is_refused(string command, string why)
    {
        SysctrException e = Assert.Throws<SysctrException>(() => RoundTrip.Run(command));

        Assert.Equal(ErrorKind.Usage, e.Kind);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    /// <summary>A file of variables may be as long.</summary>
    [Fact]
    public void Tens_of_thousands_of_options_are_translated_at_once()
    {
        const int Many = 20_000;
        Stopwatch clock = Stopwatch.StartNew();

        ConvertedFiles files = RoundTrip.Run(
            "docker run "
                + string.Concat(Enumerable.Range(0, Many).Select(i => $"-e A{i}=1 -e A{i}=1 --dns nobody{i} "))
                + "img"
        );

        Assert.Equal(Many, files.All[0].Lines.Count(l => l.Key == "Environment"));
        Assert.Equal(Many, files.Findings.Count(f => f.Lost));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"it took {clock.Elapsed}");
    }

    /// <summary>Rounded to nothing it would be no limit.</summary>
    [Fact]
    public void A_quota_that_is_too_little_to_be_held_is_told() =>
        Assert.Contains(
            RoundTrip.Run("docker run --cpu-quota 1 --cpu-period 1000000 img").Findings,
            f => f.Lost && f.Place == "--cpu-quota 1"
        );

    [Fact]
    public void Podman_splits_at_commas() =>
        Assert.Equal(
            ["kill", "MKNOD"],
            RoundTrip.Settings(RoundTrip.Run("podman run --cap-add kill,MKNOD img")).All("cap-add")
        );

    [Fact]
    public void Podman_splits_rules_for_devices_at_commas() =>
        Assert.Equal(
            ["c 1:3 r", "c 1:5 r"],
            RoundTrip
                .Settings(RoundTrip.Run("podman run --device-cgroup-rule 'c 1:3 r,c 1:5 r' img"))
                .All("device-cgroup-rule")
        );

    [Fact]
    public void Words_behind_the_image_are_the_payloads() =>
        Assert.Equal(
            ["-e", "A=1", "a b", "", "--", "%n", "${X}", "\\", "\n", "a\"b'c"],
            RoundTrip
                .Settings(RoundTrip.Run("docker run img -e A=1 'a b' '' -- %n '${X}' '\\' '\n' a\\\"b\\'c"))
                .All(ContainerSettings.Command)
        );

    [Fact]
    public void A_user_s_container_publishes_its_ports_and_starts_with_the_user()
    {
        ConvertedFiles files = RoundTrip.Run("podman run -d --network shop -p 80:80 img", isUser: true);

        Assert.DoesNotContain(files.Findings, f => f.Lost);
        Assert.Contains(
            "WantedBy=default.target",
            files.All.Single(f => f.Name.EndsWith(".container", StringComparison.Ordinal)).Render().Text,
            StringComparison.Ordinal
        );
        Assert.Equal(["80:80"], RoundTrip.Settings(files).All("publish"));
        Assert.Equal(NetworkMode.Bridge, NetworkSettings.Of(RoundTrip.Settings(files)).Mode(isUsers: true));
    }

    /// <summary>Whatever a word is, what is written is accepted, and says the same or is told.</summary>
    [Fact]
    public void Any_value_is_read_as_it_was_or_told() =>
        Gen
            .String.Array[1, 4]
            .Check(words =>
            {
                ConvertedFiles files = RunConversion.Translate(
                    [
                        "docker",
                        "run",
                        "-e",
                        "A=" + words[0],
                        "-l",
                        "l=" + words[^1],
                        "--health-cmd",
                        "x" + words[0],
                        "-v",
                        words[0],
                        "-h",
                        words[0],
                        "--cap-add",
                        words[0],
                        "--name",
                        words[0],
                        "img",
                        .. words,
                    ],
                    null,
                    "test",
                    new RunContext { Directory = "/" },
                    isUser: false
                );
                ContainerSettings settings = RoundTrip.Settings(files);
                bool isText = !words.Any(w => w.Contains('\0', StringComparison.Ordinal) || w.Any(char.IsSurrogate));
                Assert.True(
                    !isText
                        || (
                            settings.One("env") == "A=" + words[0]
                            && settings.One("label") == "l=" + words[^1]
                            && settings.All(ContainerSettings.Command).SequenceEqual(words)
                        )
                );
            });

    /// <summary>A wrong arity would take a value for the image.</summary>
    [Fact]
    [Trait("needs", "programs")]
    public async Task The_table_has_each_option_of_the_podman_that_is_here()
    {
        await Packages.EnsureAsync();
        string help =
            (await Command.MustAsync("podman", "run", "--help")).Output
            + (await Command.MustAsync("podman", "create", "--help")).Output;

        (string Letter, string Name, string Type)[] options =
        [
            .. Option()
                .Matches(help)
                .Select(m => (m.Groups["letter"].Value, m.Groups["name"].Value, m.Groups["type"].Value)),
        ];

        Assert.InRange(options.Length, 200, 500);
        Assert.All(
            options,
            o =>
                Assert.Equal(
                    (o.Name, o.Type.Length == 0),
                    (o.Name, RunOptions.Find(o.Name)?.IsSwitch ?? throw new InvalidDataException(o.Name))
                )
        );
        Assert.All(
            options.Where(o => o.Letter.Length > 0),
            o => Assert.Same(RunOptions.Find(o.Name), RunOptions.Find(o.Letter[0]))
        );
    }

    [Fact]
    [Trait("needs", "programs")]
    public async Task A_shell_splits_a_command_as_we_do()
    {
        await Gen.Char[" \t'\"\\ab=-%"]
            .Array[0, 12]
            .CheckAsync(
                async chars =>
                {
                    string text = new(chars);
                    IReadOnlyList<string>? ours = null;
                    try
                    {
                        ours = ShellWords.Command(text);
                    }
                    catch (SysctrException)
                    {
                        // Quotes that don't close.
                    }

                    using Process shell = Process.Start(
                        new ProcessStartInfo(
                            "/bin/sh",
                            ["-c", $"for w in {text.Trim()}\ndo printf '<%s>' \"$w\"; done"]
                        )
                        {
                            UseShellExecute = false,
                            RedirectStandardOutput = true,
                            RedirectStandardError = true,
                        }
                    )!;
                    string theirs = await shell.StandardOutput.ReadToEndAsync();
                    await shell.WaitForExitAsync();
                    Assert.True(
                        ours is null
                            ? shell.ExitCode != 0
                            : text.Trim().EndsWith('\\') || theirs == string.Concat(ours.Select(w => $"<{w}>")),
                        text
                    );
                },
                iter: 300
            );
    }

    [Theory]
    [InlineData("a 'b c' \"d \\\" e\" f\\ g h\\\ni", new[] { "a", "b c", "d \" e", "f g", "hi" })]
    [InlineData("a''b \"\" '$x `y` | ' 5$ a#b", new[] { "ab", "", "$x `y` | ", "5$", "a#b" })]
    [InlineData("\"\\$x \\a\"", new[] { "$x \\a" })]
    public void Words_are_a_shell_s(string text, string[] words) => Assert.Equal(words, ShellWords.Command(text));

    [Theory]
    [InlineData("a $x")]
    [InlineData("a \"$x\"")]
    [InlineData("a ${x}")]
    [InlineData("a $(pwd)")]
    [InlineData("a `pwd`")]
    [InlineData("a ~/x")]
    [InlineData("a | b")]
    [InlineData("a && b")]
    [InlineData("a; b")]
    [InlineData("a > b")]
    [InlineData("a\nb")]
    [InlineData("a # b")]
    [InlineData("a 'b")]
    [InlineData("a \"b")]
    public void What_wants_a_shell_is_refused(string text) =>
        Assert.Equal(ErrorKind.Usage, Assert.Throws<SysctrException>(() => ShellWords.Command(text)).Kind);

    // "  -e, --env strings    Set", "      --init    Run"
    [GeneratedRegex(
        @"^ +(-(?<letter>\w), )?--(?<name>[\w-]+)( (?<type>\S+))?  ",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Option();
}
