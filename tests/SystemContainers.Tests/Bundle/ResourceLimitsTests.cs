// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using Xunit;

namespace SystemContainers.Tests.Bundle;

public sealed class ResourceLimitsTests
{
    [Fact]
    public void The_kernels_table() =>
        Assert.Equal(
            new Dictionary<string, ulong> { ["RLIMIT_NOFILE"] = 524288, ["RLIMIT_NICE"] = 0 },
            ResourceLimits.Parse([
                "Limit                     Soft Limit           Hard Limit           Units     ",
                "Max cpu time              unlimited            unlimited            seconds   ",
                "Max open files            1024                 524288               files     ",
                "Max nice priority         0                    0                    ",
                "short",
            ])
        );

    [Fact]
    public void This_machines_own_are_read() =>
        Assert.Contains("RLIMIT_NOFILE", ResourceLimits.Parse(File.ReadAllLines("/proc/self/limits")).Keys);
}
