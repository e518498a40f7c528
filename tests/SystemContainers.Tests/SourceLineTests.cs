// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests;

/// <summary>C# is as wide as .editorconfig says; a message stays one line all the same, so that it can be
/// found.</summary>
public sealed partial class SourceLineTests
{
    [Fact]
    public void A_line_without_a_string_keeps_to_the_limit()
    {
        int limit = int.Parse(
            Limit().Match(File.ReadAllText(Path.Combine(Workspace.Root, ".editorconfig"))).Groups["columns"].Value
        );
        string[] files = [.. Sources()];
        Assert.InRange(files.Length, 1000, 10_000);
        Assert.Equal("", string.Join("\n", files.SelectMany(f => TooLong(f, limit))));
    }

    // A raw string has its lines as what it is a text of has them.
    private static IEnumerable<string> TooLong(string file, int limit)
    {
        bool raw = false;
        foreach ((int index, string line) in File.ReadLines(file).Index())
        {
            if (
                line.Length > limit
                && (
                    line.TrimStart().StartsWith("//", StringComparison.Ordinal)
                    || (!raw && !line.Contains('"', StringComparison.Ordinal))
                )
            )
            {
                yield return $"{Path.GetRelativePath(Workspace.Root, file)}:{index + 1}: {line.Length} columns";
            }

            raw ^= RawQuote().Count(line) % 2 == 1;
        }
    }

    private static IEnumerable<string> Sources() =>
        new[] { "src", "tests", "packaging" }
            .SelectMany(d =>
                Directory.EnumerateFiles(Path.Combine(Workspace.Root, d), "*.cs", SearchOption.AllDirectories)
            )
            .Where(f =>
                !f.Contains("/bin/", StringComparison.Ordinal) && !f.Contains("/obj/", StringComparison.Ordinal)
            );

    [GeneratedRegex(@"^max_line_length = (?<columns>\d+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Limit();

    [GeneratedRegex("\"{3,}")]
    private static partial Regex RawQuote();
}
