// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Bench.Rows;

/// <summary>As the cold pull, to a container that systemd knows.</summary>
sealed class ColdInstallRow()
    : PullRow("cold-install", "cold install of two gzip layers: sysctr install of podman pull", 0.30)
{
    private const string Image = "httpd";

    /// <inheritdoc/>
    protected override IReadOnlyList<Contestant> Contestants(BenchRun run) =>
        [
            new(
                "sysctr install",
                Steps.ClearSysctr,
                $"sysctr install --quiet{run.InstallOptions} {Steps.Reference(Image)}",
                Steps.ClearSysctr
            ),
            new(
                "podman pull",
                Steps.ClearPeers,
                $"{Steps.Podman} pull --quiet {Steps.Reference(Image)}",
                Steps.ClearPeers
            ),
        ];
}
