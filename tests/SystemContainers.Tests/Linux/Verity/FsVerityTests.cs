// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Verity;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests.Linux.Verity;

[Trait("needs", "root")]
public sealed class FsVerityTests : IDisposable
{
    /// <summary>A kernel that has it says so, for its ext4 can.</summary>
    private static readonly bool s_kernelHasIt = File.Exists("/sys/fs/ext4/features/verity");

    private readonly string _folder = Directory.CreateTempSubdirectory("sysctr-verity-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>/proc has no attributes of files, and sysfs no contents of its own.</summary>
    [Theory]
    [InlineData("/proc/self/status")]
    [InlineData("/sys/kernel/mm/transparent_hugepage/enabled")]
    [InlineData("/dev/null")]
    public void Where_a_file_system_has_none_the_answer_is_no(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path);

        Assert.False(FsVerity.TryEnable(file));
        Assert.Null(FsVerity.Measure(file));
    }

    /// <summary>Without the feature the file stays as it was; with it the kernel says what we reckon, and writes no
    /// more.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_of_ext4_can_where_kernel_and_file_system_can(bool hasFeature)
    {
        bool can = hasFeature && s_kernelHasIt;
        string image = Path.Combine(_folder, "image");
        string place = Path.Combine(_folder, "place");
        Directory.CreateDirectory(place);
        await Command.MustAsync("mkfs.ext4", "-q", "-b", "4096", "-O", hasFeature ? "verity" : "^verity", image, "8M");

        // A kernel without it takes such a file system for reading alone, where nothing can be enabled either.
        CommandResult mounted = await Command.RunAsync("mount", "-o", "loop", image, place);
        if (mounted.ExitCode != 0)
        {
            Assert.True(hasFeature && !s_kernelHasIt, mounted.All);
            return;
        }

        try
        {
            string path = Path.Combine(place, "file");
            byte[] content = new byte[10_000];
            new Random(1).NextBytes(content);
            await File.WriteAllBytesAsync(path, content, TestContext.Current.CancellationToken);
            using SafeFileHandle file = File.OpenHandle(path);
            Assert.Null(FsVerity.Measure(file));

            Assert.Equal(can, FsVerity.TryEnable(file));
            Assert.Equal(can, FsVerity.TryEnable(file));
            Assert.Equal(can ? VerityHasher.Of(content) : null, FsVerity.Measure(file));
            Assert.Equal(content, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
            Exception? written = Record.Exception(() =>
                File.OpenHandle(path, FileMode.Open, FileAccess.Write).Dispose()
            );
            Assert.Equal(can, written is not null);
        }
        finally
        {
            await Command.MustAsync("umount", place);
        }
    }
}
