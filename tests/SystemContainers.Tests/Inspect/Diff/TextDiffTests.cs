// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Inspect.Diff;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests.Inspect.Diff;

/// <summary>The unified format, as diff(1) and patch(1) know it.</summary>
public sealed class TextDiffTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sysctr-diff-").FullName;

    [Fact]
    public async Task What_it_says_diff_says_too()
    {
        string old = Lines(Enumerable.Range(0, 60));
        string now = Lines(
            Enumerable
                .Range(0, 60)
                .Where(i => i is not (3 or 40))
                .SelectMany(i => i is 20 or 59 ? [i, 1000 + i] : (int[])[i])
        );

        Assert.Equal(await DiffAsync(old, now), TextDiff.Unified("a", "b", old, now).Skip(2));
    }

    [Fact]
    [Trait("needs", "programs")]
    public async Task Patch_makes_the_new_text_of_the_old_one_whatever_they_are()
    {
        Random random = new(1);
        for (int i = 0; i < 40; i++)
        {
            string old = Lines(Enumerable.Range(0, random.Next(1, 30)).Select(_ => random.Next(6)));
            string now = Lines(Enumerable.Range(0, random.Next(1, 30)).Select(_ => random.Next(6)));
            await File.WriteAllTextAsync(Path.Join(_directory, "text"), old);
            await File.WriteAllTextAsync(
                Path.Join(_directory, "patch"),
                string.Join('\n', TextDiff.Unified("text", "text", old, now)) + "\n"
            );

            if (old != now)
            {
                await Command.MustAsync(
                    "patch",
                    "--quiet",
                    "--directory",
                    _directory,
                    "text",
                    Path.Join(_directory, "patch")
                );
            }

            Assert.Equal(now, await File.ReadAllTextAsync(Path.Join(_directory, "text")));
        }
    }

    [Fact]
    public void What_is_the_same_says_nothing_and_what_is_not_there_is_dev_null()
    {
        Assert.Empty(TextDiff.Unified("a", "b", "x\n", "x\n"));
        Assert.Equal(["--- /dev/null", "+++ b", "@@ -0,0 +1 @@", "+x"], TextDiff.Unified("a", "b", null, "x\n"));
        Assert.Equal(["--- a", "+++ /dev/null", "@@ -1 +0,0 @@", "-x"], TextDiff.Unified("a", "b", "x\n", null));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static string Lines(IEnumerable<int> numbers) => string.Concat(numbers.Select(n => $"line {n}\n"));

    private async Task<string[]> DiffAsync(string old, string now)
    {
        await File.WriteAllTextAsync(Path.Join(_directory, "a"), old);
        await File.WriteAllTextAsync(Path.Join(_directory, "b"), now);
        CommandResult diff = await Command.RunAsync([
            "diff",
            "-u",
            Path.Join(_directory, "a"),
            Path.Join(_directory, "b"),
        ]);
        return [.. diff.Output.TrimEnd('\n').Split('\n').Skip(2)];
    }
}
