// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Settings.Health;
using Xunit;

namespace SystemContainers.Tests.Settings;

/// <summary>What --health-cmd and HealthCmd= mean to podman (MakeHealthCheckFromCli in pkg/specgenutil).</summary>
public sealed class HealthCommandTests
{
    [Theory]
    [InlineData("curl -f x || exit 1", "CMD-SHELL|curl -f x || exit 1")]
    [InlineData("[ -f /x ] || exit 1", "CMD-SHELL|[ -f /x ] || exit 1")]
    [InlineData("[[ -f /x ]]", "CMD-SHELL|[[ -f /x ]]")]
    [InlineData("[\"a\",1]", "CMD-SHELL|[\"a\",1]")]
    [InlineData("[\"a\"", "CMD-SHELL|[\"a\"")]
    [InlineData("[\"\\ud800\"]", "CMD-SHELL|[\"\\ud800\"]")]
    [InlineData("[\"curl x\"]", "CMD-SHELL|curl x")]
    [InlineData("[\"curl\",\"a b\"]", "CMD|curl|a b")]
    [InlineData("[\"CMD\",\"curl\"]", "CMD|curl")]
    [InlineData("[\"CMD\",\"curl\",\"a b\"]", "CMD|curl|a b")]
    [InlineData("[\"CMD-SHELL\",\"curl x\"]", "CMD-SHELL|curl x")]
    [InlineData("[\"CMD-SHELL\",\"curl\",\"x\"]", "CMD-SHELL|curl x")]
    [InlineData("CMD curl  x", "CMD|curl|x")]
    [InlineData("CMD-SHELL curl x; y", "CMD-SHELL|curl x; y")]
    [InlineData("CMD-SHELLS x", "CMD-SHELL|CMD-SHELLS x")]
    [InlineData("NONE", "NONE")]
    [InlineData("none", "NONE")]
    [InlineData("[\"NONE\"]", "NONE")]
    public void Words_of_docker_and_lists_are_what_they_are_to_podman(string text, string test) =>
        Assert.Equal(test.Split("|"), Unsplit(HealthCommand.Parse(text), test));

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("[\"\"]")]
    [InlineData("CMD")]
    [InlineData("CMD-SHELL ")]
    [InlineData("[\"CMD\"]")]
    [InlineData("[\"CMD\",\"\"]")]
    public void A_check_has_a_command(string text) => Assert.Throws<FormatException>(() => HealthCommand.Parse(text));

    [Theory]
    [InlineData("a b", "/bin/sh|-c|a b")]
    [InlineData("CMD a b", "a|b")]
    [InlineData("none", null)]
    public void A_line_is_the_shell_s(string text, string? words) =>
        Assert.Equal(words, HealthCommand.Command(HealthCommand.Parse(text)) is { } run ? string.Join('|', run) : null);

    /// <summary>A line may have bars of its own.</summary>
    private static IEnumerable<string> Unsplit(IReadOnlyList<string> test, string expected) =>
        expected.Contains("||", StringComparison.Ordinal) ? string.Join('|', test).Split('|') : test;
}
