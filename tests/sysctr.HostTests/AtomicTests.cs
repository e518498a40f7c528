// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>The tool called as <c>atomic</c>: old scripts go on working.</summary>
[Collection(InstallingHost.Name)]
public sealed class AtomicTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task A_containers_life_in_atomics_words()
    {
        string name = Container.NewName();
        HostState before = await HostState.TakeAsync(_host);

        (
            await AtomicAsync(
                "--debug",
                "install",
                "--system",
                "--storage=ostree",
                "--system-package",
                "auto",
                $"--name={name}",
                "--set=ADDRESS=here",
                "legacy-agent"
            )
        ).MustSucceed();
        (await AtomicAsync("run", name)).MustSucceed();
        Assert.Equal("active", await _host.UnitPropertyAsync(name + ".service", "ActiveState"));
        Assert.Contains(
            name,
            (await AtomicAsync("containers", "list", "--all", "--no-trunc")).MustSucceed().Output,
            StringComparison.Ordinal
        );

        (await AtomicAsync("containers", "update", "--set", "VALUE=other", name)).MustSucceed();
        CommandResult same = await AtomicAsync("containers", "update", name);
        Assert.Equal(1, same.ExitCode);
        Assert.Contains("is up to date", same.All, StringComparison.Ordinal);
        Assert.Equal(0, (await _host.SysctrAsync("update", name)).ExitCode);
        (await AtomicAsync("containers", "rollback", name)).MustSucceed();

        (await AtomicAsync("stop", name)).MustSucceed();
        Assert.Equal("inactive", await _host.UnitPropertyAsync(name + ".service", "ActiveState"));
        (await AtomicAsync("uninstall", "-f", name)).MustSucceed();
        await _host.ShellAsync($"rm -r /var/lib/{name}");
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Fact]
    public async Task Run_starts_installs_executes_or_stands_in()
    {
        string name = Container.NewName();
        string oci = await new WildImage
        {
            Arguments = ["once", "/out/file"],
            Service = "Type=notify\nTimeoutStartSec=1",
        }
            .Bind("/run/$NAME-out", "/out")
            .PutAsync(_host);
        (await AtomicAsync("install", "--system", "--name", name, oci)).MustSucceed();
        await _host.ShellAsync($"rmdir /run/{name}-out");

        // The service is not what runs: it would not come up.
        CommandResult stopped = await AtomicAsync("run", name, "/bin/stub", "once", "/out/file");
        Assert.Equal(3, stopped.ExitCode);
        Assert.Equal("stub: once /out/file\n", stopped.Output);
        Assert.Equal("written\n", await _host.ShellAsync($"cat /run/{name}-out/file"));
        Assert.Equal("inactive", await _host.UnitPropertyAsync(name + ".service", "ActiveState"));
        Assert.Equal("", await _host.ShellAsync($"ls /run/sysctr/commands; runc list -q | grep {name} || true"));
        await _host.UnitsGoneAsync($"{name}-command-*");
        Assert.Equal(2, (await AtomicAsync("run", "-d", name, "/bin/stub")).ExitCode);
        (await AtomicAsync("uninstall", name)).MustSucceed();

        string second = Container.NewName();
        (
            await AtomicAsync("run", "--name", second, await new WildImage { Arguments = ["$NAME"] }.PutAsync(_host))
        ).MustSucceed();
        Assert.Equal("active", await _host.UnitPropertyAsync(second + ".service", "ActiveState"));
        CommandResult running = await AtomicAsync("run", second, "/bin/stub", "once", "/proc/self/comm");
        Assert.Equal("stub: once /proc/self/comm\n", running.Output);
        Assert.Contains(second, (await AtomicAsync("containers", "list", "-q")).MustSucceed().Output.Split('\n'));
        Assert.DoesNotContain(
            "STATE",
            (await AtomicAsync("-y", "-i", "ps", "-n", "-a")).MustSucceed().Output,
            StringComparison.Ordinal
        );
        Assert.Contains("up to date", (await AtomicAsync("containers", "update", "-a")).All, StringComparison.Ordinal);
        (await AtomicAsync("containers", "delete", "-f", second)).MustSucceed();
        await _host.ShellAsync($"rm -r /run/{name}-out");
    }

    [Fact]
    public async Task Images_in_atomics_words()
    {
        (await AtomicAsync("pull", "--storage", "ostree", "legacy-tool")).MustSucceed();
        (await AtomicAsync("images", "tag", "legacy-tool", "a-tool")).MustSucceed();
        Assert.Contains(
            "a-tool:latest",
            (await AtomicAsync("images", "list", "-f", "name=a-tool", "-a")).MustSucceed().Output,
            StringComparison.Ordinal
        );
        Assert.Matches(
            "^[0-9a-f]{12}\n",
            (await AtomicAsync("images", "list", "-q", "--filter=name=a-tool")).MustSucceed().Output
        );
        Assert.DoesNotContain(
            "LAYERS",
            (await AtomicAsync("images", "list", "--noheading")).MustSucceed().Output,
            StringComparison.Ordinal
        );
        (await AtomicAsync("images", "info", "a-tool")).MustSucceed();
        (await AtomicAsync("images", "verify", "legacy-tool")).MustSucceed();
        (await AtomicAsync("images", "version", "a-tool")).MustSucceed();
        (await AtomicAsync("copy", "legacy-tool", "oci:/run/atomic/layout:v1")).MustSucceed();
        Assert.Contains("/help.1", (await AtomicAsync("help", "a-tool")).Error, StringComparison.Ordinal);
        (await AtomicAsync("images", "info", "--remote", "legacy-tool")).MustSucceed();
        (await AtomicAsync("images", "delete", "-f", "a-tool")).MustSucceed();
        (await AtomicAsync("images", "prune")).MustSucceed();
    }

    [Theory]
    [InlineData("docker or podman", "pull", "--storage", "docker", "etcd")]
    [InlineData("sysctr trust show", "trust", "reset")]
    [InlineData("absent", "install", "--system-package=build", "etcd")]
    [InlineData("there are name=PATTERN", "containers", "list", "--filter", "created=x")]
    [InlineData("sysctr plan", "run", "--display", "etcd")]
    [InlineData("auth.json", "pull", "--src-creds", "me:secret", "etcd")]
    [InlineData("images list --ids", "verify", "--all")]
    [InlineData("sysctr install --help", "install", "--no-such-option", "etcd")]
    [InlineData("sysctr --help", "nonsense")]
    public async Task What_is_not_there_says_what_to_use_instead(string hint, params string[] words)
    {
        CommandResult refused = await AtomicAsync(words);

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(hint, refused.Error, StringComparison.Ordinal);
    }

    private async Task<CommandResult> AtomicAsync(params string[] words)
    {
        await _host.ShellAsync("mkdir -p /run/atomic && ln -sf \"$(command -v sysctr)\" /run/atomic/atomic");
        return await _host.RunAsync("/run/atomic/atomic", words);
    }
}
