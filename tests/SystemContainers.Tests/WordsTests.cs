// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests;

/// <summary>What users read keeps to the glossary of src/SystemContainers/README.md: string, array, boolean, integer,
/// and rolled back.</summary>
public sealed partial class WordsTests
{
    /// <summary>Where such a word is the right one, and why.</summary>
    private static readonly string[] s_right =
    [
        "so it is no text file", // a file's content
        "bytes that are no text", // the same, in a diff
        "the answer is no list of tags", // the distribution-spec's word
        "is no list of numbers, such as 0-3,8", // "List format" of cpuset(7)
        "has to be a list of numbers, such as 0-3,8", // the same
        "has no text", // an option's description, when pages are built
    ];

    [Fact]
    public void Messages_have_the_words_of_the_glossary() =>
        Check(
            Files("src", "*.cs")
                .SelectMany(f =>
                    File.ReadLines(f)
                        .Where(l => !l.TrimStart().StartsWith("//", StringComparison.Ordinal))
                        .SelectMany(l => Literal().Matches(l))
                        .Select(m => (f, m.Value))
                )
        );

    [Fact]
    public void Pages_have_them_too() =>
        Check(
            Files("packaging/man/prose", "*")
                .Concat(Files("packaging/systemd", "*"))
                .Append(Path.Combine(Workspace.Root, "README.md"))
                .SelectMany(f => File.ReadLines(f).Select(l => (f, l)))
        );

    [Theory]
    [InlineData("it is no text")]
    [InlineData("has to be a list of texts")]
    [InlineData("a whole number")]
    [InlineData("it is true or false")]
    [InlineData("everything is taken back")]
    [InlineData("takes itself back")]
    public void Others_are_found(string text) => Assert.Matches(Forbidden(), text);

    private static void Check(IEnumerable<(string File, string Text)> texts)
    {
        (string File, string Text)[] all = [.. texts];
        Assert.True(all.Length > 500, $"{all.Length} found");
        string[] wrong =
        [
            .. all.Where(t =>
                    Forbidden().IsMatch(t.Text) && !s_right.Any(r => t.Text.Contains(r, StringComparison.Ordinal))
                )
                .Select(t => $"{Path.GetRelativePath(Workspace.Root, t.File)}: {t.Text}"),
        ];
        Assert.True(wrong.Length == 0, string.Join('\n', wrong));
    }

    private static IEnumerable<string> Files(string folder, string pattern) =>
        Directory
            .EnumerateFiles(Path.Combine(Workspace.Root, folder), pattern, SearchOption.AllDirectories)
            .Where(f =>
                !f.Contains("/bin/", StringComparison.Ordinal) && !f.Contains("/obj/", StringComparison.Ordinal)
            );

    [GeneratedRegex("\"(?:[^\"\\\\]|\\\\.)+\"")]
    private static partial Regex Literal();

    [GeneratedRegex(
        @"\bno (text|list)\b|\b(is|be|are) an? (text|list)\b|\blists? of texts\b|\b(it is|or|be) true or false\b"
            + @"|\bwhole numbers?\b|\b(takes?|taken|taking|took) (it|them|itself|all |everything |what )?\b[^.,;]{0,12}\bback\b",
        RegexOptions.ExplicitCapture
    )]
    private static partial Regex Forbidden();
}
