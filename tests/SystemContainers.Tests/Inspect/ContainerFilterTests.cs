// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Inspect;
using SystemContainers.State;
using Xunit;

namespace SystemContainers.Tests.Inspect;

public sealed class ContainerFilterTests
{
    private static readonly ContainerReport[] s_containers =
    [
        new(
            "etcd",
            "docker://quay.io/org/etcd:3",
            "id",
            0,
            true,
            false,
            "active",
            "enabled",
            "/usr/bin/runc",
            default,
            default(AutoUpdatePolicy),
            null,
            null
        ),
        new(
            "flanneld",
            "docker://quay.io/org/flannel:1",
            "id",
            0,
            true,
            false,
            "inactive",
            "enabled",
            "/usr/bin/crun",
            default,
            default(AutoUpdatePolicy),
            null,
            null
        ),
    ];

    [Theory]
    [InlineData("name=etcd", "etcd")]
    [InlineData("container=f*d", "flanneld")]
    [InlineData("name=*d", "etcd flanneld")]
    [InlineData("name=d", "etcd flanneld")]
    [InlineData("image=flannel", "flanneld")]
    [InlineData("image=flannel*", "")]
    [InlineData("state=active", "etcd")]
    [InlineData("state=act", "")]
    [InlineData("runtime=crun", "flanneld")]
    [InlineData("runtime=run state=inactive", "flanneld")]
    public void Filters_have_to_match_all(string filters, string names) =>
        Assert.Equal(
            names,
            string.Join(' ', ContainerFilter.Apply(s_containers, filters.Split(' ')).Select(c => c.Name))
        );

    [Theory]
    [InlineData("name")]
    [InlineData("created=x")]
    public void Others_are_refused(string filter) =>
        Assert.Equal(
            ErrorKind.Usage,
            Assert.Throws<SysctrException>(() => ContainerFilter.Apply(s_containers, [filter])).Kind
        );
}
