// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>The images verbs on a store that they share with few others, for they look at all that is there.</summary>
[Collection(ImagesHost.Name)]
public sealed class ImageTests(HardLinksFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task From_the_first_pull_to_an_empty_store()
    {
        // What tests before this one left without a name would go with the first prune, and is not what is looked at.
        (await _host.SysctrAsync("images", "prune", "--all")).MustSucceed();
        (await _host.SysctrAsync("pull", "probe", "etcd")).MustSucceed();
        CommandResult again = (await _host.SysctrAsync("pull", "probe")).MustSucceed();
        Assert.Equal("", again.Error);
        await using Container probe = await Container.InstallAsync(_host, "probe", "--now");

        // A further name of the same content is only a ref.
        string objects = await ObjectsAsync();
        (await _host.SysctrAsync("images", "tag", "etcd", "my/etcd:1")).MustSucceed();
        Assert.Equal(objects, await ObjectsAsync());
        Assert.Equal([("etcd:latest", false), ("my/etcd:1", false), ("probe:latest", true)], await ListAsync());
        Assert.Equal([("probe:latest", true)], await ListAsync("--filter", "in-use=true"));
        Assert.Equal([("etcd:latest", false), ("my/etcd:1", false)], await ListAsync("--filter", "label=name=etcd"));
        Assert.Equal([("my/etcd:1", false)], await ListAsync("--filter", "name=my/"));

        using (
            JsonDocument info = JsonDocument.Parse(
                (await _host.SysctrAsync("images", "info", "--json", "my/etcd:1")).MustSucceed().Output
            )
        )
        {
            Assert.Equal("etcd", info.RootElement.GetProperty("labels").GetProperty("name").GetString());
            Assert.Contains(
                info.RootElement.GetProperty("environment").EnumerateArray(),
                e => e.GetString() == "ETCD_NAME=default"
            );
        }

        // In use: refused by name, and files stay whatever happens to the name.
        Assert.Equal(10, (await _host.SysctrAsync("images", "delete", "probe")).ExitCode);
        (await _host.SysctrAsync("images", "delete", "--force", "probe")).MustSucceed();
        (await _host.SysctrAsync("images", "delete", "etcd")).MustSucceed();
        (await _host.SysctrAsync("images", "prune")).MustSucceed();
        Assert.Equal(objects, await ObjectsAsync());
        (await _host.SysctrAsync("images", "verify", "--offline", "my/etcd:1")).MustSucceed();

        // By its ID; then prune takes what nothing needs and leaves what the container was made of.
        using (
            JsonDocument list = JsonDocument.Parse(
                (await _host.SysctrAsync("images", "list", "--json")).MustSucceed().Output
            )
        )
        {
            string id = list.RootElement[0].GetProperty("id").GetString()!["sha256:".Length..][..12];
            (await _host.SysctrAsync("images", "delete", id)).MustSucceed();
        }

        (await _host.SysctrAsync("images", "prune")).MustSucceed();
        Assert.NotEqual(objects, await ObjectsAsync());
        Assert.Equal("2\n", await _host.ShellAsync("ls /var/lib/sysctr/layers | wc -l"));
        (await _host.SysctrAsync("restart", probe.Name)).MustSucceed();
        (await _host.SysctrAsync("pull", "probe")).MustSucceed();
        (await _host.SysctrAsync("images", "verify", "probe")).MustSucceed();

        (await _host.SysctrAsync("uninstall", "--purge", probe.Name)).MustSucceed();
        (await _host.SysctrAsync("images", "prune", "--all")).MustSucceed();
        Assert.Equal(
            "0\n",
            await _host.ShellAsync(
                "find /var/lib/sysctr/objects /var/lib/sysctr/layers /var/lib/sysctr/blobs /var/lib/sysctr/images -type f | wc -l"
            )
        );
        (await _host.SysctrAsync("install", "--name", probe.Name, "probe")).MustSucceed();
    }

    [Fact]
    public async Task An_altered_file_is_found()
    {
        (await _host.SysctrAsync("pull", "legacy-tool")).MustSucceed();
        string file = (await _host.ShellAsync("grep -rl 'echo a tool' /var/lib/sysctr/objects")).Trim();
        await _host.ShellAsync($"sed -i 's/a tool/a trap/' {file}");

        CommandResult verify = await _host.SysctrAsync("images", "verify", "legacy-tool");

        Assert.Equal(7, verify.ExitCode);
        Assert.Contains("usr/local/bin/tool", verify.Error, StringComparison.Ordinal);
        await _host.ShellAsync("sysctr images delete legacy-tool; sysctr images prune");
    }

    private Task<string> ObjectsAsync() => _host.ShellAsync("find /var/lib/sysctr/objects -type f | sort | sha256sum");

    /// <summary>Name and tag without the registry, and whether containers use it.</summary>
    private async Task<(string Name, bool Used)[]> ListAsync(params string[] options)
    {
        using JsonDocument list = JsonDocument.Parse(
            (await _host.SysctrAsync(["images", "list", "--json", .. options])).MustSucceed().Output
        );
        return
        [
            .. list
                .RootElement.EnumerateArray()
                .Select(i =>
                    (
                        i.GetProperty("name").GetString()!.Split($"{TestHost.Registry}/")[1],
                        i.GetProperty("usedBy").GetArrayLength() > 0
                    )
                ),
        ];
    }
}
