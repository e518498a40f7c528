// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bench.Report;
using SystemContainers.TestBed;

namespace SystemContainers.Bench.Rows;

/// <summary>An image that is in the store becomes a container; systemd's own reload is measured beside it and taken
/// off.</summary>
sealed class InStoreRow() : Row("in-store", "install of what is in the store, less systemd's reload", "s", 0.060)
{
    /// <inheritdoc/>
    protected override async Task<(double Value, IReadOnlyList<Sample> Samples, string Note)> MeasureAsync(BenchRun run)
    {
        NspawnHost host = await run.TrixieAsync();
        await host.ShellAsync($"{Steps.ClearSysctr}; sysctr pull --quiet {Steps.Reference("httpd")}");
        IReadOnlyList<Sample> samples = await Contest.RunAsync(
            host,
            [
                // A name of its own each time: what an uninstall has just removed would cost as Steps.Aside says.
                new(
                    "sysctr install",
                    "true",
                    $"sysctr install --quiet{run.InstallOptions} --name httpd$$ {Steps.Reference("httpd")}",
                    IsCold: false
                ),
                new("systemctl daemon-reload", "true", "systemctl daemon-reload", IsCold: false),
            ],
            run.Rounds
        );
        await host.ShellAsync(Steps.ClearSysctr);
        return (samples[0].Wall - samples[1].Wall, samples, "warm");
    }
}
