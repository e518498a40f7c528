// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Tests.Render;
using Xunit;

namespace SystemContainers.Tests.Lint;

/// <summary>What an author is told whose image opens its log by a path.</summary>
[Trait("needs", "programs")]
public sealed class LogLintTests
{
    [Fact]
    public async Task A_log_file_that_is_a_link_is_a_note_at_it() =>
        Assert.Contains(
            "/var/log/web.log:1:1: note: /var/log/web.log leads to /dev/stdout: a FIFO and a cat(1)",
            string.Join('\n', await Linted.NotesAsync(new TestImage().Link("/var/log/web.log", "/dev/stdout"))),
            StringComparison.Ordinal
        );

    [Fact]
    public async Task A_configuration_of_its_own_has_what_it_says() =>
        Assert.DoesNotContain(
            "cat(1)",
            string.Join(
                '\n',
                await Linted.NotesAsync(
                    new TestImage()
                        .File("/exports/config.json", RenderRequests.Config())
                        .Link("/var/log/web.log", "/dev/stdout")
                )
            ),
            StringComparison.Ordinal
        );
}
