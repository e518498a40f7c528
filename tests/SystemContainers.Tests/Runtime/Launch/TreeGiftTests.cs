// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Runtime.Launch;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests.Runtime.Launch;

/// <summary>A tree gets an owner: links themselves, nothing that they lead to.</summary>
[Trait("needs", "root")]
public sealed class TreeGiftTests : IDisposable
{
    private readonly string _base = Directory.CreateTempSubdirectory("sysctr-gift-").FullName;

    public void Dispose() => Directory.Delete(_base, recursive: true);

    [Fact]
    public async Task All_below_is_given_and_nothing_that_a_link_leads_to()
    {
        Directory.CreateDirectory(_base + "/tree/a/b");
        Directory.CreateDirectory(_base + "/outside");
        await File.WriteAllTextAsync(_base + "/tree/a/b/f", "", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_base + "/outside/f", "", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(_base + "/tree/a/link", _base + "/outside");
        File.CreateSymbolicLink(_base + "/tree/to", _base + "/outside/f");
        File.CreateSymbolicLink(_base + "/direct", _base + "/outside");

        TreeGift.Give(_base + "/tree", 70, 80, _ => null);
        TreeGift.Give(_base + "/direct", 70, 80, _ => null);

        Assert.Equal(
            "70:80 70:80 70:80 70:80 70:80 70:80 0:0 0:0",
            (
                await Command.MustAsync(
                    "stat",
                    "-c",
                    "%u:%g",
                    $"{_base}/tree",
                    $"{_base}/tree/a",
                    $"{_base}/tree/a/b/f",
                    $"{_base}/tree/a/link",
                    $"{_base}/tree/to",
                    $"{_base}/direct",
                    $"{_base}/outside",
                    $"{_base}/outside/f"
                )
            )
                .Output.Trim()
                .Replace('\n', ' ')
        );
    }

    /// <summary>The directory that holds the link is asked for.</summary>
    [Fact]
    public async Task A_link_on_the_way_counts_only_where_that_is_said()
    {
        Directory.CreateDirectory(_base + "/data");
        Directory.CreateDirectory(_base + "/other/d");
        File.CreateSymbolicLink(_base + "/data/x", "../other");

        SysctrException refused = Assert.Throws<SysctrException>(() =>
            TreeGift.Give(_base + "/data/x/d", 70, 80, _ => "a payload has put it there")
        );
        Assert.Equal(ErrorKind.Unsafe, refused.Kind);
        Assert.Contains(
            "/data/x is a symbolic link, to ../other, and a payload has put it there",
            refused.Message,
            StringComparison.Ordinal
        );
        Assert.Equal("0:0", (await Command.MustAsync("stat", "-c", "%u:%g", _base + "/other/d")).Output.Trim());

        TreeGift.Give(_base + "/data/x/d", 70, 80, _ => null);
        Assert.Equal("70:80", (await Command.MustAsync("stat", "-c", "%u:%g", _base + "/other/d")).Output.Trim());
    }

    [Fact]
    public void What_is_not_there_or_too_deep_is_told()
    {
        Assert.Equal(
            ErrorKind.NotFound,
            Assert.Throws<SysctrException>(() => TreeGift.Give(_base + "/none", 1, 1, _ => null)).Kind
        );
        Directory.CreateDirectory(_base + "/deep" + string.Concat(Enumerable.Repeat("/d", 300)));
        Assert.Equal(
            ErrorKind.Unsafe,
            Assert.Throws<SysctrException>(() => TreeGift.Give(_base + "/deep", 1, 1, _ => null)).Kind
        );
    }
}
