// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using Xunit;

namespace SystemContainers.Tests.Bundle;

/// <summary>What is not there now and comes with a boot.</summary>
public sealed class BootPathsTests
{
    [Theory]
    [InlineData("/run/docker.sock", true, true)]
    [InlineData("/var/run/docker.sock", true, true)]
    [InlineData("/run", false, true)]
    [InlineData("/dev/net/tun", false, true)]
    [InlineData("/dev", false, true)]
    [InlineData("/sys/fs/bpf", false, true)]
    [InlineData("/proc/1/ns", false, true)]
    [InlineData("/srv/run/x", false, false)]
    [InlineData("/runner/x", false, false)]
    public void A_path_may_come(string path, bool running, bool offline) =>
        Assert.Equal(
            (running, offline),
            (BootPaths.MayCome(path, isOffline: false), BootPaths.MayCome(path, isOffline: true))
        );

    [Theory]
    [InlineData("/run/docker.sock", true)]
    [InlineData("/run/docker", false)]
    [InlineData("/dev/net/tun", true)]
    [InlineData("/dev/dri", false)]
    [InlineData("/srv/a.sock", false)]
    public void Its_name_tells_what_it_is(string path, bool isFile) =>
        Assert.Equal(isFile, BootPaths.LooksLikeFile(path));
}
