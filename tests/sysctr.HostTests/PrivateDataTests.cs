// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>What a container has on the host, its users can't reach: protection inside a container means nothing
/// outside of it.</summary>
[Collection(UserHost.Name)]
public sealed class PrivateDataTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task Volumes_of_a_generated_configuration_and_seeds()
    {
        TestUser user = await TestUser.AddAsync(_host, lingers: false);
        await using Container container = await Container.InstallAsync(_host, "probe-owners", "--now");
        await AssertClosedAsync(user, $"/var/lib/{container.Name}", $"/var/lib/{container.Name}/srv/data");

        // One that was made by an older sysctr.
        await _host.ShellAsync($"chmod 755 /var/lib/{container.Name}");
        (await _host.SysctrAsync("update", "--runtime", "crun", container.Name)).MustSucceed();
        await AssertClosedAsync(user, $"/var/lib/{container.Name}", $"/var/lib/{container.Name}/srv/data");
    }

    [Fact]
    public async Task Directories_of_the_old_contract_where_the_template_does_not_say()
    {
        TestUser user = await TestUser.AddAsync(_host, lingers: false);
        string said = await new WildImage { Service = "RuntimeDirectory=$NAME\nStateDirectory=$NAME-state" }
            .Export(
                "tmpfiles.template",
                "d ${STATE_DIRECTORY}/$NAME/data 0755 - - -\nd ${STATE_DIRECTORY}/$NAME-open 0755 - - -\n"
            )
            .Bind("/var/lib/$NAME/data", "/data")
            .PutAsync(_host);
        string unsaid = await new WildImage().Bind("/var/lib/$NAME/data", "/data").PutAsync(_host);
        await using Container one = await Container.InstallAsync(_host, said, "--now");
        await using Container other = await Container.InstallAsync(_host, unsaid, "--now");

        await AssertClosedAsync(user, $"/var/lib/{one.Name}", $"/var/lib/{one.Name}/data");
        await AssertClosedAsync(user, $"/var/lib/{other.Name}", $"/var/lib/{other.Name}/data");
        await AssertClosedAsync(user, $"/run/{one.Name}", $"/run/{one.Name}");
        await AssertClosedAsync(user, $"/var/lib/{one.Name}-state", $"/var/lib/{one.Name}-state");

        // What a template opens is open.
        Assert.Equal("755\n", await _host.ShellAsync($"stat -c %a /var/lib/{one.Name}-open"));
        await _host.ShellAsync($"rmdir /var/lib/{one.Name}-open");
    }

    [Fact]
    public async Task The_store_and_what_is_mounted_from_it()
    {
        TestUser user = await TestUser.AddAsync(_host, lingers: false);
        await using Container container = await Container.InstallAsync(_host, "probe-owners");
        Assert.NotEqual(
            0,
            (await user.RunAsync("ls", $"/var/lib/sysctr/deployments/{container.Name}/0/host")).ExitCode
        );

        foreach (string storage in (string[])["containers", "images"])
        {
            string directory = $"/srv/{Container.NewName()}";
            await _host.MustAsync("mkdir", directory);
            (
                await _host.SysctrAsync(
                    "mount",
                    "--storage",
                    storage,
                    "-o",
                    "suid,dev",
                    storage == "images" ? "probe-owners" : container.Name,
                    directory
                )
            ).MustSucceed();
            await _host.ShellAsync(
                $"test -u {directory}/usr/bin/setuid-true && {directory}/usr/bin/setuid-true && ! touch {directory}/x"
            );
            Assert.NotEqual(0, (await user.RunAsync($"{directory}/usr/bin/setuid-true")).ExitCode);
            Assert.NotEqual(0, (await user.RunAsync("ls", directory)).ExitCode);
            (await _host.SysctrAsync("umount", directory)).MustSucceed();
        }
    }

    [Fact]
    public async Task A_users_container()
    {
        TestUser user = await TestUser.AddAsync(_host);
        TestUser other = await TestUser.AddAsync(_host, lingers: false);
        await user.MustAsync("install", "--now", "--runtime", "crun", "probe");
        await _host.ShellAsync($"chmod 755 {user.Home} {user.Home}/.local {user.Home}/.local/share");
        await user.ReportAsync("probe");

        Assert.Equal($"700 {user.Name}\n", await _host.ShellAsync($"stat -c '%a %U' {user.Home}/.local/share/probe"));
        Assert.NotEqual(0, (await other.RunAsync("ls", $"{user.Home}/.local/share/probe/var")).ExitCode);
        Assert.NotEqual(0, (await other.RunAsync("ls", $"{user.Store}/deployments")).ExitCode);
        await user.MustAsync("uninstall", "--purge", "probe");
    }

    /// <summary>Puts into a directory what a payload may have there, with the directory as open as the payload can make
    /// it, and has a user of the host try.</summary>
    private async Task AssertClosedAsync(TestUser user, string closed, string directory)
    {
        Assert.Equal("700 root\n", await _host.ShellAsync($"stat -c '%a %U' {closed}"));
        if (directory != closed)
        {
            await _host.ShellAsync($"chmod 777 {directory}");
        }

        await _host.ShellAsync(
            $"install -m 4755 /usr/bin/id {directory}/suid && echo secret > {directory}/secret && chown {user.Uid} {directory}/secret && chmod 600 {directory}/secret"
        );
        Assert.NotEqual(0, (await user.RunAsync($"{directory}/suid", "-u")).ExitCode);
        Assert.NotEqual(0, (await user.RunAsync("cat", $"{directory}/secret")).ExitCode);
        await _host.ShellAsync($"rm {directory}/suid {directory}/secret");
    }
}
