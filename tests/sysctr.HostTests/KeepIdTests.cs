// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>A user's container in which the user is somebody else than root, and volumes that become the
/// payload's.</summary>
[Collection(OrdinaryHost.Name)]
public sealed class KeepIdTests(NspawnFixture fixture)
{
    private static readonly string[] s_sleep =
    [
        "--now",
        "--settle",
        "1",
        "--entrypoint",
        "[\"/bin/sh\", \"-c\", \"sleep infinity\"]",
        "--stop-signal",
        "KILL",
    ];

    private readonly NspawnHost _host = fixture.Host;

    [Theory]
    [InlineData("")]
    [InlineData(":uid=101,gid=102")]
    public async Task The_payload_is_the_user_and_the_image_s_files_have_their_owners(string ids)
    {
        TestUser user = await TestUser.AddAsync(_host);
        (long uid, long gid) = ids.Length == 0 ? (user.Uid, user.Uid) : (101, 102);
        await user.ShellAsync("mkdir data; echo word >data/word");
        await user.MustAsync("pull", "probe");
        string before = await user.FilesAsync();
        string[] options =
        [
            "--userns",
            "keep-id" + ids,
            "-v",
            $"{user.Home}/data:/data",
            "-v",
            "kept:/var/lib/fresh",
            "-v",
            "seeded:/usr/bin",
        ];

        CommandResult runc = await user.SysctrAsync([
            "install",
            "--name",
            "web",
            "--runtime",
            "runc",
            .. options,
            "probe",
        ]);
        Assert.Equal((2, true), (runc.ExitCode, runc.Error.Contains("write --runtime crun", StringComparison.Ordinal)));
        CommandResult installed = await user.SysctrAsync([
            "install",
            "--name",
            "web",
            "--runtime",
            "crun",
            "--health-cmd",
            "test $(id -u) != 0",
            .. s_sleep,
            .. options,
            "probe",
        ]);
        Assert.True(installed.ExitCode == 0, installed.All);

        // What the user has is the payload's; what the image has is root's, who is a subordinate id of the user
        // outside.
        string main = await user.PropertyAsync("web.service", "MainPID");
        Assert.Equal($"{user.Uid}\n", await _host.ShellAsync($"stat -c %u /proc/{main}"));
        Assert.Equal(
            $"{uid}:{gid} {uid}:{gid} 0:0 0:0 {uid}:{gid} written refused",
            await InsideAsync(
                user,
                "$(id -u):$(id -g) $(stat -c %u:%g /data/word) $(stat -c %u:%g /) $(stat -c %u:%g /etc/passwd) $(stat -c %u:%g /var/lib/fresh) $(echo new >/data/new && touch /var/lib/fresh/x && echo written) $(touch /usr/bin/x 2>/dev/null || echo refused)"
            )
        );
        string[] outside = (
            await _host.ShellAsync(
                $"cd {user.Home}; stat -c %u data/new .local/share/sysctr-volumes/kept/x .local/share/sysctr-volumes/seeded {user.Store}/deployments/web/0/rootfs/bin/sh"
            )
        )
            .Trim()
            .Split('\n');
        Assert.Equal([$"{user.Uid}", $"{user.Uid}", $"{user.FirstSubordinate}", $"{user.FirstSubordinate}"], outside);
        await user.MustAsync("fsck");

        // What was altered of it is mended as it was, and another deployment is the same.
        await _host.ShellAsync($"chown 0 {user.Store}/deployments/web/0/rootfs/bin/sh");
        Assert.NotEqual(0, (await user.SysctrAsync("fsck")).ExitCode);
        await user.MustAsync("fsck", "--repair");
        await user.MustAsync("fsck");
        Assert.Equal(
            $"{user.FirstSubordinate}\n",
            await _host.ShellAsync($"stat -c %u {user.Store}/deployments/web/0/rootfs/bin/sh")
        );
        await user.MustAsync("update", "--settle", "1", "-e", "A=1", "web");
        Assert.Equal($"{uid} 0", await InsideAsync(user, "$(id -u) $(stat -c %u /etc/passwd)"));
        await user.MustAsync("rollback", "web");
        await user.MustAsync("update", "--settle", "1", "--reset", "userns", "--reset", "health-cmd", "web");
        Assert.Equal("0 0", await InsideAsync(user, "$(id -u) $(stat -c %u /etc/passwd)"));

        // Everything else of the kind is the system's.
        CommandResult refused = await user.SysctrAsync("install", "--name", "no", "--userns", "auto", "probe");
        Assert.Equal((2, true), (refused.ExitCode, refused.Error.Contains("write keep-id", StringComparison.Ordinal)));

        await user.MustAsync("uninstall", "--purge", "web");
        await _host.ShellAsync($"rm -rf {user.Home}/.local/share/sysctr-volumes {user.Home}/data/new");
        Assert.Equal(before, await user.FilesAsync());
    }

    [Fact]
    public async Task A_file_says_it_and_ports_lead_there()
    {
        await _host.ShellAsync(
            """
            mkdir -p /dev/net; test -c /dev/net/tun || mknod /dev/net/tun c 10 200; chmod 666 /dev/net/tun
            ip link show uplink || { ip link add uplink type veth peer name uplink-peer; ip addr add 192.0.2.2/24 dev uplink; ip link set uplink up; ip link set uplink-peer up; }
            ip route show default | grep . || ip route add default via 192.0.2.1
            """
        );
        TestUser user = await TestUser.AddAsync(_host);
        await user.ShellAsync(
            """
            mkdir -p site .config/sysctr/containers.d; echo hello >site/word; chmod 700 site
            cat >site/serve.py <<'E'
            import socket
            server = socket.create_server(('', 8000))
            while True:
                caller, _ = server.accept()
                caller.sendall(open('/site/word', 'rb').read())
                caller.close()
            E
            printf '[Container]\nImage=probe\nEntrypoint=/usr/bin/python3\nExec=/site/serve.py\nStopSignal=KILL\nUserNS=keep-id\nVolume=%%h/site:/site:ro\nPublishPort=8086:8000\n[X-Sysctr]\nRuntime=crun\n[Install]\nWantedBy=default.target\n' >.config/sysctr/containers.d/site.container
            """
        );
        CommandResult applied = await user.SysctrAsync("apply", "--settle", "1");
        Assert.True(applied.ExitCode == 0, applied.All);
        await _host.EventuallyAsync(
            "test \"$(python3 -c 'import socket; print(socket.create_connection((\"127.0.0.1\", 8086), 3).recv(100).decode())')\" = hello",
            TimeSpan.FromMinutes(3)
        );
        Assert.Contains(
            "nothing was changed",
            (await user.MustAsync("apply", "--settle", "1")).All,
            StringComparison.Ordinal
        );
        await user.MustAsync("uninstall", "--purge", "site");
    }

    /// <summary>Each start does it, and follows no link that was put there.</summary>
    [Theory]
    [InlineData("runc")]
    [InlineData("crun")]
    public async Task A_volume_is_the_payloads_users_at_each_start(string runtime)
    {
        TestUser user = await TestUser.AddAsync(_host);
        await user.ShellAsync("mkdir -p data/sub own; echo x >data/sub/file; ln -s ../../own data/sub/link");

        CommandResult installed = await user.SysctrAsync([
            "install",
            "--name",
            "web",
            "--runtime",
            runtime,
            .. s_sleep,
            "-u",
            "33:34",
            "-v",
            $"{user.Home}/data:/data:U",
            "-v",
            "named:/named:U",
            "probe",
        ]);
        Assert.True(installed.ExitCode == 0, installed.All);

        Assert.Equal(
            "33:34 33:34 33:34 written",
            await InsideAsync(
                user,
                "$(stat -c %u:%g /data) $(stat -c %u:%g /data/sub/file) $(stat -c %u:%g /named) $(touch /data/sub/mine /named/mine && echo written)"
            )
        );
        long subordinate = user.FirstSubordinate + 32;
        Assert.Equal(
            $"{subordinate} {user.Uid} {subordinate}",
            (await _host.ShellAsync($"cd {user.Home}; stat -c %u data/sub/mine own data/sub/link"))
                .Trim()
                .Replace('\n', ' ')
        );

        await _host.ShellAsync($"install -o {user.Name} -g {user.Name} /dev/null {user.Home}/data/sub/later");
        await user.MustAsync("restart", "web");
        Assert.Equal("33", await InsideAsync(user, "$(stat -c %u /data/sub/later)"));

        // What is somebody else's can't be given.
        await _host.ShellAsync($"touch {user.Home}/data/roots");
        CommandResult refused = await user.SysctrAsync("restart", "web");
        Assert.Equal(11, refused.ExitCode);
        Assert.Contains(
            $"giving {user.Home}/data/roots to the payload's user",
            await _host.ShellAsync($"journalctl --sync; journalctl -o cat _UID={user.Uid}"),
            StringComparison.Ordinal
        );

        Assert.Equal(
            2,
            (await user.SysctrAsync("install", "--name", "no", "-v", $"{user.Home}:/data:U", "probe")).ExitCode
        );
        await user.MustAsync("uninstall", "--purge", "web");
    }

    /// <summary>A line of the shell's echo, run as the payload's user.</summary>
    private static async Task<string> InsideAsync(TestUser user, string words) =>
        (await user.MustAsync("exec", "web", "sh", "-c", $"echo {words}")).Output.Trim();
}
