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

        (await AtomicAsync("--debug", "install", "--system", "--storage=ostree", "--system-package", "auto", $"--name={name}", "--set=ADDRESS=here", "legacy-agent")).MustSucceed();
        (await AtomicAsync("run", name)).MustSucceed();
        Assert.Equal("active", await _host.UnitPropertyAsync(name + ".service", "ActiveState"));
        Assert.Contains(name, (await AtomicAsync("containers", "list", "--all", "--no-trunc")).MustSucceed().Output, StringComparison.Ordinal);

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
    public async Task Images_in_atomics_words()
    {
        (await AtomicAsync("pull", "--storage", "ostree", "legacy-tool")).MustSucceed();
        (await AtomicAsync("images", "tag", "legacy-tool", "a-tool")).MustSucceed();
        Assert.Contains("a-tool:latest", (await AtomicAsync("images", "list", "-f", "name=a-tool", "-a")).MustSucceed().Output, StringComparison.Ordinal);
        (await AtomicAsync("images", "info", "a-tool")).MustSucceed();
        (await AtomicAsync("images", "verify", "legacy-tool")).MustSucceed();
        (await AtomicAsync("images", "version", "a-tool")).MustSucceed();
        (await AtomicAsync("images", "delete", "-f", "a-tool")).MustSucceed();
        (await AtomicAsync("images", "prune")).MustSucceed();
    }

    [Theory]
    [InlineData("skopeo copy", "push", "etcd")]
    [InlineData("docker or podman", "pull", "--storage", "docker", "etcd")]
    [InlineData("policy.json", "trust", "show")]
    [InlineData("absent", "install", "--system-package=build", "etcd")]
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
