// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Lint.Json;
using SystemContainers.Templates;
using SystemContainers.Tests.Render;
using Xunit;

namespace SystemContainers.Tests.Lint;

/// <summary>Templates and units: what systemd or the renderer says, at the template's line.</summary>
public sealed class TemplateLintTests
{
    [Fact]
    [Trait("needs", "programs")]
    public async Task Systemds_complaints_stand_at_the_templates_line()
    {
        string[] messages = await Linted.GraveAsync(
            new TestImage().File(
                "/exports/service.sbn",
                """
                {{ if NAME != "" ~}}
                [Unit]
                {{ end ~}}
                {{ for unit in "a b" | string.split " " ~}}
                After={{ unit }}.service
                {{ end ~}}
                [Service]
                ExecStart={{ EXEC_START }}
                ExecStartPost=relative/path

                """
            )
        );

        string message = Assert.Single(messages, m => m.Contains("relative/path", StringComparison.Ordinal));
        Assert.StartsWith("/exports/service.sbn:9:1: error: ", message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("needs", "programs")]
    public async Task All_units_are_looked_at_and_instances_too()
    {
        string[] messages = await Linted.GraveAsync(
            new TestImage()
                .File("/exports/x.socket.template", "[Socket]\nAccept=yes\nListenStream=/run/x\nNonsense=1\n")
                .File("/exports/x@.service.template", "[Service]\nExecStart=$EXEC_START\n\nNonsense=2\n")
        );

        Assert.Contains(
            messages,
            m => m.StartsWith("/exports/x.socket.template:4:1: warning: ", StringComparison.Ordinal)
        );
        Assert.Contains(
            messages,
            m => m.StartsWith("/exports/x@.service.template:4:1: warning: ", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Every_template_with_a_fault_is_named()
    {
        string[] messages = await Linted.GraveAsync(
            new TestImage()
                .File("/exports/service.sbn", "[Service]\nExecStart={{ EXEC_START }}\nX={{ NAME | string.nope }}\n")
                .File("/exports/tmpfiles.sbn", "\n{{ for i in 1..1000000 }}x{{ end }}")
                .File("/exports/config.json", new byte[50 << 20])
        );

        Assert.Contains("52428800 bytes", Assert.Single(messages), StringComparison.Ordinal);
        messages = await Linted.GraveAsync(
            new TestImage()
                .File("/exports/service.sbn", "[Service]\nExecStart={{ EXEC_START }}\nX={{ NAME | string.nope }}\n")
                .File("/exports/tmpfiles.sbn", "\n{{ for i in 1..1000000 }}x{{ end }}")
        );
        Assert.Equal(2, messages.Length);
        Assert.StartsWith("/exports/service.sbn:3:", messages[0], StringComparison.Ordinal);
        Assert.StartsWith("/exports/tmpfiles.sbn:2:", messages[1], StringComparison.Ordinal);
    }

    [Fact]
    [Trait("needs", "programs")]
    public async Task A_variable_without_default_is_noted_where_it_is_first_mentioned()
    {
        TestImage image = new TestImage()
            .File(
                "/exports/service.template",
                Linted.Service + "Environment=X=$$ADDRESS ADDRESS=${ADDRESS} MORE=$ADDRESS\n"
            )
            .File("/exports/manifest.json", """{"renameFiles": {"/etc/a": "/etc/$WHERE"}}""")
            .File("/exports/hostfs/etc/a", "x");

        string[] notes =
        [
            .. (await Linted.NotesAsync(image)).Where(n => n.Contains("--set", StringComparison.Ordinal)),
        ];

        Assert.Equal(2, notes.Length);
        Assert.StartsWith(
            "/exports/manifest.json:1:34: note: WHERE has no default",
            notes[0],
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "/exports/service.template:3:33: note: ADDRESS has no default",
            notes[1],
            StringComparison.Ordinal
        );
        Assert.Empty(await Linted.GraveAsync(image));
    }

    [Fact]
    [Trait("needs", "programs")]
    public async Task Variables_that_stand_for_json_leave_it_json() =>
        Assert.Empty(
            await Linted.GraveAsync(
                new TestImage()
                    .File("/exports/service.template", Linted.Service)
                    .File(
                        "/exports/config.json.template",
                        """
                        {"ociVersion": "1.0.2", "hostname": "$HOSTNAME-$X",
                         "process": {"args": ["/bin/run" $MORE_ARGS], "cwd": "/", "oomScoreAdj": $SCORE, "env": [$ENV]},
                         "root": {"path": "rootfs", "readonly": true},
                         "mounts": [{"destination": "/tmp", "type": "tmpfs"} ${ADDTL_MOUNTS}]}
                        """
                    )
            )
        );

    [Fact]
    [Trait("needs", "programs")]
    public async Task Services_get_a_note_of_their_exposure()
    {
        string note = Assert.Single(
            await Linted.NotesAsync(
                new TestImage().File("/exports/service.template", "[Unit]\n[Service]\nExecStart=$EXEC_START\n")
            ),
            n => n.Contains("exposure", StringComparison.Ordinal)
        );

        Assert.StartsWith("/exports/service.template:2:1: note: exposure 9", note, StringComparison.Ordinal);
        Assert.Contains("PrivateNetwork= (0.5)", note, StringComparison.Ordinal);
        Assert.DoesNotContain("User=", note, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("needs", "programs")]
    public async Task A_setting_that_no_runtime_works_in_is_no_advice_and_a_warning_where_it_is_made()
    {
        IReadOnlyList<LintMessage> all = await Linted.AllAsync(
            new TestImage()
                .Directory("/proc")
                .File("/exports/service.template", "[Service]\nExecStart=$EXEC_START\nProtectControlGroups=yes\n")
        );

        Assert.Contains(
            all,
            m =>
                m.Severity == LintSeverity.Note
                && m.Text.StartsWith("counted, but not for a container: ", StringComparison.Ordinal)
                && m.Text.Contains("User=", StringComparison.Ordinal)
        );
        Assert.Contains(
            "/exports/service.template:3:1: warning: ProtectControlGroups=yes keeps the container from running: the runtime makes the payload's control group",
            Linted.Grave(all)
        );
    }

    [Fact]
    [Trait("needs", "programs")]
    public async Task A_fault_in_the_configuration_does_not_hide_one_in_a_unit()
    {
        string[] messages = await Linted.GraveAsync(
            new TestImage()
                .File("/exports/service.template", Linted.Service + "Nonsense=1\n")
                .File("/exports/config.json", RenderRequests.Config(more: ", \"hostname\": 7"))
        );

        Assert.Equal(2, messages.Length);
        Assert.StartsWith("/exports/config.json:2:", messages[0], StringComparison.Ordinal);
        Assert.StartsWith("/exports/service.template:3:1: warning: ", messages[1], StringComparison.Ordinal);
    }

    [Fact]
    [Trait("needs", "programs")]
    public async Task An_image_without_exports_has_nothing_to_mend()
    {
        LintMessage message = Assert.Single(await Linted.AllAsync(new TestImage()));

        Assert.Equal(LintSeverity.Note, message.Severity);
    }

    [Theory]
    [InlineData("service.template", "a\n$A\n\nb $B", "a\nx\n\nb y", "1 2 3 4")]
    [InlineData("x.sbn", "a\n{{ if A }}\nb\n{{ end }}\nc", "a\n\nb\n\nc", "1 2 3 4 5")]
    [InlineData("x.sbn", "a\n{{~ if A ~}}\nb\n{{~ end ~}}\nc", "a\nb\nc", "1 3 5")]
    [InlineData("x.sbn", "a\n{{~ for x in A ~}}\nb={{ x }}\n{{~ end ~}}\nc", "a\nb=1\nb=2\nb=3\nc", "1 3 3 3 5")]
    [InlineData("x.template", "[\n$A\n]", "[\n1,\n2\n]", "1 2 2 3")]
    public void Lines_of_a_text_lead_to_lines_of_its_template(
        string file,
        string template,
        string rendered,
        string lines
    )
    {
        TemplateKind kind = file.EndsWith(".sbn", StringComparison.Ordinal)
            ? TemplateKind.Scriban
            : TemplateKind.Legacy;
        LineMap map = LineMap.Of(new ExportFile("/exports/" + file, kind, template, []), rendered);

        Assert.Equal(
            lines,
            string.Join(
                ' ',
                Enumerable
                    .Range(1, rendered.Split('\n').Length)
                    .Select(l => map.ToTemplate(new TextPosition(l, 1)).Line)
            )
        );
    }

    [Fact]
    public async Task A_line_of_a_hundred_thousand_brackets_is_an_error_like_any_other() =>
        Assert.Contains(
            "/exports/config.json.template:1:",
            Assert.Single(
                await Linted.GraveAsync(
                    new TestImage().File(
                        "/exports/config.json.template",
                        "{\"a\": " + new string('[', 100_000) + "$NAME" + new string(']', 100_000)
                    )
                )
            ),
            StringComparison.Ordinal
        );
}
