using System.Globalization;
using SystemContainers.Linux;
using Xunit;

namespace SystemContainers.Tests.Linux;

public sealed class HeldSignalsTests
{
    private const int SegmentationFault = 11;
    private const int ChildEnded = 17;

    [Fact]
    public void All_but_those_of_faults_stay_away_until_the_end()
    {
        ulong before = Blocked();
        ulong during;
        using (new HeldSignals())
        {
            during = Blocked();
        }

        Assert.False(Has(before, ChildEnded));
        Assert.True(Has(during, ChildEnded));
        Assert.False(Has(during, SegmentationFault));
        Assert.Equal(before, Blocked());
    }

    private static bool Has(ulong mask, int signal) => (mask >> (signal - 1) & 1) != 0;

    /// <summary>SigBlk of this thread, see proc_pid_status(5).</summary>
    private static ulong Blocked() =>
        ulong.Parse(File.ReadLines("/proc/thread-self/status").Single(l => l.StartsWith("SigBlk:", StringComparison.Ordinal)).Split('\t')[1], NumberStyles.HexNumber);
}
