// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>How sysctr reaches systemd: over a bus with few messages, and at systemd's own socket where there is
/// none.</summary>
public sealed class BusTests(NspawnFixture fixture) : IClassFixture<NspawnFixture>
{
    private const string StopBus = "mask --runtime --now dbus.socket dbus.service";

    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task A_list_is_four_messages_and_without_a_bus_all_goes_on()
    {
        TestUser user = await TestUser.AddAsync(_host);
        await using Container first = await Container.InstallAsync(_host, "probe", "--now");
        Assert.Equal(4, await MessagesOfListAsync());
        await using Container second = await Container.InstallAsync(_host, "probe");
        await using Container third = await Container.InstallAsync(_host, "probe");
        Assert.Equal(4, await MessagesOfListAsync());

        // A user's install and start need a bus, for systemd-run(1) does.
        await user.MustAsync("install", "--now", "--name", "alone", "probe");
        await user.ShellAsync($"systemctl --user {StopBus}");
        Assert.Contains(" active ", (await user.MustAsync("list", "--no-heading")).Output, StringComparison.Ordinal);
        await user.MustAsync("stop", "alone");
        Assert.Equal("inactive", await user.PropertyAsync("alone.service", "ActiveState"));

        string broken = await _host.ShellAsync(
            "mount --bind /dev/null /run/dbus/system_bus_socket; sysctr doctor; umount /run/dbus/system_bus_socket"
        );
        Assert.Contains("warning  dbus           the bus does not answer", broken, StringComparison.Ordinal);
        Assert.Contains("dbus.service", broken, StringComparison.Ordinal);

        await _host.ShellAsync($"systemctl {StopBus}; rm /run/dbus/system_bus_socket");
        string[] listed = (await _host.SysctrAsync("list", "--no-heading"))
            .MustSucceed()
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            (3, true),
            (
                listed.Length,
                listed.Any(l =>
                    l.StartsWith(first.Name, StringComparison.Ordinal)
                    && l.Contains(" active ", StringComparison.Ordinal)
                )
            )
        );
        (await _host.SysctrAsync("stop", first.Name)).MustSucceed();
        Assert.Equal("inactive", await first.PropertyAsync("ActiveState"));
        await using (Container fresh = await Container.InstallAsync(_host, "probe-notify", "--now"))
        {
            Assert.Equal("active", await fresh.PropertyAsync("ActiveState"));
            Assert.Contains(
                "running",
                (await _host.SysctrAsync("update", "--set", "READY_AFTER=0.2", fresh.Name)).MustSucceed().All,
                StringComparison.Ordinal
            );
        }

        Assert.Contains(
            "ok       dbus           there is no bus",
            (await _host.SysctrAsync("doctor")).Output,
            StringComparison.Ordinal
        );
    }

    /// <summary>The method calls that <c>list</c> sends, by the first bytes of each: one to the bus itself (Hello), the
    /// others to systemd.</summary>
    private async Task<int> MessagesOfListAsync()
    {
        await _host.ShellAsync("strace -f -o /root/list.trace -e trace=sendto,sendmsg,write sysctr list");
        return int.Parse(
            await _host.ShellAsync("""grep -c '"l\\0*1\\0*\\0*1' /root/list.trace || true"""),
            System.Globalization.CultureInfo.InvariantCulture
        );
    }
}
