// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;

namespace SystemContainers.Bench;

/// <summary>Ways to have the same payload running: our unit, the bare runtime, a quadlet.</summary>
static class StartContestants
{
    private const string Bundle = "/var/lib/bench-bundle";

    /// <summary>Installs them all, stopped.</summary>
    public static async Task<IReadOnlyList<Contestant>> PrepareAsync(TestHost host, string image)
    {
        string reference = $"docker://{TestHost.Registry}/{image}:{ImageBuilder.Tag}";
        (await host.SysctrAsync("install", "--system", "--name", "ours", reference)).MustSucceed();
        await host.ShellAsync(
            $$"""
              rm -rf {{Bundle}}
              deployment=/var/lib/sysctr/deployments/ours/$(readlink /var/lib/sysctr/deployments/ours/current)
              # The very bundle that our unit starts; runtimes refuse a rootfs that is a link.
              mkdir -p {{Bundle}}
              sed "s|\"path\": \"rootfs\"|\"path\": \"$deployment/rootfs\"|" "$deployment/config.json" > {{Bundle}}/config.json
              cat > /etc/systemd/system/bare.service <<'END'
              [Service]
              Type=forking
              PIDFile=/run/bare.pid
              Delegate=yes
              DelegateSubgroup=supervisor
              ExecStart=/usr/bin/runc run --detach --bundle {{Bundle}} --pid-file /run/bare.pid bare
              ExecStopPost=-/usr/bin/runc delete --force bare
              END
              podman pull --quiet {{reference}}
              mkdir -p /etc/containers/systemd /var/lib/quadlet
              cat > /etc/containers/systemd/quadlet.container <<'END'
              [Container]
              Image={{TestHost.Registry}}/{{image}}:{{ImageBuilder.Tag}}
              Pull=never
              Network=host
              ReadOnly=true
              NoNewPrivileges=true
              # A nested host can neither raise limits nor count processes, and podman would.
              PodmanArgs=--ulimit=host --pids-limit=0
              Volume=/var/lib/quadlet:/var/lib/probe
              END
              systemctl daemon-reload
              """);
        return
        [
            Unit("bare", "unit with bare runc run --detach"),
            Unit("ours", "sysctr's unit"),
            Unit("quadlet", "podman quadlet"),
        ];
    }

    /// <remarks>A first process that has no handler yet would not hear the signal to stop; the pause is not measured.</remarks>
    private static Contestant Unit(string unit, string name) =>
        new(name, $"systemctl stop {unit}", $"systemctl start {unit}", $"sleep 1; systemctl is-active --quiet {unit}; systemctl stop {unit}");
}
