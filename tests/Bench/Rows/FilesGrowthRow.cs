// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Bench.Rows;

/// <summary>Pulls of one layer with more and more files.</summary>
sealed class FilesGrowthRow() : GrowthRow("growth-files", "pull of 1 000 to 500 000 files")
{
    /// <inheritdoc/>
    protected override IEnumerable<int> Sizes(BenchRun run) =>
        ((int[])[1000, 8000, 64_000, 500_000]).Where(s => s <= 640_000 / run.Scale);

    /// <inheritdoc/>
    protected override async Task<Contestant> PrepareAsync(BenchRun run, Offline offline, int size) =>
        new("sysctr pull", offline.Clear, offline.Pull(await new GeneratedLayout(1, size, 64).GetAsync()));
}
