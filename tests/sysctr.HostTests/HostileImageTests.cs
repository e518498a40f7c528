using System.Text;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Images and values that mean harm, or are broken in ways that look like it: refused with file and reason, and the host is as it was.</summary>
[Collection(WildHost.Name)]
public sealed class HostileImageTests(NspawnFixture fixture)
{
    private const string Config = """{"process": {"args": ["/bin/stub"], "cwd": "/"}, "root": {"path": "rootfs", "readonly": true}""";

    private readonly NspawnHost _host = fixture.Host;

    [Theory]
    [InlineData("/etc/passwd", 10, "/etc/passwd")]
    [InlineData("/etc/../root/.bashrc", 8, "renameFiles /file")]
    [InlineData("/var/lib/sysctr/meta.json", 8, "/exports/hostfs/file")]
    [InlineData("/proc/sys/kernel/core_pattern", 8, "/exports/hostfs/file")]
    [InlineData("/etc/$UP", 8, "renameFiles /file")]
    public Task A_file_that_is_renamed_to_where_it_must_not_be(string target, int code, string said) => RefusedAsync(
        code, said, new WildImage().Export("hostfs/file", "evil").Export(
            "manifest.json", $$$"""{"renameFiles": {"/file": "{{{target}}}"}, "defaultValues": {"UP": "../root/.bashrc"}}"""));

    [Fact]
    public async Task Files_below_a_link()
    {
        await RefusedAsync(8, "/exports/hostfs", new WildImage().ExportLink("hostfs", "/etc"));
        await RefusedAsync(
            8, "/exports/hostfs/opt/b", new WildImage().ExportLink("hostfs/opt/a", "/etc").Export("hostfs/opt/b/evil", "x")
                .Export("manifest.json", """{"renameFiles": {"/opt/b": "/opt/a"}}"""));
    }

    [Fact]
    public Task A_file_in_the_place_of_the_containers_own_unit() => RefusedAsync(
        10, "has it twice", new WildImage().Export("hostfs/unit", "[Service]\nExecStart=/bin/evil\n")
            .Export("manifest.json", """{"renameFiles": {"/unit": "/etc/systemd/system/$NAME.service"}}"""));

    [Fact]
    public Task Tmpfiles_that_change_all_of_the_host() =>
        RefusedAsync(8, "/exports/tmpfiles.template:1", new WildImage().Export("tmpfiles.template", "Z / 0777 - - -\n"));

    [Fact]
    public Task Tmpfiles_that_overwrite_what_is_there() => RefusedAsync(
        8, "/exports/tmpfiles.template:2", new WildImage().Export("tmpfiles.template", "d /run/$NAME 0755 0 0 - -\nf+ /etc/passwd 0644 0 0 - evil\n"));

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
        await RefusedAsync(8, "/exports/service.template", new WildImage { Service = null }.Export("service.template", new string('#', 50 << 20)));

    [Theory]
    [InlineData("{{ func f; f; end; f }}")]
    [InlineData("{{ while true }}{{ end }}")]
    [InlineData("{{ x = 'a' }}{{ for i in 1..60 }}{{ x = x + x }}{{ end }}")]
    public Task A_template_without_an_end(string template) =>
        RefusedAsync(9, "/exports/evil.service.sbn:1:", new WildImage { Service = null }.Export("evil.service.sbn", template));

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
    [InlineData(", \"mounts\": [{\"destination\": \"/m\", \"type\": \"bind\", \"source\": \"/var/lib/x\\nf+ /etc/passwd - - - - evil\"}]}", "control character")]
    public Task A_configuration_that_runtimes_read_differently(string end, string said) =>
        RefusedAsync(9, said, new WildImage { HasConfig = false }.Export("config.json", Config + end));

    [Fact]
    public async Task Nesting_without_end_and_bytes_that_are_no_text()
    {
        await RefusedAsync(9, "depth", new WildImage { HasConfig = false }.Export("config.json", Config + ", \"a\": " + new string('[', 100_000)));
        await RefusedAsync(9, "UTF-8", new WildImage { HasConfig = false }.Export("config.json", [.. Encoding.UTF8.GetBytes(Config), 0xff, (byte)'}']));
    }

    [Theory]
    [InlineData("WantedBy=../../../etc/evil.target")]
    [InlineData("Alias=dbus.service")]
    public async Task An_install_section_that_reaches_for_the_host(string line)
    {
        WildImage image = new WildImage { Service = null }.Export("service.template", $"[Service]\nExecStart=$EXEC_START\n[Install]\n{line}\n");
        HostState before = await HostState.TakeAsync(_host);
        string reference = await image.PutAsync(_host);

        Assert.NotEqual(0, (await _host.SysctrAsync("install", "--name", Container.NewName(), reference)).ExitCode);

        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    private async Task RefusedAsync(int exitCode, string said, WildImage image, params string[] options)
    {
        HostState before = await HostState.TakeAsync(_host);
        string reference = await image.PutAsync(_host);

        CommandResult refused = await _host.SysctrAsync(["install", .. options.Contains("--name", StringComparer.Ordinal) ? options : ["--name", Container.NewName(), .. options], reference]);

        Assert.True(exitCode == refused.ExitCode, $"exit code {refused.ExitCode}, not {exitCode}:\n{refused.All}");
        Assert.Contains(said, refused.Error, StringComparison.Ordinal);
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }
}
