// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Bench.Report;
using SystemContainers.TestBed;

namespace SystemContainers.Bench.Rows;

/// <summary>Memory of processes of the unit that are none of the image: whose program is of the host.</summary>
sealed class ResidentRow() : Row("resident", "resident beside the payload", "MiB", 0)
{
    /// <inheritdoc/>
    protected override async Task<(double Value, IReadOnlyList<Sample> Samples, string Note)> MeasureAsync(BenchRun run)
    {
        NspawnHost host = await run.TrixieAsync();
        string kib = await host.ShellAsync(
            $$"""
            {{Steps.ClearSysctr}}
            sysctr install --quiet --now{{run.InstallOptions}} --name resident {{Steps.Reference("probe")}}
            # A process of the container has another root than the host's; all others that name it are counted.
            payload=$(systemctl show --value --property=MainPID resident); total=0; here=$(stat -L -c %d:%i /proc/1/root)
            for process in /proc/[0-9]*; do
                case $(tr '\0' ' ' < $process/cmdline 2>/dev/null)$(cat $process/cgroup 2>/dev/null) in *resident*) ;; *) continue ;; esac
                case ${process#/proc/} in $payload|$$|1) continue ;; esac
                test "$(stat -L -c %d:%i $process/root)" = "$here" || continue
                total=$((total + $(awk '/^VmRSS/ { print $2 }' $process/status)))
            done
            test "$payload" -gt 1
            {{Steps.ClearSysctr}} >&2
            echo $total
            """
        );
        return (double.Parse(kib, CultureInfo.InvariantCulture) / 1024, [], "");
    }
}
