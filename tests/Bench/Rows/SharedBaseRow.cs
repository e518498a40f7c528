// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Bench.Rows;

/// <summary>Another image with the same base layer is local.</summary>
sealed class SharedBaseRow()
    : PullRow("shared-base", "second image on a shared base: sysctr install of podman pull", 0.5)
{
    /// <inheritdoc/>
    protected override IReadOnlyList<Contestant> Contestants(BenchRun run) =>
        [
            new(
                "sysctr install",
                $"{Steps.ClearSysctr}; sysctr install --quiet{run.InstallOptions} {Steps.Reference("httpd")}",
                $"sysctr install --quiet{run.InstallOptions} {Steps.Reference("etcd")}",
                Steps.ClearSysctr
            ),
            new(
                "podman pull",
                $"{Steps.ClearPeers}; {Steps.Podman} pull --quiet {Steps.Reference("httpd")}",
                $"{Steps.Podman} pull --quiet {Steps.Reference("etcd")}",
                Steps.ClearPeers
            ),
            new(
                "skopeo copy + umoci unpack",
                $"{Steps.ClearPeers}; {Steps.Umoci("httpd")}",
                Steps.Umoci("etcd"),
                Steps.ClearPeers
            ),
        ];
}
