// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bench.Report;
using SystemContainers.TestBed;

namespace SystemContainers.Bench.Rows;

/// <summary>One file of thousands differs, the new image is in the store, and the container is stopped; podman makes
/// its container again.</summary>
sealed class UpdateOneRow()
    : Row(
        "update-one",
        "update that changes one file, image in the store, container stopped, less systemd's reload",
        "s",
        0.080
    )
{
    /// <inheritdoc/>
    protected override async Task<(double Value, IReadOnlyList<Sample> Samples, string Note)> MeasureAsync(BenchRun run)
    {
        NspawnHost host = await run.TrixieAsync();
        string one = Steps.Reference("nginx", "1"),
            two = Steps.Reference("nginx", ImageBuilder.NextTag);
        await host.ShellAsync(
            $"{Steps.ClearSysctr}; sysctr pull --quiet {two}; sysctr install --quiet{run.InstallOptions} {one}"
        );
        string files = (await host.ShellAsync("find /var/lib/sysctr/objects -type f | wc -l")).Trim();
        IReadOnlyList<Sample> samples = await Contest.RunAsync(
            host,
            [
                new(
                    "sysctr update",
                    $"sysctr update --quiet nginx --rebase {one}",
                    $"sysctr update --quiet nginx --rebase {two}",
                    IsCold: false
                ),
                new("systemctl daemon-reload", "true", "systemctl daemon-reload", IsCold: false),
                new(
                    "podman pull + create --replace",
                    $"{Steps.ClearPeers}; {Steps.Podman} pull --quiet {one}; {Steps.Podman} create --quiet --name nginx {one.Replace("docker://", "", StringComparison.Ordinal)}",
                    $"{Steps.Podman} pull --quiet {two}; {Steps.Podman} create --replace --name nginx {two.Replace("docker://", "", StringComparison.Ordinal)}",
                    IsCold: false
                ),
            ],
            run.Rounds
        );
        await host.ShellAsync($"{Steps.ClearSysctr}; {Steps.ClearPeers}");
        double own = samples[0].Wall - samples[1].Wall;
        return (own, samples, $"{files} objects; {own / samples[2].Wall:0.00} of podman");
    }
}
