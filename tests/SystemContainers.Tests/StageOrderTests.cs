using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Xunit;

namespace SystemContainers.Tests;

/// <summary>Keeps the picture of the pipeline true: a stage names only earlier stages, and support names no stage.</summary>
public sealed partial class StageOrderTests
{
    private static readonly string[] s_stages =
        ["Reference", "Pull", "Store", "Checkout", "Render", "Register", "Run", "Deploy"];

    private static readonly string[] s_support = ["Oci", "Tar", "Linux", "Errors"];

    public static TheoryData<string> Folders => [.. s_stages, .. s_support];

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_folder_names_no_later_stage(string folder)
    {
        int stage = Array.IndexOf(s_stages, folder);
        HashSet<string> forbidden = [.. s_stages[(stage + 1)..]];
        string[] offences =
        [
            .. from file in Sources(folder)
               from Match match in Qualified().Matches(File.ReadAllText(file))
               let named = match.Groups["stage"].Value
               where forbidden.Contains(named)
               select $"{Path.GetRelativePath(Root(), file)} names {named}",
        ];

        Assert.Empty(offences);
    }

    [Fact]
    public void Every_folder_of_the_library_is_a_stage_or_support() =>
        Assert.Equal(
            s_stages.Concat(s_support).Order(),
            Directory.GetDirectories(Root()).Select(d => Path.GetFileName(d)!).Where(d => d is not ("bin" or "obj")).Order());

    [Fact]
    public void The_namespace_of_a_file_is_its_folder()
    {
        string[] offences =
        [
            .. from folder in s_stages.Concat(s_support)
               from file in Sources(folder)
               where !File.ReadAllText(file).Contains($"namespace SystemContainers.{folder}", StringComparison.Ordinal)
               select Path.GetRelativePath(Root(), file),
        ];

        Assert.Empty(offences);
    }

    private static string[] Sources(string folder) =>
        Directory.GetFiles(Path.Combine(Root(), folder), "*.cs", SearchOption.AllDirectories);

    private static string Root([CallerFilePath] string self = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(self)!, "../../src/SystemContainers"));

    // A using, a qualified name, or a name relative to our root namespace (Store.ContentStore).
    [GeneratedRegex(@"(?:SystemContainers\.|[^\w.""/])(?<stage>Reference|Pull|Store|Checkout|Render|Register|Run|Deploy)(?:;|\.[A-Z])")]
    private static partial Regex Qualified();
}
