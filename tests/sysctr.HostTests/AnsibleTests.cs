// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>
/// The role sysctr_container, played from the build machine with Debian's Ansible: changed is true exactly when
/// something changed, and check mode says so beforehand. Ansible's ssh connection is used; what it calls as ssh enters
/// the host's namespaces.
/// </summary>
[Collection(AnsibleHost.Name)]
public sealed partial class AnsibleTests(NspawnFixture fixture) : IAsyncLifetime
{
    private const string Registry = "127.0.0.1:5001";

    private readonly NspawnHost _host = fixture.Host;
    private Scratch _scratch = null!;

    public async ValueTask InitializeAsync()
    {
        _scratch = await Scratch.CreateAsync();
        string ssh = _scratch.File("ssh");
        await File.WriteAllTextAsync(
            ssh,
            $"""
            #!/bin/sh
            for command; do :; done
            exec {string.Join(' ', _host.CommandLine(["sh", "-c"]))} "$command"

            """
        );
        File.SetUnixFileMode(ssh, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await File.WriteAllTextAsync(
            _scratch.File("inventory"),
            $"web ansible_connection=ssh ansible_ssh_executable={ssh} ansible_ssh_transfer_method=piped ansible_python_interpreter=/usr/bin/python3\n"
        );
        const string play = """
            - hosts: web
              gather_facts: false
              roles:
                - sysctr_container

            """;
        await File.WriteAllTextAsync(_scratch.File("play.yml"), play);

        // Most of what a play costs is Ansible's own beginning: three in one call.
        await File.WriteAllTextAsync(_scratch.File("thrice.yml"), play + "  check_mode: true\n" + play + play);
    }

    public ValueTask DisposeAsync() => _scratch.DisposeAsync();

    [Fact]
    public async Task Changed_is_true_exactly_when_something_changed()
    {
        string name = Container.NewName();
        await using RegistryServer registry = await StartRegistryAsync();
        await PublishAsync(registry, "legacy-agent");
        Dictionary<string, object> vars = new()
        {
            ["name"] = name,
            ["image"] = $"{Registry}/agent",
            ["now"] = true,
            ["values"] = new Dictionary<string, string> { ["ADDRESS"] = "here" },
        };

        await ChangesOnceAsync(vars);
        Assert.Equal("active", await _host.UnitPropertyAsync(name, "ActiveState"));
        Assert.Equal("version 1\n", await _host.ShellAsync($"{name}ctl"));

        vars["values"] = new Dictionary<string, string> { ["VALUE"] = "other 'quoted' $text" };
        await ChangesOnceAsync(vars);
        Assert.Equal(("here", "other 'quoted' $text"), await SetAsync(name));

        await PublishAsync(registry, "legacy-agent-v2");
        Assert.Equal(0, await PlayAsync(vars));
        Assert.Equal(0, await PlayAsync(vars, "--check"));
        vars["state"] = "latest";
        HostState before = await HostState.TakeAsync(_host);
        Assert.Equal(1, await PlayAsync(vars, "--check"));
        Assert.Equal(before, await HostState.TakeAsync(_host));
        await ChangesOnceAsync(vars);
        Assert.Equal("version 2\n", await _host.ShellAsync($"{name}ctl"));

        vars["state"] = "stopped";
        vars.Remove("now");
        await ChangesOnceAsync(vars);
        Assert.Equal("inactive", await _host.UnitPropertyAsync(name, "ActiveState"));
        vars["state"] = "started";
        await ChangesOnceAsync(vars);
        Assert.Equal("active", await _host.UnitPropertyAsync(name, "ActiveState"));

        vars["runtime"] = "crun";
        await ChangesOnceAsync(vars);

        await ChangesOnceAsync(
            new()
            {
                ["name"] = name,
                ["state"] = "absent",
                ["purge"] = true,
            }
        );
        Assert.Equal("not-found", await _host.UnitPropertyAsync(name, "LoadState"));
    }

    [Fact]
    public async Task Values_are_of_any_type_and_a_diff_in_check_mode_is_the_plan()
    {
        string name = Container.NewName();
        Dictionary<string, object> vars = new()
        {
            ["name"] = name,
            ["image"] = "legacy-agent",
            ["state"] = "started",
            ["values"] = new Dictionary<string, object?> { ["ADDRESS"] = 5, ["VALUE"] = true },
        };
        HostState before = await HostState.TakeAsync(_host);

        string diff = (await RunAsync(vars, "play.yml", "--check", "--diff")).MustSucceed().Output;

        Assert.Equal(before, await HostState.TakeAsync(_host));
        Assert.Matches($@"\+ unit +/etc/systemd/system/{name}\.service", diff);
        Assert.Matches($@"\+ start +{name}\.service", diff);
        await ChangesOnceAsync(vars);
        Assert.Equal(("5", "true"), await SetAsync(name));
        vars["values"] = new Dictionary<string, object?> { ["VALUE"] = null };
        await ChangesOnceAsync(vars);
        Assert.Equal(("5", ""), await SetAsync(name));

        Dictionary<string, object> absent = new()
        {
            ["name"] = name,
            ["state"] = "absent",
            ["purge"] = true,
        };
        before = await HostState.TakeAsync(_host);
        Assert.Matches(
            $@"- state +/var/lib/{name}",
            (await RunAsync(absent, "play.yml", "--check", "--diff")).MustSucceed().Output
        );
        Assert.Equal(before, await HostState.TakeAsync(_host));
        await ChangesOnceAsync(absent);
    }

    [Fact]
    public async Task An_image_is_pinned_and_a_policy_changed_without_a_restart()
    {
        string name = Container.NewName();
        Dictionary<string, object> vars = new()
        {
            ["name"] = name,
            ["image"] = "probe",
            ["now"] = true,
        };
        await ChangesOnceAsync(vars);
        long process = await _host.UnitNumberAsync(name, "MainPID");

        vars["auto_update"] = "registry";
        await ChangesOnceAsync(vars);
        Assert.Equal(process, await _host.UnitNumberAsync(name, "MainPID"));

        using JsonDocument info = JsonDocument.Parse(
            (await _host.SysctrAsync("info", name, "--json")).MustSucceed().Output
        );
        vars["digest"] = info.RootElement.GetProperty("manifestDigest").GetString()!;
        await ChangesOnceAsync(vars);
        await ChangesOnceAsync(
            new()
            {
                ["name"] = name,
                ["state"] = "absent",
                ["purge"] = true,
            }
        );
    }

    [Fact]
    public async Task What_fails_is_as_it_was_and_says_why()
    {
        string name = Container.NewName();
        await ChangesOnceAsync(
            new()
            {
                ["name"] = name,
                ["image"] = "probe",
                ["now"] = true,
            }
        );
        await using IAsyncDisposable settling = await _host.SettleAsync(30);
        HostState before = await HostState.TakeAsync(_host);

        CommandResult play = await RunAsync(new() { ["name"] = name, ["image"] = "broken-start" }, "play.yml");

        Assert.Equal(2, play.ExitCode);
        Assert.Contains("this is why", play.All, StringComparison.Ordinal);
        Assert.Equal(before, await HostState.TakeAsync(_host));
        Assert.Contains(
            "say which image",
            (await RunAsync(new() { ["name"] = "nothing" }, "play.yml")).All,
            StringComparison.Ordinal
        );
        await ChangesOnceAsync(
            new()
            {
                ["name"] = name,
                ["state"] = "absent",
                ["purge"] = true,
            }
        );
    }

    /// <summary>What ADDRESS and VALUE of a container were set to.</summary>
    private async Task<(string? Address, string? Value)> SetAsync(string name)
    {
        using JsonDocument info = JsonDocument.Parse(
            (await _host.SysctrAsync("info", name, "--json")).MustSucceed().Output
        );
        JsonElement set = info.RootElement.GetProperty("set");
        return (set.GetProperty("ADDRESS").GetString(), set.GetProperty("VALUE").GetString());
    }

    /// <summary>
    /// Checks: check mode predicts the change, and leaves it to the first play, which changes; the second does not.
    /// </summary>
    private async Task ChangesOnceAsync(Dictionary<string, object> vars)
    {
        string output = (await RunAsync(vars, "thrice.yml")).MustSucceed().Output;
        string[] plays = output.Split("\nPLAY ")[1..];

        Assert.Equal(
            "check changed: 1, first: 1, second: 0",
            string.Join(
                ", ",
                plays.Zip((string[])["check changed", "first", "second"], (p, n) => $"{n}: {Changes().Count(p)}")
            )
        );
    }

    /// <summary>How many tasks changed something.</summary>
    private async Task<int> PlayAsync(Dictionary<string, object> vars, params string[] options)
    {
        CommandResult play = (await RunAsync(vars, ["play.yml", .. options])).MustSucceed();
        return int.Parse(Changed().Match(play.Output).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    private Task<CommandResult> RunAsync(Dictionary<string, object> vars, params string[] arguments) =>
        Command.RunAsync([
            "env",
            "-C",
            _scratch.Path,
            $"HOME={_scratch.Path}",
            "ANSIBLE_NOCOLOR=1",
            "LC_ALL=C.UTF-8",
            $"ANSIBLE_ROLES_PATH={Workspace.Root}/packaging/ansible/roles",
            "ansible-playbook",
            "--inventory",
            _scratch.File("inventory"),
            "--extra-vars",
            JsonSerializer.Serialize(vars.ToDictionary(v => "sysctr_container_" + v.Key, v => v.Value)),
            .. arguments,
        ]);

    /// <summary>A registry on the host's loopback whose images change.</summary>
    private async Task<RegistryServer> StartRegistryAsync()
    {
        Directory.CreateDirectory(_scratch.File("registry"));
        await _host.ShellAsync(
            $"""
            mkdir -p /etc/containers/registries.conf.d
            printf '[[registry]]\nlocation = "{Registry}"\ninsecure = true\n' > /etc/containers/registries.conf.d/changing.conf
            """
        );
        return await RegistryServer.StartAsync(
            _scratch,
            _host.Network,
            _scratch.File("registry"),
            readOnly: false,
            Registry
        );
    }

    private static async Task PublishAsync(RegistryServer registry, string image) =>
        await registry.PushAsync(
            await ImageBuilder.BuildAsync(new ImageSource(image)),
            ImageBuilder.Tag,
            $"agent:{ImageBuilder.Tag}"
        );

    [GeneratedRegex(@"^changed: \[web\]", RegexOptions.Multiline)]
    private static partial Regex Changes();

    [GeneratedRegex(@"\bchanged=(\d+)")]
    private static partial Regex Changed();
}
