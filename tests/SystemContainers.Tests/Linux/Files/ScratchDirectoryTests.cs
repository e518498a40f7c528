// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using Xunit;

namespace SystemContainers.Tests.Linux.Files;

/// <summary>Where root works for a moment: where nobody else can make names, and without a trace.</summary>
public sealed class ScratchDirectoryTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string _base = Directory.CreateTempSubdirectory("sysctr-scratch-").FullName;

    public void Dispose() => Directory.Delete(_base, recursive: true);

    [Fact]
    [Trait("needs", "root")]
    public void Small_ones_are_in_the_run_directory_for_their_owner_alone()
    {
        string scratch = ScratchDirectory.Create();
        try
        {
            Assert.StartsWith("/run/sysctr/scratch/", scratch, StringComparison.Ordinal);
            Assert.All(
                (string[])["/run/sysctr", "/run/sysctr/scratch", scratch],
                d => Assert.Equal(OwnerOnly, File.GetUnixFileMode(d))
            );
        }
        finally
        {
            ScratchDirectory.Remove(scratch);
        }

        Assert.False(Directory.Exists(scratch));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Large_ones_are_at_the_store_and_make_none(bool exists)
    {
        string store = _base + "/store";
        if (exists)
        {
            Directory.CreateDirectory(store);
        }

        string one = ScratchDirectory.CreateBelow(store);
        string two = ScratchDirectory.CreateBelow(store);
        Assert.StartsWith(_base, one, StringComparison.Ordinal);
        Assert.Equal(exists, Directory.Exists(store));
        ScratchDirectory.Remove(one);
        Assert.True(Directory.Exists(two));
        ScratchDirectory.Remove(two);

        Assert.Equal(exists ? [store] : [], Directory.GetFileSystemEntries(_base));
        Assert.All(Directory.GetDirectories(_base), d => Assert.Empty(Directory.GetFileSystemEntries(d)));
    }

    [Fact]
    public void Those_of_the_dead_go_and_those_of_others_stay()
    {
        string mine = ScratchDirectory.CreateBelow(_base);
        string dead = Path.Join(Path.GetDirectoryName(mine), "sysctr-999999999-1-1");
        Directory.CreateDirectory(dead + "/inner");

        ScratchDirectory.RemoveAbandoned(_base);

        Assert.True(Directory.Exists(mine));
        Assert.False(Directory.Exists(dead));
    }

    /// <summary>Each exec and each health command does both, and the last one takes the place away.</summary>
    [Fact]
    public async Task Those_of_the_dead_are_looked_for_while_others_come_and_go()
    {
        using CancellationTokenSource ended = new();
        Task others = Task.Run(
            () =>
            {
                while (!ended.IsCancellationRequested)
                {
                    ScratchDirectory.Remove(ScratchDirectory.CreateBelow(_base));
                }
            },
            CancellationToken.None
        );
        try
        {
            for (int i = 0; i < 20_000; i++)
            {
                ScratchDirectory.RemoveAbandoned(_base);
            }
        }
        finally
        {
            await ended.CancelAsync();
            await others;
        }

        Assert.False(Directory.Exists(_base + "/scratch"));
    }

    [Fact]
    public void A_directory_that_others_can_write_is_no_place()
    {
        File.SetUnixFileMode(_base, OwnerOnly | UnixFileMode.OtherWrite | UnixFileMode.StickyBit);

        Assert.Equal(ErrorKind.Host, Assert.Throws<SysctrException>(() => PrivateDirectory.Make(_base + "/own")).Kind);
        Assert.Throws<SysctrException>(() => ScratchDirectory.CreateBelow(_base));
    }

    [Fact]
    public void A_link_in_its_place_is_not_followed()
    {
        Directory.CreateDirectory(_base + "/elsewhere");
        File.CreateSymbolicLink(_base + "/own", _base + "/elsewhere");

        Assert.Throws<LinuxException>(() => PrivateDirectory.Make(_base + "/own"));
    }
}
