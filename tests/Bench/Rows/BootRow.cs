// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Bench.Report;
using SystemContainers.TestBed;

namespace SystemContainers.Bench.Rows;

/// <summary>Boots with a number of enabled containers of one image, from the first unit to the last that is
/// active.</summary>
sealed class BootRow() : Row("boot", "boot to all containers active: sysctr's units of bare runc's", "times", 1.15)
{
    private const int Wanted = 200;

    /// <inheritdoc/>
    protected override async Task<(double Value, IReadOnlyList<Sample> Samples, string Note)> MeasureAsync(BenchRun run)
    {
        int count = Math.Max(Wanted / run.Scale, 2);
        NspawnHost host = await run.TrixieAsync();
        await host.ShellAsync(
            $$"""
            {{Steps.ClearSysctr}}
            podman pull --quiet {{Steps.Reference("probe")}}
            mkdir -p /etc/containers/systemd
            # The bare runtime starts from trees on disk, whatever the form of ours.
            sysctr install --quiet --checkout hardlinks --name tree {{Steps.Reference("probe")}}
            systemctl --quiet disable tree
            tree=/var/lib/sysctr/deployments/tree/$(readlink /var/lib/sysctr/deployments/tree/current)/rootfs
            for i in $(seq {{count}}); do
                sysctr install --quiet{{run.InstallOptions}} --name ours$i {{Steps.Reference("probe")}}
                deployment=/var/lib/sysctr/deployments/ours$i/$(readlink /var/lib/sysctr/deployments/ours$i/current)
                mkdir -p /var/lib/bench-bundle$i
                sed "s|\"path\": \"rootfs\"|\"path\": \"$tree\"|; s|/ours$i.service/|/bare$i.service/|; s|/run/sysctr/ours$i/|/var/lib/bench-bundle$i/|" "$deployment/config.json" > /var/lib/bench-bundle$i/config.json
                # What our start writes for the container; its directories are made by tmpfiles.
                touch /var/lib/bench-bundle$i/hosts /var/lib/bench-bundle$i/resolv.conf /var/lib/bench-bundle$i/hostname
                printf '[Service]\nType=forking\nPIDFile=/run/bare%s.pid\nDelegate=yes\nDelegateSubgroup=supervisor\nExecStart=/usr/bin/runc run --detach --bundle /var/lib/bench-bundle%s --pid-file /run/bare%s.pid bare%s\nExecStopPost=-/usr/bin/runc delete --force bare%s\n[Install]\nWantedBy=multi-user.target\n' $i $i $i $i $i > /etc/systemd/system/bare$i.service
                mkdir -p /var/lib/quadlet$i
                printf '[Container]\nImage={{TestHost.Registry}}/probe:latest\nPull=never\nNetwork=host\nReadOnly=true\nPodmanArgs=--ulimit=host --pids-limit=0\nVolume=/var/lib/quadlet%s:/var/lib/probe\n[Install]\nWantedBy=multi-user.target\n' $i > /etc/containers/systemd/quadlet$i.container.off
            done
            systemctl daemon-reload
            """
        );
        List<Measurement>[] runs =
        [
            [],
            [],
            [],
        ];
        string[] kinds = ["ours", "bare", "quadlet"];
        for (int round = 0; round < run.Rounds; round++)
        {
            for (int kind = 0; kind < kinds.Length; kind++)
            {
                runs[kind].Add(new Measurement(await BootAsync(host, kinds[kind], count), 0, 0));
            }
        }

        await host.ShellAsync(
            "rm -f /etc/systemd/system/bare*.service /etc/containers/systemd/quadlet*; systemctl daemon-reload"
        );
        await host.ShellAsync(Steps.ClearSysctr);
        Sample[] samples =
        [
            Sample.Of($"sysctr, {count}", runs[0]),
            Sample.Of($"bare runc, {count}", runs[1]),
            Sample.Of($"quadlets, {count}", runs[2]),
        ];
        return (
            samples[0].Wall / samples[1].Wall,
            samples,
            $"{count} containers, the target has {Wanted}; {samples[0].Wall / samples[2].Wall:0.00} of quadlets"
        );
    }

    private static async Task<double> BootAsync(NspawnHost host, string kind, int count)
    {
        await host.ShellAsync(
            $$"""
            for i in $(seq {{count}}); do
                rm -f /etc/containers/systemd/quadlet$i.container
                test {{kind}} != quadlet || cp /etc/containers/systemd/quadlet$i.container.off /etc/containers/systemd/quadlet$i.container
            done
            systemctl disable --quiet $(seq -f 'ours%g' {{count}}) $(seq -f 'bare%g' {{count}})
            test {{kind}} = quadlet || systemctl enable --quiet $(seq -f '{{kind}}%g' {{count}})
            """
        );
        await host.RebootAsync();
        CommandResult times = await host.EventuallyAsync(
            $"systemctl is-active --quiet $(seq -f '{kind}%g' {count}); systemctl show --property=ActiveEnterTimestampMonotonic --value $(seq -f '{kind}%g.service' {count}); "
                + "systemctl show --property=UserspaceTimestampMonotonic --value",
            TimeSpan.FromMinutes(5)
        );
        long[] microseconds =
        [
            .. times
                .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(l => long.Parse(l, CultureInfo.InvariantCulture)),
        ];
        return (microseconds[..^1].Max() - microseconds[^1]) / 1e6;
    }
}
