// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Tests.Render;
using Xunit;

namespace SystemContainers.Tests.Lint;

/// <summary>What manifest.json names, against what is there.</summary>
public sealed class ManifestCheckTests
{
    [Theory]
    [Trait("needs", "programs")]
    [InlineData("\"renameFiles\": {\"/etc/b\": \"/etc/c\"}", "renameFiles names /etc/b, which is not in hostfs")]
    [InlineData(
        "\"installedFilesTemplate\": [\"/etc/b\"]",
        "installedFilesTemplate names /etc/b, which is not in hostfs"
    )]
    [InlineData(
        "\"installedFilesTemplate\": [\"/etc\"]",
        "installedFilesTemplate names /etc, which is no regular file"
    )]
    [InlineData("\"defaultValues\": {\"B\": \"x\"}", "defaultValues has B, which no template mentions")]
    [InlineData(
        "\"defaultValues\": {\"NAME\": \"x\"}",
        "defaultValues has NAME, whose value is always given by sysctr"
    )]
    [InlineData("\"renameFile\": {}", "renameFile is no member that sysctr knows")]
    public async Task What_has_no_effect_is_a_warning_at_its_line(string member, string text)
    {
        string message = Assert.Single(await Linted.GraveAsync(Image($"{{\n  {member}\n}}")));

        Assert.StartsWith("/exports/manifest.json:2:", message, StringComparison.Ordinal);
        Assert.EndsWith("warning: " + text, message, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("needs", "programs")]
    [InlineData(
        """{"version": "1.0", "renameFiles": {"/etc/a": "/etc/$NAME"}, "installedFilesTemplate": ["/etc/a"], "defaultValues": {"A": "1", "PIDFILE": "/run/x"}}"""
    )]
    [InlineData("""{"renameFiles": {"etc/a": "/etc/b"}, "installedFilesTemplate": ["/etc/b"]}""")]
    [InlineData("{}")]
    public async Task What_has_an_effect_is_fine(string manifest) =>
        Assert.Empty(await Linted.GraveAsync(Image(manifest)));

    [Fact]
    public async Task A_manifest_of_the_wrong_shape_is_an_error_and_does_not_hide_others()
    {
        string[] messages = await Linted.GraveAsync(
            Image("""{"useLinks": "no"}""").File("/exports/x.socket.template", "a\n $")
        );

        Assert.Equal(
            [
                "/exports/manifest.json:1:1: error: useLinks has to be a boolean, not a string",
                "/exports/x.socket.template:2:2: error: '$' begins neither $NAME nor ${NAME}",
            ],
            messages
        );
    }

    private static TestImage Image(string manifest) =>
        new TestImage()
            .File("/exports/service.template", Linted.Service + "Environment=A=$A\n")
            .File("/exports/hostfs/etc/a", "x")
            .File("/exports/manifest.json", manifest);
}
