// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Trees;
using SystemContainers.Systemd;
using SystemContainers.TestBed;
using SystemContainers.Tests.Checkout;
using Xunit;

namespace SystemContainers.Tests.Systemd;

/// <summary>
/// The first content of a system container's volume is all there, or none of it is: on a full disk, and when sysctr is
/// killed before any of its steps. By the real systemd-tmpfiles.
/// </summary>
[Trait("needs", "root")]
public sealed class VolumeSeedTests : IAsyncLifetime
{
    private const string Variable = "SYSCTR_SEED_CHILD";

    private readonly string _scratch = Directory.CreateTempSubdirectory("sysctr-seed-").FullName;

    private string Tree => _scratch + "/deployments/db/0/rootfs";
    private string Source => Tree + "/var/lib/data";
    private string Disk => _scratch + "/disk";
    private string Own => Disk + "/db";
    private string Volume => Own + "/data";
    private string Lines => _scratch + "/db.conf";

    public async ValueTask InitializeAsync()
    {
        await Command.MustAsync(
            "sh",
            "-c",
            $"""
            mkdir -p '{Disk}' '{Source}/a/b' && cd '{Source}' && printf one > a/one && ln a/one b && ln a/one a/b/c
            mkfifo -m 620 a/pipe && ln -s /nowhere link && head -c 700000 /dev/urandom > base && : > a/empty
            setfattr -n user.note -v kept base
            setfattr -n security.capability -v 0sAQAAAgAEAAAAAAAAAAAAAAAAAAA= a/one
            mknod a/device c 1 3 && chown -h 70:71 base link a/pipe && chown 70:70 . a && chmod 2750 a && chmod 700 .
            touch -h -d 2001-02-03T04:05:06.123456789 link base a/one a/pipe && touch -d 2002-02-03T04:05:06.5 a/b a .
            """
        );
        await File.WriteAllTextAsync(
            Lines,
            $"d {Own} 0711 root root -\nC {Volume} - - - - {Source}\nC {Own}/file - - - - {Source}/base\n"
        );
    }

    public async ValueTask DisposeAsync()
    {
        await Command.RunAsync("umount", "--lazy", Volume);
        await Command.RunAsync("umount", "--lazy", Disk);
        await Cache.DeleteAsync(_scratch);
    }

    /// <summary>A hard limit may be as low as 1024, and a layer nests 1800 directories. The copy fails at the end of
    /// the deepest one, for a hard link's first name is longer than any path.</summary>
    [Fact]
    public async Task However_deep_a_tree_is_few_of_its_directories_are_open()
    {
        await Command.MustAsync(
            "perl",
            "-e",
            "chdir $ARGV[0]; for (1..500) { mkdir 'deep-and-deeper'; chdir 'deep-and-deeper' or die } open F, '>a'; link 'a', 'b' or die",
            Directory.CreateDirectory(_scratch + "/deep").FullName
        );
        Directory.CreateDirectory(_scratch + "/copy");
        using SafeFileHandle source = Open(_scratch + "/deep");
        using SafeFileHandle directory = Open(_scratch + "/copy");
        int most = 0;

        // The filter runs before anything is closed.
        try
        {
            TreeCopy.Copy(source, directory, "tree", "tree", CancellationToken.None);
        }
        catch (LinuxException e) when (Measure(e)) { }

        Assert.InRange(most, 100, 200);

        bool Measure(LinuxException e)
        {
            most = Directory.GetFileSystemEntries("/proc/self/fd").Count(IsOurs);
            return e.Errno == Errno.ENAMETOOLONG;
        }

        bool IsOurs(string handle)
        {
            try
            {
                return new FileInfo(handle).LinkTarget?.StartsWith(_scratch, StringComparison.Ordinal) == true;
            }
            catch (PathTooLongException)
            {
                return true;
            }
        }

        static SafeFileHandle Open(string path) =>
            Libc.open(path, OpenFlags.Path | OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
    }

    [Fact]
    public async Task A_volume_begins_as_the_image_has_it()
    {
        await CreateAsync();

        await AssertSeededAsync();
        Assert.Equal(
            UnixFileMode.UserRead
                | UnixFileMode.UserWrite
                | UnixFileMode.UserExecute
                | UnixFileMode.GroupExecute
                | UnixFileMode.OtherExecute,
            File.GetUnixFileMode(Own)
        );
    }

    [Fact]
    public async Task What_a_payload_has_written_stays()
    {
        await CreateAsync();
        await File.WriteAllTextAsync(Volume + "/base", "mine");
        File.Delete(Volume + "/link");

        await CreateAsync();

        Assert.Equal("mine", await File.ReadAllTextAsync(Volume + "/base"));
        Assert.False(Path.Exists(Volume + "/link"));
    }

    [Fact]
    public async Task A_full_disk_is_told_and_the_next_attempt_copies_all()
    {
        await Command.MustAsync("mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", Disk);

        Exception failure = await Assert.ThrowsAnyAsync<Exception>(CreateAsync);

        Assert.Equal(ErrorKind.Storage, HostFailure.Understand(failure)?.Kind);
        Assert.Empty(Directory.GetFileSystemEntries(Own));
        await Command.MustAsync("mount", "-o", "remount,size=16m", Disk);
        await CreateAsync();
        await AssertSeededAsync();
    }

    [Fact]
    public async Task A_directory_that_is_there_and_empty_keeps_its_owner_and_what_is_mounted_there()
    {
        Directory.CreateDirectory(Volume);
        await Command.MustAsync("mount", "-t", "tmpfs", "-o", "size=16m,uid=5,mode=751", "tmpfs", Volume);

        await CreateAsync();

        await AssertSeededAsync(withTop: false);
        Assert.Equal("5 751\n", (await Command.MustAsync("stat", "-c", "%u %a", Volume)).Output);
    }

    [Fact]
    public async Task What_a_payload_puts_in_the_place_of_a_copy_is_not_followed_and_fails_nothing()
    {
        await CreateAsync();
        Directory.CreateDirectory(_scratch + "/outside");
        await File.WriteAllTextAsync(_scratch + "/outside/file", "the host's");
        File.CreateSymbolicLink(Volume + "/.sysctr-seed", _scratch + "/outside");

        await CreateAsync();

        Assert.True(File.Exists(_scratch + "/outside/file"));
        Assert.False(Path.Exists(Volume + "/file"));
    }

    [Fact]
    public async Task Containers_that_share_a_volume_may_begin_at_once()
    {
        Directory.CreateDirectory(Volume);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(CreateAsync)));

        await AssertSeededAsync(withTop: false);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("needs", "time")]
    public async Task A_kill_before_any_step_leaves_no_part_that_counts_as_the_whole(bool isMounted)
    {
        string trace = _scratch + "/trace";
        await MountAsync();
        await ChildAsync($"trace:{trace}");
        int steps = File.ReadAllLines(trace).Length;
        Assert.True(steps > 20, $"{steps} steps");
        for (int step = 1; step <= steps; step++)
        {
            await MountAsync();
            await ChildAsync($"kill:{step}");
            if (!isMounted && Directory.Exists(Volume))
            {
                // It has its name: then it is whole already, whoever looks.
                Assert.Equal(await ListAsync(Source), await ListAsync(Volume));
            }

            await CreateAsync();
            await AssertSeededAsync(withTop: !isMounted);
        }

        async Task MountAsync()
        {
            await Command.RunAsync("umount", "--lazy", Volume);
            await Cache.DeleteAsync(Own);
            if (isMounted)
            {
                Directory.CreateDirectory(Volume);
                await Command.MustAsync("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", Volume);
            }
        }
    }

    [Fact]
    public async Task A_link_in_the_way_inside_the_tree_leads_nowhere_else()
    {
        Directory.CreateDirectory(_scratch + "/var/lib/data");
        await File.WriteAllTextAsync(_scratch + "/var/lib/data/secret", "the host's");
        await Command.MustAsync("sh", "-c", $"rm -r '{Tree}/var' && ln -s '{_scratch}/var' '{Tree}/var'");

        await Assert.ThrowsAsync<SysctrException>(CreateAsync);

        Assert.False(Path.Exists(Volume));
    }

    private Task CreateAsync() => SystemdTmpfiles.CreateAsync(Lines, user: null, CancellationToken.None);

    private async Task AssertSeededAsync(bool withTop = true)
    {
        SortedDictionary<string, string> wanted = await ListAsync(Source);
        SortedDictionary<string, string> found = await ListAsync(Volume);
        if (!withTop)
        {
            Assert.True(wanted.Remove("") && found.Remove(""));
        }

        Assert.Equal(wanted, found);
        Assert.Equal(await File.ReadAllBytesAsync(Source + "/base"), await File.ReadAllBytesAsync(Own + "/file"));
        Assert.Equal([Volume, Own + "/file"], Directory.GetFileSystemEntries(Own).Order(StringComparer.Ordinal));
    }

    private static Task<SortedDictionary<string, string>> ListAsync(string root) => TreeListing.OfAsync(root);

    private async Task ChildAsync(string fault)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { UseShellExecute = false };
        start.Environment["SYSCTR_FAULT"] = fault;
        start.Environment[Variable] = Lines;
        using Process child = Process.Start(start)!;
        await child.WaitForExitAsync();
    }

    [ModuleInitializer]
    internal static void RunIfAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { } lines)
        {
            SystemdTmpfiles.CreateAsync(lines, user: null, CancellationToken.None).GetAwaiter().GetResult();
            Environment.Exit(0);
        }
    }
}
