// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Images and values that mean harm, or are broken in ways that look like it: refused with file and reason,
/// and the host is as it was.</summary>
[Collection(WildHost.Name)]
public sealed class HostileImageTests(NspawnFixture fixture)
{
    private const string Config =
        """{"process": {"args": ["/bin/stub"], "cwd": "/"}, "root": {"path": "rootfs", "readonly": true}""";

    private readonly NspawnHost _host = fixture.Host;

    [Theory]
    [InlineData("/etc/passwd", 10, "/etc/passwd")]
    [InlineData("/etc/../root/.bashrc", 8, "renameFiles /file")]
    [InlineData("/var/lib/sysctr/meta.json", 8, "/exports/hostfs/file")]
    [InlineData("/proc/sys/kernel/core_pattern", 8, "/exports/hostfs/file")]
    [InlineData("/etc/$UP", 8, "renameFiles /file")]
    public Task A_file_that_is_renamed_to_where_it_must_not_be(string target, int code, string said) =>
        RefusedAsync(
            code,
            said,
            new WildImage()
                .Export("hostfs/file", "evil")
                .Export(
                    "manifest.json",
                    $$$"""{"renameFiles": {"/file": "{{{target}}}"}, "defaultValues": {"UP": "../root/.bashrc"}}"""
                )
        );

    [Fact]
    public async Task Files_below_a_link()
    {
        await RefusedAsync(8, "/exports/hostfs", new WildImage().ExportLink("hostfs", "/etc"));
        await RefusedAsync(
            8,
            "/exports/hostfs/opt/b",
            new WildImage()
                .ExportLink("hostfs/opt/a", "/etc")
                .Export("hostfs/opt/b/evil", "x")
                .Export("manifest.json", """{"renameFiles": {"/opt/b": "/opt/a"}}""")
        );
    }

    [Fact]
    public Task A_file_in_the_place_of_the_containers_own_unit() =>
        RefusedAsync(
            10,
            "has it twice",
            new WildImage()
                .Export("hostfs/unit", "[Service]\nExecStart=/bin/evil\n")
                .Export("manifest.json", """{"renameFiles": {"/unit": "/etc/systemd/system/$NAME.service"}}""")
        );

    [Fact]
    public Task Tmpfiles_that_change_all_of_the_host() =>
        RefusedAsync(
            8,
            "/exports/tmpfiles.template:1",
            new WildImage().Export("tmpfiles.template", "Z / 0777 - - -\n")
        );

    [Fact]
    public Task Tmpfiles_that_overwrite_what_is_there() =>
        RefusedAsync(
            8,
            "/exports/tmpfiles.template:2",
            new WildImage().Export("tmpfiles.template", "d /run/$NAME 0755 0 0 - -\nf+ /etc/passwd 0644 0 0 - evil\n")
        );

    [Theory]
    [InlineData("# all is well\rf+ /etc/cron.d/x - - - - evil\n")]
    [InlineData("\"f+\" /etc/x - - - - evil\n")]
    [InlineData("f+ /etc/\"x\" - - - - evil\n")]
    [InlineData("L /run/a - - - - /etc\nf+ /run/a/x - - - - evil\n")]
    [InlineData("Z /* 0777\n")]
    [InlineData("C /run/stolen 0644 1000 1000 - /etc/shadow\n")]
    [InlineData("z /etc/shadow 0666\n")]
    [InlineData("a /etc/shadow - - - - u:1000:rw\n")]
    public Task Tmpfiles_in_systemds_own_ways_of_writing_them(string lines) =>
        RefusedAsync(8, "/exports/tmpfiles.template:", new WildImage().Export("tmpfiles.template", lines));

    [Fact]
    public Task Tmpfiles_in_a_run_directory_of_the_images_own_choice() =>
        RefusedAsync(
            8,
            "/exports/tmpfiles.template:1",
            new WildImage()
                .Export("tmpfiles.template", "f+ /etc/x - - - - evil\n")
                .Export("manifest.json", """{"defaultValues": {"RUN_DIRECTORY": "/"}}""")
        );

    [Fact]
    public async Task Tmpfiles_of_a_container_that_has_the_name_of_a_directory_of_the_hosts() =>
        await RefusedAsync(
            8,
            "/exports/tmpfiles.template:1",
            new WildImage().Export("tmpfiles.template", "f+ /etc/x - - - - evil\n"),
            "--name",
            "etc"
        );

    [Fact]
    public Task What_tmpfiles_made_is_taken_back_when_the_installation_fails() =>
        RefusedAsync(
            9,
            "no-such-user",
            new WildImage().Export(
                "tmpfiles.template",
                "d /srv/$NAME/deep 0755\nd /var/lib/$NAME\nd /run/$NAME 0755 no-such-user\n"
            )
        );

    [Fact]
    public async Task A_link_of_the_payloads_leads_no_tmpfiles_line_elsewhere()
    {
        string image = await new WildImage()
            .Bind("/var/lib/$NAME", "/data")
            .Bind("/run/$NAME", "/run/own")
            .Export(
                "tmpfiles.template",
                "d /var/lib/$NAME/a\nd /var/lib/$NAME/a/made 0777\nd /run/$NAME/b/made 0777\nf+ /var/lib/$NAME/a/evil\n"
            )
            .PutAsync(_host);
        await using Container container = await Container.InstallAsync(_host, image, "--now");
        string state = $"/var/lib/{container.Name}";
        Assert.Equal(
            "700 755 777 777\n",
            await _host.ShellAsync(
                $"echo $(stat -c %a {state} {state}/a {state}/a/made /run/{container.Name}/b/made); test ! -e {state}/a/evil"
            )
        );

        // What a payload that is root may do in its own directories.
        await _host.ShellAsync(
            $"rm -r {state}/a /run/{container.Name}/b && ln -s /etc {state}/a && ln -s /etc /run/{container.Name}/b"
        );
        await _host.RunAsync("systemd-tmpfiles", "--create", "--boot", $"/etc/tmpfiles.d/{container.Name}.conf");
        await _host.RunAsync("systemd-tmpfiles", "--create");
        CommandResult update = await _host.SysctrAsync("update", "--runtime", "crun", container.Name);

        Assert.Equal("", await _host.ShellAsync("find /etc -name made -o -name evil"));
        Assert.Equal(8, update.ExitCode);
        Assert.Contains("is a symbolic link", update.Error, StringComparison.Ordinal);
        await _host.ShellAsync($"rm {state}/a /run/{container.Name}/b");
        (await _host.SysctrAsync("update", "--runtime", "crun", container.Name)).MustSucceed();
        await _host.ShellAsync($"test -d {state}/a/made");
    }

    [Theory]
    [InlineData("PIDFILE=/run/x\n[Service]\nExecStartPre=+/bin/touch /x")]
    [InlineData("RUN_DIRECTORY=/run/x\n[Service]\nExecStartPre=+/bin/touch /x")]
    public async Task A_value_that_would_be_more_than_a_text_in_our_own_lines(string assignment)
    {
        await RefusedAsync(9, "line", new WildImage(), "--set", assignment);
        int equals = assignment.IndexOf('=', StringComparison.Ordinal);
        await RefusedAsync(
            9,
            "line",
            new WildImage().Export(
                "manifest.json",
                $$$"""{"defaultValues": {"{{{assignment[..equals]}}}": "{{{assignment[(equals + 1)..].Replace("\n", "\\n", StringComparison.Ordinal)}}}"}}"""
            )
        );
    }

    [Fact]
    public async Task A_directory_of_an_image_whose_name_has_lines()
    {
        string image = await new WildImage { Service = null }.PutAsync(_host);
        string evil = image["oci:".Length..] + "\n[Service]\nExecStartPre=+/bin/touch /x\n#";
        await _host.MustAsync("mkdir", "-p", Path.GetDirectoryName(evil)!);
        await _host.MustAsync("cp", "-r", image["oci:".Length..], evil);

        CommandResult refused = await _host.SysctrAsync("install", "--name", Container.NewName(), "oci:" + evil);

        Assert.True(refused.ExitCode is 2 or 9, refused.All);
        Assert.Equal("", await _host.ShellAsync("grep -rl 'touch /x' /etc/systemd/system || true"));
    }

    [Theory]
    [InlineData("/opt/my 50% \"runc\"/runc")]
    [InlineData("/opt/a'b$HOME;c\\d/crun")]
    public async Task A_runtime_with_any_path_is_called_by_it(string runtime)
    {
        await _host.MustAsync("mkdir", "-p", Path.GetDirectoryName(runtime)!);
        await _host.MustAsync(
            "cp",
            (await _host.ShellAsync("readlink -f $(command -v " + Path.GetFileName(runtime) + ")")).Trim(),
            runtime
        );
        await using Container container = await Container.InstallAsync(
            _host,
            await new WildImage().PutAsync(_host),
            "--runtime",
            runtime,
            "--now"
        );

        Assert.Equal("active", await container.PropertyAsync("ActiveState"));
        await _host.MustAsync("systemctl", "restart", container.Service);
        await _host.MustAsync("systemctl", "stop", container.Service);
        Assert.Equal("success", await container.PropertyAsync("Result"));
    }

    [Theory]
    [InlineData("VALUE=a\nExecStartPre=/bin/evil", "control character")]
    [InlineData("VALUE=%h/evil", "'%'")]
    [InlineData("VALUE=a\\", "backslash")]
    public Task A_value_that_would_be_more_than_a_text_in_a_unit(string assignment, string said) =>
        RefusedAsync(9, said, new WildImage { Service = "Environment=A=$VALUE" }, "--set", assignment);

    [Theory]
    [InlineData("../evil")]
    [InlineData("a/b")]
    [InlineData(".hidden")]
    public Task A_name_that_is_none(string name) => RefusedAsync(2, name, new WildImage(), "--name", name);

    [Fact]
    public async Task A_template_of_50_MB() =>
        await RefusedAsync(
            8,
            "/exports/service.template",
            new WildImage { Service = null }.Export("service.template", new string('#', 50 << 20))
        );

    [Theory]
    [InlineData("{{ func f; f; end; f }}")]
    [InlineData("{{ while true }}{{ end }}")]
    [InlineData("{{ x = 'a' }}{{ for i in 1..60 }}{{ x = x + x }}{{ end }}")]
    public Task A_template_without_an_end(string template) =>
        RefusedAsync(
            9,
            "/exports/evil.service.sbn:1:",
            new WildImage { Service = null }.Export("evil.service.sbn", template)
        );

    [Theory]
    [InlineData("[]", "JSON object")]
    [InlineData("""{"renameFiles": ["/etc/passwd"]}""", "renameFiles has to be an object")]
    [InlineData("""{"defaultValues": {"A": {}}}""", "defaultValues.A")]
    public Task A_manifest_with_wrong_types(string manifest, string said) =>
        RefusedAsync(9, said, new WildImage().Export("manifest.json", manifest));

    [Theory]
    [InlineData(", \"linux\": {\"namespaces\": [1]}}", "linux.namespaces[0]")]
    [InlineData(", \"Root\": {\"path\": \"/\"}}", "Root is there twice")]
    [InlineData(", \"a\": \"\\ud800\"}", "half a surrogate pair")]
    [InlineData(", \"a\": \"\\u0000\"}", "NUL")]
    [InlineData("\0}", "NUL")]
    [InlineData(
        ", \"mounts\": [{\"destination\": \"/m\", \"type\": \"bind\", \"source\": \"/var/lib/x\\nf+ /etc/passwd - - - - evil\"}]}",
        "control character"
    )]
    public Task A_configuration_that_runtimes_read_differently(string end, string said) =>
        RefusedAsync(9, said, new WildImage { HasConfig = false }.Export("config.json", Config + end));

    [Fact]
    public async Task Nesting_without_end_and_bytes_that_are_no_text()
    {
        await RefusedAsync(
            9,
            "depth",
            new WildImage { HasConfig = false }.Export("config.json", Config + ", \"a\": " + new string('[', 100_000))
        );
        await RefusedAsync(
            9,
            "UTF-8",
            new WildImage { HasConfig = false }.Export(
                "config.json",
                [.. Encoding.UTF8.GetBytes(Config), 0xff, (byte)'}']
            )
        );
    }

    [Theory]
    [InlineData("WantedBy=../../../etc/evil.target")]
    [InlineData("Alias=dbus.service")]
    public async Task An_install_section_that_reaches_for_the_host(string line)
    {
        WildImage image = new WildImage { Service = null }.Export(
            "service.template",
            $"[Service]\nExecStart=$EXEC_START\n[Install]\n{line}\n"
        );
        HostState before = await HostState.TakeAsync(_host);
        string reference = await image.PutAsync(_host);

        Assert.NotEqual(0, (await _host.SysctrAsync("install", "--name", Container.NewName(), reference)).ExitCode);

        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    private async Task RefusedAsync(int exitCode, string said, WildImage image, params string[] options)
    {
        HostState before = await HostState.TakeAsync(_host);
        string reference = await image.PutAsync(_host);

        CommandResult refused = await _host.SysctrAsync([
            "install",
            .. options.Contains("--name", StringComparer.Ordinal)
                ? options
                : ["--name", Container.NewName(), .. options],
            reference,
        ]);

        Assert.True(exitCode == refused.ExitCode, $"exit code {refused.ExitCode}, not {exitCode}:\n{refused.All}");
        Assert.Contains(said, refused.Error, StringComparison.Ordinal);
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }
}
