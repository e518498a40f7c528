// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Bench.Rows;

/// <summary>Pulls of images with more and more layers of the same size.</summary>
sealed class LayersGrowthRow() : GrowthRow("growth-layers", "pull of 1 to 64 layers of 500 files")
{
    /// <inheritdoc/>
    protected override IEnumerable<int> Sizes(BenchRun run) => [1, 4, 16, 64];

    /// <inheritdoc/>
    protected override async Task<Contestant> PrepareAsync(BenchRun run, Offline offline, int size) =>
        new("sysctr pull", offline.Clear, offline.Pull(await new GeneratedLayout(size, 500, 4096).GetAsync()));
}
