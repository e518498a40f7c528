// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;

namespace SystemContainers.Bench.Rows;

/// <summary>Another image is local whose base has the same files and another digest.</summary>
sealed class RebuiltBaseRow()
    : PullRow("rebuilt-base", "second image whose base was rebuilt: sysctr install of podman pull", 0.3)
{
    /// <inheritdoc/>
    protected override IReadOnlyList<Contestant> Contestants(BenchRun run) =>
        [
            new(
                "sysctr install",
                $"{Steps.ClearSysctr}; sysctr pull --quiet {Steps.Reference("etcd")}",
                $"sysctr install --quiet{run.InstallOptions} {Steps.Reference("etcd", RebuiltBase.Tag)}",
                Steps.ClearSysctr
            ),
            new(
                "podman pull",
                $"{Steps.ClearPeers}; {Steps.Podman} pull --quiet {Steps.Reference("etcd")}",
                $"{Steps.Podman} pull --quiet {Steps.Reference("etcd", RebuiltBase.Tag)}",
                Steps.ClearPeers
            ),
        ];

    /// <inheritdoc/>
    protected override async Task<string> NoteAsync(TestHost host)
    {
        string added = await host.ShellAsync(
            $$"""
            count() { find /var/lib/sysctr/objects -type f | wc -l; }
            sysctr pull --quiet {{Steps.Reference("etcd")}} >/dev/null; before=$(count)
            sysctr pull --quiet {{Steps.Reference("etcd", RebuiltBase.Tag)}} >/dev/null; after=$(count)
            {{Steps.ClearSysctr}}
            echo $((after - before))
            """
        );
        return $"{added.Trim()} objects of the rebuilt image were new";
    }
}
