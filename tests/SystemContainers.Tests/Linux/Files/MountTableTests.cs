// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Files;
using Xunit;

namespace SystemContainers.Tests.Linux.Files;

public sealed class MountTableTests
{
    [Theory]
    [InlineData("/proc", true)]
    [InlineData("/", true)]
    [InlineData("/pro", false)]
    [InlineData("/proc/self", false)]
    public void It_knows_what_is_mounted_on_or_below_a_directory(string directory, bool expected) =>
        Assert.Equal(expected, MountTable.HasBelow(directory));
}
