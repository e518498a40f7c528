// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>The files of another image in a container that runs: read-only, in both forms of checkout, in a user
/// namespace and of a user, changed by an update and brought back by a rollback.</summary>
[Collection(OrdinaryHost.Name)]
public sealed class ImageMountTests(NspawnFixture fixture) : IAsyncDisposable
{
    private readonly NspawnHost _host = fixture.Host;

    [Theory]
    [InlineData("runc", "--checkout", "hardlinks")]
    [InlineData("runc", "--checkout", "composefs")]
    [InlineData("crun", "--checkout", "composefs")]
    [InlineData("runc", "--userns", "auto")]
    [InlineData("crun", "--cap-add", "sys_admin")]
    public async Task They_are_read_only_and_change_with_the_container(string runtime, string option, string value)
    {
        string image = Container.NewName();
        await WriteAsync(image, "one");
        await GiveIdsAsync();
        string mount = $"type=image,source=oci:/srv/{image}:latest,destination=";
        await using Container container = await Container.InstallAsync(
            _host,
            "probe",
            "--now",
            "--runtime",
            runtime,
            option,
            value,
            "--mount",
            mount + "/other",
            "--mount",
            mount + "/etc/one.conf,subpath=/etc/link"
        );

        Assert.Equal(
            "one one 0:0 refused refused\n",
            await InsideAsync(
                container,
                "echo $(cat /other/etc/one.conf) $(cat /etc/one.conf) $(stat -c %u:%g /other/etc/one.conf)"
                    + " $(touch /other/new 2>/dev/null || echo refused) $(sh -c 'echo x > /etc/one.conf' 2>/dev/null || echo refused)"
            )
        );
        Assert.Equal("2\n", await InsideAsync(container, "grep -cE ' /(other|etc/one.conf) ro,' /proc/self/mountinfo"));
        Assert.Contains(
            $"oci:/srv/{image}:latest@sha256:",
            (await _host.SysctrAsync("info", container.Name)).MustSucceed().Output,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "is up to date",
            (await _host.SysctrAsync("update", container.Name)).MustSucceed().All,
            StringComparison.Ordinal
        );

        await WriteAsync(image, "two");
        (await _host.SysctrAsync("update", container.Name)).MustSucceed();
        Assert.Equal("two two\n", await InsideAsync(container, "echo $(cat /other/etc/one.conf) $(cat /etc/one.conf)"));

        // A command in the container that is stopped sees them, too.
        (await _host.SysctrAsync("stop", container.Name)).MustSucceed();
        Assert.Equal("two\n", await InsideAsync(container, "cat /other/etc/one.conf"));
        (await _host.SysctrAsync("rollback", container.Name)).MustSucceed();
        (await _host.SysctrAsync("start", container.Name)).MustSucceed();
        Assert.Equal("one\n", await InsideAsync(container, "cat /other/etc/one.conf"));

        (await _host.SysctrAsync("images", "prune", "--all")).MustSucceed();
        (await _host.SysctrAsync("fsck")).MustSucceed();
        (await _host.SysctrAsync("restart", container.Name)).MustSucceed();
        Assert.Equal("one\n", await InsideAsync(container, "cat /other/etc/one.conf"));
    }

    /// <summary>Whatever it may do to its mounts: other containers have the same files, and so has the store.</summary>
    [Theory]
    [InlineData("runc", "auto")]
    [InlineData("crun", "auto")]
    [InlineData("crun", "host")]
    public async Task A_payload_that_makes_them_writable_writes_to_its_own(string runtime, string users)
    {
        string image = Container.NewName();
        await WriteAsync(image, "one");
        await GiveIdsAsync();
        string mount = $"type=image,source=oci:/srv/{image}:latest,destination=/other";
        await using Container other = await Container.InstallAsync(_host, "probe", "--mount", mount);
        await using Container container = await Container.InstallAsync(
            _host,
            "probe",
            "--now",
            "--runtime",
            runtime,
            "--userns",
            users,
            "--cap-add",
            "sys_admin",
            "--security-opt",
            "seccomp=unconfined",
            "--mount",
            mount
        );

        await InsideAsync(
            container,
            "mount -o remount,bind,rw /other; echo two >/other/etc/one.conf; mount -o remount,bind,rw /; touch /usr/bin/probe; true"
        );

        Assert.Equal(
            "one\n",
            await _host.ShellAsync($"cat /var/lib/sysctr/deployments/{other.Name}/0/image-0/etc/one.conf")
        );
        Assert.DoesNotContain(
            "/var/lib/sysctr/objects",
            (await _host.SysctrAsync("fsck")).All,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_user_s_container_has_them_too_and_a_file_declares_them()
    {
        TestUser user = await TestUser.AddAsync(_host);
        string image = Container.NewName();
        await WriteAsync(image, "one");
        await user.ShellAsync(
            $"""
            mkdir -p .config/sysctr/containers.d; cd .config/sysctr/containers.d
            printf '[Container]\nImage=probe\nNetwork=host\nMount=type=image,source=data.image,destination=/other,subpath=/etc\n[Install]\nWantedBy=default.target\n' >declared.container
            printf '[Image]\nImage=oci:/srv/{image}:latest\nPolicy=always\n' >data.image
            """
        );

        await user.MustAsync("apply");

        Assert.Equal(
            "one 0\nrefused\n",
            (
                await user.MustAsync(
                    "exec",
                    "declared",
                    "sh",
                    "-c",
                    "echo $(cat /other/link) $(stat -c %u /other/one.conf); touch /other/new 2>/dev/null || echo refused"
                )
            ).Output
        );
        await WriteAsync(image, "two");
        await user.MustAsync("apply");
        Assert.Equal("two\n", (await user.MustAsync("exec", "declared", "cat", "/other/one.conf")).Output);
        await user.MustAsync("fsck");
        await user.MustAsync("uninstall", "--purge", "declared");
    }

    /// <summary>Takes back what <see cref="GiveIdsAsync"/> gave.</summary>
    public async ValueTask DisposeAsync() =>
        await _host.ShellAsync("sed -i '/^containers:3000000:/d' /etc/subuid /etc/subgid");

    private Task<string> GiveIdsAsync() =>
        _host.ShellAsync(
            "for f in subuid subgid; do grep -q ^containers: /etc/$f || echo containers:3000000:200000 >>/etc/$f; done"
        );

    private async Task<string> InsideAsync(Container container, string script) =>
        (await _host.SysctrAsync("exec", "--or-run", container.Name, "sh", "-c", script)).MustSucceed().Output;

    private async Task WriteAsync(string image, string content)
    {
        string place = $"{_host.Root}/srv/{image}";
        await Command.MustAsync("rm", "-rf", place);
        await new LayoutWriter().File("/etc/one.conf", content + "\n").Link("/etc/link", "one.conf").WriteAsync(place);
        await Command.MustAsync("chmod", "-R", "a+rX", place);
    }
}
