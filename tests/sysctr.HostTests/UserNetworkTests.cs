// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Networks by name of unprivileged users: by netavark in a namespace of the user's, with pasta to the
/// outside.</summary>
[Collection(UserHost.Name)]
public sealed class UserNetworkTests(NspawnFixture fixture)
{
    private const string Place = NetworkTests.Place;

    /// <summary>The other end of the host's network, where somebody serves and asks.</summary>
    private const string Far = "192.0.2.1";

    private const string Holder = "sysctr-netns.service";
    private const string Uplink = "sysctr-uplink.service";

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private readonly NspawnHost _host = fixture.Host;

    [Theory]
    [InlineData("runc", 8090)]
    [InlineData("crun", 8094)]
    public async Task Containers_find_each_other_and_their_ports_answer_whatever_dies(string runtime, int port)
    {
        await ConnectAsync();
        TestUser user = await TestUser.AddAsync(_host);
        await user.MustAsync("network", "create", "shop", "--subnet", "10.77.0.0/24", "--subnet", "fd77::/64");
        await user.MustAsync("network", "create", "closed", "--internal");
        await user.MustAsync(Serve(runtime, "db", "--network", "shop:ip=10.77.0.50,ip6=fd77::50,alias=store"));
        await user.MustAsync(Serve(runtime, "web", "--network", "shop", "--network", "closed", "-p", Publish(port)));
        await user.MustAsync(Serve(runtime, "shut", "--network", "closed"));
        await HoldsAsync(user, port);
        await AnswersAsync(user, "web", "shut", "shut/80");

        // Nothing leads out of what is closed, or in from another network.
        Assert.Equal(
            "OSError OSError",
            (
                await user.MustAsync("exec", "shut", "python3", $"{Place}/ask.py", $"{Far}/80", "10.77.0.50/80")
            ).Output.Trim()
        );
        Assert.Equal(
            "bridge\n",
            await user.ShellAsync("sysctr --user network list | grep ^shop | tr -s ' ' | cut -d' ' -f2")
        );
        Assert.Equal(10, (await user.SysctrAsync("network", "remove", "shop")).ExitCode);

        // Somebody's port.
        CommandResult taken = await user.SysctrAsync(Serve(runtime, "other", "--network", "shop", "-p", Publish(port)));
        Assert.Equal(10, taken.ExitCode);
        Assert.Contains("something on the host listens there", taken.All, StringComparison.Ordinal);
        Assert.NotEqual(0, (await user.SysctrAsync("info", "other")).ExitCode);

        // Whatever is killed or started anew, all of it is there again.
        foreach (
            string blow in (string[])
                [
                    user.Systemctl("kill -s KILL web.service"),
                    user.Systemctl("restart db web"),
                    $"pkill -9 -u {user.Name} 'passt|pasta'",
                    user.Systemctl($"kill -s KILL {Holder}"),
                    user.Systemctl($"restart {Holder}"),
                    $"systemctl restart user@{user.Uid}.service",
                    $"systemctl kill -s KILL user@{user.Uid}.service; sleep 1; systemctl restart user@{user.Uid}.service",
                ]
        )
        {
            await _host.ShellAsync(blow);
            await HoldsAsync(user, port, blow);
        }

        // The last one takes it all along.
        await user.MustAsync("stop", "web", "shut");
        await AnswersAsync(user, "db", "far", $"{Far}/80");
        await user.MustAsync("stop", "db");
        await _host.EventuallyAsync(
            $"! {user.Systemctl($"is-active {Holder} {Uplink}")} && test -z \"$(pgrep -l -u {user.Name} 'passt|pasta|aardvark|sleep|proxyd')\" && test -z \"$({user.Systemctl("list-units --all --plain --no-legend 'sysctr-port*'")})\" && test -z \"$(ls {user.RunDirectory}/sysctr/.networks/*.json {user.RunDirectory}/sysctr/.networks/netns/* 2>/dev/null)\"",
            s_patience
        );
        await user.MustAsync("start", "db", "web");
        await HoldsAsync(user, port);
        await user.MustAsync("uninstall", "--purge", "db", "web", "shut");
        await user.MustAsync("network", "remove", "shop", "closed");
        Assert.Equal(
            "",
            await user.ShellAsync($"ls {user.Store}/networks; systemctl --user list-units --failed --plain --no-legend")
        );
    }

    [Fact]
    public async Task Files_declare_them_and_a_boot_before_the_host_s_network_has_them()
    {
        const int port = 8098;
        await ConnectAsync();
        TestUser user = await TestUser.AddAsync(_host);
        await user.ShellAsync(
            $$"""
            mkdir -p ~/.config/sysctr/containers.d; cd ~/.config/sysctr/containers.d
            printf '[Network]\nIPv6=yes\n' >shop.network
            printf '[Pod]\nNetwork=shop.network\nPublishPort={{Publish(port)}}\n' >front.pod
            for name in db web; do
                printf '[Container]\nImage=probe\nContainerName=%s\nExec=/usr/bin/python3 {{Place}}/serve.py\nEntrypoint=/usr/bin/env\nVolume={{Place}}:{{Place}}:ro\n' $name >$name.container
            done
            printf 'HostName=db\nNetwork=shop.network\n' >>db.container
            printf 'Pod=front.pod\n' >>web.container
            for name in db web; do printf '[Install]\nWantedBy=default.target\n' >>$name.container; done
            """
        );
        string plan = (await user.SysctrAsync("apply", "--plan")).MustSucceed().Output;
        Assert.Contains("+ make network systemd-shop: bridge 10.89.", plan, StringComparison.Ordinal);
        await user.MustAsync("apply");
        Assert.Contains("nothing was changed", (await user.MustAsync("apply")).All, StringComparison.Ordinal);
        await AnswersAsync(port, "systemd-front");
        await AnswersAsync(user, "web", "db", "db/80");
        await AnswersAsync(user, "db", "systemd-front", "front-pod/80");

        await _host.RebootAsync();
        await AnswersAsync(port, "systemd-front");
        await AnswersAsync(user, "web", "db", "db/80");

        // The host's network comes after the user's systemd.
        await ConnectAsync();
        await AnswersAsync(user, "db", "far", $"{Far}/80");

        await user.ShellAsync("rm ~/.config/sysctr/containers.d/*");
        await user.MustAsync("apply", "--prune");
        Assert.Equal("", await user.ShellAsync($"ls {user.Store}/networks"));
        Assert.NotEqual("active", await user.PropertyAsync(Holder, "ActiveState"));
    }

    /// <summary>By a relay that systemd starts for the first datagram. An answer comes from the address that was asked,
    /// also where the host has several.</summary>
    [Fact]
    public async Task Datagrams_reach_published_ports_and_their_answers_the_senders()
    {
        const int port = 5300;
        await ConnectAsync();
        await _host.ShellAsync(
            $$"""
            cat >{{Place}}/echo.py <<'E'
            import signal, socket, sys
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            server.bind(('::', 53))
            while True:
                data, sender = server.recvfrom(65536)
                server.sendto(data, sender)
            E
            cat >{{Place}}/send.py <<'E'
            import socket, sys
            def ask(place, length):
                host, port = place.split('/')
                with socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM) as s:
                    s.settimeout(5)
                    s.connect((host, int(port)))
                    s.send(b'x' * length)
                    return len(s.recv(65536))
            print(*[ask(place, length) for length in (4, 0, 60000) for place in sys.argv[1:]])
            E
            ip addr show uplink | grep -q 192.0.2.9 || ip addr add 192.0.2.9/24 dev uplink
            """
        );
        TestUser user = await TestUser.AddAsync(_host);
        await user.MustAsync("network", "create", "shop", "--subnet", "10.78.0.0/24", "--subnet", "fd78::/64");
        await user.MustAsync(
            "install",
            "--now",
            "--name",
            "names",
            "-v",
            $"{Place}:{Place}:ro",
            "--entrypoint",
            $"[\"/usr/bin/python3\", \"{Place}/echo.py\"]",
            "--network",
            "shop",
            "-p",
            $"{port}:53/udp",
            "-p",
            "192.0.2.9:5310-5311:52-53/udp",
            "probe"
        );

        await EchoesAsync("127.0.0.1/5300", "::1/5300");
        await EchoesFarAsync("192.0.2.2/5300", "192.0.2.9/5300", "192.0.2.9/5311");
        await _host.ShellAsync($"test $(pgrep -u {user.Name} -cf 'launch udp') = 2");

        foreach (
            string blow in (string[])
                [
                    $"pkill -9 -u {user.Name} -f 'launch udp'",
                    user.Systemctl("restart names"),
                    user.Systemctl($"kill -s KILL {Holder}"),
                    $"systemctl restart user@{user.Uid}.service",
                ]
        )
        {
            await _host.ShellAsync(blow);
            await _host.EventuallyAsync($"python3 {Place}/send.py 127.0.0.1/5300", s_patience);
            await EchoesAsync("127.0.0.1/5300", "::1/5300");
        }

        // Somebody's port.
        CommandResult taken = await user.SysctrAsync(
            "install",
            "--now",
            "--name",
            "other",
            "--network",
            "shop",
            "-p",
            $"{port}:53/udp",
            "probe"
        );
        Assert.Equal(10, taken.ExitCode);
        Assert.NotEqual(0, (await user.SysctrAsync("info", "other")).ExitCode);

        await user.MustAsync("stop", "names");
        await _host.EventuallyAsync(
            $"! {user.Systemctl($"is-active {Holder} {Uplink}")} && test -z \"$(pgrep -l -u {user.Name} 'passt|pasta|aardvark|sleep|sysctr'; ss -Hlun 'sport >= 5300 and sport <= 5311')\" && test -z \"$({user.Systemctl("list-units --all --plain --no-legend 'sysctr-port*'")})\"",
            s_patience
        );
        await user.MustAsync("uninstall", "--purge", "names");
        await user.MustAsync("network", "remove", "shop");

        Task EchoesAsync(params string[] places) => EchoAsync("", places);

        Task EchoesFarAsync(params string[] places) => EchoAsync("ip netns exec far ", places);

        async Task EchoAsync(string where, string[] places) =>
            Assert.Equal(
                string.Join(' ', ((int[])[4, 0, 60_000]).SelectMany(l => Enumerable.Repeat(l, places.Length))),
                (await _host.ShellAsync($"{where}python3 {Place}/send.py {string.Join(' ', places)}")).Trim()
            );
    }

    /// <summary>The payload is the user, and not root, in a namespace of users within that of the networks.</summary>
    [Theory]
    [InlineData("")]
    [InlineData(":uid=101,gid=102")]
    public async Task Who_keeps_the_user_s_id_is_on_networks_like_all_others(string ids)
    {
        const int port = 8102;
        await ConnectAsync();
        await _host.ShellAsync($"sed 's/80/8000/' {Place}/serve.py >{Place}/serve8000.py");
        TestUser user = await TestUser.AddAsync(_host);
        string inside = ids.Length == 0 ? $"{user.Uid} {user.Uid} 0" : "101 102 0";
        await user.ShellAsync("mkdir data; chmod 700 data");
        await user.MustAsync("network", "create", "shop", "--subnet", "10.79.0.0/24", "--subnet", "fd79::/64");
        await user.MustAsync(Serve("crun", "db", "--network", "shop"));
        await user.MustAsync(
            "install",
            "--now",
            "--name",
            "web",
            "--runtime",
            "crun",
            "--userns",
            "keep-id" + ids,
            "--network",
            "shop",
            "-p",
            $"{port}:8000",
            "-v",
            $"{Place}:{Place}:ro",
            "-v",
            $"{user.Home}/data:/data",
            "--entrypoint",
            $"[\"/usr/bin/python3\", \"{Place}/serve8000.py\"]",
            "probe"
        );

        foreach (
            string blow in (string[])
                [
                    "true",
                    user.Systemctl("restart web"),
                    user.Systemctl("kill -s KILL web"),
                    user.Systemctl($"kill -s KILL {Holder}"),
                    $"systemctl restart user@{user.Uid}.service",
                ]
        )
        {
            await _host.ShellAsync(blow);
            await AnswersAsync(port, "web");
            await AnswersAsync(user, "web", "db", "db/80");
            await AnswersAsync(user, "db", "web", "web/8000");
            await AnswersAsync(user, "web", "far", $"{Far}/80");
            Assert.Equal(
                inside,
                (
                    await user.MustAsync(
                        "exec",
                        "web",
                        "sh",
                        "-c",
                        "touch /data/new; echo $(id -u) $(id -g) $(stat -c %u /etc/passwd)"
                    )
                ).Output.Trim()
            );
            Assert.Equal($"{user.Uid}\n", await _host.ShellAsync($"stat -c %u {user.Home}/data/new"));
        }

        // In its network nobody else is but who has its ids.
        CommandResult shared = await user.SysctrAsync(Serve("crun", "beside", "--network", "container:web"));
        Assert.NotEqual(0, shared.ExitCode);
        Assert.Contains(
            "web's own",
            await _host.ShellAsync($"journalctl --sync; journalctl -o cat _UID={user.Uid} | grep beside"),
            StringComparison.Ordinal
        );
        await user.SysctrAsync("uninstall", "--purge", "beside");

        await user.MustAsync("stop", "web", "db");
        await _host.EventuallyAsync(
            $"! {user.Systemctl($"is-active {Holder}")} && test -z \"$(ls {user.RunDirectory}/sysctr/.networks/*.json {user.RunDirectory}/sysctr/.networks/netns/* 2>/dev/null)\"",
            s_patience
        );
        await user.MustAsync("uninstall", "--purge", "web", "db");
        await user.MustAsync("network", "remove", "shop");
    }

    /// <summary>The user's systemd does not know the variables of the call that installs; and a port that was left to
    /// us has a number.</summary>
    [Fact]
    public async Task A_store_elsewhere_has_its_networks_and_a_drawn_port_is_told()
    {
        await ConnectAsync();
        TestUser user = await TestUser.AddAsync(_host);
        await user.ShellAsync(
            $$"""
            export XDG_DATA_HOME=$HOME/elsewhere
            sysctr --user network create away --subnet 10.80.0.0/24
            sysctr --user install --now --name web --network away -p 80 -v {{Place}}:{{Place}}:ro --entrypoint '["/usr/bin/python3", "{{Place}}/serve.py"]' probe
            """
        );
        string record = $"{user.RunDirectory}/sysctr/.networks/web.json";
        string port = (
            await _host.ShellAsync(
                $"python3 -c 'import json; print(json.load(open(\"{record}\"))[\"published\"][0][\"host_port\"])'"
            )
        ).Trim();
        await AnswersAsync(int.Parse(port, CultureInfo.InvariantCulture), "web");

        // The last command of a stop was killed with all else; an uninstall takes away what that left.
        await user.MustAsync(Serve("crun", "other", "--network", "bridge"));
        await _host.ShellAsync(
            $"cp {record} /root/left.json; {user.Systemctl("stop web")}; cp -a /root/left.json {record}; chown {user.Name}: {record}"
        );
        await user.ShellAsync("XDG_DATA_HOME=$HOME/elsewhere sysctr --user uninstall --purge web");
        await _host.ShellAsync($"test ! -e {record}");
        await user.MustAsync("uninstall", "--purge", "other");
    }

    [Fact]
    public async Task What_can_t_be_had_is_refused_before_anything_is_changed()
    {
        await ConnectAsync();
        TestUser user = await TestUser.AddAsync(_host);
        await user.MustAsync("network", "create", "shop");
        await user.MustAsync("pull", "probe");
        string before = await user.FilesAsync();

        foreach (
            (string program, string package) in ((string, string)[])
                [("/usr/lib/podman/netavark", "netavark"), ("/usr/bin/pasta", "passt")]
        )
        {
            await _host.ShellAsync($"mv {program} /root/lacks");
            CommandResult refused = await user.SysctrAsync("install", "--name", "web", "--network", "shop", "probe");
            await _host.ShellAsync($"mv /root/lacks {program}");
            Assert.Equal(12, refused.ExitCode);
            Assert.Contains($"apt install {package}", refused.Error, StringComparison.Ordinal);
        }

        CommandResult sctp = await user.SysctrAsync(
            "install",
            "--name",
            "web",
            "--network",
            "shop",
            "-p",
            "5300:53/sctp",
            "probe"
        );
        Assert.Equal(2, sctp.ExitCode);
        Assert.Contains("5300:53/sctp", sctp.Error, StringComparison.Ordinal);
        CommandResult lacking = await user.SysctrAsync("install", "--name", "web", "--network", "none-such", "probe");
        Assert.Contains("network create none-such", lacking.Error, StringComparison.Ordinal);
        Assert.Equal(before, await user.FilesAsync());
    }

    /// <summary>A network with somebody at its other end.</summary>
    private async Task ConnectAsync() =>
        await _host.ShellAsync(
            $$"""
            mkdir -p {{Place}}; cat >{{Place}}/serve.py <<'E'
            {{NetworkTests.Serve}}
            E
            cat >{{Place}}/ask.py <<'E'
            {{NetworkTests.Ask}}
            E
            mkdir -p /dev/net; test -c /dev/net/tun || mknod /dev/net/tun c 10 200; chmod 666 /dev/net/tun
            ip link show uplink || {
                ip netns add far; ip link add uplink type veth peer name peer netns far
                ip addr add 192.0.2.2/24 dev uplink; ip link set uplink up
                ip -n far addr add {{Far}}/24 dev peer; ip -n far link set peer up; ip -n far link set lo up
                ip route add default via {{Far}}
            }
            systemctl is-active far || systemd-run --unit=far ip netns exec far unshare --uts sh -c 'hostname far; exec python3 {{Place}}/serve.py'
            """
        );

    /// <summary>Names, addresses, ports and the outside.</summary>
    private async Task HoldsAsync(TestUser user, int port, string after = "the start")
    {
        try
        {
            await AnswersAsync(port, "web");
            await AnswersAsync(user, "web", "db", "db/80");
            await AnswersAsync(user, "web", "db", "store/80");
            await AnswersAsync(user, "web", "db", "fd77::50/80");
            await AnswersAsync(user, "db", "web", "web/80");
            await AnswersAsync(user, "db", "far", $"{Far}/80");
        }
        catch (Exception e)
        {
            throw new InvalidOperationException(
                $"after {after}: {e.Message}\n{await _host.ShellAsync($"journalctl --no-pager -n 120 _UID={user.Uid}; {user.Systemctl("list-units --all --plain --no-legend | grep -E 'sysctr|web|db|shut'")} || true; ps -fu {user.Name}")}",
                e
            );
        }
    }

    /// <summary>Whoever serves there says so, asked from the host and from outside.</summary>
    private async Task AnswersAsync(int port, string name) =>
        await _host.EventuallyAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"test \"$(python3 {Place}/ask.py 127.0.0.1/{port} ::1/{port})\" = '{name} {name}' && test \"$(ip netns exec far python3 {Place}/ask.py 192.0.2.2/{port})\" = {name} || ! ip link show uplink"
            ),
            s_patience
        );

    private async Task AnswersAsync(TestUser user, string from, string name, string place) =>
        await _host.EventuallyAsync(
            $"test \"$(runuser -u {user.Name} -- env XDG_RUNTIME_DIR={user.RunDirectory} sysctr --user exec {from} python3 {Place}/ask.py {place})\" = {name}",
            s_patience
        );

    private static string[] Serve(string runtime, string name, params string[] options) =>
        [
            "install",
            "--now",
            "--name",
            name,
            "--runtime",
            runtime,
            "-v",
            $"{Place}:{Place}:ro",
            "--entrypoint",
            $"[\"/usr/bin/python3\", \"{Place}/serve.py\"]",
            .. options,
            "probe",
        ];

    private static string Publish(int port) => string.Create(CultureInfo.InvariantCulture, $"{port}:80");
}
