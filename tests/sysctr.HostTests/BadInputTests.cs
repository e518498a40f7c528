// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Whatever can't be installed says why, ends with its code of the documented table, and leaves the host
/// alone.</summary>
[Collection(InstallingHost.Name)]
public sealed class BadInputTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public Task An_unknown_image() => RefusedAsync(3, ["no-such-image"], "no-such-image");

    [Fact]
    public Task An_unreachable_registry() => RefusedAsync(4, ["docker://127.0.0.1:1/etcd"], "127.0.0.1:1");

    [Fact]
    public Task A_template_with_an_unset_variable() =>
        RefusedAsync(9, ["broken-variable"], "NOBODY_SETS_THIS", "broken.service.sbn");

    [Fact]
    public Task A_template_that_renders_an_invalid_unit() =>
        RefusedAsync(9, ["broken-unit"], "broken-unit.service:7", "relative/path");

    [Fact]
    public Task A_configuration_that_is_no_json() => RefusedAsync(9, ["broken-config"], "config.json");

    [Fact]
    public Task A_value_for_a_variable_that_no_template_mentions() =>
        RefusedAsync(2, ["--set", "NO_SUCH_VARIABLE=1", "probe-notify"], "NO_SUCH_VARIABLE");

    [Fact]
    public Task A_forced_variable() => RefusedAsync(2, ["--set", "DESTDIR=/", "probe-notify"], "DESTDIR");

    [Fact]
    public Task A_runtime_that_is_not_installed() =>
        RefusedAsync(12, ["--runtime", "/usr/bin/no-such-runtime", "probe"], "no-such-runtime");

    [Fact]
    public async Task The_name_of_an_installed_container()
    {
        await using Container first = await Container.InstallAsync(_host, "probe");

        await RefusedAsync(10, ["--name", first.Name, "probe"], first.Name);
    }

    [Fact]
    public async Task The_name_of_a_unit_that_is_not_ours()
    {
        string name = Container.NewName();
        string unit = $"/etc/systemd/system/{name}.service";
        await _host.ShellAsync($"printf '[Service]\\nExecStart=/bin/true\\n' > {unit}");

        await RefusedAsync(10, ["--name", name, "probe"], $"{name}.service");

        Assert.Contains("/bin/true", await _host.ShellAsync($"cat {unit}; rm {unit}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_that_asks_for_signatures()
    {
        const string policy = "/etc/containers/policy.json";
        await _host.ShellAsync(
            $$"""cp {{policy}} /tmp/policy; echo '{ "default": [{ "type": "reject" }] }' > {{policy}}"""
        );
        try
        {
            await RefusedAsync(6, ["--pull", "always", "httpd"], "policy.json");
        }
        finally
        {
            await _host.ShellAsync($"mv /tmp/policy {policy}");
        }
    }

    [Theory]
    [InlineData("instal httpd", "'sysctr' has no verb 'instal'", "did you mean 'install'?")]
    [InlineData("images lst", "'sysctr images' has no verb 'lst'", "did you mean 'list'?")]
    [InlineData("list --jsn", "'sysctr list' has no option '--jsn'", "did you mean '--json'?")]
    [InlineData(
        "install --pul=always httpd",
        "'sysctr install' has no option '--pul=always'",
        "did you mean '--pull'?"
    )]
    [InlineData("install --pull=often httpd", "--pull often", "always, missing, never")]
    [InlineData("prune --keep few", "--keep few", "no number")]
    [InlineData("", "'sysctr' needs a verb", "'sysctr --help'")]
    [InlineData("''", "'sysctr' has no verb ''", "'sysctr --help'")]
    public async Task A_command_line_that_is_none(string words, string wrong, string next)
    {
        CommandResult result = await _host.RunAsync("sh", "-c", $"sysctr {words}");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(wrong, result.Error, StringComparison.Ordinal);
        Assert.Contains(next, result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("truncate --size=-10")]
    [InlineData("sed -i s/./X/")]
    public async Task A_layer_whose_bytes_are_not_its_digest(string damage)
    {
        string name = Container.NewName();
        await CopyLayoutAsync("flanneld", name);
        await _host.ShellAsync($"cd /srv/{name}/blobs/sha256 && {damage} \"$(ls -S | sed -n 2p)\"");

        await RefusedAsync(7, [$"oci:/srv/{name}:{ImageBuilder.Tag}"], "fetching layer ", $"oci:/srv/{name}");

        await _host.ShellAsync($"rm -r /srv/{name}");
    }

    [Fact]
    public async Task A_caller_who_is_not_root()
    {
        CommandResult refused = await _host.RunAsync(
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "sysctr",
            "install",
            "probe"
        );

        Assert.Equal(13, refused.ExitCode);
        Assert.Contains("root", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_disk()
    {
        string root = $"/srv/{Container.NewName()}";
        await _host.ShellAsync(
            $"""
            mkdir {root}
            mount -t tmpfs -o size=52m tmpfs {root}
            mkdir -p {root}/etc/systemd/system {root}/var/lib {root}/usr/bin
            cp -L "$(command -v sysctr)" {root}/usr/bin/sysctr
            printf '#!/bin/sh\n' > {root}/usr/bin/runc
            chmod 755 {root}/usr/bin/runc
            """
        );
        try
        {
            CommandResult refused = await _host.SysctrAsync("install", "--root", root, "--name", "full", "probe");

            Assert.Equal(14, refused.ExitCode);
            Assert.Equal("", await _host.ShellAsync($"find {root}/etc -type f -o -type l"));
        }
        finally
        {
            await _host.ShellAsync($"umount {root} && rmdir {root}");
        }
    }

    private async Task CopyLayoutAsync(string image, string name)
    {
        string layout = await ImageBuilder.BuildAsync(new ImageSource(image));
        await Command.MustAsync("cp", "-a", layout, Path.Combine(_host.Root, "srv", name));
    }

    private async Task RefusedAsync(int exitCode, string[] arguments, params string[] mentioned)
    {
        HostState before = await HostState.TakeAsync(_host);

        CommandResult refused = await _host.SysctrAsync(["install", "--system", .. arguments]);

        Assert.True(exitCode == refused.ExitCode, $"exit code {refused.ExitCode}, not {exitCode}:\n{refused.All}");
        Assert.Contains(refused.Error.Split('\n'), line => line.StartsWith("sysctr: ", StringComparison.Ordinal));
        Assert.All(mentioned, m => Assert.Contains(m, refused.Error, StringComparison.Ordinal));
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }
}
