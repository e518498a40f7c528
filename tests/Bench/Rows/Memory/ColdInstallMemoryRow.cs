// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bench.Report;
using SystemContainers.TestBed;

namespace SystemContainers.Bench.Rows.Memory;

/// <summary>The peak of the cold install of the row of that name, beside podman's.</summary>
sealed class ColdInstallMemoryRow() : Row("memory-install", "peak memory of a cold install", "MiB", 48)
{
    /// <inheritdoc/>
    protected override async Task<(double Value, IReadOnlyList<Sample> Samples, string Note)> MeasureAsync(BenchRun run)
    {
        NspawnHost host = await run.TrixieAsync();
        IReadOnlyList<Sample> samples = await Contest.RunAsync(
            host,
            [
                new(
                    "sysctr install",
                    Steps.ClearSysctr,
                    $"sysctr install --quiet{run.InstallOptions} {Steps.Reference("httpd")}",
                    Steps.ClearSysctr
                ),
                new(
                    "podman pull",
                    Steps.ClearPeers,
                    $"{Steps.Podman} pull --quiet {Steps.Reference("httpd")}",
                    Steps.ClearPeers
                ),
            ],
            Math.Min(run.Rounds, 3)
        );
        return (samples[0].PeakMib, samples, "");
    }
}
