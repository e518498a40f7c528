using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Commands in containers that run.</summary>
[Collection(SourcesHost.Name)]
public sealed class ExecTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Theory]
    [InlineData("runc")]
    [InlineData("crun")]
    public async Task A_command_has_the_containers_view_and_its_status_is_passed_on(string runtime)
    {
        await using Container container = await Container.InstallAsync(_host, "probe", "--runtime", runtime);
        CommandResult early = await _host.SysctrAsync("exec", container.Name, "true");
        Assert.Equal(11, early.ExitCode);
        Assert.Contains($"sysctr start {container.Name}", early.Error, StringComparison.Ordinal);
        (await _host.SysctrAsync("start", container.Name)).MustSucceed();

        CommandResult said = await _host.SysctrAsync("exec", "--env", "WORD=there", container.Name, "sh", "-c", "cat; echo $WORD; echo wrong >&2; exit 7");
        Assert.Equal((7, "there\n", "wrong\n"), (said.ExitCode, said.Output, said.Error));
        Assert.Equal("in\n", await _host.ShellAsync($"echo in | sysctr exec {container.Name} cat"));
        string view = (await _host.SysctrAsync("exec", container.Name, "--", "readlink", "/proc/1/ns/pid")).MustSucceed().Output;
        Assert.Equal(view, await _host.ShellAsync($"readlink /proc/{await container.MainProcessAsync()}/ns/pid"));
        Assert.Contains("/dev/", await _host.ShellAsync($"script --quiet --return --command 'sysctr exec -t {container.Name} tty' /dev/null < /dev/null"), StringComparison.Ordinal);
        Assert.Equal(3, (await _host.SysctrAsync("exec", "no-such-container", "true")).ExitCode);

        await _host.ShellAsync("mkdir -p /run/atomic && ln -sf \"$(command -v sysctr)\" /run/atomic/atomic");
        CommandResult atomic = await _host.RunAsync("/run/atomic/atomic", "run", "--storage", "ostree", container.Name, "sh", "-c", "exit 3");
        Assert.Equal(3, atomic.ExitCode);
        Assert.Equal("active", await container.PropertyAsync("ActiveState"));
    }
}
