// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Containers whose users are not the host's.</summary>
[Collection(OrdinaryHost.Name)]
public sealed class UserNamespaceTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Theory]
    [InlineData("runc", "host")]
    [InlineData("crun", "bridge")]
    public async Task Its_root_is_nobody_on_the_host_and_owns_its_files_all_the_same(string runtime, string network)
    {
        HostState before = await HostState.TakeAsync(_host);
        await _host.ShellAsync(
            "mkdir -p /srv/mapped/own; chown 5:6 /srv/mapped/own; for f in subuid subgid; do cp /etc/$f /srv/mapped/$f; echo containers:3000000:200000 >>/etc/$f; done"
        );
        await using (
            Container web = await Container.InstallAsync(
                _host,
                "probe",
                [
                    "--now",
                    "--settle",
                    "1",
                    "--runtime",
                    runtime,
                    "--userns",
                    "auto",
                    "--writable",
                    "volatile",
                    "--network",
                    network,
                    "-v",
                    "usdata:/data",
                    "-v",
                    "/srv/mapped:/srv:ro,idmap",
                    "-v",
                    "/srv/mapped/own:/plain:ro",
                    "--entrypoint",
                    "[\"/bin/sh\", \"-c\", \"sleep infinity\"]",
                    "--stop-signal",
                    "KILL",
                ]
            )
        )
        {
            string pid = await _host.UnitPropertyAsync(web.Name + ".service", "MainPID");
            string outside = (await _host.ShellAsync($"stat -c %u /proc/{pid}")).Trim();
            Assert.InRange(int.Parse(outside, System.Globalization.CultureInfo.InvariantCulture), 3_000_000, 3_199_999);
            Assert.Equal(
                "0 0 5:6 65534 ok",
                await InsideAsync(
                    web,
                    "touch /data/x /etc/new /tmp/y; echo $(id -u) $(stat -c %u /bin/sh) $(stat -c %u:%g /srv/own) $(stat -c %u /plain) $(test -O /etc/new && test -O /data/x && echo ok)"
                )
            );
            Assert.Equal("0", (await _host.ShellAsync("stat -c %u /var/lib/sysctr-volumes/usdata/x")).Trim());

            // Others of the host pass neither by the root nor by the volumes.
            Assert.NotEqual(
                0,
                (
                    await _host.RunAsync(
                        "setpriv",
                        "--reuid=nobody",
                        "--clear-groups",
                        "ls",
                        $"/run/sysctr-mapped/{web.Name}/root"
                    )
                ).ExitCode
            );

            // What is mounted in the container is not seen on the host.
            Assert.Equal(
                "0",
                (
                    await _host.ShellAsync("grep -c ' /run/sysctr-mapped/[^/ ]*/[^/ ]*/' /proc/self/mountinfo || true")
                ).Trim()
            );

            // Nor does another container that sees all of /run.
            await using (
                Container other = await Container.InstallAsync(
                    _host,
                    "probe",
                    [
                        "--now",
                        "--grant",
                        "all",
                        "-v",
                        "/run:/hostrun",
                        "--entrypoint",
                        "[\"/bin/sh\", \"-c\", \"sleep infinity\"]",
                        "--stop-signal",
                        "KILL",
                    ]
                )
            )
            {
                Assert.Equal("0", await InsideAsync(other, "ls -A /hostrun/sysctr-mapped 2>/dev/null | wc -l"));
            }

            (await _host.SysctrAsync("update", "--settle", "1", "-e", "A=1", web.Name)).MustSucceed();
            pid = await _host.UnitPropertyAsync(web.Name + ".service", "MainPID");
            Assert.Equal(outside, (await _host.ShellAsync($"stat -c %u /proc/{pid}")).Trim());
            Assert.Equal("0", await InsideAsync(web, "stat -c %u /data/x"));
            await _host.ShellAsync($"systemctl kill --signal=KILL {web.Name}; systemctl restart {web.Name}");
            Assert.Equal("0", await InsideAsync(web, "stat -c %u /data/x"));
            (
                await _host.SysctrAsync(
                    "update",
                    "--settle",
                    "1",
                    "--reset",
                    "userns",
                    "--uidmap",
                    "0:100000:100",
                    "--uidmap",
                    "+7:5:1",
                    "--network",
                    "host",
                    web.Name
                )
            ).MustSucceed();
            pid = await _host.UnitPropertyAsync(web.Name + ".service", "MainPID");
            Assert.Equal(
                "100000 0",
                (await _host.ShellAsync($"stat -c %u /proc/{pid}")).Trim()
                    + " "
                    + await InsideAsync(web, "stat -c %u /data/x")
            );
            (
                await _host.SysctrAsync("update", "--settle", "1", "--reset", "uidmap", "--userns", "keep-id", web.Name)
            ).MustSucceed();
            pid = await _host.UnitPropertyAsync(web.Name + ".service", "MainPID");
            Assert.Equal("0", (await _host.ShellAsync($"stat -c %u /proc/{pid}")).Trim());
            Assert.Equal("1", (await _host.ShellAsync("grep -c ' /sys/fs/cgroup ' /proc/self/mountinfo")).Trim());
            Assert.NotEqual(
                await _host.ShellAsync("readlink /proc/1/ns/user"),
                await _host.ShellAsync($"readlink /proc/{pid}/ns/user")
            );
        }

        await _host.ShellAsync(
            "for f in subuid subgid; do cat /srv/mapped/$f >/etc/$f; done; rm -r /srv/mapped /var/lib/sysctr-volumes"
        );
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Fact]
    public async Task Ids_that_nobody_gave_are_asked_for()
    {
        CommandResult refused = await _host.SysctrAsync("install", "--userns", "auto", "--name", "usnone", "probe");

        Assert.Equal(
            (12, true),
            (refused.ExitCode, refused.Error.Contains("containers:2147483647:2147483648", StringComparison.Ordinal))
        );
    }

    private async Task<string> InsideAsync(Container container, string script) =>
        (await _host.SysctrAsync("exec", container.Name, "sh", "-c", script)).MustSucceed().Output.Trim();
}
