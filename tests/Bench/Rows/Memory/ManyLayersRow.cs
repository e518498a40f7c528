// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Bench.Rows.Memory;

/// <summary>As many layers as overlay file systems take.</summary>
sealed class ManyLayersRow() : PeakRow("memory-layers", "peak memory of 127 layers", 64)
{
    /// <inheritdoc/>
    protected override GeneratedLayout Layout(BenchRun run) => new(127, 50, 4096);

    /// <inheritdoc/>
    protected override string Scaled(GeneratedLayout layout) => $"{layout.Layers} layers of {layout.Files} files";
}
