// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Settings;
using Xunit;

namespace SystemContainers.Tests.Settings;

/// <summary>What is kept over updates, and what it makes of an image's own words.</summary>
public sealed class ContainerSettingsTests
{
    private static readonly ContainerSettings s_before = SettingOptionsTests.Of(
        ("env", "A=1"),
        ("env", "B=2"),
        ("volume", "/x:/data:ro"),
        ("memory", "1g"),
        ("command", "serve"),
        ("command", "--quietly")
    );

    [Fact]
    public void What_is_said_anew_replaces_what_has_its_key_and_the_rest_stays()
    {
        ContainerSettings after = s_before.With(
            SettingOptionsTests.Of(
                ("env", "B=3"),
                ("env", "C=4"),
                ("volume", "y:/data"),
                ("memory", "2g"),
                ("command", "stop")
            ),
            []
        );

        Assert.Equal(["A=1", "B=3", "C=4"], after.All("env"));
        Assert.Equal(["y:/data"], after.All("volume"));
        Assert.Equal("2g", after.One("memory"));
        Assert.Equal(["stop"], after.All("command"));
        Assert.False(after.IsSameAs(s_before));
    }

    [Theory]
    [InlineData("volume", "/x:/data", "mount", "type=tmpfs,dst=/data/")]
    [InlineData("mount", "type=bind,src=/x,dst=/data", "volume", "db:/data:ro")]
    [InlineData("volume", "/x:/data", "tmpfs", "/./data:size=1m")]
    [InlineData("tmpfs", "/data", "volume", "/data")]
    [InlineData("cap-drop", "kill", "cap-add", "CAP_KILL")]
    [InlineData("cap-add", "all", "cap-drop", "ALL")]
    public void Of_two_that_say_different_things_of_one_subject_the_later_call_counts_and_one_call_is_refused(
        string first,
        string before,
        string second,
        string after
    )
    {
        ContainerSettings both = SettingOptionsTests.Of((first, before), (second, after));

        SysctrException refusal = Assert.Throws<SysctrException>(both.CheckTogether);
        ContainerSettings later = SettingOptionsTests
            .Of((first, before), ("env", "A=1"))
            .With(SettingOptionsTests.Of((second, after)), []);

        Assert.Equal(ErrorKind.Usage, refusal.Kind);
        Assert.Contains($"--{first}={before}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"--{second}={after}", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(new[] { "--env=A=1", $"--{second}={after}" }.Order(), later.Words().Order());
    }

    [Fact]
    public void What_is_about_other_places_is_no_conflict_and_neither_is_what_is_said_twice() =>
        SettingOptionsTests
            .Of(
                ("volume", "/x:/data"),
                ("volume", "/x:/data"),
                ("tmpfs", "/data/cache"),
                ("cap-drop", "all"),
                ("cap-add", "kill"),
                ("cap-add", "CAP_KILL"),
                ("env", "A=1"),
                ("env", "A=2")
            )
            .CheckTogether();

    [Fact]
    public void Two_of_one_option_on_one_place_are_a_conflict() =>
        Assert.Throws<SysctrException>(
            SettingOptionsTests.Of(("volume", "/x:/data"), ("volume", "/y:/data/")).CheckTogether
        );

    [Fact]
    public void What_is_reset_is_forgotten()
    {
        ContainerSettings after = s_before.With(SettingOptionsTests.Of(("env", "C=4")), ["env", "memory", "command"]);

        Assert.Equal(["C=4"], after.All("env"));
        Assert.Null(after.One("memory"));
        Assert.Empty(after.All("command"));
        Assert.Equal(["/x:/data:ro"], after.All("volume"));
    }

    [Fact]
    public void Nothing_new_is_the_same() => Assert.True(s_before.With(ContainerSettings.None, []).IsSameAs(s_before));

    [Fact]
    public void It_is_said_again_as_words_of_a_command_line() =>
        Assert.Equal(
            ["--env=A=1", "--env=B=2", "--memory=1g", "--volume=/x:/data:ro", "--", "serve", "--quietly"],
            s_before.Words()
        );

    [Fact]
    public void An_image_says_what_was_set()
    {
        ImageRunConfig image = new()
        {
            Env = ["A=0"],
            Entrypoint = ["/entry"],
            Cmd = ["run"],
            User = "web",
            WorkingDir = "/srv",
            StopSignal = "INT",
            Labels = new Dictionary<string, string> { ["one"] = "1", ["two"] = "2" },
            Volumes = new Dictionary<string, EmptyObject>
            {
                ["/data/"] = new(),
                ["/cache"] = new(),
                ["/kept"] = new(),
            },
            Healthcheck = new ImageHealthcheck { Test = ["CMD", "/check"] },
        };

        ImageRunConfig run = ImageSettings.Apply(
            image,
            SettingOptionsTests.Of(
                ("env", "A=1"),
                ("user", "0:0"),
                ("workdir", "/"),
                ("stop-signal", "QUIT"),
                ("label", "two=b=c"),
                ("volume", "/host:/data"),
                ("volume", "/own"),
                ("tmpfs", "/cache"),
                ("health-cmd", "curl -f x"),
                ("health-start-period", "1m"),
                ("command", "other")
            )
        )!;

        Assert.Equal(["A=0", "A=1"], run.Env);
        Assert.Equal(["/entry", "other"], [.. run.Entrypoint!, .. run.Cmd!]);
        Assert.Equal(("0:0", "/", "QUIT"), (run.User, run.WorkingDir, run.StopSignal));
        Assert.Equal("1 b=c", $"{run.Labels!["one"]} {run.Labels["two"]}");
        Assert.Equal(["/kept", "/own"], run.Volumes!.Keys.Order());
        Assert.Equal(["CMD-SHELL", "curl -f x"], run.Healthcheck!.Test);
        Assert.Equal(60_000_000_000, run.Healthcheck.StartPeriod);
    }

    [Theory]
    [InlineData("/other", null, "/other", "")]
    [InlineData("[\"/a\", \"b c\"]", null, "/a|b c", "")]
    [InlineData("/other", "x", "/other", "x")]
    [InlineData(null, "x", "/entry", "x")]
    [InlineData(null, null, "/entry", "run")]
    public void Another_entry_point_leaves_the_images_command_out(
        string? entrypoint,
        string? command,
        string words,
        string rest
    )
    {
        ImageRunConfig run = ImageSettings.Apply(
            new ImageRunConfig { Entrypoint = ["/entry"], Cmd = ["run"] },
            SettingOptionsTests.Of(("entrypoint", entrypoint ?? ""), ("command", command ?? ""), ("label", "a=b"))
        )!;

        Assert.Equal(words, string.Join('|', run.Entrypoint!));
        Assert.Equal(rest, string.Join('|', run.Cmd!));
    }

    [Fact]
    public void A_file_of_variables_is_read_as_podman_reads_it()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "# a comment\n\n  A=1 2\nB=\"quoted\"\nHOME\nABSENT\nPRE*\n");

            Assert.Equal(
                ["A=1 2", "B=\"quoted\"", "HOME=/root", "PRE1=x", "PRE2=y"],
                EnvironmentSetting.ReadFile(
                    file,
                    new Dictionary<string, string>
                    {
                        ["HOME"] = "/root",
                        ["PRE2"] = "y",
                        ["PRE1"] = "x",
                    }
                )
            );
        }
        finally
        {
            File.Delete(file);
        }

        Assert.Equal(
            ErrorKind.NotFound,
            Assert
                .Throws<SysctrException>(() => EnvironmentSetting.ReadFile(file, new Dictionary<string, string>()))
                .Kind
        );
    }
}
