// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Whatever an image says of itself: no verb hands a control character, a direction or a line of it to the
/// terminal; --json is exact.</summary>
[Collection(InstallingHost.Name)]
public sealed class OutputTests(NspawnFixture fixture)
{
    private const string Evil =
        "\e[2J\e]0;title\a\r\nsysctr: all is well\u202eevil\u2028\u009b1A\u0085\u200b\ufeff\u007f\t\b";

    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task A_result_that_can_t_be_written_is_a_failure_and_a_remark_is_not()
    {
        string name = Container.NewName();

        string said = await _host.ShellAsync(
            $$"""
            for to in '>/dev/full' '>&-'; do eval "sysctr list $to" 2>&1 || echo "status $?"; done
            sysctr install --name {{name}} probe >/dev/full 2>&1 || echo "install $?"
            sysctr uninstall --purge {{name}} 2>&- || echo "uninstall $?"
            sysctr uninstall {{name}} >/dev/full 2>&1 || echo "again $?"
            sysctr history --json {{name}} | tr , '\n' | grep -c '"outcome": *"done"'
            """
        );

        Assert.Equal(
            """
            sysctr: writing to standard output: No space left on device
              outcome: nothing was changed
            status 14
            sysctr: writing to standard output: it is closed
              outcome: nothing was changed
            status 14
            again 3
            2

            """,
            said
        );
    }

    [Fact]
    public async Task No_verb_shows_an_images_control_characters()
    {
        string name = Container.NewName();
        string reference = await PutAsync(
            name,
            "[Unit]\nDescription=x\n[Service]\nExecStart=$EXEC_START\n[Install]\nWantedBy=multi-user.target\n"
        );
        string[][] calls =
        [
            ["pull", reference],
            ["images", "list"],
            ["images", "info", reference],
            ["images", "version", reference],
            ["lint", reference],
            ["plan", "install", "--name", name, reference],
            ["install", "--display", "--name", name, reference],
            ["install", "--name", name, reference],
            ["info", name],
            ["list", "--all"],
            ["plan", "update", name],
            ["diff", name, "--set", "COLOR=blue"],
            ["update", "--set", "COLOR=blue", name],
            ["diff", name],
            ["history"],
            ["fsck", "--quick"],
            ["images", "verify", reference],
            ["status", name],
            ["plan", "uninstall", name],
        ];
        foreach (string[] call in calls)
        {
            CommandResult result = Clean(await _host.SysctrAsync(call), call);

            // What is not running has a status of its own.
            Assert.True(result.ExitCode == 0 || call[0] == "status", $"{string.Join(' ', call)}: {result.All}");
        }

        Assert.Contains(
            @"\x1b[2J\x1b]0;title\x07\r\nsysctr: all is well\u202eevil",
            (await _host.SysctrAsync("info", name)).Output,
            StringComparison.Ordinal
        );
        using JsonDocument json = JsonDocument.Parse(
            (await _host.SysctrAsync("info", "--json", name)).MustSucceed().Output
        );
        Assert.Equal(Evil, json.RootElement.GetProperty("labels").GetProperty("name").GetString());
        (await _host.SysctrAsync("uninstall", name)).MustSucceed();
    }

    [Fact]
    public async Task No_error_shows_what_it_is_about_raw()
    {
        string name = Container.NewName();
        string reference = await PutAsync(
            name,
            "[Service]\n#\e[1A\e[2K\nExecStart=$EXEC_START\rExecStart=/bin/evil\n\u202e[Install]\n"
        );
        string[][] calls =
        [
            ["install", "--display", "--name", name, reference],
            ["lint", reference],
            ["plan", "install", "--name", name, reference],
            ["install", "--name", Evil, reference],
            ["info", Evil],
            ["images", "info", Evil],
            ["pull", "example.com/" + Evil],
            ["uninstall", Evil],
            ["install", "--set", Evil, reference],
            ["install", "--set", "COLOR=" + Evil, "--name", name, reference],
            [Evil],
            ["list", "--" + Evil],
            ["history", Evil],
            ["mount", Evil, "/mnt"],
            ["install", "oci:/srv/" + Evil.Replace("\n", "", StringComparison.Ordinal)],
        ];
        foreach (string[] call in calls)
        {
            Clean(await _host.SysctrAsync(call), call);
        }
    }

    /// <summary>Labels, environment, names of files and defaults: all that an image's author writes freely.</summary>
    private async Task<string> PutAsync(string name, string unit)
    {
        string place = $"/srv/{name}";
        await new LayoutWriter()
            .File("/bin/stub", "#!/bin/sh\n")
            .File($"/weird/\e[2J\u202e{'\n'}", "x")
            .File("/exports/service.template", unit)
            .File("/exports/manifest.json", """{"defaultValues": {"COLOR": "red", "OTHER": "x"}}""")
            .Label("name", Evil)
            .Label("version", Evil)
            .Label("summary" + Evil, Evil)
            .WriteAsync(_host.Root + place);
        return $"oci:{place}:{ImageBuilder.Tag}";
    }

    private static CommandResult Clean(CommandResult result, string[] call)
    {
        string raw = string.Concat(
            result
                .All.Where(c =>
                    (char.IsControl(c) && c is not ('\n' or '\t'))
                    || c is '\u2028' or '\u2029' or '\u200b' or '\ufeff' or (>= '\u202a' and <= '\u202e')
                )
                .Select(c => $" U+{(int)c:X4}")
        );
        Assert.True(raw.Length == 0, $"{string.Join(' ', call)}:{raw}\n{result.All}");
        Assert.DoesNotContain("\nsysctr: all is well", "\n" + result.All, StringComparison.Ordinal);
        return result;
    }
}
