// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Exports;
using Xunit;

namespace SystemContainers.Tests.Exports;

public sealed class ContainerNameTests
{
    [Theory]
    [InlineData("etcd")]
    [InlineData("a")]
    [InlineData("Kube-Proxy_1.2+x")]
    public void Names(string name) => Assert.Equal(name, ContainerName.Check(name));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("-x")]
    [InlineData("a/b")]
    [InlineData("a@b")]
    [InlineData("a:b")]
    [InlineData("a b")]
    [InlineData("a\nb")]
    [InlineData("a%ib")]
    [InlineData("é")]
    public void What_would_mean_something_to_systemd_the_runtime_or_a_path_is_refused(string name) =>
        Assert.Equal(ErrorKind.Usage, Assert.Throws<SysctrException>(() => ContainerName.Check(name)).Kind);

    [Fact]
    public void Length() => Assert.Throws<SysctrException>(() => ContainerName.Check(new string('a', 201)));
}
