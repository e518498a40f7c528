// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bench.Report;
using SystemContainers.TestBed;

namespace SystemContainers.Bench.Rows;

/// <summary>The shortest call, a hundred of them in one loop; what a hundred calls of true(1) take is taken
/// off.</summary>
sealed class VersionRow() : Row("version", "one call of sysctr --version", "ms", 8)
{
    private const int Calls = 100;

    /// <inheritdoc/>
    protected override async Task<(double Value, IReadOnlyList<Sample> Samples, string Note)> MeasureAsync(BenchRun run)
    {
        string sysctr = Path.Combine(Workspace.Artifacts, "sysctr");
        IReadOnlyList<Sample> samples = await Contest.RunAsync(
            run.Here,
            [
                new($"sysctr --version, {Calls} times", "true", Loop($"{sysctr} --version"), IsCold: false),
                new($"/bin/true, {Calls} times", "true", Loop("/bin/true"), IsCold: false),
            ],
            run.Rounds
        );
        double processor = (samples[0].Processor - samples[1].Processor) / Calls * 1000;
        return ((samples[0].Wall - samples[1].Wall) / Calls * 1000, samples, $"{processor:0.0} ms of processor");
    }

    private static string Loop(string command) =>
        $"i=0; while [ $i -lt {Calls} ]; do {command} > /dev/null; i=$((i + 1)); done";
}
