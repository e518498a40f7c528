// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Conversion.Files;
using Xunit;

namespace SystemContainers.Tests.Conversion;

/// <summary>Keys of a service of a compose file: what each of them means to apply's reader.</summary>
public sealed class ComposeServiceTests : IDisposable
{
    private readonly ComposeFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("ports: [\"8080:80\", 90, '127.0.0.1:53:53/udp']", "publish", "8080:80 90 127.0.0.1:53:53/udp")]
    [InlineData(
        "ports:\n- {target: 80, published: \"8080\", host_ip: \"::1\", protocol: udp, mode: host, name: x, app_protocol: http}\n- target: 70",
        "publish",
        "[::1]:8080:80/udp 70"
    )]
    [InlineData(
        "volumes: ['/:/host:ro', 'data:/d', /anonymous, './x:/x:z']",
        "volume",
        "/:/host:ro shop_data:/d /anonymous DIR/x:/x:z"
    )]
    [InlineData(
        "volumes:\n- {type: bind, source: ./x, target: /x, read_only: true, bind: {propagation: rslave, create_host_path: true, selinux: Z}}\n- {source: data, target: /d, volume: {nocopy: false}}\n- {type: volume, target: /a}",
        "volume",
        "DIR/x:/x:ro,rslave,Z shop_data:/d /a"
    )]
    [InlineData(
        "volumes:\n- {type: tmpfs, target: /t, tmpfs: {size: 64m, mode: 1777}}",
        "tmpfs",
        "/t:size=64m,mode=1777"
    )]
    [InlineData(
        "volumes:\n- {type: image, source: data:1, target: /t, read_only: true, image: {subpath: etc/x}}\n- {type: image, source: data:1, target: /u}",
        "mount",
        "type=image,source=data:1,target=/t,ro,subpath=/etc/x type=image,source=data:1,target=/u"
    )]
    [InlineData("environment: {A: 1, B: 'x', C: \"\", D: true}", "env", "A=1 B=x C= D=true")]
    [InlineData("environment: [A=1, B=, 'C=x=y']", "env", "A=1 B= C=x=y")]
    [InlineData("environment:\n  GIVEN:\n  UNKNOWN:", "env", "GIVEN=caller")]
    [InlineData("environment: [GIVEN, UNKNOWN]", "env", "GIVEN=caller")]
    [InlineData("command: [a, 'b c', $$D]", "command", "a b c $D")]
    [InlineData("command: a \"b c\" '$$D'", "command", "a b c $D")]
    [InlineData("entrypoint: /start", "entrypoint", "/start")]
    [InlineData("entrypoint: /start now", "entrypoint", "[\"/start\",\"now\"]")]
    [InlineData("entrypoint: [sh, -c, 'echo \"x\"']", "entrypoint", "[\"sh\",\"-c\",\"echo \\\"x\\\"\"]")]
    [InlineData("entrypoint: []", "entrypoint", "")]
    [InlineData(
        "healthcheck: {test: [CMD, curl, -f, 'http://x/'], interval: 1m30s, timeout: 5s, retries: 3, start_period: 40s}",
        "health-cmd",
        "[\"curl\",\"-f\",\"http://x/\"]"
    )]
    [InlineData("healthcheck: {test: [CMD-SHELL, 'a || b'], interval: 1m30s}", "health-interval", "1m30s")]
    [InlineData("healthcheck: {test: 'a || b'}", "health-cmd", "a || b")]
    [InlineData("healthcheck: {test: [CMD-SHELL, '[ -f /x ]']}", "health-cmd", "[ -f /x ]")]
    [InlineData("healthcheck: {test: [CMD, a]}", "health-cmd", "[\"CMD\",\"a\"]")]
    [InlineData("healthcheck: {test: [CMD, none, x]}", "health-cmd", "[\"CMD\",\"none\",\"x\"]")]
    [InlineData("healthcheck: {test: 'CMD a'}", "health-cmd", "[\"CMD-SHELL\",\"CMD a\"]")]
    [InlineData("healthcheck: {test: [NONE]}", "health-cmd", "none")]
    [InlineData("healthcheck: {disable: true}", "health-cmd", "none")]
    [InlineData("cap_add: [NET_ADMIN]\ncap_drop: [ALL]", "cap-add", "NET_ADMIN")]
    [InlineData(
        "devices: ['/dev/fuse:/dev/fuse:rw', {source: /dev/kvm, target: /dev/kvm}]",
        "device",
        "/dev/fuse:/dev/fuse:rw /dev/kvm:/dev/kvm"
    )]
    [InlineData("gpus: all", "device", "nvidia.com/gpu=all")]
    [InlineData("gpus: [{driver: nvidia, count: all}]", "device", "nvidia.com/gpu=all")]
    [InlineData(
        "deploy: {resources: {reservations: {devices: [{device_ids: ['0', '1'], capabilities: [gpu]}, {driver: cdi, device_ids: [vendor.com/net=x]}]}}}",
        "device",
        "nvidia.com/gpu=0 nvidia.com/gpu=1 vendor.com/net=x"
    )]
    [InlineData("dns: 1.1.1.1\ndns_opt: [ndots:2]\ndns_search: [a, b]", "dns-search", "a b")]
    [InlineData("extra_hosts: ['a:10.0.0.1', 'b=10.0.0.2']", "add-host", "a:10.0.0.1 b:10.0.0.2")]
    [InlineData("extra_hosts: {a: 10.0.0.1, h: host-gateway}", "add-host", "a:10.0.0.1 h:host-gateway")]
    [InlineData("hostname: h", "hostname", "h")]
    [InlineData("labels: {a: b, c: 1}", "label", "a=b c=1")]
    [InlineData("labels: [a=b, c]", "label", "a=b c=")]
    [InlineData("tmpfs: /t", "tmpfs", "/t")]
    [InlineData("tmpfs: [/t, '/u:size=1m']", "tmpfs", "/t /u:size=1m")]
    [InlineData("ulimits: {nproc: 5, nofile: {soft: 1, hard: 2}}", "ulimit", "nproc=5 nofile=1:2")]
    [InlineData("shm_size: 64mb", "shm-size", "64mb")]
    [InlineData("sysctls: {net.core.somaxconn: 1024}", "sysctl", "net.core.somaxconn=1024")]
    [InlineData("sysctls: [net.core.somaxconn=1024]", "sysctl", "net.core.somaxconn=1024")]
    [InlineData("read_only: true\ninit: true", "read-only", "true")]
    [InlineData("user: '1000:50'\nworking_dir: /w", "user", "1000:50")]
    [InlineData("stop_signal: SIGQUIT\nstop_grace_period: 1m0.5s", "stop-timeout", "61")]
    [InlineData("mem_limit: 512m\nmem_reservation: 1g", "memory", "512m")]
    [InlineData(
        "deploy: {replicas: 1, mode: replicated, resources: {limits: {cpus: '0.50', memory: 50M, pids: 9}, reservations: {memory: 20M}}}",
        "memory-reservation",
        "20M"
    )]
    [InlineData("deploy: {resources: {limits: {cpus: '0.50'}}}", "cpus", "0.50")]
    [InlineData("cpus: 1.5\ncpu_shares: 512\ncpuset: 0-1\npids_limit: 10", "cpuset-cpus", "0-1")]
    [InlineData(
        "security_opt: ['no-new-privileges:true', 'seccomp:unconfined', label=disable]",
        "security-opt",
        "no-new-privileges=true seccomp=unconfined label=disable"
    )]
    [InlineData("network_mode: host\nports: ['80:80']", "network", "host")]
    [InlineData("network_mode: none", "network", "none")]
    [InlineData("", "network", "shop_default")]
    [InlineData("networks: [front, back]", "network", "shop_front shop_back")]
    [InlineData(
        "networks:\n  front: {aliases: [a, b], ipv4_address: 10.1.1.1}\n  back:",
        "network",
        "shop_front:alias=a,alias=b,ip=10.1.1.1 shop_back"
    )]
    [InlineData("networks: [front]", "network-alias", "web")]
    [InlineData(
        "tty: true\nstdin_open: true\nattach: false\nexpose: [80]\ncontainer_name: web\nprivileged: false\nx-mine: {a: b}\nlogging: {driver: journald}",
        "env",
        ""
    )]
    public void A_key_means_what_it_meant(string keys, string setting, string values)
    {
        _folder.Write(".env", "GIVEN=caller");

        ConvertedFiles files = _folder.Service(keys);

        Assert.Equal("", RoundTrip.Lost(files));
        Assert.Equal(
            values.Replace("DIR", _folder.Path, StringComparison.Ordinal),
            string.Join(' ', RoundTrip.Settings(files).All(setting))
        );
    }

    [Theory]
    [InlineData("restart: always", "Service Restart=always")]
    [InlineData("restart: 'no'", "")]
    [InlineData("restart: on-failure:3\ndeploy: {restart_policy: {condition: any}}", "Service Restart=always")]
    [InlineData("deploy: {restart_policy: {condition: none}}\nrestart: always", "")]
    [InlineData(
        "deploy: {restart_policy: {condition: on-failure, delay: 5s, max_attempts: 3}}",
        "Service RestartSec=5s, Service Restart=on-failure, Unit StartLimitBurst=4, Unit StartLimitIntervalSec=1h"
    )]
    [InlineData(
        "blkio_config: {weight: 500, device_read_bps: [{path: /dev/sda, rate: 1mb}]}",
        "Service IOWeight=4950, Service IOReadBandwidthMax=/dev/sda 1048576"
    )]
    [InlineData("logging: {driver: none}", "Service StandardOutput=null, Service StandardError=null")]
    [InlineData("oom_score_adj: 500", "Service OOMScoreAdjust=500")]
    public void A_key_is_a_line_of_the_unit(string keys, string lines)
    {
        ConvertedFiles files = _folder.Service(keys);

        Assert.Equal("", RoundTrip.Lost(files));
        Assert.Equal(
            lines.Split(", ", StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal),
            Assert
                .Single(RoundTrip.Read(files).Containers)
                .OwnLines.Where(l => l.Section != "Install")
                .Select(l => $"{l.Section} {l.Key}={l.Value}")
                .Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [InlineData("stdin_open: true", "a unit has no input")]
    [InlineData("tty: true", "a unit has no terminal")]
    [InlineData("tty: false\nstdin_open: false", "")]
    public void What_a_unit_does_not_have_is_noted(string keys, string note)
    {
        ConvertedFiles files = _folder.Service(keys);

        Assert.Equal("", RoundTrip.Lost(files));
        Assert.Equal(note.Length > 0, files.Findings.Any(f => f.Place.Contains("web.", StringComparison.Ordinal)));
        Assert.All(
            files.Findings.Where(f => f.Place.Contains("web.", StringComparison.Ordinal)),
            f => Assert.Contains(note, f.Text, StringComparison.Ordinal)
        );
    }

    /// <summary>The fourth line is the first of the keys.</summary>
    [Theory]
    [InlineData("build: .", "4: web.build", "builds no images")]
    [InlineData("frobnicate: 1", "4: web.frobnicate", "no key of a service")]
    [InlineData("init: true\nipc: service:db", "5: web.ipc", "can't be had")]
    [InlineData("deploy:\n  placement: {constraints: [a]}", "5: web.deploy", "swarm")]
    [InlineData("deploy: {replicas: 3}", "4: web.deploy", "there once")]
    [InlineData(
        "deploy: {resources: {reservations: {devices: [{driver: nvidia, count: 1}]}}}",
        "4: web.deploy",
        "not for sysctr to choose"
    )]
    [InlineData("gpus: [{driver: amd}]", "4: web.gpus", "not for sysctr to choose")]
    [InlineData("links: ['db:x']", "4: web.links", "links of docker")]
    [InlineData("pid: service:db", "4: web.pid", "can't be had")]
    [InlineData("volumes_from: [db]", "4: web.volumes_from", "names its volumes")]
    [InlineData("ports:\n- {target: 80, frob: 1}", "5: web.ports", "frob is nothing")]
    [InlineData("volumes:\n- a:/a\n- nowhere:/b", "5: web.volumes", "declares no volume 'a'")]
    [InlineData("networks: [nowhere]", "4: web.networks", "declares no network")]
    [InlineData("healthcheck: {test: [curl]}", "4: web.healthcheck", "begins with CMD")]
    [InlineData("command: a | b", "4: web.command", "'|' is for a shell")]
    [InlineData("secrets: [nothing]", "4: web.secrets", "'nothing'")]
    [InlineData("depends_on: [db]", "4: web.depends_on", "no service 'db'")]
    [InlineData("ulimits: {frob: 1}", "4: web.ulimits", "is no limit")]
    [InlineData("env_file: missing.env", "4: web.env_file", "no file")]
    [InlineData("mem_limit: plenty", "4: web.mem_limit", "no number of bytes")]
    [InlineData("dns: {a: b}", "4: web.dns", "no array of strings")]
    [InlineData("pull_policy: daily", "4: web.pull_policy", "asked when files are applied")]
    [InlineData("ports: '80:80'", "4: web.ports", "no array")]
    [InlineData("volumes: '/a:/a'", "4: web.volumes", "no array")]
    [InlineData("secrets: {a: b}", "4: web.secrets", "no array")]
    [InlineData("healthcheck: curl", "4: web.healthcheck", "no mapping")]
    [InlineData("deploy: {resources: [a]}", "4: web.deploy", "no mapping")]
    [InlineData("logging: journald", "4: web.logging", "no mapping")]
    [InlineData("environment: A=1", "4: web.environment", "neither a mapping")]
    [InlineData("labels: [{a: b}]", "4: web.labels", "neither a mapping")]
    [InlineData("ulimits: [a]", "4: web.ulimits", "no mapping")]
    [InlineData("command: []", "4: web.command", "an empty command")]
    [InlineData("develop: {watch: []}", "4: web.develop", "watch")]
    public void What_has_no_counterpart_is_told_with_its_line(string keys, string place, string why)
    {
        ConvertedFiles files = _folder.Service(keys);

        ConversionFinding lost = files.Findings.First(f => f.Lost);
        Assert.Equal($"{_folder.Path}/compose.yaml:{place}", lost.Place);
        Assert.Contains(why, lost.Text, StringComparison.Ordinal);
        RoundTrip.Read(files);
    }

    [Fact]
    public void Files_of_variables_stay_files_where_they_mean_the_same()
    {
        _folder.Write("plain.env", "# plain\nA=1\nB=x y\n");
        _folder.Write("quoted.env", "A='2 # $x'\nexport B=\"z\\n$GIVEN\"\nC=c # comment\nGIVEN=own\nD=$GIVEN\n");

        Assert.Contains(
            $"EnvironmentFile={_folder.Path}/plain.env\n",
            _folder.Service("env_file: plain.env").All[0].Render().Text,
            StringComparison.Ordinal
        );
        Assert.Equal(
            ["A=own", "B=z\n", "C=c", "GIVEN=own", "D=own"],
            RoundTrip
                .Settings(
                    _folder.Service(
                        "environment: {A: own}\nenv_file:\n- plain.env\n- path: quoted.env\n  required: true\n- {path: no.env, required: false}"
                    )
                )
                .All("env")
        );
        Assert.Equal(["A=\"1\"", "B=2"], RoundTrip.Settings(RawFile()).All("env"));

        ConvertedFiles RawFile()
        {
            _folder.Write("raw.env", "A=\"1\"\nB=2\n");
            _folder.Write("other.env", "B='2'\n");
            return _folder.Service("env_file: [{path: raw.env, format: raw}, other.env]");
        }
    }

    [Theory]
    [InlineData("A=\"^\\d+\\\\ \\\"x\\t\"", "A=^\\d+\\ \"x\t")]
    [InlineData("A='it\\'s \\n'", "A=it's \\n")]
    [InlineData("A='x  \n y'", "A=x  \n y")]
    [InlineData("GIVEN=own\nA=$GIVEN", "GIVEN=own", "A=caller")]
    [InlineData("B=1\nB=2\nA=$B #", "B=2", "A=2")]
    public void Values_of_a_file_of_variables_are_those_of_compose(string text, params string[] values)
    {
        _folder.Write(".env", "GIVEN=caller");
        _folder.Write("quoted.env", text + "\nLAST='1'\n");

        Assert.Equal([.. values, "LAST=1"], RoundTrip.Settings(_folder.Service("env_file: quoted.env")).All("env"));
    }

    [Fact]
    public void A_quotation_mark_that_is_not_closed_is_told_with_its_line_soon()
    {
        _folder.Write("open.env", "A=1\nB=\"" + new string('\n', 1_000_000));

        Assert.Contains(
            "line 2: the quotation mark \" is not closed",
            Assert.Single(_folder.Service("env_file: open.env").Findings, f => f.Lost).Text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Secrets_and_configurations_are_mounted_from_their_files()
    {
        ConvertedFiles files = _folder.Translate(
            """
            services:
              web:
                image: img
                secrets: [one, {source: one, target: /etc/one}, {source: far, target: x, mode: "0400"}]
                configs: [conf, {source: conf, target: /etc/conf}, {source: conf, target: app.conf}]
            secrets:
              one: {file: ./one.txt}
              far: {external: true, name: real}
            configs:
              conf: {file: ./conf.txt}
            """
        );

        Assert.Equal("", RoundTrip.Lost(files));
        Assert.Equal(
            [
                $"{_folder.Path}/one.txt:/run/secrets/one:ro",
                $"{_folder.Path}/one.txt:/etc/one:ro",
                $"{_folder.Path}/conf.txt:/conf:ro",
                $"{_folder.Path}/conf.txt:/etc/conf:ro",
                $"{_folder.Path}/conf.txt:/app.conf:ro",
            ],
            RoundTrip.Settings(files).All("volume")
        );
        Assert.Equal(["real,target=x,mode=0400"], RoundTrip.Settings(files).All("secret"));
    }

    [Fact]
    public void A_key_is_known_or_told_for_each_of_the_specification()
    {
        // compose-spec.io, services.
        string[] keys =
        [
            .. "annotations attach build blkio_config cpu_count cpu_percent cpu_shares cpu_period cpu_quota cpu_rt_runtime cpu_rt_period cpus cpuset cap_add cap_drop cgroup cgroup_parent command configs".Split(
                ' '
            ),
            .. "container_name credential_spec depends_on deploy develop device_cgroup_rules devices dns dns_opt dns_search domainname driver_opts entrypoint env_file environment expose extends".Split(
                ' '
            ),
            .. "external_links extra_hosts gpus group_add healthcheck hostname image init ipc isolation label_file labels links logging mac_address mem_limit mem_reservation mem_swappiness".Split(
                ' '
            ),
            .. "memswap_limit models network_mode networks oom_kill_disable oom_score_adj pid pids_limit platform ports post_start pre_stop privileged profiles provider pull_policy read_only restart".Split(
                ' '
            ),
            .. "runtime scale secrets security_opt shm_size stdin_open stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits use_api_socket user userns_mode uts volumes volumes_from working_dir".Split(
                ' '
            ),
        ];

        Assert.Empty(keys.Except(SystemContainers.Conversion.Compose.ComposeKeys.All));
    }
}
