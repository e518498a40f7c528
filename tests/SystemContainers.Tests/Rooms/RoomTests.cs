// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using SystemContainers.Cli.Output;
using SystemContainers.Store;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests.Rooms;

/// <summary>
/// A room is a folder and its namespace, a folder in it a room of its own. Keeps the walls: what a room uses lies
/// before it in src/SystemContainers/README.md, and so nothing that uses it is used by it.
/// </summary>
public sealed partial class RoomTests
{
    private const int MostFiles = 20;
    private const string Root = "SystemContainers";

    private static readonly string s_assembly = typeof(ContentStore).Assembly.Location;
    private static readonly Lazy<IReadOnlyDictionary<(string From, string To), string>> s_uses = new(() =>
        SymbolUses.Of(s_assembly, Root)
    );

    /// <summary>Of the library and of the executable.</summary>
    [Theory]
    [InlineData(typeof(ContentStore), 100)]
    [InlineData(typeof(Terminal), 20)]
    public void No_two_rooms_use_each_other(Type one, int least)
    {
        IReadOnlyDictionary<(string From, string To), string> uses =
            one.Assembly.Location == s_assembly ? s_uses.Value : SymbolUses.Of(one.Assembly.Location, Root);
        string[] cycle = [.. RoomOrder.Cycle([.. uses.Keys]) ?? []];

        Assert.True(
            cycle.Length == 0,
            "These rooms use each other:\n"
                + string.Join('\n', cycle.Zip([.. cycle.Skip(1), .. cycle.Take(1)]).Select(u => "  " + uses[u]))
        );
        Assert.True(uses.Count > least, "The assembly was not read.");
    }

    [Fact]
    public void The_library_s_README_lists_each_room_after_all_that_it_uses()
    {
        IReadOnlyDictionary<(string From, string To), string> uses = s_uses.Value;
        string[] listed = [.. ListedRooms().Select(r => $"{Root}.{r.Replace('/', '.')}")];

        Assert.Equal(
            SymbolUses.Rooms(s_assembly, Root).Order(StringComparer.Ordinal),
            listed.Order(StringComparer.Ordinal)
        );
        Assert.Empty(RoomOrder.Against(listed, uses.Keys).Select(u => uses[u]));
    }

    /// <summary>Nor for a comment's sake, or for a constant, of which the assembly shows nothing.</summary>
    [Fact]
    public void No_file_opens_a_room_that_stands_later()
    {
        string[] order = [.. ListedRooms().Select(r => $"{Root}.{r.Replace('/', '.')}")];

        Assert.Empty(
            from file in Sources()
            let place = Array.IndexOf(order, Expected(file))
            where place >= 0
            from Match opened in Opened().Matches(File.ReadAllText(file))
            where Array.IndexOf(order, opened.Groups["name"].Value) > place
            select $"{Path.GetRelativePath(Workspace.Root, file)} opens {opened.Groups["name"].Value}"
        );
    }

    [Fact]
    public void The_namespace_of_a_file_is_its_folder() =>
        Assert.Empty(
            from file in Sources()
            let named = Namespace().Match(File.ReadAllText(file))
            where named.Success && named.Groups["name"].Value != Expected(file)
            select $"{Path.GetRelativePath(Workspace.Root, file)} is in {named.Groups["name"].Value}"
        );

    [Fact]
    public void A_folder_has_room_for_what_is_in_it() =>
        Assert.Empty(
            from file in Sources()
            group file by Path.GetRelativePath(Workspace.Root, Path.GetDirectoryName(file)!) into folder
            where folder.Count() > MostFiles
            select $"{folder.Key} has {folder.Count()} files, more than {MostFiles}: part of them is a room of its own"
        );

    [Theory]
    [InlineData(typeof(ContentStore))]
    [InlineData(typeof(Terminal))]
    public void A_room_has_one_context_of_JSON_and_a_file_for_it(Type one)
    {
        Type[] contexts = [.. one.Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(JsonSerializerContext)))];
        Assert.NotEmpty(contexts);
        Assert.Empty(contexts.GroupBy(c => c.Namespace, c => c.Name).Where(r => r.Count() > 1).Select(r => r.Key));
        Assert.Empty(contexts.Select(c => c.Name).Except(Sources().Select(Path.GetFileNameWithoutExtension)));
    }

    private static IEnumerable<string> ListedRooms() =>
        File.ReadLines(Path.Combine(Workspace.Root, "src/SystemContainers/README.md"))
            .Select(l => Line().Match(l))
            .Where(m => m.Success)
            .Select(m => m.Groups["room"].Value);

    private static string[] Sources() =>
        [
            .. Directory
                .GetFiles(Path.Combine(Workspace.Root, "src"), "*.cs", SearchOption.AllDirectories)
                .Where(f =>
                    !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal)
                ),
        ];

    private static string Expected(string file)
    {
        string[] folders = Path.GetRelativePath(Path.Combine(Workspace.Root, "src"), Path.GetDirectoryName(file)!)
            .Split('/');
        string project = folders[0] switch
        {
            "sysctr" => $"{Root}.Cli",
            "sysctr-listen" => $"{Root}.Listen",
            var library => library,
        };
        return string.Join('.', folders[1..].Prepend(project));
    }

    [GeneratedRegex(
        @"^namespace (?<name>[\w.]+)",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking | RegexOptions.Multiline
    )]
    private static partial Regex Namespace();

    [GeneratedRegex(
        @"^using (static )?(?<name>SystemContainers[\w.]*);",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking | RegexOptions.Multiline
    )]
    private static partial Regex Opened();

    // "    Store/Records   what an index and a ref are", in the block under "The rooms".
    [GeneratedRegex(
        @"^    (?<room>[A-Z]\w+(/[A-Z]\w+)*) {2,}\S",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Line();
}
