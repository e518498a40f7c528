// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli;
using SystemContainers.Errors;
using Xunit;

namespace SystemContainers.Tests.Cli;

/// <summary>What <c>sysctr lint</c> takes its word for: a file of apply's is never an image's name.</summary>
public sealed class LintVerbTests
{
    [Theory]
    [InlineData("web.container", "there is no such file")]
    [InlineData("./web.container", "there is no such file")]
    [InlineData("/nonexistent/app.pod", "there is no such file")]
    [InlineData("/nonexistent/app", "it is no directory that has 'exports'")]
    public async Task What_is_not_there_is_told_as_what_was_meant(string target, string why)
    {
        SysctrException refused = await Assert.ThrowsAsync<SysctrException>(() =>
            CommandTree
                .Create()
                .Parse(["lint", target])
                .InvokeAsync(
                    new InvocationConfiguration { EnableDefaultExceptionHandler = false },
                    TestContext.Current.CancellationToken
                )
        );

        Assert.Equal(ErrorKind.NotFound, refused.Kind);
        Assert.StartsWith($"linting {target}: {why}", refused.Message, StringComparison.Ordinal);
    }
}
