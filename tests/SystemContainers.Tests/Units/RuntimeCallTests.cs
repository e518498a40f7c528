// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Units;
using Xunit;

namespace SystemContainers.Tests.Units;

/// <summary>Which command lines of published units call a runtime for their container; that they start is shown on
/// hosts (OldImageTests).</summary>
public sealed class RuntimeCallTests
{
    [Theory]
    [InlineData("/bin/runc run etcd", "run", null)]
    [InlineData("/bin/runc --systemd-cgroup run 'etcd'", "run", null)]
    [InlineData(
        "-/usr/bin/runc --log=/run/x.log --debug run --bundle /srv/etcd -d --pid-file /run/etcd.pid \"etcd\"",
        "run",
        null
    )]
    [InlineData("/usr/libexec/docker/docker-runc-current run etcd", "run", null)]
    [InlineData("runc --systemd-cgroup kill etcd", "kill", null)]
    [InlineData("/bin/runc kill etcd KILL", "kill", "KILL")]
    [InlineData("@/usr/bin/crun delete --force etcd", "delete", null)]
    [InlineData("/bin/runc exec etcd reload", null, null)]
    [InlineData("/bin/runc run flannel", null, null)]
    [InlineData("/bin/runc run etcd more", null, null)]
    [InlineData("/bin/runc --root /srv/runc run etcd", null, null)]
    [InlineData("/bin/runc run --preserve-fds 2 etcd", null, null)]
    [InlineData("/bin/bash -c '/bin/runc run etcd'", null, null)]
    [InlineData("/opt/my-runc run etcd", null, null)]
    [InlineData("-", null, null)]
    public void A_command_line(string line, string? verb, string? signal) =>
        Assert.Equal(verb is null ? null : new RuntimeCall(verb, signal), RuntimeCall.Find(line, "etcd"));
}
