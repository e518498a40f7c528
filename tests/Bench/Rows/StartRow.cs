// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bench.Report;
using SystemContainers.TestBed;

namespace SystemContainers.Bench.Rows;

/// <summary>Our unit against one that calls the bare runtime on the very bundle, with systemd 252 and 257, runc and
/// crun; and a quadlet.</summary>
sealed class StartRow()
    : Row(
        "start",
        "systemctl start to the running payload: our unit of the bare runtime's, the worst of four",
        "times",
        1.15
    )
{
    private const string Bundle = "/var/lib/bench-bundle";

    /// <inheritdoc/>
    protected override async Task<(double Value, IReadOnlyList<Sample> Samples, string Note)> MeasureAsync(BenchRun run)
    {
        List<Sample> samples = [];
        double worst = 0;
        foreach (
            (NspawnHost host, string systemd) in ((NspawnHost, string)[])
                [(await run.BookwormAsync(), "252"), (await run.TrixieAsync(), "257")]
        )
        {
            foreach (string runtime in (string[])["runc", "crun"])
            {
                bool hasQuadlet = runtime == "runc" && systemd == "257";
                await PrepareAsync(host, runtime, hasQuadlet, run.InstallOptions);
                IReadOnlyList<Sample> measured = await Contest.RunAsync(
                    host,
                    [
                        Unit("ours", $"sysctr's unit, {runtime}, systemd {systemd}"),
                        Unit("bare", $"bare {runtime}, systemd {systemd}"),
                        .. hasQuadlet
                            ? [Unit("quadlet", $"podman quadlet, systemd {systemd}")]
                            : Array.Empty<Contestant>(),
                    ],
                    run.Rounds
                );
                worst = Math.Max(worst, measured[0].Wall / measured[1].Wall);
                samples.AddRange(measured);
                await host.ShellAsync(
                    $"systemctl stop bare; rm -f /etc/systemd/system/bare.service; {Steps.ClearSysctr}"
                );
            }
        }

        return (worst, samples, "warm");
    }

    private static async Task PrepareAsync(TestHost host, string runtime, bool hasQuadlet, string options)
    {
        string image = Steps.Reference("probe");
        // crun stays in the unit's own control group; runc makes one where config.json says.
        string call = runtime == "crun" ? "/usr/bin/crun --cgroup-manager=disabled" : "/usr/bin/runc";
        await host.ShellAsync(
            $$"""
            {{Steps.ClearSysctr}}
            sysctr install --quiet --runtime {{runtime}} --name ours{{options}} {{image}}
            # The bare runtime starts from a tree on disk, whatever the form of ours.
            sysctr install --quiet --runtime {{runtime}} --checkout hardlinks --name tree {{image}}
            tree=/var/lib/sysctr/deployments/tree/$(readlink /var/lib/sysctr/deployments/tree/current)/rootfs
            rm -rf {{Bundle}}
            deployment=/var/lib/sysctr/deployments/ours/$(readlink /var/lib/sysctr/deployments/ours/current)
            # The configuration that our unit starts with; runtimes refuse a rootfs that is a link.
            mkdir -p {{Bundle}}
            sed "s|\"path\": \"rootfs\"|\"path\": \"$tree\"|; s|/ours.service/|/bare.service/|; s|/run/sysctr/ours/|{{Bundle}}/|" "$deployment/config.json" > {{Bundle}}/config.json
            # What our start writes for the container.
            touch {{Bundle}}/hosts {{Bundle}}/resolv.conf {{Bundle}}/hostname
            cat > /etc/systemd/system/bare.service <<'END'
            [Service]
            Type=forking
            PIDFile=/run/bare.pid
            Delegate=yes
            DelegateSubgroup=supervisor
            ExecStart={{call}} run --detach --bundle {{Bundle}} --pid-file /run/bare.pid bare
            ExecStopPost=-{{call}} delete --force bare
            END
            systemctl daemon-reload
            """
        );
        if (hasQuadlet)
        {
            await host.ShellAsync(
                $$"""
                podman pull --quiet {{image}}
                mkdir -p /etc/containers/systemd /var/lib/quadlet
                cat > /etc/containers/systemd/quadlet.container <<'END'
                [Container]
                Image={{TestHost.Registry}}/probe:{{ImageBuilder.Tag}}
                Pull=never
                Network=host
                ReadOnly=true
                NoNewPrivileges=true
                # A nested host can neither raise limits nor count processes, and podman would.
                PodmanArgs=--ulimit=host --pids-limit=0
                Volume=/var/lib/quadlet:/var/lib/probe
                END
                systemctl daemon-reload
                """
            );
        }
    }

    /// <remarks>A first process that has no handler yet would not hear the signal to stop; the pause is not
    /// measured.</remarks>
    private static Contestant Unit(string unit, string name) =>
        new(
            name,
            $"systemctl stop {unit}",
            $"systemctl start {unit}",
            $"sleep 1; systemctl is-active --quiet {unit}; systemctl stop {unit}",
            IsCold: false
        );
}
