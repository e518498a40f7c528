// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using SystemContainers.Lint;
using SystemContainers.Lint.Json;
using SystemContainers.Rights;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests.Rights;

/// <summary>The table of classes, and what the images of the tests have of them.</summary>
public sealed partial class RightClassesTests
{
    public static TheoryData<string> Images =>
        [
            .. Directory
                .GetDirectories(Path.Combine(Workspace.Root, "tests", "images"))
                .Where(d =>
                    Directory.Exists(Path.Combine(d, "exports"))
                    && !Path.GetFileName(d).StartsWith("broken-", StringComparison.Ordinal)
                )
                .Select(d => Path.GetFileName(d)!),
        ];

    [Fact]
    public void Names_are_words_that_differ()
    {
        Assert.All(RightClasses.All, c => Assert.Matches(Word(), c.Name));
        Assert.Equal(RightClasses.All.Count, RightClasses.All.Select(c => c.Name).Distinct().Count());
    }

    /// <summary>The manual is where people look classes up.</summary>
    [Fact]
    public void The_manual_has_the_table()
    {
        string manual = File.ReadAllText(Path.Combine(Workspace.Root, "packaging/man/sysctr.1"));
        string[] rows =
        [
            .. Row()
                .Matches(manual[manual.IndexOf(".SH RIGHTS", StringComparison.Ordinal)..])
                .Select(m =>
                    $"{m.Groups["name"].Value.Replace("\\-", "-", StringComparison.Ordinal)} {m.Groups["level"].Value}"
                ),
        ];

        Assert.Equal(RightClasses.All.Select(c => $"{c.Name} {c.Level.ToString().ToLowerInvariant()}"), rows);
    }

    /// <summary>What images like the published ones need is told and installs.</summary>
    [Theory]
    [Trait("needs", "programs")]
    [MemberData(nameof(Images))]
    public async Task No_image_of_the_tests_needs_a_grant(string image)
    {
        IReadOnlyList<LintMessage> found = await LintOperation.DirectoryAsync(
            Path.Combine(Workspace.Root, "tests", "images", image),
            new Dictionary<string, string>(),
            TestContext.Current.CancellationToken
        );

        Assert.DoesNotContain(found, m => m.Text.Contains("--grant", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("needs", "programs")]
    public async Task Lint_tells_rights_where_they_come_from()
    {
        IReadOnlyList<LintMessage> found = await LintOperation.DirectoryAsync(
            Path.Combine(Workspace.Root, "tests", "images", "legacy-docker"),
            new Dictionary<string, string>(),
            TestContext.Current.CancellationToken
        );

        Assert.Contains(
            found,
            m =>
                m.File.EndsWith("config.json.template", StringComparison.Ordinal)
                && m.Text.StartsWith("right bind-dev (/dev): ", StringComparison.Ordinal)
        );
        Assert.Contains(found, m => m.Text.StartsWith("right config (/etc/docker/", StringComparison.Ordinal));
    }

    [GeneratedRegex("^[a-z]+(-[a-z]+)*$")]
    private static partial Regex Word();

    [GeneratedRegex(@"(?m)^\.TP\n\.BR (?<name>\S+) "" \((?<level>usual|told|dangerous)\)""$")]
    private static partial Regex Row();
}
