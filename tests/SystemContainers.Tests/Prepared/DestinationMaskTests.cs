// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Prepared;
using Xunit;

namespace SystemContainers.Tests.Prepared;

/// <summary>A deployment's own directory is no difference, another one's is.</summary>
public sealed class DestinationMaskTests
{
    [Theory]
    [InlineData("run /d/etcd/1 twice /d/etcd/1", "run $DESTDIR twice $DESTDIR")]
    [InlineData("/d/etcd/1/rootfs", "$DESTDIR/rootfs")]
    [InlineData("/d/etcd/12 /d/etcd/1", "/d/etcd/12 $DESTDIR")]
    [InlineData("nothing", "nothing")]
    public void Its_own_directory_is_masked(string text, string masked) =>
        Assert.Equal(masked, DestinationMask.Apply(text, "/d/etcd/1"));
}
