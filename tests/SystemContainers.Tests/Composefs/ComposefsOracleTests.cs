// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;
using SystemContainers.Composefs;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests.Composefs;

/// <summary>mkcomposefs 1.0.8 beside us: the same trees, the same bytes.</summary>
[Trait("needs", "programs")]
public sealed class ComposefsOracleTests : IDisposable
{
    private const int RandomTrees = 120;

    private readonly string _folder = Directory.CreateTempSubdirectory("sysctr-composefs-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Trees_give_the_same_bytes()
    {
        foreach ((string name, (Func<SampleTree> make, _)) in Rows())
        {
            Dump(name, make());
        }

        await MakeAsync("--min-version=1");
        List<string> different = [];
        foreach ((string name, (Func<SampleTree> make, string? sha256)) in Rows())
        {
            if (Difference(name, make(), sha256) is { } difference)
            {
                different.Add(difference);
            }
        }

        Assert.True(different.Count == 0, $"{different.Count} differ\n" + string.Join('\n', different.Take(40)));
    }

    /// <summary>Which of its names a hard link is at, and what composefs-info reads of it, are theirs too, and
    /// fsck.erofs finds no fault; and without the option only the version is another, unless there are
    /// whiteouts.</summary>
    [Fact]
    public async Task An_image_is_read_back_as_what_it_was_and_the_default_version_differs_by_its_number()
    {
        string[] names = ["every kind", "hard links", "whiteouts", "symbolic links"];
        foreach (string name in names)
        {
            SampleTree tree = FixedTrees.All[name].Make();
            Dump(name, tree);
            await using FileStream image = File.Create(Path.Combine(_folder, name + ".ours"));
            new ComposefsImage(tree.Root).Write(tree.Content, image);
        }

        (
            await (await ComposefsRoot.GetAsync()).RunAsync(
                """
                for image in "$1"/*.ours; do
                    run /usr/bin/fsck.erofs "$image" >&2
                    run /usr/bin/composefs-info dump "$image" >"$image.dump"
                    run /usr/bin/mkcomposefs --min-version=1 --from-file "$image.dump" "$image.again"
                    run /usr/bin/mkcomposefs --from-file "${image%.ours}.dump" "$image.default"
                done
                """,
                _folder
            )
        ).MustSucceed();

        foreach (string name in names)
        {
            byte[] ours = await File.ReadAllBytesAsync(
                Path.Combine(_folder, name + ".ours"),
                TestContext.Current.CancellationToken
            );
            byte[] again = await File.ReadAllBytesAsync(
                Path.Combine(_folder, name + ".ours.again"),
                TestContext.Current.CancellationToken
            );
            byte[] byDefault = await File.ReadAllBytesAsync(
                Path.Combine(_folder, name + ".ours.default"),
                TestContext.Current.CancellationToken
            );
            Assert.True(ours.AsSpan().SequenceEqual(again), name);
            Assert.Equal((1, name == "whiteouts" ? 1 : 0), (ours[12], byDefault[12]));
            byDefault[12] = 1;
            Assert.True(ours.AsSpan().SequenceEqual(byDefault), name);
        }
    }

    private static IEnumerable<KeyValuePair<string, (Func<SampleTree> Make, string? Sha256)>> Rows()
    {
        foreach ((string name, (Func<SampleTree> make, string sha256)) in FixedTrees.All)
        {
            yield return new(name, (make, sha256));
        }

        for (int seed = 0; seed < RandomTrees; seed++)
        {
            int own = seed;
            yield return new($"random {seed}", (() => RandomTree.Of(own, own % 5 == 0 ? 600 : 10 + (own % 60)), null));
        }
    }

    private void Dump(string name, SampleTree tree)
    {
        using StreamWriter dump = new(
            Path.Combine(_folder, name + ".dump"),
            append: false,
            new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)
        );
        ComposefsDump.Write(tree.Root, tree.Content, dump);
    }

    private async Task MakeAsync(string version) =>
        (
            await (await ComposefsRoot.GetAsync()).RunAsync(
                """
                for dump in "$1"/*.dump; do
                    run /usr/bin/mkcomposefs $2 --from-file "$dump" "${dump%.dump}.image" 2>"${dump%.dump}.error" || rm -f "${dump%.dump}.image"
                done
                """,
                _folder,
                version
            )
        ).MustSucceed();

    private string? Difference(string name, SampleTree tree, string? sha256)
    {
        string image = Path.Combine(_folder, name + ".image");
        if (!File.Exists(image))
        {
            return $"{name}: mkcomposefs: {File.ReadAllText(Path.Combine(_folder, name + ".error"))}";
        }

        byte[] theirs = File.ReadAllBytes(image);
        string hash = Convert.ToHexStringLower(SHA256.HashData(theirs));
        ReadOnlySpan<byte> bytes = new ComposefsImage(tree.Root).ToBytes(tree.Content);
        int same = bytes.CommonPrefixLength(theirs);
        return same < Math.Max(theirs.Length, bytes.Length)
                ? $"{name}: {theirs.Length} bytes and {bytes.Length}, alike up to {same}"
            : sha256 is not null && sha256 != hash ? $"{name}: {hash}, and FixedTrees says {sha256}"
            : null;
    }
}
