// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Bench.Rows;

/// <summary>The list of more and more containers, offline: what systemd says of their units is not in it.</summary>
sealed class ContainersGrowthRow() : GrowthRow("growth-containers", "list of 10 to 1 000 containers, offline")
{
    private int _installed;

    /// <inheritdoc/>
    protected override IEnumerable<int> Sizes(BenchRun run) =>
        [10, 30, 100, 300, .. run.Scale == 1 ? [1000] : Array.Empty<int>()];

    /// <inheritdoc/>
    protected override Task<Offline> RootAsync() => Offline.CreateHostAsync();

    /// <inheritdoc/>
    protected override async Task<Contestant> PrepareAsync(BenchRun run, Offline offline, int size)
    {
        await ManyContainers.InstallAsync(run, offline, _installed + 1, size);
        _installed = size;
        return new(
            "sysctr list, 10 times",
            "true",
            $"for i in 0 1 2 3 4 5 6 7 8 9; do {Offline.Sysctr} list --root {offline.Root} > /dev/null; done",
            IsCold: false
        );
    }
}
