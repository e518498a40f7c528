// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Lint;
using SystemContainers.Lint.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests.Lint;

/// <summary>The sources of the test images, as directories.</summary>
[Trait("needs", "programs")]
public sealed class ImagesLintTests
{
    /// <summary>Every image with exports that is meant to be installable.</summary>
    public static TheoryData<string> Good =>
        [
            .. Directory
                .GetDirectories(Path.Combine(Workspace.Root, "tests", "images"))
                .Where(d => Directory.Exists(Path.Combine(d, "exports")))
                .Select(d => Path.GetFileName(d)!)
                .Where(n => !n.StartsWith("broken-", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];

    [Theory]
    [MemberData(nameof(Good))]
    public async Task Images_that_install_have_no_errors(string image) =>
        Assert.Empty((await LintAsync(image)).Where(m => m.Severity == LintSeverity.Error).Select(m => m.ToString()));

    [Theory]
    [InlineData("broken-config", "exports/config.json.sbn:1:", "this is no JSON")]
    [InlineData("broken-unit", "exports/broken.service.sbn:7:1: error: ", "relative/path")]
    public async Task Broken_ones_say_where(string image, string place, string reason) =>
        Assert.Contains(
            await LintAsync(image),
            m =>
                m.Severity == LintSeverity.Error
                && m.ToString().StartsWith(Path.Combine(PathOf(image), place), StringComparison.Ordinal)
                && m.Text.Contains(reason, StringComparison.Ordinal)
        );

    [Fact]
    public async Task A_variable_that_nobody_sets_is_a_note() =>
        Assert.Contains(
            await LintAsync("broken-variable"),
            m =>
                m is { Severity: LintSeverity.Note, Line: 5 }
                && m.Text.StartsWith("NOBODY_SETS_THIS has no default", StringComparison.Ordinal)
        );

    private static Task<IReadOnlyList<LintMessage>> LintAsync(string image) =>
        LintOperation.DirectoryAsync(
            PathOf(image),
            new Dictionary<string, string>(),
            TestContext.Current.CancellationToken
        );

    private static string PathOf(string image) => Path.Combine(Workspace.Root, "tests", "images", image);
}
