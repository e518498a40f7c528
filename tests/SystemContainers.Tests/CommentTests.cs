// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests;

/// <summary>A doc comment says what name and type don't: a unit, a range, who disposes, what null means.</summary>
public sealed partial class CommentTests
{
    private static readonly HashSet<string> s_empty =
    [
        .. (
            "the a an of its it this that these those one all for in is are be and or to by as at on which their "
            + "them they there what where when how whether has have end ends wait from with"
        ).Split(' '),
    ];

    [Fact]
    public void None_says_a_name_or_a_type_again()
    {
        string[] files =
        [
            .. Directory
                .EnumerateFiles(Path.Combine(Workspace.Root, "src"), "*.cs", SearchOption.AllDirectories)
                .Where(f => !f.Contains("/obj/", StringComparison.Ordinal)),
        ];
        Assert.InRange(files.Length, 1000, 10_000);
        string[] found =
        [
            .. files.SelectMany(f =>
                Restating(Path.GetFileNameWithoutExtension(f), File.ReadAllText(f))
                    .Select(c => $"{Path.GetRelativePath(Workspace.Root, f)}: {c}")
            ),
        ];
        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    [Theory]
    [InlineData("/// <summary>Opens a store.</summary>\npublic static Store Open(string path) =>", "Opens a store.")]
    [InlineData("/// <param name=\"part\">Where.</param>\nvoid Read(BlobPart part) {", "Where.")]
    [InlineData("/// <param name=\"stop\">Ends\n/// it.</param>\nvoid Read(CancellationToken stop) {", "Ends it.")]
    [InlineData("/// <param name=\"age\">In days.</param>\nvoid Read(int age) {", null)]
    [InlineData("/// <param name=\"root\">Null for ours.</param>\n[A]\nvoid Read(string? root) {", null)]
    [InlineData("/// <summary>Opens a store; once.</summary>\npublic static Store Open(string path) =>", null)]
    public void Such_a_one_is_found(string text, string? found) =>
        Assert.Equal(found is null ? [] : [found], Restating("Some", text));

    private static IEnumerable<string> Restating(string file, string text)
    {
        foreach (Match comment in Comment().Matches(text))
        {
            string declaration = Declared().Match(text, comment.Index + comment.Length).Value;
            foreach (Match element in Element().Matches(Slashes().Replace(comment.Value, "")))
            {
                string said = Blanks().Replace(element.Groups["text"].Value, " ").Trim();
                string name = element.Groups["name"].Value;
                string known = name.Length == 0 ? declaration : name + Type(declaration, name);
                string[] there = [.. Words(file), .. Words(known)];
                if (IsPlain().IsMatch(said) && Words(said).All(w => Says(there, w)))
                {
                    yield return said;
                }
            }
        }
    }

    private static string Type(string declaration, string name) =>
        Regex.Match(declaration, @"[\w.<>\[\]?, ]+?\s+@?" + name + @"\b", RegexOptions.CultureInvariant).Value;

    private static bool Says(string[] known, string word) =>
        s_empty.Contains(word) || known.Any(k => k == word || Begins(k, word) || Begins(word, k));

    // "opens" is Open's word, and "stores" is Store's.
    private static bool Begins(string word, string start) =>
        word.StartsWith(start, StringComparison.Ordinal) && (start.Length > 3 || word.Length == start.Length + 1);

    private static string[] Words(string text) =>
        [.. Word().Matches(text.Replace("'s", "", StringComparison.Ordinal)).Select(m => m.Value.ToLowerInvariant())];

    [GeneratedRegex(@"(?:^[ \t]*///.*\n)+(?:[ \t]*\[.*\n)*", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\G(?:(?!///)[^{;=])*")]
    private static partial Regex Declared();

    [GeneratedRegex(@"^[ \t]*///", RegexOptions.Multiline)]
    private static partial Regex Slashes();

    [GeneratedRegex("<(?:summary|returns|param name=\"(?<name>\\w+)\")>(?<text>[^<]*)</", RegexOptions.ExplicitCapture)]
    private static partial Regex Element();

    // A reference, a source or an aside is something to say.
    [GeneratedRegex(@"^(?!(?:\S+ ){7})(?:[^""'(),_]|'s)*$", RegexOptions.ExplicitCapture)]
    private static partial Regex IsPlain();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();

    [GeneratedRegex(@"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")]
    private static partial Regex Word();
}
