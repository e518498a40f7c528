// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Render;
using SystemContainers.Render.Request;
using SystemContainers.Runtime;
using SystemContainers.SystemdText;
using SystemContainers.Units;
using Xunit;

namespace SystemContainers.Tests.Render;

/// <summary>No value adds a line, a setting or a specifier to what is generated for systemd: it is one text, or it is
/// refused.</summary>
public sealed class OneLineTests
{
    private const string Evil = "x\n[Service]\nExecStartPre=+/bin/touch /x";

    private static readonly string[] s_pieces =
    [
        "a",
        " ",
        "\t",
        "\n",
        "\r",
        "\0",
        "\u0085",
        "%",
        "%n",
        "%%",
        "\"",
        "'",
        "\\",
        "$",
        "${A}",
        ";",
        "#",
        "=",
        "[Service]",
        "ExecStart=/x",
        "/",
        ":",
        "é",
        "\u001b[2J",
        "-",
        "+",
        "@",
    ];

    private static TestImage Legacy =>
        new TestImage()
            .File(
                "/exports/service.template",
                "[Unit]\nDescription=$NAME of $IMAGE_NAME\n[Service]\nExecStart=$EXEC_START\nExecStop=$EXEC_STOP\nWorkingDirectory=$DESTDIR\nRuntimeDirectory=$NAME\n[Install]\nWantedBy=multi-user.target\n"
            )
            .File("/exports/tmpfiles.template", "d ${RUN_DIRECTORY}/$NAME - - - -\nd ${STATE_DIRECTORY}/$NAME\n");

    /// <summary>Each place in which a value of somebody's stands, whatever the image is.</summary>
    public static TheoryData<string, bool> Places =>
        new(
            from place in (string[])
                [
                    "PIDFILE",
                    "PIDFILE default",
                    "RUN_DIRECTORY",
                    "RUN_DIRECTORY default",
                    "STATE_DIRECTORY",
                    "UUID",
                    "RUNTIME",
                    "ATOMIC",
                    "image",
                    "bundle",
                    "runtime",
                    "tool",
                    "user's run directory",
                    "user's data home",
                ]
            from isDefault in (bool[])[true, false]
            select (place, isDefault)
        );

    [Theory]
    [MemberData(nameof(Places))]
    public void The_lines_are_the_same_whatever_a_value_is(string place, bool defaultUnit)
    {
        TestImage image = defaultUnit ? new TestImage() : Legacy;
        (string[] keys, _) = Shape(place, "/run/plain", image)!.Value;
        Random random = new(place.Length);
        int refused = 0;
        int written = 0;
        foreach (
            string value in Enumerable
                .Range(0, 60)
                .Select(_ => "/run/" + string.Concat(random.GetItems(s_pieces, random.Next(1, 6))))
                .Append("/run/" + Evil)
        )
        {
            if (Shape(place, value, image) is not { } shape)
            {
                refused++;
                continue;
            }

            written++;
            Assert.Equal(keys, shape.Keys);
            Assert.All(shape.Specifiers, s => Assert.True(s is "%%", $"{place}: '{value}' gave {s}"));
        }

        Assert.True(refused > 5 && written > 5, $"{refused} refused, {written} written");
        Assert.Null(Shape(place, "/run/" + Evil, image));
    }

    [Fact]
    public void The_instances_of_the_issue()
    {
        foreach (
            string place in (string[])["PIDFILE", "PIDFILE default", "RUN_DIRECTORY", "RUN_DIRECTORY default", "image"]
        )
        {
            Assert.Equal(
                ErrorKind.Template,
                Assert.Throws<SysctrException>(() => Render(place, Evil, new TestImage())).Kind
            );
        }
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("/run/../etc/passwd")]
    [InlineData("run/x")]
    [InlineData("/run/%t")]
    public void An_image_names_no_file_outside_of_the_run_directory_for_a_process_number(string file) =>
        Assert.Contains(
            "PIDFILE",
            Assert.Throws<SysctrException>(() => Render("PIDFILE default", file, new TestImage())).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("/etc/systemd/system/x.service.d/a.conf", "a\nb", false)]
    [InlineData("/etc/systemd/system/x.service.d/a.conf", "%n", false)]
    [InlineData("/etc/sysctl.d/a.conf", "a\nb", false)]
    [InlineData("/etc/sysctl.d/a.conf", "%n", true)]
    [InlineData("/etc/a.conf", "a\nb", true)]
    public void A_host_file_of_statements_gets_no_line_by_a_value(string target, string value, bool allowed)
    {
        TestImage image = new TestImage()
            .File("/exports/hostfs" + target, "X=$A\n")
            .File("/exports/manifest.json", $$"""{"installedFilesTemplate": ["{{target}}"]}""");

        Assert.Equal(allowed, Record.Exception(() => RenderRequests.Render(image, ("A", value))) is null);
    }

    [Theory]
    [InlineData("plain/word=1,2:3@x+y-z_", "plain/word=1,2:3@x+y-z_")]
    [InlineData("", "\"\"")]
    [InlineData("a b", "\"a b\"")]
    [InlineData("50%", "\"50%%\"")]
    [InlineData("$HOME", "\"$$HOME\"")]
    [InlineData(";", "\";\"")]
    [InlineData("a\"b\\c'd", "\"a\\\"b\\\\c'd\"")]
    public void A_word_is_quoted_as_systemd_unquotes_it(string word, string written) =>
        Assert.Equal(written, CommandLine.Arguments(word));

    [Fact]
    public void A_program_has_specifiers_and_no_variables()
    {
        Assert.Equal("\"/a%%n $HOME\" \"$$HOME\"", CommandLine.Of("/a%n $HOME", "$HOME"));
        Assert.Equal("\"/a%n $HOME\" \"$$HOME\"", CommandLine.Transient("/a%n $HOME", "$HOME"));
    }

    private static (string[] Keys, string[] Specifiers)? Shape(string place, string value, TestImage image)
    {
        RenderedContainer rendered;
        try
        {
            rendered = Render(place, value, image);
        }
        catch (SysctrException e) when (e.Kind is ErrorKind.Template or ErrorKind.Unsafe or ErrorKind.Usage)
        {
            return null;
        }

        List<string> keys = [];
        List<string> specifiers = [];
        foreach (RenderedUnit unit in rendered.Units)
        {
            // As systemd splits it, not as we do.
            string[] lines = unit.Text.Split('\n', '\r', '\0');
            keys.AddRange(lines.Select(l => unit.FileName + ": " + (l.StartsWith('#') ? "#" : l.Split('=')[0])));
            Assert.All(lines.Where(l => !l.StartsWith('#')), l => Assert.False(l.EndsWith('\\'), l));
            specifiers.AddRange(
                lines
                    .Where(l => !l.StartsWith('#'))
                    .SelectMany(l => System.Text.RegularExpressions.Regex.Matches(l, "%.?"))
                    .Select(m => m.Value)
            );
        }

        keys.AddRange(TmpfilesSyntax.Parse(rendered.Tmpfiles ?? "").Select(l => $"tmpfiles {l.Type}{l.Error}"));
        return ([.. keys], [.. specifiers]);
    }

    private static RenderedContainer Render(string place, string value, TestImage image)
    {
        if (place.EndsWith(" default", StringComparison.Ordinal))
        {
            image = image.File(
                "/exports/manifest.json",
                Encoding.UTF8.GetBytes(
                    "{\"defaultValues\": {\""
                        + place.Split(' ')[0]
                        + "\": "
                        + System.Text.Json.JsonSerializer.Serialize(value)
                        + "}}"
                )
            );
        }

        RenderRequest request = RenderRequests.For(
            image,
            new ImageRunConfig
            {
                Entrypoint = ["/x"],
                Volumes = new Dictionary<string, EmptyObject> { ["/data"] = new() },
            }
        );
        if (TemplateValues.IsKnown(request.Exports, place))
        {
            request = request with { Set = new Dictionary<string, string> { [place] = value } };
        }

        request = place switch
        {
            "image" => request with { ImageName = "oci:" + value },
            "bundle" => request with { DestinationDirectory = value },
            "runtime" => request with { RuntimePath = value },
            "tool" => request with { ToolPath = value },
            "user's run directory" => request with { RunDirectory = value },
            "user's data home" => request with
            {
                StateDirectory = value,
                DestinationDirectory = value + "/sysctr/deployments/etcd/0",
            },
            _ => request,
        };
        UnitPlan plan = UnitPlan.For(
            new OciRuntime(request.RuntimePath, RuntimeKind.Runc),
            request.Name,
            request.DestinationDirectory,
            request.PidFile,
            request.ToolPath,
            request.Exports,
            252
        );
        return plan.Adapt(
            ContainerRenderer.Render(request with { Commands = plan.Commands, ServiceLines = plan.ServiceLines }),
            image,
            request.Host,
            "/listen",
            request.DestinationDirectory + "/rootfs"
        );
    }
}
