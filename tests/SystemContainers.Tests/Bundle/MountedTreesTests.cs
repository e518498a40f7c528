// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using Xunit;

namespace SystemContainers.Tests.Bundle;

/// <summary>Which paths are files of other images.</summary>
public sealed class MountedTreesTests
{
    private const string Deployment = "/var/lib/sysctr/deployments/app/1";

    [Theory]
    [InlineData("", false)]
    [InlineData("/", false)]
    [InlineData("/.", false)]
    [InlineData("//./", false)]
    [InlineData("/rootfs", false)]
    [InlineData("/image-", false)]
    [InlineData("/image-0x", false)]
    [InlineData("/image-0/..", false)]
    [InlineData("2/image-0", false)]
    [InlineData("/image-0", true)]
    [InlineData("//image-0/", true)]
    [InlineData("/image-17/etc/one.conf", true)]
    public void A_deployment_has_them_in_trees_of_their_own(string below, bool isOne) =>
        Assert.Equal(isOne, MountedTrees.IsIn(Deployment, Deployment + below));
}
