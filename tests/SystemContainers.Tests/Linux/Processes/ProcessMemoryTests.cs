// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Processes;
using Xunit;

namespace SystemContainers.Tests.Linux.Processes;

/// <summary>What is allocated is counted for the whole process, so nothing else may run meanwhile.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneForMemory
{
    public const string Name = "counts memory";
}

[Collection(AloneForMemory.Name)]
public sealed class ProcessMemoryTests
{
    [Fact]
    public async Task Of_what_prints_much_the_end_is_kept()
    {
        long before = GC.GetTotalAllocatedBytes();

        ProcessResult lines = await ProcessRunner.RunForEndAsync(
            "sh",
            ["-c", "seq 20000000; echo why >&2; exit 1"],
            1000,
            patience: null,
            CancellationToken.None
        );
        ProcessResult line = await ProcessRunner.RunForEndAsync(
            "head",
            ["-c", "1000000", "/dev/zero"],
            1000,
            patience: null,
            CancellationToken.None
        );

        Assert.Equal((1, "why\n"), (lines.ExitCode, lines.Error));
        Assert.InRange(lines.Output.Length, 900, 1000);
        Assert.EndsWith("\n19999999\n20000000\n", lines.Output, StringComparison.Ordinal);
        Assert.All(lines.Output.TrimEnd().Split('\n'), l => Assert.Equal(8, l.Length));
        Assert.Equal(1000, line.Output.Length);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 100 << 20);
    }
}
