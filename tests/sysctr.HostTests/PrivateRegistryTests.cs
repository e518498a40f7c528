// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>A registry that wants a password, on a booted host: who logs in once has it at night too.</summary>
[Collection(InstallingHost.Name)]
public sealed class PrivateRegistryTests(NspawnFixture fixture)
{
    private const string Configuration = "/etc/containers/registries.conf.d/private.conf";

    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task A_login_counts_for_services_that_have_no_home()
    {
        await using RegistryServer registry = await _host.StartMovingRegistryAsync("me:s3cret");
        await _host.ShellAsync(
            $"mkdir -p {Path.GetDirectoryName(Configuration)}; printf '[[registry]]\\nlocation = \"{TestHost.MovingRegistry}\"\\ninsecure = true\\n' > {Configuration}"
        );
        await PushAsync(registry, "legacy-agent");
        CommandResult refused = await _host.SysctrAsync("pull", $"{TestHost.MovingRegistry}/private");
        Assert.Equal(5, refused.ExitCode);
        Assert.Contains($"sysctr login {TestHost.MovingRegistry}", refused.Error, StringComparison.Ordinal);

        await _host.ShellAsync($"printf 's3cret\\n' | sysctr login -u me --password-stdin {TestHost.MovingRegistry}");
        Assert.Equal("600 root\n", await _host.ShellAsync("stat -c '%a %U' /root/.config/containers/auth.json"));
        await using Container agent = await Container.InstallAsync(
            _host,
            $"{TestHost.MovingRegistry}/private",
            "--now",
            "--set",
            "ADDRESS=here",
            "--auto-update",
            "registry"
        );
        await PushAsync(registry, "legacy-agent-v2");
        await _host.MustAsync("systemctl", "start", "sysctr-update.service");
        Assert.Equal("version 2\n", await _host.ShellAsync($"{agent.Name}ctl"));

        (await _host.SysctrAsync("logout", TestHost.MovingRegistry)).MustSucceed();
        Assert.Equal(5, (await _host.SysctrAsync("pull", $"{TestHost.MovingRegistry}/private")).ExitCode);
        await _host.ShellAsync($"rm {Configuration} /root/.config/containers/auth.json");
    }

    private static async Task PushAsync(RegistryServer registry, string image) =>
        await registry.PushAsync(
            await ImageBuilder.BuildAsync(new ImageSource(image)),
            ImageBuilder.Tag,
            "private:latest"
        );
}
