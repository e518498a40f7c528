// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Bench.Rows;

/// <summary>What goes through the whole store: fsck, which reads it, and prune, which finds nothing.</summary>
sealed class ObjectsGrowthRow(string work) : GrowthRow($"growth-{work}", $"{work} with 10 000 to 1 000 000 objects")
{
    /// <inheritdoc/>
    protected override IEnumerable<int> Sizes(BenchRun run) =>
        ((int[])[10_000, 30_000, 100_000, 300_000, 1_000_000]).Where(s => s <= 1_000_000 / run.Scale);

    /// <inheritdoc/>
    protected override async Task<Contestant> PrepareAsync(BenchRun run, Offline offline, int size)
    {
        // With its directories a layer of a million files would have more entries than a layer may.
        int layers = size < 1_000_000 ? 1 : 2;
        string layout = await new GeneratedLayout(layers, size / layers, 64).GetAsync();
        await run.Here.ShellAsync($"{offline.Clear}; {offline.Pull(layout)}");
        string verb = Name["growth-".Length..];
        return new($"sysctr {verb}", "true", $"{Offline.Sysctr} {verb} --quiet --root {offline.Root}", IsCold: false);
    }
}
