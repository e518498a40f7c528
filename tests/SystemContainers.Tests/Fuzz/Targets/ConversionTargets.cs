// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Conversion.Compose;
using SystemContainers.Conversion.Files;
using SystemContainers.Conversion.Run;
using SystemContainers.Errors;
using SystemContainers.Quadlet;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;
using SystemContainers.Yaml;

namespace SystemContainers.Tests.Fuzz.Targets;

/// <summary>What <c>from</c> translates: whatever comes in, apply's reader takes what comes out, or that it does not is
/// told.</summary>
static class ConversionTargets
{
    /// <summary>A command line.</summary>
    public static FuzzTarget DockerRun { get; } =
        new(
            "docker-run",
            [ErrorKind.Usage],
            [
                .. new[]
                {
                    "docker run -d --name web -p 8080:80 -v data:/d -v ./x:/y:ro,cached --network shop:alias=a -e A=1 -e 'B=%h $x' --health-cmd \"a || b\" -m 1g --memory-swap 2g --restart on-failure:3 -u 1:2 img:1 a 'b c'",
                    "sudo -E podman --log-level debug container create -it --mount type=bind,src=/a,dst=/b,ro --security-opt seccomp=unconfined --cap-add a,b --ulimit nofile=1:2 --network name=x,ip=10.0.0.1 --add-host a=10.0.0.1 --device-read-bps /dev/sda:1mb --cpu-quota 5 -- img",
                }.Select(Encoding.UTF8.GetBytes),
            ],
            bytes =>
                Check(
                    RunConversion.Translate(
                        ShellWords.Command(Encoding.UTF8.GetString(bytes)),
                        null,
                        "fuzz",
                        new RunContext { Directory = "/nowhere" },
                        isUser: false
                    )
                )
        )
        {
            MaxAllocated = 128 << 20,
        };

    /// <summary>A compose file.</summary>
    public static FuzzTarget Compose { get; } =
        new(
            "compose",
            [ErrorKind.Usage],
            [
                .. new[]
                {
                    """
                    x-c: &c {restart: always, logging: {driver: json-file, options: {max-size: 1m}}}
                    services:
                      web:
                        <<: *c
                        image: "img:${TAG:-1}"
                        ports: ["80:80", {target: 443, published: "8443", host_ip: 127.0.0.1}]
                        environment: {A: b, C: }
                        volumes: ["./a:/a:ro", "d:/d", {type: tmpfs, target: /t, tmpfs: {size: 1m}}]
                        depends_on: {db: {condition: service_healthy}}
                        networks: {n: {aliases: [x]}}
                        secrets: [s]
                      db: {image: db, healthcheck: {test: [CMD-SHELL, x], interval: 1s}, ulimits: {nofile: {soft: 1, hard: 2}}, deploy: {resources: {limits: {cpus: "1"}}}, command: a "b c"}
                      x: {extends: db, network_mode: "service:db", profiles: [p], blkio_config: {weight: 100}}
                    networks: {n: {driver: bridge, ipam: {config: [{subnet: 10.0.0.0/24}]}}}
                    volumes: {d: {name: e}}
                    secrets: {s: {file: ./s}}
                    """,
                }.Select(Encoding.UTF8.GetBytes),
            ],
            bytes =>
                Check(
                    ComposeConversion.Translate(
                        new ComposeRequest("/nowhere/compose.yaml") { Profiles = ["*"] },
                        new YamlSource("/nowhere/compose.yaml", "compose.yaml"),
                        Encoding.UTF8.GetString(bytes)
                    )
                )
        )
        {
            MaxAllocated = 128 << 20,
        };

    private static void Check(ConvertedFiles files)
    {
        QuadletFaults faults = new();
        QuadletUnit[] units =
        [
            .. files.All.Select(f => new QuadletUnit(
                f.Name,
                f.Name,
                QuadletText.Parse(f.Name, f.Render().Text, faults)
            )),
        ];
        QuadletSet.Read(units, new QuadletHost { LooksAtHost = false }, faults);
        FuzzTarget.Must(
            faults.All.All(f => files.Findings.Any(t => t.Lost && t.Place == f.Place.File)),
            $"what is written is refused: {string.Join("; ", faults.All)}"
        );
    }
}
