// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Composefs;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests.Composefs;

/// <summary>mkcomposefs 1.0.8 beside us: the same trees, the same bytes.</summary>
[Trait("needs", "programs")]
public sealed class ComposefsOracleTests : IDisposable
{
    private const int RandomTrees = 200;

    private readonly string _folder = Directory.CreateTempSubdirectory("sysctr-composefs-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Random_trees_give_the_same_bytes()
    {
        for (int seed = 0; seed < RandomTrees; seed++)
        {
            Dump($"random-{seed}", Random(seed));
        }

        await MakeAsync("--min-version=1");
        List<string> different = [];
        for (int seed = 0; seed < RandomTrees; seed++)
        {
            if (Difference($"random-{seed}", Random(seed)) is { } difference)
            {
                different.Add(difference);
            }
        }

        Assert.True(different.Count == 0, $"{different.Count} of {RandomTrees}\n" + string.Join('\n', different.Take(10)));

        static SampleTree Random(int seed) => RandomTree.Of(seed, seed % 5 == 0 ? 600 : 10 + seed % 60);
    }

    private void Dump(string name, SampleTree tree)
    {
        using StreamWriter dump = new(Path.Combine(_folder, name + ".dump"), append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        ComposefsDump.Write(tree.Root, tree.Content, dump);
    }

    private async Task MakeAsync(string version) => (await (await ComposefsRoot.GetAsync()).RunAsync(
        """
        for dump in "$1"/*.dump; do
            run /usr/bin/mkcomposefs $2 --from-file "$dump" "${dump%.dump}.image" 2>"${dump%.dump}.error" || rm -f "${dump%.dump}.image"
        done
        """,
        _folder, version)).MustSucceed();

    private string? Difference(string name, SampleTree tree)
    {
        string image = Path.Combine(_folder, name + ".image");
        if (!File.Exists(image))
        {
            return $"{name}: mkcomposefs: {File.ReadAllText(Path.Combine(_folder, name + ".error"))}";
        }

        byte[] theirs = File.ReadAllBytes(image);
        using MemoryStream ours = new();
        ComposefsImage.Write(tree.Root, tree.Content, ours);
        ReadOnlySpan<byte> bytes = ours.ToArray();
        int same = bytes.CommonPrefixLength(theirs);
        return same == theirs.Length && same == bytes.Length ? null : $"{name}: {theirs.Length} bytes and {bytes.Length}, alike up to {same}";
    }
}
