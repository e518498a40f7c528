// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;
using SystemContainers.Store;
using Xunit;

namespace SystemContainers.Tests.Store;

public sealed class WriteBehindTests
{
    private const long Much = 1L << 30;

    [Fact]
    public void What_goes_well_is_waited_for()
    {
        using SafeFileHandle directory = Libc.open("/tmp", OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        WriteBehind behind = new(directory);

        behind.ReportWritten(Much);
        behind.ReportWritten(Much);
        behind.Finish("/tmp");
    }

    /// <summary>The kernel tells an open file of a failure once. syncfs(2) takes none that was opened by
    /// O_PATH.</summary>
    [Fact]
    public void A_failure_behind_is_one_of_the_commit()
    {
        using SafeFileHandle path = Libc.open("/tmp", OpenFlags.Path | OpenFlags.CloseOnExec, 0);
        WriteBehind behind = new(path);

        behind.ReportWritten(Much);

        Assert.Contains(
            "syncfs",
            Assert.Throws<LinuxException>(() => behind.Finish("/tmp")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Little_is_left_to_the_commit()
    {
        using SafeFileHandle path = Libc.open("/tmp", OpenFlags.Path | OpenFlags.CloseOnExec, 0);
        WriteBehind behind = new(path);

        behind.ReportWritten(1);

        behind.Finish("/tmp");
    }
}
