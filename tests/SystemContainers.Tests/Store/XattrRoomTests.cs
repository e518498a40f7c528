// SPDX-License-Identifier: Apache-2.0

using System.Formats.Tar;
using System.Text;
using SystemContainers.Errors;
using SystemContainers.Linux.Processes;
using SystemContainers.Oci;
using SystemContainers.Store;
using Xunit;

namespace SystemContainers.Tests.Store;

/// <summary>More attributes than a file system keeps for one file: the file is named, and nobody is told to free space
/// that is there.</summary>
[Trait("needs", "programs")]
public sealed class XattrRoomTests : IAsyncLifetime
{
    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-xattr-").FullName;

    private string Mount => Path.Combine(_root, "ext4");

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Mount);
        await MustAsync("truncate", "--size", "64M", Mount + ".img");
        await MustAsync("mkfs.ext4", "-q", Mount + ".img");
        await MustAsync("mount", "-o", "loop", Mount + ".img", Mount);
    }

    public async ValueTask DisposeAsync()
    {
        await MustAsync("umount", "--lazy", Mount);
        Directory.Delete(_root, recursive: true);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(400_000)]
    public async Task A_file_with_more_attributes_than_ext4_keeps_is_refused_by_name(int size)
    {
        Dictionary<string, string> attributes = Enumerable
            .Range(0, 10)
            .ToDictionary(i => $"SCHILY.xattr.user.a{i}", _ => new string('v', 1000), StringComparer.Ordinal);
        using MemoryStream layer = new();
        await using (TarWriter tar = new(layer, leaveOpen: true))
        {
            await tar.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.RegularFile, "usr/bin/evil", attributes)
                {
                    DataStream = new MemoryStream(Encoding.ASCII.GetBytes(new string('x', size))),
                },
                TestContext.Current.CancellationToken
            );
        }

        using ContentStore store = ContentStore.Open(
            Path.Combine(Mount, "store"),
            keepFree: new Lazy<FreeSpaceRule>(FreeSpaceRule.TryParse("0")!)
        );
        layer.Position = 0;

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            store.AddLayerAsync(Digest.Sha256(layer.ToArray()), layer, CancellationToken.None)
        );

        Assert.Equal(ErrorKind.Unsafe, e.Kind);
        Assert.Contains("usr/bin/evil: its 10 extended attributes", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("free some space", e.Hint, StringComparison.Ordinal);
    }

    private static async Task MustAsync(string program, params string[] arguments)
    {
        ProcessResult result = await ProcessRunner.RunAsync(program, arguments, CancellationToken.None);
        Assert.True(result.ExitCode == 0, result.Error);
    }
}
