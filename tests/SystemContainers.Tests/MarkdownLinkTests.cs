// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests;

/// <summary>What a README names is there.</summary>
public sealed partial class MarkdownLinkTests
{
    [Fact]
    public void A_link_within_the_repository_leads_somewhere()
    {
        (string File, string Target)[] links =
        [
            .. from file in Documents()
            from Match link in Link().Matches(File.ReadAllText(file))
            let target = link.Groups["target"].Value
            where !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith('#')
            select (file, target),
        ];

        Assert.InRange(links.Length, 20, 1000);
        Assert.Empty(
            links
                .Where(l => !Path.Exists(Path.Combine(Path.GetDirectoryName(l.File)!, l.Target.Split('#')[0])))
                .Select(l => $"{Path.GetRelativePath(Workspace.Root, l.File)}: {l.Target}")
        );
    }

    // Not what builds and tests leave beside them.
    private static IEnumerable<string> Documents() =>
        new[] { "src", "templates", "tests", "packaging" }
            .SelectMany(d => Directory.GetFiles(Path.Combine(Workspace.Root, d), "*.md", SearchOption.AllDirectories))
            .Concat(Directory.GetFiles(Workspace.Root, "*.md"))
            .Where(f =>
                !f.Contains("/bin/", StringComparison.Ordinal) && !f.Contains("/obj/", StringComparison.Ordinal)
            );

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Link();
}
