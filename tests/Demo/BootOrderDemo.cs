// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;

namespace SystemContainers.Demo;

/// <summary>
/// Four images from a registry onto a host with one command; then the host reboots, and everything that the README
/// promises is looked at: order, readiness, what they serve, and that nothing but the payloads runs.
/// </summary>
public sealed class BootOrderDemo
{
    private const string NetworkConfig = """{"Network": "10.5.0.0/16"}""";
    private static readonly string[] s_names = [.. ImageSource.Demo.Select(i => i.Name)];

    private readonly NspawnHost _host;
    private readonly Report _report = new();
    private string[] _before = [];

    private BootOrderDemo(NspawnHost host) => _host = host;

    /// <summary>Runs the demo; the exit code of the program.</summary>
    public static async Task<int> RunAsync()
    {
        Report.Heading("images from Debian packages, in a registry on the host's loopback");
        string storage = await ImageBuilder.RegistryStorageAsync(ImageSource.Demo);
        await using NspawnHost host = await NspawnHost.StartAsync(HostRoot.Bookworm, storage);
        BootOrderDemo demo = new(host);
        await demo.InstallAsync();
        await demo.RebootAsync();
        await demo.ProveOrderAsync();
        await demo.ProveServicesAsync();
        await demo.ProveNothingElseRunsAsync();
        await demo.ProveOneConnectionStartsAllAsync();
        return demo._report.Close();
    }

    private async Task InstallAsync()
    {
        Report.Heading("a host that has never heard of them");
        _before = await ProgramsAsync();
        // What an administrator of this host would say: it is nested in another one, where dockerd gets neither
        // netfilter nor overlay mounts of its own.
        await _host.ShellAsync(
            """
            mkdir -p /etc/docker /var/www/html
            echo '{ "iptables": false, "ip6tables": false, "bridge": "none", "storage-driver": "vfs" }' > /etc/docker/daemon.json
            echo 'a page of the host' > /var/www/html/page.txt
            """
        );
        CommandResult install = await ShowAsync(["sysctr", "install", "--system", .. s_names]);
        _report.Check("one command installs all four", install.ExitCode == 0, install.All);
        CommandResult list = await ShowAsync(["sysctr", "list"]);
        _report.Check(
            "list names all four",
            s_names.All(n => list.Output.Contains(n, StringComparison.Ordinal)),
            list.All
        );
        // The cluster's network is decided once, before the first boot with it.
        await ShowAsync(["systemctl", "start", "etcd"]);
        await ShowAsync(["etcdctl", "put", "/coreos.com/network/config", NetworkConfig]);
    }

    private async Task RebootAsync()
    {
        Report.Heading("reboot");
        string before = await BootIdAsync();
        await _host.RebootAsync();
        string after = await BootIdAsync();
        _report.Check("the host was rebooted", before != after, $"boot {before} then {after}");
        CommandResult state = await _host.RunAsync("systemctl", "is-system-running");
        CommandResult failed = await _host.RunAsync("systemctl", "--failed", "--no-legend");
        _report.Check("no unit failed", state.Output.Trim() == "running", failed.All);
    }

    private async Task ProveOrderAsync()
    {
        Report.Heading("order");
        CommandResult info = await ShowAsync([
            "curl",
            "--silent",
            "--show-error",
            "--unix-socket",
            "/run/docker.sock",
            "http://docker/version",
        ]);
        _report.Check(
            "the first connection to docker.socket is answered",
            info.Output.Contains("ApiVersion", StringComparison.Ordinal),
            info.All
        );
        await ProveChainAsync();
    }

    /// <summary>etcd, flanneld and docker became active in this order, by the kernel's monotonic clock.</summary>
    private async Task ProveChainAsync()
    {
        long etcdActive = await _host.UnitNumberAsync("etcd.service", "ActiveEnterTimestampMonotonic");
        long flannelBegins = await _host.UnitNumberAsync("flanneld.service", "InactiveExitTimestampMonotonic");
        long flannelActive = await _host.UnitNumberAsync("flanneld.service", "ActiveEnterTimestampMonotonic");
        long dockerBegins = await _host.UnitNumberAsync("docker.service", "InactiveExitTimestampMonotonic");
        long dockerActive = await _host.UnitNumberAsync("docker.service", "ActiveEnterTimestampMonotonic");
        string times =
            $"etcd active {etcdActive}, flanneld begins {flannelBegins} active {flannelActive}, docker begins {dockerBegins} active {dockerActive} µs";
        Console.WriteLine($"    {times}");
        _report.Check("etcd was active before flanneld began", etcdActive > 0 && etcdActive <= flannelBegins, times);
        _report.Check(
            "flanneld was active before docker began",
            flannelActive > 0 && flannelActive <= dockerBegins,
            times
        );
        _report.Check("docker is active", dockerActive > 0, times);
    }

    private async Task ProveServicesAsync()
    {
        Report.Heading("what they serve");
        await ShowAsync(["etcdctl", "put", "greeting", "hello"]);
        CommandResult value = await ShowAsync(["etcdctl", "get", "--print-value-only", "greeting"]);
        _report.Check("etcd gives back what was put", value.Output.Trim() == "hello", value.All);

        CommandResult subnet = await ShowAsync(["cat", "/run/flannel/subnet.env"]);
        _report.Check(
            "flanneld's file has a subnet of the network that etcd knows",
            subnet.Output.Contains("FLANNEL_NETWORK=10.5.0.0/16", StringComparison.Ordinal)
                && subnet.Output.Contains("FLANNEL_SUBNET=10.5.", StringComparison.Ordinal),
            subnet.All
        );
        CommandResult device = await ShowAsync(["ip", "-brief", "address", "show", "flannel.1"]);
        _report.Check(
            "the vxlan device is there",
            device.Output.Contains("10.5.", StringComparison.Ordinal),
            device.All
        );

        CommandResult docker = await ShowAsync([
            "docker",
            "info",
            "--format",
            "docker {{.ServerVersion}}, storage {{.Driver}}, labels {{.Labels}}",
        ]);
        _report.Check(
            "docker answers, with the network that flanneld chose",
            docker.Output.Contains("flannel.subnet=10.5.", StringComparison.Ordinal),
            docker.All
        );

        CommandResult page = await ShowAsync([
            "curl",
            "--silent",
            "--show-error",
            "--fail",
            "http://127.0.0.1:80/page.txt",
        ]);
        _report.Check(
            "httpd serves a file of the host's /var/www",
            page.Output.Trim() == "a page of the host",
            page.All
        );
    }

    private async Task ProveNothingElseRunsAsync()
    {
        Report.Heading("what runs");
        await ShowAsync(["ps", "-eo", "pid,ppid,rss,unit:22,args"]);
        foreach (string name in s_names)
        {
            string main = await _host.UnitPropertyAsync($"{name}.service", "MainPID");
            string group = await _host.UnitPropertyAsync($"{name}.service", "ControlGroup");
            CommandResult inside = await _host.RunAsync("sh", "-c", $"cat /proc/{main}/cgroup");
            _report.Check(
                $"{name}: systemd's main process is the payload, in the unit's own cgroup",
                main != "0" && inside.Output.Trim().Split(':')[^1].StartsWith(group, StringComparison.Ordinal),
                $"main {main}, unit {group}, process {inside.All}"
            );
        }

        string[] strangers = [.. (await ProgramsAsync()).Except(_before, StringComparer.Ordinal)];
        _report.Check(
            "besides the payloads nothing runs that did not run before",
            strangers.Length == 0,
            string.Join('\n', strangers)
        );
    }

    /// <summary>
    /// The programs of all processes whose root directory is the host's. A payload's is its checkout, so that what is
    /// left is Debian's own, and whatever an installer or a runtime would have left behind. Our own questions are in no
    /// host's group.
    /// </summary>
    private async Task<string[]> ProgramsAsync()
    {
        string output = await _host.ShellAsync(
            """
            for process in /proc/[0-9]*; do
                program=$(readlink "$process/exe") || continue
                [ "$(stat -L -c %d:%i "$process/root")" = "$(stat -L -c %d:%i /)" ] || continue
                grep -qs '^0::/\.\.' "$process/cgroup" || echo "$program"
            done
            """
        );
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)];
    }

    private async Task ProveOneConnectionStartsAllAsync()
    {
        Report.Heading("all stopped; then one connection");
        await ShowAsync(["systemctl", "stop", "docker.service", "flanneld.service", "etcd.service", "httpd.service"]);
        CommandResult docker = await ShowAsync(["docker", "info", "--format", "docker {{.ServerVersion}}"]);
        _report.Check("docker info is answered", docker.ExitCode == 0, docker.All);
        await ProveChainAsync();
    }

    private async Task<string> BootIdAsync() =>
        (await _host.MustAsync("cat", "/proc/sys/kernel/random/boot_id")).Output.Trim();

    /// <summary>Runs a command on the host as one would see it in a terminal.</summary>
    private async Task<CommandResult> ShowAsync(IReadOnlyList<string> commandLine)
    {
        CommandResult result = await _host.RunAsync(commandLine);
        Report.Terminal(commandLine, result);
        return result;
    }
}
