// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Tests.Render;
using Xunit;

namespace SystemContainers.Tests.Lint;

/// <summary>Bind mounts, and whatever makes their sources.</summary>
[Trait("needs", "programs")]
public sealed class MountCheckTests
{
    private static TestImage Image(string source, string tmpfiles, string service = Linted.Service) =>
        new TestImage()
            .File("/exports/service.template", service)
            .File("/exports/tmpfiles.template", tmpfiles)
            .File("/exports/hostfs/var/lib/brought/x", "x")
            .File(
                "/exports/config.json.template",
                RenderRequests.Config(
                    mounts: $$"""
                    {"type": "tmpfs", "source": "tmpfs", "destination": "/tmp"},
                    {"type": "bind", "source": "{{source}}", "destination": "/x", "options": ["rbind"]}
                    """
                )
            );

    [Theory]
    [InlineData("$STATE_DIRECTORY/$NAME/data")]
    [InlineData("/var/lib/other")]
    [InlineData("/run/$NAME")]
    public async Task A_source_that_nothing_makes_is_a_warning_at_its_line(string source)
    {
        string message = Assert.Single(await Linted.GraveAsync(Image(source, "d /run/else 0755 root root - -\n")));

        Assert.StartsWith("/exports/config.json.template:3:", message, StringComparison.Ordinal);
        Assert.Contains("warning: mounts[1] binds ", message, StringComparison.Ordinal);
        Assert.Contains("/exports/tmpfiles.template", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/var/lib/etcd/data", "d ${STATE_DIRECTORY}/${NAME}/data 0755 - - -")]
    [InlineData("/var/lib/etcd", "d /var/lib/etcd/data 0755 - - -")]
    [InlineData("/run/etcd.sock", "f /run/etcd.sock")]
    [InlineData("/run/systemd/notify", "# nothing")]
    [InlineData("/var/lib/brought", "# nothing")]
    [InlineData("/var/lib/brought/x", "# nothing")]
    [InlineData("/srv/data", "# nothing")]
    public async Task A_source_that_something_makes_or_every_host_has_is_fine(string source, string tmpfiles) =>
        Assert.Empty(await Linted.GraveAsync(Image(source, tmpfiles + "\n")));

    [Fact]
    public async Task A_units_own_directories_count() =>
        Assert.Empty(
            await Linted.GraveAsync(Image("/run/etcd", "# nothing\n", Linted.Service + "RuntimeDirectory=x ${NAME}\n"))
        );

    [Theory]
    [InlineData("/var/lib/etcd/data", 0)]
    [InlineData("/run/etcd.sock", 1)]
    public async Task Without_tmpfiles_lines_are_made_which_is_wrong_for_files(string source, int warnings)
    {
        TestImage image = new TestImage()
            .File("/exports/service.template", Linted.Service)
            .File(
                "/exports/config.json",
                RenderRequests.Config(
                    mounts: $$"""{"type": "bind", "source": "{{source}}", "destination": "/x", "options": ["bind"]}"""
                )
            );

        Assert.Equal(
            warnings,
            (await Linted.GraveAsync(image)).Count(m =>
                m.Contains("sysctr makes a directory", StringComparison.Ordinal)
            )
        );
    }

    [Theory]
    [InlineData(
        "# x\n\nd var/lib/x 0755",
        "/exports/tmpfiles.template:3:1: error: the path of a tmpfiles.d line has to be absolute, not 'var/lib/x'"
    )]
    [InlineData("O /var/lib/x", "/exports/tmpfiles.template:1:1: error: 'O' is no type of a tmpfiles.d line")]
    public async Task Lines_that_tmpfiles_would_pass_over_are_errors(string tmpfiles, string message) =>
        Assert.Equal([message], await Linted.GraveAsync(Image("/srv/x", tmpfiles + "\n")));
}
