// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bench.Report;
using SystemContainers.TestBed;

namespace SystemContainers.Bench.Rows;

/// <summary>The published program, and what of it is in which section (size(1)).</summary>
sealed class BinaryRow() : Row("binary", "size of the program", "MB", 14)
{
    /// <inheritdoc/>
    protected override async Task<(double Value, IReadOnlyList<Sample> Samples, string Note)> MeasureAsync(BenchRun run)
    {
        string sysctr = Path.Combine(Workspace.Artifacts, "sysctr");
        string sections = await run.Here.ShellAsync(
            $"size -A {sysctr} | awk '$2 + 0 > 300000 && $1 !~ /^(Total|\\.bss|\\.hydrated)$/ {{ printf \"%s %.1f, \", $1, $2 / 1e6 }}'"
        );
        return (new FileInfo(sysctr).Length / 1e6, [], sections.TrimEnd(' ', ','));
    }
}
