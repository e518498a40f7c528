// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Networks by name as files have made them: shown in plans, named by other calls, not removed under one that
/// is on its way; and profiles of AppArmor, which these hosts do not have.</summary>
[Collection(OrdinaryHost.Name)]
public sealed class NetworkNameTests(NspawnFixture fixture)
{
    private const string Place = "/srv/named";

    private const string Lock = "/run/sysctr/.networks/lock";

    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task Plans_show_networks_and_another_call_names_what_a_file_has_made()
    {
        string declare = $"printf '[Network]\\nSubnet=10.79.0.0/24\\n' >{Place}/nn.network";
        await _host.ShellAsync(
            $"mkdir -p {Place} /etc/containers/networks; {declare}; echo '{{}}' >/etc/containers/networks/nnback.json"
        );
        HostState before = await HostState.TakeAsync(_host);

        Assert.Contains(
            $"+ make network systemd-nn: bridge 10.79.0.0/24, by {Place}/nn.network",
            (await _host.SysctrAsync("apply", "--plan", Place)).MustSucceed().Output,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "+ make network systemd-nn",
            (await _host.SysctrAsync("apply", "--plan", "--offline", Place)).MustSucceed().Output,
            StringComparison.Ordinal
        );
        Assert.Equal("create", Action(await _host.SysctrAsync("apply", "--plan", "--json", Place)));
        Assert.Equal("create", Action(await _host.SysctrAsync("apply", "--plan", "--offline", "--json", Place)));
        Assert.Equal(before, await HostState.TakeAsync(_host));
        (await _host.SysctrAsync("apply", Place)).MustSucceed();
        Assert.Equal("none", Action(await _host.SysctrAsync("apply", "--plan", "--json", Place)));

        await using (Container web = await Container.InstallAsync(_host, "probe", "--now", "--network", "systemd-nn"))
        {
            Assert.Contains(
                "10.79.0.",
                await _host.ShellAsync($"ip -n sysctr-{web.Name} -o -4 addr show eth0"),
                StringComparison.Ordinal
            );
            await _host.ShellAsync($"rm {Place}/nn.network");

            // It is in use, and so is not removed.
            (await _host.SysctrAsync("apply", "--prune", Place)).MustSucceed();
            Assert.Equal(10, (await _host.SysctrAsync("network", "remove", "systemd-nn")).ExitCode);
            CommandResult podmans = await _host.SysctrAsync("install", "--name", "no", "--network", "nnback", "probe");
            Assert.Equal(3, podmans.ExitCode);
            Assert.Contains("it is podman's", podmans.Error, StringComparison.Ordinal);
        }

        Assert.Equal("remove", Action(await _host.SysctrAsync("apply", "--plan", "--prune", "--json", Place)));
        (await _host.SysctrAsync("apply", "--prune", Place)).MustSucceed();
        await _host.ShellAsync(declare);
        Assert.Equal(before, await HostState.TakeAsync(_host));
        await _host.ShellAsync($"rm -r {Place} /etc/containers/networks");
    }

    /// <summary>Its bridge is up, with its route on the host; what ran before starts on the network that it
    /// had.</summary>
    [Fact]
    public async Task An_apply_that_fails_leaves_a_network_in_use_as_it_was()
    {
        const string Sleep = "Image=probe\\nEntrypoint=[\"/bin/sleep\", \"infinity\"]\\nStopSignal=KILL";
        const string Kept = "cat /var/lib/sysctr/networks/systemd-nnkept.json";
        await _host.ShellAsync(
            $"mkdir -p {Place}; printf '[Network]\\nSubnet=10.81.0.0/24\\n' >{Place}/nnkept.network; printf '[Container]\\n{Sleep}\\nNetwork=nnkept.network\\n[Install]\\nWantedBy=multi-user.target\\n' >{Place}/nnkept.container"
        );
        (await _host.SysctrAsync("apply", "--settle", "1", Place)).MustSucceed();
        string before = await _host.ShellAsync(Kept);

        await _host.ShellAsync(
            $"printf '[Network]\\nSubnet=10.81.0.0/24\\nInternal=true\\n' >{Place}/nnkept.network; sed -i 's/^Network/Environment=A=1\\n&/' {Place}/nnkept.container; printf '[Container]\\nImage=probe\\nEntrypoint=/bin/false\\n[Install]\\nWantedBy=multi-user.target\\n' >{Place}/nnfails.container"
        );
        CommandResult failed = await _host.SysctrAsync("apply", "--settle", "30", Place);
        Assert.True(failed.ExitCode == 11, failed.All);
        Assert.Contains("nnfails.service", failed.Error, StringComparison.Ordinal);
        Assert.Equal(before, await _host.ShellAsync(Kept));
        Assert.Equal("active\n", await _host.ShellAsync("systemctl is-active nnkept"));

        // One that is internal has no way out.
        Assert.Contains(
            "default via 10.81.0.1",
            await _host.ShellAsync("ip -n sysctr-nnkept route"),
            StringComparison.Ordinal
        );

        await _host.ShellAsync($"rm -r {Place}; sysctr uninstall --purge nnkept; sysctr network remove systemd-nnkept");
    }

    /// <summary>Both calls are at the lock at once: whichever gets it first, one of them is refused, and no container
    /// is left on a network that is not there.</summary>
    [Fact]
    public async Task A_network_is_not_removed_under_a_container_that_is_about_to_be_on_it()
    {
        (await _host.SysctrAsync("network", "create", "nnrace")).MustSucceed();
        string name = Container.NewName();
        string[] statuses = (
            await _host.ShellAsync(
                $"""
                sysctr pull probe
                exec 9>{Lock}; flock 9
                sysctr install --name {name} --network nnrace probe >/tmp/{name}.out 2>&1 9>&- & install=$!
                for i in $(seq 600); do ls -d /var/lib/sysctr/deployments/{name}/.staged-* >/dev/null 2>&1 && break; sleep 0.1; done
                ls -A /var/lib/sysctr/deployments/{name} >&2
                sysctr network remove nnrace >/tmp/{name}.removed 2>&1 9>&- & remove=$!
                sleep 0.5; flock -u 9
                s=0; wait $install || s=$?; r=0; wait $remove || r=$?
                echo $s $r
                """
            )
        ).Trim().Split('\n')[^1].Split(' ');
        string said = await _host.ShellAsync($"cat /tmp/{name}.out /tmp/{name}.removed; rm /tmp/{name}.*");
        bool installed = statuses[0] == "0";

        Assert.True(installed ? statuses[1] == "10" : statuses[1] == "0", $"{string.Join(' ', statuses)}: {said}");
        Assert.Equal(installed, (await _host.SysctrAsync("info", name)).ExitCode == 0);
        Assert.Equal(
            installed,
            (await _host.ShellAsync("sysctr network list")).Contains("nnrace", StringComparison.Ordinal)
        );
        if (installed)
        {
            (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();
            (await _host.SysctrAsync("network", "remove", "nnrace")).MustSucceed();
        }
    }

    [Theory]
    [InlineData("runc")]
    [InlineData("crun")]
    public async Task A_profile_of_AppArmor_has_to_be_loaded_and_none_is_always_had(string runtime)
    {
        HostState before = await HostState.TakeAsync(_host);
        CommandResult refused = await _host.SysctrAsync(
            "install",
            "--name",
            "no",
            "--security-opt",
            "apparmor=mine",
            "probe"
        );
        Assert.Equal(12, refused.ExitCode);
        Assert.Contains("the host has no AppArmor", refused.Error, StringComparison.Ordinal);
        Assert.Equal(before, await HostState.TakeAsync(_host));
        await using Container probe = await Container.InstallAsync(
            _host,
            "probe",
            "--now",
            "--runtime",
            runtime,
            "--security-opt",
            "apparmor=unconfined"
        );
        Assert.Equal("active", await probe.PropertyAsync("ActiveState"));

        // As on a host that had AppArmor when it was installed.
        await _host.ShellAsync(
            $"python3 -c 'import json,sys; p=sys.argv[1]; c=json.load(open(p)); c[\"process\"][\"apparmorProfile\"]=\"mine\"; json.dump(c,open(p,\"w\"))' /var/lib/sysctr/deployments/{probe.Name}/0/config.json"
        );
        await _host.RunAsync("systemctl", "restart", probe.Name);
        Assert.NotEqual("active", await probe.PropertyAsync("ActiveState"));
        if ((await _host.ShellAsync("cat /sys/module/apparmor/parameters/enabled 2>/dev/null || true")).StartsWith('Y'))
        {
            // A machine with AppArmor, whose profiles these hosts don't see: the runtime has said why.
            return;
        }

        Assert.Contains(
            $"starting {probe.Name}: it is to be confined by the AppArmor profile mine, and the host has no AppArmor",
            await probe.JournalAsync(),
            StringComparison.Ordinal
        );
    }

    private static string Action(CommandResult plan)
    {
        using JsonDocument document = JsonDocument.Parse(plan.MustSucceed().Output);
        return document
            .RootElement.GetProperty("networks")
            .EnumerateArray()
            .Single(n => n.GetProperty("name").GetString() == "systemd-nn")
            .GetProperty("action")
            .GetString()!;
    }
}
