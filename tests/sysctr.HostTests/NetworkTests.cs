// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Networks of containers, by netavark.</summary>
[Collection(OrdinaryHost.Name)]
public sealed class NetworkTests(NspawnFixture fixture)
{
    internal const string Place = "/srv/net";

    /// <summary>Tells who answers, over IPv4 and IPv6.</summary>
    internal const string Serve = """
        import signal, socket, sys
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        server = socket.create_server(('::', 80), family=socket.AF_INET6, dualstack_ipv6=True)
        while True:
            caller, _ = server.accept()
            caller.sendall(socket.gethostname().encode())
            caller.close()
        """;

    /// <summary>Asks each HOST/PORT who answers.</summary>
    internal const string Ask = """
        import socket, sys
        def ask(place):
            try:
                with socket.create_connection(place.split('/'), 3) as server:
                    return server.recv(100).decode()
            except OSError as e:
                return type(e).__name__
        print(*[ask(place) for place in sys.argv[1:]])
        """;

    /// <summary>All that a container's network leaves on a host while it is there.</summary>
    private const string Snapshot =
        "ip -o link | cut -d: -f2 | sort; ip netns; iptables-save | grep -v '^#' | sed 's/ \\[.*\\]//'; ls -RA -I .images /run/sysctr; grep -c /run/netns/ /proc/self/mountinfo || true";

    private readonly NspawnHost _host = fixture.Host;

    [Theory]
    [InlineData("bridge")]
    [InlineData("standin:ip=10.76.0.50")]
    public async Task A_command_in_place_of_a_payload_has_a_network_of_its_own(string network)
    {
        await PrepareAsync();
        (await _host.SysctrAsync("network", "create", "standin", "--subnet", "10.76.0.0/24")).MustSucceed();
        await using (
            Container web = await Container.InstallAsync(
                _host,
                "probe",
                "-v",
                $"{Place}:{Place}:ro",
                "--network",
                network,
                "-p",
                "8090:80"
            )
        )
        {
            // The chains that all containers' rules are in stay once there was one.
            (await _host.SysctrAsync("exec", "--or-run", web.Name, "true")).MustSucceed();
            string before = await _host.ShellAsync(Snapshot);

            string said = (
                await _host.SysctrAsync(
                    "exec",
                    "--or-run",
                    web.Name,
                    "python3",
                    "-c",
                    "import os; print(*sorted(os.listdir('/sys/class/net')))"
                )
            )
                .MustSucceed()
                .Output;

            Assert.Equal("eth0 lo\n", said);
            Assert.Equal(before, await _host.ShellAsync(Snapshot));
        }

        (await _host.SysctrAsync("network", "remove", "standin")).MustSucceed();
    }

    [Fact]
    public async Task Containers_on_a_network_find_each_other_and_the_host_finds_their_ports()
    {
        await PrepareAsync();
        HostState before = await HostState.TakeAsync(_host);
        (
            await _host.SysctrAsync("network", "create", "shop", "--subnet", "10.77.0.0/24", "--subnet", "fd77::/64")
        ).MustSucceed();
        string left;
        await using (Container db = await ServeAsync("--network", "shop:ip=10.77.0.50,ip6=fd77::50,alias=store"))
        await using (
            Container web = await ServeAsync(
                "--network",
                "shop",
                "--network-alias",
                "front",
                "-p",
                "8080:80",
                "-p",
                "127.0.0.1::80",
                "--add-host",
                "far:192.0.2.1",
                "--dns-option",
                "ndots:3"
            )
        )
        {
            await AnswersAsync(web, 8080);
            await AnswersAsync(db, $"python3 {Place}/ask.py 10.77.0.50/80");
            Assert.Equal(
                $"{web.Name} {web.Name} {db.Name}",
                await AskAsync("127.0.0.1/8080", "10.77.0.1/8080", "10.77.0.50/80")
            );
            Assert.Equal(
                $"{web.Name} {web.Name} {db.Name}",
                await AskInsideAsync(db, $"{web.Name}/80", "front/80", "localhost/80")
            );
            Assert.Equal(
                $"{db.Name} {db.Name} {db.Name}",
                await AskInsideAsync(web, "store/80", $"{db.Name}/80", "fd77::50/80")
            );
            string files = (
                await _host.SysctrAsync("exec", web.Name, "cat", "/etc/hosts", "/etc/resolv.conf", "/etc/hostname")
            )
                .MustSucceed()
                .Output;
            Assert.Contains("192.0.2.1\tfar\n127.0.0.1\tlocalhost\n", files, StringComparison.Ordinal);
            Assert.Contains("nameserver 10.77.0.1\n", files, StringComparison.Ordinal);
            Assert.EndsWith($"options ndots:3\n{web.Name}\n", files, StringComparison.Ordinal);
            Assert.Contains($"sysctr-{web.Name}", await _host.ShellAsync("ip netns"), StringComparison.Ordinal);

            // Somebody's port, and a network that is in use.
            string other = Container.NewName();
            CommandResult taken = await _host.SysctrAsync(
                "install",
                "--now",
                "--name",
                other,
                "-p",
                "8080:80",
                "probe"
            );
            Assert.Equal(10, taken.ExitCode);
            Assert.NotEqual(0, (await _host.SysctrAsync("info", other)).ExitCode);
            Assert.Contains($"the container {web.Name} has it", taken.Error, StringComparison.Ordinal);
            Assert.Equal(10, (await _host.SysctrAsync("network", "remove", "shop")).ExitCode);

            // Whoever is killed, it comes back where it was.
            string address = await AddressAsync(web);
            await _host.ShellAsync($"kill -9 $(systemctl show -P MainPID {web.Name})");
            await AnswersAsync(web, 8080);
            Assert.Equal(address, await AddressAsync(web));

            await _host.MustAsync("systemctl", "stop", db.Name, web.Name);
            left = await _host.ShellAsync(Snapshot);
            Assert.DoesNotContain("sysctr-", await _host.ShellAsync("ip netns"), StringComparison.Ordinal);
            string up = await _host.ShellAsync(
                $"systemctl show -P ExecStartPre {web.Name} | sed 's/.*argv\\[\\]=\\([^;]*\\);.*/\\1/'"
            );
            string down = $"sysctr launch network-down {web.Name}";

            // Many starts, some of which lose their ends, their namespace or their record of what was done.
            await _host.ShellAsync(
                $"for i in $(seq 3); do {up.Trim()}; {up.Trim()}; ip netns del sysctr-{web.Name}; {up.Trim()}; {down}; {up.Trim()}; {down}; done 2>&1"
            );
            Assert.Equal(left, await _host.ShellAsync(Snapshot));
            await _host.MustAsync("systemctl", "start", web.Name);
            await AnswersAsync(web, 8080);
        }

        (await _host.SysctrAsync("network", "remove", "shop")).MustSucceed();
        Assert.Equal(left, await _host.ShellAsync(Snapshot));
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Theory]
    [InlineData("runc")]
    [InlineData("crun")]
    public async Task Networks_of_others_and_none(string runtime)
    {
        await PrepareAsync();
        await _host.ShellAsync("ip netns add blue; ip -n blue link set lo up; ip -n blue addr add 10.78.0.1/32 dev lo");
        await using (Container blue = await ServeAsync("--runtime", runtime, "--network", "ns:/run/netns/blue"))
        await using (Container none = await ServeAsync("--runtime", runtime, "--network", "none"))
        await using (Container owner = await ServeAsync("--runtime", runtime, "-p", "8082:80"))
        await using (
            Container guest = await Container.InstallAsync(
                _host,
                "probe",
                "--now",
                "--runtime",
                runtime,
                "--network",
                $"container:{owner.Name}",
                "-v",
                $"{Place}:{Place}:ro",
                "--entrypoint",
                "[\"/bin/sleep\", \"1000\"]",
                "--stop-signal",
                "KILL"
            )
        )
        {
            await AnswersAsync(blue, $"ip netns exec blue python3 {Place}/ask.py 10.78.0.1/80");
            await AnswersAsync(none, $"sysctr exec {none.Name} python3 {Place}/ask.py localhost/80");
            await AnswersAsync(owner, 8082);
            Assert.Equal($"{none.Name} OSError", await AskInsideAsync(none, "localhost/80", "10.78.0.1/80"));
            Assert.Equal($"{owner.Name} {owner.Name}", await AskInsideAsync(guest, "localhost/80", $"{owner.Name}/80"));
            await _host.MustAsync("systemctl", "stop", owner.Name);
            await _host.EventuallyAsync($"! systemctl is-active {guest.Name}", TimeSpan.FromMinutes(3));
            Assert.Contains(
                "network-namespace",
                (await _host.SysctrAsync("info", "--json", blue.Name)).MustSucceed().Output,
                StringComparison.Ordinal
            );
        }

        await _host.ShellAsync("ip netns del blue");
    }

    /// <summary>Its own network is made outside of what its unit forbids.</summary>
    [Fact]
    public async Task A_hardened_unit_has_its_network_all_the_same_and_a_host_without_netavark_says_which_package()
    {
        await PrepareAsync();
        await using (Container web = await ServeAsync("-p", "8083:80"))
        {
            await _host.ShellAsync(
                $"printf '[Service]\\nProtectSystem=strict\\nReadWritePaths=/run /var/lib\\nProtectHome=yes\\nPrivateTmp=yes\\nRestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK\\nProtectKernelTunables=yes\\n' >/etc/systemd/system/{web.Service}.d/90.conf; systemctl daemon-reload; systemctl restart {web.Name}"
            );
            await AnswersAsync(web, 8083);
            await _host.ShellAsync($"rm /etc/systemd/system/{web.Service}.d/90.conf; systemctl daemon-reload");
        }

        HostState before = await HostState.TakeAsync(_host);
        await _host.ShellAsync("mv /usr/lib/podman/netavark /root/");
        CommandResult refused = await _host.SysctrAsync("install", "--name", "lacks", "-p", "80", "probe");
        await _host.ShellAsync("mv /root/netavark /usr/lib/podman/");
        Assert.Equal(12, refused.ExitCode);
        Assert.Contains("apt install netavark", refused.Error, StringComparison.Ordinal);
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    /// <summary>pasta wants /dev/net/tun and a route, which these hosts do not have.</summary>
    [Theory]
    [InlineData("runc", 8084)]
    [InlineData("crun", 8085)]
    public async Task A_users_container_has_a_network_by_pasta(string runtime, int port)
    {
        await PrepareAsync();
        await _host.ShellAsync(
            """
            mkdir -p /dev/net; test -c /dev/net/tun || mknod /dev/net/tun c 10 200; chmod 666 /dev/net/tun
            ip link show uplink || { ip link add uplink type veth peer name uplink-peer; ip addr add 192.0.2.2/24 dev uplink; ip link set uplink up; ip link set uplink-peer up; }
            ip route show default | grep . || ip route add default via 192.0.2.1
            """
        );
        TestUser user = await TestUser.AddAsync(_host);
        string[] serve =
        [
            "--runtime",
            runtime,
            "-v",
            $"{Place}:{Place}:ro",
            "--entrypoint",
            $"[\"/usr/bin/python3\", \"{Place}/serve.py\"]",
            "-p",
            $"{port}:80",
        ];

        CommandResult installed = await user.SysctrAsync(["install", "--now", "--name", "web", .. serve, "probe"]);

        Assert.True(installed.ExitCode == 0, installed.All);
        string answers = $"test \"$(python3 {Place}/ask.py 127.0.0.1/{port})\" = web";
        await _host.EventuallyAsync(answers, TimeSpan.FromMinutes(3));

        // Newer ones look after their namespace each second.
        await Task.Delay(TimeSpan.FromSeconds(2.5), TestContext.Current.CancellationToken);
        await _host.ShellAsync(answers);

        // It sees its own loopback and the host's address as its own, and of the host's ports none.
        Assert.Equal(
            "web ConnectionRefusedError",
            (
                await user.MustAsync("exec", "web", "python3", $"{Place}/ask.py", "localhost/80", "127.0.0.1/5000")
            ).Output.Trim()
        );
        Assert.Contains(
            "192.0.2.2",
            (await user.MustAsync("exec", "web", "cat", "/proc/net/fib_trie")).Output,
            StringComparison.Ordinal
        );

        // Whatever dies, a start has it again, and a stop leaves nothing.
        await _host.ShellAsync($"pkill -9 -u {user.Name} passt; {user.Systemctl("restart web")}");
        await _host.EventuallyAsync(answers, TimeSpan.FromMinutes(3));
        await _host.ShellAsync($"{user.Systemctl("kill -s KILL web")}");
        await _host.EventuallyAsync(answers, TimeSpan.FromMinutes(3));
        await user.MustAsync("stop", "web");
        await _host.EventuallyAsync(
            $"test -z \"$(pgrep -u {user.Name} passt)\" && test ! -e {user.RunDirectory}/sysctr/web",
            TimeSpan.FromMinutes(3)
        );

        await _host.ShellAsync("chmod 600 /dev/net/tun");
        CommandResult refused = await user.SysctrAsync("start", "web");
        await _host.ShellAsync("chmod 666 /dev/net/tun");
        Assert.Equal(11, refused.ExitCode);
        Assert.Contains("making the network of web: pasta: ", refused.Error, StringComparison.Ordinal);
        await user.MustAsync("uninstall", "--purge", "web");

        // A file means podman's default.
        await user.ShellAsync(
            $"mkdir -p ~/.config/sysctr/containers.d; printf '[Container]\\nImage=probe\\nExec=/usr/bin/python3 {Place}/serve.py\\nEntrypoint=/usr/bin/env\\nVolume={Place}:{Place}:ro\\nHostName=web\\nPublishPort={port}:80\\n[Install]\\nWantedBy=default.target\\n' >~/.config/sysctr/containers.d/file.container"
        );
        (await user.SysctrAsync("apply")).MustSucceed();
        await _host.EventuallyAsync(answers, TimeSpan.FromMinutes(3));
        await user.MustAsync("uninstall", "--purge", "file");
    }

    /// <summary>A host may lack all three, or have links that lead nowhere yet.</summary>
    [Fact]
    public async Task Names_are_there_on_a_host_that_has_none()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe");
        await _host.ShellAsync(
            "cp -a /etc/hosts /etc/resolv.conf /root/; rm /etc/hosts /etc/resolv.conf; ln -s ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf"
        );
        await _host.RunAsync("systemctl", "start", probe.Name);
        CommandResult bare = await _host.SysctrAsync(
            "exec",
            probe.Name,
            "sh",
            "-c",
            "cat /etc/hosts /etc/resolv.conf; test -s /etc/hostname"
        );
        await _host.ShellAsync("rm /etc/resolv.conf; mv /root/hosts /root/resolv.conf /etc/");
        Assert.Equal(
            "127.0.0.1\tlocalhost\n::1\tlocalhost\nnameserver 127.0.0.53\noptions edns0 trust-ad\n",
            bare.MustSucceed().Output
        );
        await _host.MustAsync("systemctl", "restart", probe.Name);
        Assert.Equal(
            await _host.ShellAsync("cat /etc/hosts"),
            (await _host.SysctrAsync("exec", probe.Name, "cat", "/etc/hosts")).MustSucceed().Output
        );
    }

    private async Task PrepareAsync() =>
        await _host.ShellAsync(
            $"mkdir -p {Place}; cat >{Place}/serve.py <<'E'\n{Serve}\nE\ncat >{Place}/ask.py <<'E'\n{Ask}\nE\n"
        );

    /// <summary>A payload that has started may not listen yet.</summary>
    private Task<CommandResult> AnswersAsync(Container web, int port) =>
        AnswersAsync(web, $"python3 {Place}/ask.py 127.0.0.1/{port}");

    /// <summary>The same, by words of the shell that ask it.</summary>
    private Task<CommandResult> AnswersAsync(Container server, string ask) =>
        _host.EventuallyAsync($"test \"$({ask})\" = {server.Name}", TimeSpan.FromMinutes(3));

    private Task<Container> ServeAsync(params string[] options) =>
        Container.InstallAsync(
            _host,
            "probe",
            [
                "--now",
                "-v",
                $"{Place}:{Place}:ro",
                "--entrypoint",
                $"[\"/usr/bin/python3\", \"{Place}/serve.py\"]",
                .. options,
            ]
        );

    private async Task<string> AskAsync(params string[] places) =>
        (await _host.ShellAsync($"python3 {Place}/ask.py {string.Join(' ', places)}")).Trim();

    private async Task<string> AskInsideAsync(Container container, params string[] places) =>
        (await _host.SysctrAsync(["exec", container.Name, "python3", $"{Place}/ask.py", .. places]))
            .MustSucceed()
            .Output.Trim();

    private async Task<string> AddressAsync(Container container) =>
        await _host.ShellAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"ip -n sysctr-{container.Name} -o -4 addr show eth0; cat /proc/$(systemctl show -P MainPID {container.Name})/root/sys/class/net/eth0/address"
            )
        );
}
