// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Bench.Rows.Memory;

/// <summary>One layer of half a million files, or a part of that.</summary>
sealed class ManyFilesRow() : PeakRow("memory-files", "peak memory of 500 000 files", 192)
{
    /// <inheritdoc/>
    protected override GeneratedLayout Layout(BenchRun run) => new(1, 500_000 / run.Scale, 64);

    /// <inheritdoc/>
    protected override string Scaled(GeneratedLayout layout) => $"{layout.Files} files";
}
