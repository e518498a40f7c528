// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using SystemContainers.Conversion.Compose;
using SystemContainers.Conversion.Files;
using SystemContainers.Errors;
using SystemContainers.Quadlet;
using SystemContainers.Requests;
using SystemContainers.Settings;
using Xunit;

namespace SystemContainers.Tests.Conversion;

/// <summary>Compose files as a whole: services together, networks, variables, and files that are none.</summary>
public sealed class ComposeConversionTests : IDisposable
{
    private readonly ComposeFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Services_wait_for_each_other_and_find_each_other()
    {
        ConvertedFiles files = _folder.Translate(
            """
            services:
              web:
                image: web
                depends_on:
                  db: {condition: service_healthy, restart: true}
                  once: {condition: service_completed_successfully}
                  maybe: {condition: service_started, required: false}
                  gone: {condition: service_started, required: false}
              db: {image: db, container_name: the-db, healthcheck: {test: "true"}}
              once: {image: once}
              maybe: {image: maybe, depends_on: [db], network_mode: "service:db"}
            """
        );

        Assert.Equal("", RoundTrip.Lost(files));
        QuadletSet set = RoundTrip.Read(files);
        Assert.Equal(["shop-web", "the-db", "shop-once", "shop-maybe"], set.Containers.Select(c => c.Name));
        Assert.Equal(
            [
                "Requires=the-db.service",
                "After=the-db.service",
                "Requires=shop-once.service",
                "After=shop-once.service",
                "Wants=shop-maybe.service",
                "After=shop-maybe.service",
            ],
            set.Containers[0].OwnLines.Where(l => l.Section == "Unit").Select(l => $"{l.Key}={l.Value}")
        );
        Assert.Equal(
            ("healthy", "db", "container:the-db"),
            (
                set.Containers[1].Request.Settings.One("sdnotify"),
                set.Containers[1].Request.Settings.One("network-alias"),
                set.Containers[3].Request.Settings.One("network")
            )
        );
        Assert.Equal(
            ["Type=oneshot", "RemainAfterExit=yes"],
            set.Containers[2].OwnLines.Where(l => l.Section == "Service").Select(l => $"{l.Key}={l.Value}")
        );
        Assert.Equal("shop_default", Assert.Single(set.Networks).Name);
    }

    [Fact]
    public void Networks_and_volumes_are_what_the_top_says()
    {
        ConvertedFiles files = _folder.Translate(
            """
            services:
              web: {image: i, networks: [front, lan, far], volumes: ["a:/a", "b:/b", "c:/c"]}
            networks:
              front:
                name: really
                driver: bridge
                internal: true
                enable_ipv6: true
                attachable: true
                driver_opts: {com.docker.network.bridge.name: br-x, com.docker.network.driver.mtu: 1400}
                ipam: {driver: default, config: [{subnet: 10.9.0.0/24, gateway: 10.9.0.9, ip_range: 10.9.0.128/25}]}
              lan: {driver: macvlan, driver_opts: {parent: eth0}}
              far: {external: true}
              unused: {driver: overlay}
            volumes:
              a: {}
              b: {name: called, driver: local, labels: {x: y}}
              c: {external: true}
            """
        );

        Assert.Equal("", RoundTrip.Lost(files));
        QuadletSet set = RoundTrip.Read(files);
        Assert.Equal(["really", "shop_lan", "far"], set.Networks.Select(n => n.Name));
        Assert.Equal(
            ("bridge", "br-x", true, true, "10.9.0.0/24", "10.9.0.9"),
            (
                set.Networks[0].Driver,
                set.Networks[0].NetworkInterface,
                set.Networks[0].Internal,
                set.Networks[0].Ipv6Enabled,
                set.Networks[0].Subnets[0].Subnet,
                set.Networks[0].Subnets[0].Gateway
            )
        );
        Assert.Equal(("macvlan", "eth0"), (set.Networks[1].Driver, set.Networks[1].Options!["parent"]));
        Assert.Equal(["shop_a:/a", "called:/b", "c:/c"], Assert.Single(set.Containers).Request.Settings.All("volume"));
    }

    [Theory]
    [InlineData(
        "services: {web: {image: i, networks: [n]}}\nnetworks:\n  n:\n    driver: overlay",
        "compose.yaml:4: networks.shop_n.driver"
    )]
    [InlineData(
        "services: {web: {image: i, networks: [n]}}\nnetworks:\n  n: {driver_opts: {frob: 1}}",
        "compose.yaml:3: frob"
    )]
    [InlineData(
        "services: {web: {image: i, volumes: ['v:/v']}}\nvolumes:\n  v:\n    driver: rclone",
        "compose.yaml:4: volumes.shop_v.driver"
    )]
    [InlineData(
        "services: {web: {image: i, volumes: ['v:/v']}}\nvolumes:\n  v: {driver_opts: {type: nfs}}",
        "compose.yaml:3: volumes.shop_v.driver_opts"
    )]
    [InlineData("services: {web: {image: i, volumes: ['v:/v']}}\nvolumes:\n  v: nfs", "compose.yaml:3: volumes.v")]
    [InlineData("services: {web: {image: i}}\nfrob: 1", "compose.yaml:2: frob")]
    [InlineData("services:\n  web: 5", "compose.yaml:2: web")]
    public void What_is_nothing_here_is_told(string compose, string place)
    {
        ConvertedFiles files = _folder.Translate(compose);

        Assert.Equal($"{_folder.Path}/{place}", Assert.Single(files.Findings, f => f.Lost).Place);
        RoundTrip.Read(files);
    }

    [Fact]
    public void Anchors_merges_and_extended_services_are_put_together()
    {
        _folder.Write(
            "base/common.yaml",
            "services:\n  far:\n    image: far\n    env_file: far.env\n    environment: [A=far, B=far]\n    command: [far]\n    cap_add: [KILL]\n    volumes: ['./d:/d']\n"
        );
        _folder.Write("base/far.env", "F=1\n");
        ConvertedFiles files = _folder.Translate(
            """
            x-all: &all
              restart: always
              labels: {a: "1"}
            services:
              near:
                extends: {file: base/common.yaml, service: far}
                <<: *all
                environment: {A: near}
                command: [near]
                cap_add: [CHOWN]
              next:
                <<: [{image: first}, {image: second, hostname: h}]
              third: {extends: next}
            """
        );

        Assert.Equal("", RoundTrip.Lost(files));
        QuadletSet set = RoundTrip.Read(files);
        Assert.Equal(
            ["docker.io/library/far", "docker.io/library/first", "docker.io/library/first"],
            set.Containers.Select(c => c.Request.Image)
        );
        Assert.Equal(["A=near", "B=far"], set.Containers[0].Request.Settings.All("env"));
        Assert.Equal(["near"], set.Containers[0].Request.Settings.All("command"));
        Assert.Equal(["KILL", "CHOWN"], set.Containers[0].Request.Settings.All("cap-add"));
        Assert.Equal([$"{_folder.Path}/base/d:/d"], set.Containers[0].Request.Settings.All("volume"));
        Assert.Contains(
            $"EnvironmentFile={_folder.Path}/base/far.env\n",
            files.All[0].Render().Text,
            StringComparison.Ordinal
        );
        Assert.Equal(
            ("h", "a=1"),
            (set.Containers[2].Request.Settings.One("hostname"), set.Containers[0].Request.Settings.One("label"))
        );
    }

    [Fact]
    public void Services_of_a_profile_are_taken_when_it_is_asked_for()
    {
        const string Compose = "services:\n  web: {image: i}\n  debug: {image: i, profiles: [a, b]}";

        Assert.Equal(
            ["shop-web.container", "shop_default.network"],
            _folder.Translate(Compose).All.Select(f => f.Name)
        );
        Assert.Contains(
            _folder.Translate(Compose).Findings,
            f => !f.Lost && f.Text.Contains("--profile a", StringComparison.Ordinal)
        );
        Assert.NotNull(_folder.Translate(Compose, profiles: ["b"]).Find("shop-debug.container"));
        Assert.NotNull(_folder.Translate(Compose, profiles: ["*"]).Find("shop-debug.container"));
        Assert.NotNull(_folder.Translate(Compose, new() { ["COMPOSE_PROFILES"] = "x,a" }).Find("shop-debug.container"));
    }

    [Theory]
    [InlineData("$A-${A}-$$A", "a-a-$A")]
    [InlineData("${NO:-x}${NO-y}${EMPTY:-z}${EMPTY-w}", "xyz")]
    [InlineData("${A:+x}${NO:+y}${EMPTY+z}${EMPTY:+w}", "xz")]
    [InlineData("${NO:-${A}}${NO:-}", "a")]
    [InlineData("${A:?no}${EMPTY?no}", "a")]
    [InlineData("${NO}", "")]
    [InlineData("${NO:-{\"a\":{\"b\":1}}}", "{\"a\":{\"b\":1}}")]
    [InlineData("${A:-{\"a\":{\"b\":1}}}", "a")]
    [InlineData("{${A}} ${NO:-{}", "{a} {")]
    public void Variables_are_expanded(string text, string expanded) =>
        Assert.Equal(
            expanded,
            Interpolation.Expand(
                text,
                n =>
                    n switch
                    {
                        "A" => "a",
                        "EMPTY" => "",
                        _ => null,
                    },
                _ => { }
            )
        );

    [Theory]
    [InlineData("${NO:?tell me}")]
    [InlineData("${EMPTY:?}")]
    [InlineData("${A")]
    [InlineData("${}")]
    [InlineData("${A!b}")]
    [InlineData("$ x")]
    [InlineData("x$")]
    public void A_variable_that_is_demanded_or_none_is_an_error(string text) =>
        Assert.Throws<FormatException>(() =>
            Interpolation.Expand(
                text,
                n =>
                    n switch
                    {
                        "A" => "a",
                        "EMPTY" => "",
                        _ => null,
                    },
                _ => { }
            )
        );

    [Fact]
    public void Variables_are_those_of_the_call_and_then_of_the_file_beside()
    {
        _folder.Write(".env", "TAG=2\nNAME=file\nCOMPOSE_PROJECT_NAME=Other Name\n");

        ConvertedFiles files = _folder.Translate(
            "services: {web: {image: 'img:${TAG}', hostname: '${NAME}', working_dir: '/${MISSING}'}}",
            new() { ["NAME"] = "call" }
        );

        QuadletSet set = RoundTrip.Read(files);
        Assert.Equal(
            ("docker.io/library/img:2", "call", "othername-web"),
            (
                set.Containers[0].Request.Image,
                set.Containers[0].Request.Settings.One("hostname"),
                set.Containers[0].Name
            )
        );
        Assert.Contains(
            files.Findings,
            f => !f.Lost && f.Text.Contains("MISSING is set nowhere", StringComparison.Ordinal)
        );
        Assert.Equal(
            "given-web",
            RoundTrip.Read(_folder.Translate("services: {web: {image: i}}", name: "given")).Containers[0].Name
        );
    }

    [Theory]
    [InlineData("a: [", "2: ")]
    [InlineData("a: 1\na: 2", "2: the key a is there twice")]
    [InlineData("a: *b", "1: nothing before it has the anchor b")]
    [InlineData("services: {web: {image: i}}\n---\nx: y", "2: a second document")]
    [InlineData("services:\n  web: !frob {}", "2: the tag !frob")]
    [InlineData("include: compose.yaml\nservices: {}", "1: a file includes itself")]
    [InlineData("include: [{env_file: x}]", "1: include names no file")]
    [InlineData("include: [https://x.example/y.yaml]", "is no path")]
    [InlineData("services: {web: {image: '${A:?is needed}'}}", "1: A has to be set: is needed")]
    [InlineData("services: {web: {image: '$ '}}", "1: a dollar sign")]
    [InlineData("services: {web: {extends: other}}", "1: web extends the service 'other'")]
    [InlineData("services: {web: {extends: web}}", "1: web extends itself")]
    [InlineData(
        "services: {a: {image: i, container_name: x}, b: {image: i, container_name: x}}",
        "1: another service makes a container x"
    )]
    [InlineData("services: {}", "it has no services")]
    [InlineData("- a", "it is no compose file")]
    [InlineData("", "it is no compose file")]
    [InlineData("? [a]\n: b", "1: a key is a string")]
    public void What_is_no_compose_file_is_refused_with_its_line(string compose, string why)
    {
        SysctrException e = Assert.Throws<SysctrException>(() => _folder.Translate(compose));

        Assert.Equal(ErrorKind.Usage, e.Kind);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.Contains("compose.yaml", e.Message, StringComparison.Ordinal);
    }

    /// <summary>Each with its own directory and variables; what is in both is neither's to decide.</summary>
    [Fact]
    public void Included_files_are_part_of_it()
    {
        _folder.Write(
            "db/compose.yaml",
            "services: {db: {image: 'db:${TAG}', hostname: '${NAME}', env_file: [own.env], networks: [back]}}\nnetworks: {back: }\ninclude: more/compose.yaml\n"
        );
        _folder.Write("db/.env", "TAG=7\nNAME=theirs\n");
        _folder.Write("db/own.env", "A=1\n");
        _folder.Write("db/more/compose.yaml", "services: {cache: {image: cache}}\n");
        _folder.Write(
            "base.yaml",
            "services: {web: {image: base, command: [a], ports: ['80:80'], volumes: ['x:/d', 'y:/e'], labels: {a: '1'}, hostname: h, dns: [192.0.2.1]}}\nvolumes: {x: , y: , z: }\n"
        );
        _folder.Write(
            "over.yaml",
            "services:\n  web:\n    image: over\n    ports: !override ['81:80']\n    hostname: !reset null\n    volumes: ['z:/d']\n    labels: [b=2]\n    dns: [192.0.2.2]\n"
        );

        ConvertedFiles files = _folder.Translate(
            "include: [db/compose.yaml, {path: [base.yaml, over.yaml]}]\nservices: {own: {image: own, depends_on: [db]}}\n",
            environment: new() { ["NAME"] = "call" }
        );

        Assert.Equal("", RoundTrip.Lost(files));
        QuadletSet set = RoundTrip.Read(files);
        Assert.Equal(["shop-own", "shop-db", "shop-cache", "shop-web"], set.Containers.Select(c => c.Name));
        InstallRequest db = set.Containers[1].Request;
        Assert.Equal(("docker.io/library/db:7", "call"), (db.Image, db.Settings.One("hostname")));
        InstallRequest web = set.Containers[3].Request;
        Assert.Equal("docker.io/library/over", web.Image);
        Assert.Equal(["81:80"], web.Settings.All("publish"));
        Assert.Null(web.Settings.One("hostname"));
        Assert.Equal(
            ["shop_y:/e", "shop_z:/d"],
            web.Settings.All("volume").Select(v => v.Replace(":U", "", StringComparison.Ordinal))
        );
        Assert.Equal(["192.0.2.1", "192.0.2.2"], web.Settings.All("dns"));
        Assert.Equal(["a=1", "b=2"], web.Settings.All("label").Order(StringComparer.Ordinal));
        Assert.Contains(
            "is in",
            Assert
                .Throws<SysctrException>(() =>
                    _folder.Translate("include: [db/compose.yaml]\nservices: {db: {image: i}}")
                )
                .Message,
            StringComparison.Ordinal
        );
        Assert.Equal(
            ErrorKind.NotFound,
            Assert
                .Throws<SysctrException>(() => _folder.Translate("include: [none.yaml]\nservices: {db: {image: i}}"))
                .Kind
        );
    }

    /// <summary>compose-spec, "Include": relative paths are those of the first file's directory, or of the one that is
    /// named.</summary>
    [Theory]
    [InlineData("path: [one/a.yaml, two/b.yaml]", "one")]
    [InlineData("path: [one/a.yaml, two/b.yaml], project_directory: three", "three")]
    public void Paths_of_all_files_of_an_entry_are_those_of_one_directory(string entry, string directory)
    {
        _folder.Write("one/a.yaml", "services: {web: {image: a, volumes: ['./x:/x']}}\n");
        _folder.Write("two/b.yaml", "include: more.yaml\nservices: {web: {volumes: ['./y:/y']}}\n");
        _folder.Write(directory + "/more.yaml", "services: {more: {image: '${TAG}'}}\n");
        _folder.Write(directory + "/.env", "TAG=m\n");

        ConvertedFiles files = _folder.Translate($"include: [{{{entry}}}]\nservices: {{}}\n");

        Assert.Equal("", RoundTrip.Lost(files));
        QuadletSet set = RoundTrip.Read(files);
        Assert.Equal(["docker.io/library/a", "docker.io/library/m"], set.Containers.Select(c => c.Request.Image));
        Assert.Equal(
            [$"{_folder.Path}/{directory}/x:/x", $"{_folder.Path}/{directory}/y:/y"],
            set.Containers[0].Request.Settings.All("volume").Select(v => v.Replace(":U", "", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void What_a_service_extends_can_be_taken_away_by_it()
    {
        ConvertedFiles files = _folder.Translate(
            "services:\n  base: {image: i, hostname: h, dns: [192.0.2.1]}\n  web:\n    extends: base\n    hostname: !reset null\n    dns: !override [192.0.2.2]\n  gone: !reset {}\n  alone: {image: i, hostname: !reset x, dns: !override [192.0.2.3]}"
        );

        QuadletSet set = RoundTrip.Read(files);
        Assert.Equal(["shop-base", "shop-web", "shop-alone"], set.Containers.Select(c => c.Name));
        Assert.Equal([null, null], set.Containers.Skip(1).Select(c => c.Request.Settings.One("hostname")));
        Assert.Equal(["192.0.2.2", "192.0.2.3"], set.Containers.Skip(1).Select(c => c.Request.Settings.One("dns")));
    }

    /// <summary>What two files say alike is said once; what they say otherwise is a fault, and so is a text whose paths
    /// lead elsewhere.</summary>
    [Fact]
    public void The_same_thing_may_be_included_twice()
    {
        _folder.Write(
            "base/compose.yaml",
            "services: {db: {image: db, volumes: ['./d:/d'], networks: [back]}}\nnetworks: {back: {internal: true, driver: bridge}}\n"
        );
        _folder.Write(
            "a/compose.yaml",
            "include: [../base/compose.yaml]\nservices: {a: {image: a}}\nnetworks: {back: {driver: bridge, internal: true}}\n"
        );
        _folder.Write("b/compose.yaml", "include: [../base/compose.yaml]\nservices: {b: {image: b}}\n");
        _folder.Write("copy/compose.yaml", "services: {db: {image: db, volumes: ['./d:/d'], networks: [back]}}\n");

        ConvertedFiles files = _folder.Translate(
            "include: [a/compose.yaml, b/compose.yaml]\nservices: {own: {image: own}}\n"
        );

        Assert.Equal("", RoundTrip.Lost(files));
        Assert.Equal(["shop-own", "shop-a", "shop-db", "shop-b"], RoundTrip.Read(files).Containers.Select(c => c.Name));
        Assert.Contains(
            "services: db is in",
            Assert
                .Throws<SysctrException>(() =>
                    _folder.Translate("include: [base/compose.yaml, copy/compose.yaml]\nservices: {}")
                )
                .Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "networks: back is in",
            Assert
                .Throws<SysctrException>(() =>
                    _folder.Translate(
                        "include: [base/compose.yaml]\nservices: {}\nnetworks: {back: {internal: false, driver: bridge}}"
                    )
                )
                .Message,
            StringComparison.Ordinal
        );
    }

    /// <summary>Aliases of aliases make a small file a large one.</summary>
    [Fact]
    public void Aliases_have_an_end()
    {
        string bomb =
            "x-0: &a0 [x, x, x, x, x, x, x, x, x]\n"
            + string.Concat(
                Enumerable
                    .Range(1, 12)
                    .Select(i => $"x-{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 9))}]\n")
            )
            + "services: {web: {image: i}}";

        Assert.Contains(
            "more than 100000 values",
            Assert.Throws<SysctrException>(() => _folder.Translate(bomb)).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "nested deeper",
            Assert.Throws<SysctrException>(() => _folder.Translate("a: " + new string('[', 5000))).Message,
            StringComparison.Ordinal
        );
    }

    /// <summary>compose-spec, "Merge and override": a text is a list of one; what is unique has the nearer one
    /// alone.</summary>
    [Fact]
    public void Lists_of_two_files_are_one_as_compose_makes_them()
    {
        _folder.Write("one.env", "A=1\n");
        _folder.Write("two.env", "B=2\n");
        _folder.Write(
            "base.yaml",
            """
            services:
              web:
                image: i
                env_file: one.env
                dns: 192.0.2.1
                dns_search: a.example
                dns_opt: [use-vc]
                tmpfs: /t
                environment: {dns: far}
                ports: ['80:80', '81:81/udp', '127.0.0.1:82:82', '83:83']
                secrets: [s, k]
                configs: [c]
                extra_hosts: ['a:192.0.2.1', 'b=192.0.2.3']
                logging: {driver: json-file, options: {max-size: 1m}}
            secrets: {s: {file: s}, k: {file: k}}
            configs: {c: {file: c}, d: {file: d}}
            """
        );
        _folder.Write(
            "over.yaml",
            """
            services:
              web:
                env_file: [two.env]
                dns: [192.0.2.2]
                dns_search: b.example
                dns_opt: use-vc
                tmpfs: /u
                environment: {dns: near}
                ports: [{target: 80, published: '80', host_ip: 0.0.0.0}, '81:81', {target: 82, published: 82, host_ip: 127.0.0.1}]
                secrets: [{source: k, target: s}]
                configs: [{source: d, target: /c}]
                extra_hosts: {b: 192.0.2.4}
                logging: {driver: journald}
            """
        );

        ConvertedFiles files = _folder.Translate("include: [{path: [base.yaml, over.yaml]}]\nservices: {}\n");

        Assert.Equal("", RoundTrip.Lost(files));
        ContainerSettings web = Assert.Single(RoundTrip.Read(files).Containers).Request.Settings;
        Assert.Equal(["192.0.2.1", "192.0.2.2"], web.All("dns"));
        Assert.Equal(["a.example", "b.example"], web.All("dns-search"));
        Assert.Equal(["use-vc"], web.All("dns-option"));
        Assert.Equal(["/t", "/u"], web.All("tmpfs").Select(t => t.Split(':')[0]));
        Assert.Equal(
            [$"EnvironmentFile={_folder.Path}/one.env", $"EnvironmentFile={_folder.Path}/two.env"],
            files
                .All.SelectMany(f => f.Render().Text.Split('\n'))
                .Where(l => l.StartsWith("EnvironmentFile=", StringComparison.Ordinal))
        );
        Assert.Equal(["dns=near"], web.All("env"));
        Assert.Equal(["81:81/udp", "83:83", "0.0.0.0:80:80", "81:81", "127.0.0.1:82:82"], web.All("publish"));
        Assert.Equal(
            [$"{_folder.Path}/k:/run/secrets/k:ro", $"{_folder.Path}/k:/run/secrets/s:ro", $"{_folder.Path}/d:/c:ro"],
            web.All("volume")
        );
        Assert.Equal(["a:192.0.2.1", "b:192.0.2.4"], web.All("add-host"));
    }

    [Fact]
    public void A_directory_without_one_is_told()
    {
        Assert.Equal(
            ErrorKind.NotFound,
            Assert.Throws<SysctrException>(() => ComposeConversion.Translate(new ComposeRequest(_folder.Path))).Kind
        );
        Assert.Equal(
            ErrorKind.NotFound,
            Assert
                .Throws<SysctrException>(() =>
                    ComposeConversion.Translate(new ComposeRequest(_folder.Path + "/no.yaml"))
                )
                .Kind
        );
    }

    [Fact]
    public void A_user_s_services_are_on_a_network_and_publish_their_ports()
    {
        ConvertedFiles files = _folder.Translate(
            "services: {web: {image: i, ports: ['8080:80']}, db: {image: i, network_mode: host}}",
            isUser: true
        );

        Assert.Equal(
            ["shop-db.container", "shop-web.container", "shop_default.network"],
            files.All.Select(f => f.Name).Order(StringComparer.Ordinal)
        );
        Assert.DoesNotContain(files.Findings, f => f.Lost);
        Assert.Equal(
            ["8080:80"],
            RoundTrip.Read(files).Containers.Single(c => c.Request.Name == "shop-web").Request.Settings.All("publish")
        );
    }

    /// <summary>Of two files as of one.</summary>
    [Fact]
    public void Tens_of_thousands_of_keys_are_translated_at_once()
    {
        const int Many = 15_000;
        string keys = string.Concat(Enumerable.Range(0, Many).Select(i => $"      A{i}: b\n"));
        string unknown = string.Concat(Enumerable.Range(0, Many).Select(i => $"    q{i}: b\n"));
        _folder.Write(
            "over.yaml",
            $"services:\n  web:\n    environment:\n{keys.Replace(": b", ": c", StringComparison.Ordinal)}"
        );
        Stopwatch clock = Stopwatch.StartNew();

        _folder.Write("base.yaml", $"services:\n  web:\n    image: img\n{unknown}    environment:\n{keys}");

        ConvertedFiles files = _folder.Translate("include: [{path: [base.yaml, over.yaml]}]\n");

        Assert.Equal("A7=c", files.All[0].Lines.Where(l => l.Key == "Environment").ElementAt(7).Text);
        Assert.Equal(Many, files.All[0].Lines.Count(l => l.Key == "Environment"));
        Assert.Equal(Many, files.Findings.Count(f => f.Lost));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"it took {clock.Elapsed}");
    }

    /// <summary>To compose a key without a value is as none.</summary>
    [Fact]
    public void A_key_without_a_value_says_nothing() =>
        Assert.Equal(
            _folder.Service("").All[0].Render().Text,
            _folder
                .Service("env_file:\nbuild:\nread_only:\ninit:\npull_policy:\nstop_grace_period:\nextends:\ncommand:")
                .All[0]
                .Render()
                .Text
        );
}
