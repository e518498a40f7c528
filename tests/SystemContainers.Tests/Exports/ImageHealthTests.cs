// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Oci;
using SystemContainers.Render.Request;
using SystemContainers.Settings;
using SystemContainers.Tests.Render;
using SystemContainers.Tests.Settings;
using Xunit;

namespace SystemContainers.Tests.Exports;

/// <summary>What an image says of its health check, from manifest.json, labels and HEALTHCHECK.</summary>
public sealed class ImageHealthTests
{
    private static readonly Dictionary<string, string> s_values = new() { ["NAME"] = "etcd", ["PORT"] = "2379" };

    [Fact]
    public void An_image_that_says_nothing_has_none() => Assert.Null(ImageHealth.Read(null, null).Render(s_values));

    [Fact]
    public void The_manifest_has_every_member_with_its_variables()
    {
        HealthCheck check = Render(
            """{ "health": { "command": "ping $NAME", "http": "http://[::1]:$PORT/", "tcp": "localhost:${PORT}", "timeout": 60, "interval": "0.5" } }"""
        )!;

        Assert.Equal(["/bin/sh", "-c", "ping etcd"], check.Command!);
        Assert.Equal(
            ("http://[::1]:2379/", "localhost:2379", 60, 0.5),
            (check.Http, check.Tcp, check.Timeout, check.Interval)
        );
        Assert.Equal(["ping", "etcd"], Render("""{ "health": { "command": ["ping", "$NAME"] } }""")!.Command!);
    }

    [Fact]
    public void Its_variables_can_be_set()
    {
        TestImage image = new TestImage().File(
            "/exports/manifest.json",
            """{ "health": { "tcp": "127.0.0.1:$CHECKED" } }"""
        );

        Assert.Contains("CHECKED", ImageExports.Read(image).Variables);
        Assert.True(
            TemplateValues.IsKnown(
                ImageExports.Read(new TestImage(), Labels(("http", "http://h:$LABELLED/"))),
                "LABELLED"
            )
        );
    }

    [Fact]
    public void Labels_say_the_same()
    {
        Assert.Equal(["/bin/sh", "-c", "[ -e /ready ]"], Read(Labels(("command", "[ -e /ready ]"))).Command!);
        Assert.Equal(["/bin/check", "etcd"], Read(Labels(("command", """["/bin/check", "$NAME"]"""))).Command!);
        Assert.Equal("127.0.0.1:2379", Read(Labels(("tcp", "127.0.0.1:$PORT"), ("timeout", "5"))).Tcp);
    }

    [Fact]
    public void Dockers_command_is_taken_as_it_is()
    {
        HealthCheck check = Read(Docker("CMD-SHELL", "curl $HOST || exit 1"));

        Assert.Equal(["/bin/sh", "-c", "curl $HOST || exit 1"], check.Command!);
        Assert.Equal((3, 50), (check.Attempt, check.Timeout));
        Assert.Equal(["check", "$x"], Read(Docker("CMD", "check", "$x")).Command!);
        Assert.Equal(["/bin/sh", "-c", "curl a"], Read(Docker("CMD-SHELL", "curl", "a")).Command!);
        Assert.Null(ImageHealth.Read(null, Docker("NONE")).Render(s_values));
        Assert.Null(ImageHealth.Read(null, Docker()).Render(s_values));
    }

    [Fact]
    public void The_strongest_source_gives_the_check_and_times_come_from_where_they_are()
    {
        ImageRunConfig run = Docker("CMD", "true") with { Labels = Labels(("timeout", "7")).Labels };
        HealthCheck check = Read(run);
        Assert.Equal(["true"], check.Command!);
        Assert.Equal(7, check.Timeout);

        HealthCheck labelled = Read(Docker("CMD", "true") with { Labels = Labels(("tcp", "h:1")).Labels });
        Assert.Null(labelled.Command);
        Assert.Equal("h:1", labelled.Tcp);
    }

    [Theory]
    [InlineData("""{ "health": "yes" }""", "health has to be an object")]
    [InlineData("""{ "health": { "command": [1] } }""", "health.command has to be a string")]
    [InlineData("""{ "health": { "http": true } }""", "health.http has to be a string")]
    [InlineData("""{ "health": { "http": "ftp://h/" } }""", "has to be an http: or https: URL")]
    [InlineData("""{ "health": { "tcp": "here" } }""", "has to be HOST:PORT")]
    [InlineData("""{ "health": { "tcp": "::1:80" } }""", "has to be HOST:PORT")]
    [InlineData("""{ "health": { "tcp": "h:1", "timeout": 0 } }""", "has to be a number of seconds")]
    [InlineData("""{ "health": { "tcp": "h:$NOPE" } }""", "NOPE has no value")]
    [InlineData("""{ "health": { "command": "a $(b)" } }""", "begins neither")]
    public void What_cannot_be_meant_is_refused_with_its_place(string manifest, string why)
    {
        SysctrException error = Assert.Throws<SysctrException>(() => Render(manifest));

        Assert.Equal(ErrorKind.Template, error.Kind);
        Assert.Contains("/exports/manifest.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    /// <summary>--health-cmd and its times, whatever the image is.</summary>
    [Fact]
    public void What_who_installs_it_says_counts_more_than_manifest_and_labels()
    {
        ImageHealth? manifest = ExportManifest
            .Read("/exports/manifest.json", """{ "health": { "tcp": "h:1" } }""")
            .Health;
        ImageRunConfig labelled = Labels(("http", "http://h/"));

        HealthCheck chosen = Of("health-cmd", "mine")!;
        HealthCheck timed = Of("health-timeout", "7s")!;

        Assert.Equal((null, null), (chosen.Http, chosen.Tcp));
        Assert.Equal(["/bin/sh", "-c", "mine"], chosen.Command!);
        Assert.Equal(30, chosen.Attempt);
        Assert.Equal(("h:1", 7), (timed.Tcp, timed.Attempt));
        Assert.Equal(10, Of("env", "A=1")!.Attempt);
        Assert.Null(Of("health-cmd", "none"));

        HealthCheck? Of(string option, string value) =>
            ImageHealth
                .Read(manifest, ImageSettings.Apply(labelled, SettingOptionsTests.Of((option, value))))
                .Render(s_values);
    }

    private static HealthCheck? Render(string manifest) =>
        ImageHealth.Read(ExportManifest.Read("/exports/manifest.json", manifest).Health, null).Render(s_values);

    private static HealthCheck Read(ImageRunConfig run) => ImageHealth.Read(null, run).Render(s_values)!;

    private static ImageRunConfig Labels(params (string Name, string Text)[] labels) =>
        new() { Labels = labels.ToDictionary(l => "sysctr.health." + l.Name, l => l.Text) };

    private static ImageRunConfig Docker(params string[] test) =>
        new()
        {
            Healthcheck = new ImageHealthcheck
            {
                Test = test,
                Timeout = 3_000_000_000,
                StartPeriod = 20_000_000_000,
            },
        };
}
