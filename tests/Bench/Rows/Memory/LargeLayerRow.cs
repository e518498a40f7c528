// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Bench.Rows.Memory;

/// <summary>One layer of ten files that together have 10 GB, or a part of that.</summary>
sealed class LargeLayerRow() : PeakRow("memory-layer", "peak memory of one 10 GB layer", 64)
{
    /// <inheritdoc/>
    protected override GeneratedLayout Layout(BenchRun run) => new(1, 10, (1L << 30) / run.Scale);

    /// <inheritdoc/>
    protected override string Scaled(GeneratedLayout layout) => $"{layout.Files * layout.Bytes >> 20} MiB";
}
