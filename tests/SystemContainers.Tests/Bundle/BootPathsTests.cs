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
    [InlineData("/run/dbus/system_bus_socket", true)]
    [InlineData("/var/run/dbus/system_bus_socket", true)]
    [InlineData("/run/dbus", false)]
    [InlineData("/run/systemd/notify", true)]
    [InlineData("/run/systemd/journal/socket", true)]
    [InlineData("/run/systemd/journal", false)]
    [InlineData("/run/systemd/resolve/io.systemd.Resolve", true)]
    [InlineData("/run/systemd/resolve/stub-resolv.conf", true)]
    [InlineData("/run/systemd/resolve", false)]
    [InlineData("/run/udev/control", true)]
    [InlineData("/run/udev", false)]
    [InlineData("/run/libvirt/libvirt-sock", true)]
    [InlineData("/run/pcscd/pcscd.comm", true)]
    [InlineData("/run/postgresql/.s.PGSQL.5432", true)]
    [InlineData("/run/user/1000/bus", true)]
    [InlineData("/run/user/1000", false)]
    [InlineData("/run/user/1000/systemd", false)]
    [InlineData("/proc/cpuinfo", true)]
    [InlineData("/proc/sys/kernel/hostname", true)]
    [InlineData("/proc/sys/kernel", false)]
    [InlineData("/proc/no-such-thing", false)]
    [InlineData("/sys/kernel/mm", false)]
    [InlineData("/dev/net/tun", true)]
    [InlineData("/dev/dri", false)]
    [InlineData("/srv/a.sock", false)]
    public void Its_name_tells_what_it_is(string path, bool isFile) =>
        Assert.Equal(isFile, BootPaths.LooksLikeFile(path));
}
