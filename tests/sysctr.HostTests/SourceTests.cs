// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Images that come from no registry: archives, and a Docker daemon that is itself a system
/// container.</summary>
[Collection(SourcesHost.Name)]
public sealed class SourceTests(HardLinksFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task An_install_from_a_docker_archive_is_updated_from_it()
    {
        await SaveAsync("legacy-agent", "docker-archive:", "agent.tar", ":legacy-agent:latest");
        HostState before = await HostState.TakeAsync(_host);
        await using (
            Container agent = await Container.InstallAsync(
                _host,
                "docker-archive:/root/agent.tar",
                "--now",
                "--set",
                "ADDRESS=here"
            )
        )
        {
            Assert.Contains(
                "is up to date",
                (await _host.SysctrAsync("update", agent.Name)).MustSucceed().All,
                StringComparison.Ordinal
            );

            await SaveAsync("legacy-agent-v2", "docker-archive:", "agent.tar", ":legacy-agent:latest");
            Assert.Contains(
                "updated from deployment 0 to 1, running",
                (await _host.SysctrAsync("update", agent.Name)).MustSucceed().All,
                StringComparison.Ordinal
            );
            (await _host.SysctrAsync("rollback", agent.Name)).MustSucceed();
            Assert.Equal("active", await agent.PropertyAsync("ActiveState"));
        }

        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Fact]
    public async Task Without_a_name_the_file_or_the_image_in_it_gives_one()
    {
        await SaveAsync("probe", "docker-archive:", "agent-by-file.tar", ":a/by-image:v1");
        await SaveAsync("probe", "oci-archive:", "by-layout.tar", ":v1");

        (
            await _host.SysctrAsync(
                "install",
                "docker-archive:/root/agent-by-file.tar",
                "docker-archive:/root/agent-by-file.tar:a/by-image:v1",
                "oci-archive:/root/by-layout.tar:v1"
            )
        ).MustSucceed();

        string[] names = ["agent-by-file", "by-image", "by-layout"];
        foreach (string name in names)
        {
            (await _host.SysctrAsync("start", name)).MustSucceed();
        }

        (await _host.SysctrAsync(["uninstall", "--purge", .. names])).MustSucceed();
    }

    [Fact]
    public async Task Images_are_looked_at_saved_loaded_and_copied()
    {
        (await _host.SysctrAsync("pull", "once", "legacy-tool")).MustSucceed();
        Assert.Contains(
            "latest\n",
            (await _host.SysctrAsync("list-tags", "once")).MustSucceed().Output,
            StringComparison.Ordinal
        );
        string digest = (await _host.ShellAsync("sysctr inspect --raw once | sha256sum | cut -d' ' -f1")).Trim();
        Assert.Contains(
            $"Digest:       sha256:{digest}\n",
            (await _host.SysctrAsync("inspect", "once")).MustSucceed().Output,
            StringComparison.Ordinal
        );
        string ids = (await _host.SysctrAsync("pull", "once", "legacy-tool")).MustSucceed().Output;

        string saved = (await _host.SysctrAsync("images", "save", "-o", "/root/images.tar", "once", "legacy-tool"))
            .MustSucceed()
            .Output;
        Assert.StartsWith($"sha256:{digest}\n", saved, StringComparison.Ordinal);
        (await _host.SysctrAsync("images", "delete", "once", "legacy-tool")).MustSucceed();
        (await _host.SysctrAsync("images", "prune")).MustSucceed();
        Assert.Equal(ids, (await _host.SysctrAsync("images", "load", "-i", "/root/images.tar")).MustSucceed().Output);
        (await _host.SysctrAsync("images", "verify", "--offline", "once", "legacy-tool")).MustSucceed();

        // Without the network: packed anew, and what is in it is loaded and the same.
        CommandResult anew = (
            await _host.SysctrAsync("copy", "--offline", "sysctr:once", "oci-archive:/root/anew.tar:v1")
        ).MustSucceed();
        Assert.Contains("packed anew from the store", anew.Error, StringComparison.Ordinal);
        (await _host.SysctrAsync("pull", "--name", "anew", "oci-archive:/root/anew.tar:v1")).MustSucceed();
        (await _host.SysctrAsync("images", "verify", "--offline", "anew")).MustSucceed();

        CommandResult refused = await _host.SysctrAsync("copy", "sysctr:once", "containers-storage:localhost/once:v1");
        Assert.Equal(12, refused.ExitCode);
        Assert.Contains("skopeo, which is not installed", refused.Error, StringComparison.Ordinal);
        Assert.Equal("", await _host.ShellAsync("ls -A /var/lib/sysctr/scratch 2>/dev/null || true"));
        (await _host.SysctrAsync("images", "delete", "anew")).MustSucceed();
        await _host.ShellAsync("rm /root/images.tar /root/anew.tar");
    }

    [Fact]
    public async Task A_pull_from_an_archive_with_and_without_a_new_name()
    {
        await SaveAsync("once", "docker-archive:", "once.tar", ":own/once:v1");
        await _host.ShellAsync("gzip --keep --force /root/once.tar");

        string id = (await _host.SysctrAsync("pull", "docker-archive:/root/once.tar")).MustSucceed().Output;
        Assert.Equal(
            id,
            (await _host.SysctrAsync("pull", "--name", "new/once:1", "docker-archive:/root/once.tar.gz"))
                .MustSucceed()
                .Output
        );
        Assert.Equal(id, await _host.ShellAsync("sysctr pull --keep-names docker-archive:/dev/stdin < /root/once.tar"));
        Assert.Equal(
            id,
            await _host.ShellAsync("cat /root/once.tar.gz | sysctr pull --name piped docker-archive:/dev/stdin")
        );

        string list = (await _host.SysctrAsync("images", "list", "--filter", "name=*once*")).MustSucceed().Output;
        Assert.Contains("docker-archive:/root/once.tar ", list, StringComparison.Ordinal);
        Assert.Contains("/new/once:1", list, StringComparison.Ordinal);
        Assert.Contains("/own/once:v1", list, StringComparison.Ordinal);
        Assert.DoesNotContain("once.tar.gz", list, StringComparison.Ordinal);
        Assert.Equal(
            5,
            (await _host.RunAsync("sh", "-c", "echo x | sysctr run --name named-once new/once:1")).ExitCode
        );
        (await _host.SysctrAsync("images", "delete", id["sha256:".Length..].Trim()[..12])).MustSucceed();
        Assert.Equal(2, (await _host.SysctrAsync("pull", "containers-storage:localhost/once")).ExitCode);
    }

    [Fact]
    public async Task A_hostile_archive_leaves_the_host_as_it_was()
    {
        await _host.ShellAsync(
            """
            mkdir -p /root/hostile && cd /root/hostile
            echo '[{"Config":"../../etc/passwd","RepoTags":null,"Layers":[]}]' > manifest.json && tar cf ../hostile.tar manifest.json
            """
        );
        HostState before = await HostState.TakeAsync(_host);

        CommandResult refused = await _host.SysctrAsync("install", "docker-archive:/root/hostile.tar");

        Assert.Equal(8, refused.ExitCode);
        Assert.Contains("leads out of the archive", refused.Error, StringComparison.Ordinal);
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Fact]
    public async Task A_daemon_in_a_system_container_gives_an_image_for_another_one()
    {
        await SaveAsync("probe", "docker-archive:", "for-docker.tar", ":carried:v1");
        Assert.Equal(4, (await _host.SysctrAsync("pull", "docker-daemon:carried:v1")).ExitCode);
        await using Container docker = await Container.InstallAsync(
            _host,
            "legacy-docker",
            "--now",
            "--set",
            "IPTABLES=false",
            "--set",
            "BRIDGE=none",
            "--set",
            "STORAGE_DRIVER=vfs"
        );
        await _host.EventuallyAsync("docker load --input /root/for-docker.tar", TimeSpan.FromMinutes(3));

        await using (Container carried = await Container.InstallAsync(_host, "docker-daemon:carried:v1", "--now"))
        {
            Assert.Equal("by default", (await carried.ReportAsync())["args"]);
            Assert.Contains(
                "is up to date",
                (await _host.SysctrAsync("update", carried.Name)).MustSucceed().All,
                StringComparison.Ordinal
            );

            // The same image from the archive that the daemon loaded is the same: nothing is fetched.
            string pulled = (await _host.SysctrAsync("pull", "docker-archive:/root/for-docker.tar"))
                .MustSucceed()
                .Error;
            Assert.Equal("", pulled);
        }

        Assert.Equal(3, (await _host.SysctrAsync("pull", "docker-daemon:carried:v2")).ExitCode);
        await _host.ShellAsync("mkdir -p /run/atomic && ln -sf \"$(command -v sysctr)\" /run/atomic/atomic");
        (await _host.RunAsync("/run/atomic/atomic", "pull", "--storage", "ostree", "docker:carried:v1")).MustSucceed();
        (
            await _host.RunAsync("/run/atomic/atomic", "pull", "--storage", "ostree", "dockertar:/root/for-docker.tar")
        ).MustSucceed();
        (await _host.RunAsync("/run/atomic/atomic", "images", "info", "carried:v1")).MustSucceed();
        (await _host.SysctrAsync("stop", docker.Name)).MustSucceed();
        await _host.ShellAsync("rm -f /etc/docker/key.json");
    }

    private async Task SaveAsync(string image, string transport, string file, string name)
    {
        string path = Path.Combine(_host.Root, "root", file);
        File.Delete(path);
        await Command.MustAsync(
            "skopeo",
            "--insecure-policy",
            "copy",
            "--quiet",
            $"oci:{await ImageBuilder.BuildAsync(new ImageSource(image))}:{ImageBuilder.Tag}",
            $"{transport}{path}{name}"
        );
    }
}
