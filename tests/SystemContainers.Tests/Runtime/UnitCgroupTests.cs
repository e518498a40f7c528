// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Runtime;
using Xunit;

namespace SystemContainers.Tests.Runtime;

public sealed class UnitCgroupTests
{
    [Theory]
    [InlineData("0::/system.slice/etcd.service\n", "/system.slice/etcd.service/payload")]
    [InlineData("0::/system.slice/etcd.service/supervisor\n", "/system.slice/etcd.service/payload")]
    [InlineData("0::/system.slice/etcd.service/.control\n", "/system.slice/etcd.service/payload")]
    [InlineData(
        "0::/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/.control\n",
        "/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/payload"
    )]
    [InlineData(
        "9:name=systemd:/x\n0::/my.slice/my-own.slice/e@1.service\n",
        "/my.slice/my-own.slice/e@1.service/payload"
    )]
    public void The_payload_is_below_its_unit(string own, string payload) =>
        Assert.Equal(payload, UnitCgroup.Payload(own));

    /// <summary>By systemd's DelegateSubgroup=. Root could make the one that is missing here.</summary>
    [Fact]
    public void Who_is_below_its_unit_stays_there()
    {
        UnitCgroup.EnterSupervisor("0::/sysctr-tests.slice/etcd.service/supervisor\n");

        Assert.False(Directory.Exists("/sys/fs/cgroup/sysctr-tests.slice"));
    }

    /// <summary>A payload that is a systemd has services of its own.</summary>
    [Theory]
    [InlineData("/system.slice/etcd.service/payload", "/system.slice/etcd.service")]
    [InlineData("/system.slice/etcd.service/payload/system.slice/a.service/b", "/system.slice/etcd.service")]
    [InlineData("/my.slice/e@1.service", "/my.slice/e@1.service")]
    [InlineData("/system.slice/other.services/etcd.service/x", "/system.slice/other.services/etcd.service")]
    [InlineData("/", "/")]
    public void A_process_is_of_the_service_that_is_next_to_the_root(string path, string service) =>
        Assert.Equal(service, UnitCgroup.ServiceOf(path));

    [Fact]
    public void Without_a_unified_hierarchy_there_is_no_place() =>
        Assert.Equal(ErrorKind.Host, Assert.Throws<SysctrException>(() => UnitCgroup.Payload("4:memory:/x\n")).Kind);
}
