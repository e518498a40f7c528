// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.TestBed;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Push;

/// <summary>Archives on a disk that gets full: nothing of them stays, so that the disk is not full of what is no
/// use.</summary>
[Trait("needs", "root")]
[Trait("needs", "programs")]
public sealed class FullDiskTests : IAsyncLifetime
{
    private readonly CopyBed _bed = new();

    private string Disk => _bed.Host.In("disk");

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Disk);
        await Command.MustAsync("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", Disk);
    }

    public async ValueTask DisposeAsync()
    {
        await Command.MustAsync("umount", "--lazy", Disk);
        _bed.Dispose();
    }

    /// <summary>Full within the layer, and by what comes last.</summary>
    [Theory]
    [InlineData("oci-archive:", 400_000)]
    [InlineData("docker-archive:", 400_000)]
    [InlineData("oci-archive:", 261_000)]
    [InlineData("docker-archive:", 261_000)]
    public async Task An_archive_that_does_not_fit_leaves_nothing(string transport, int bytes)
    {
        new FakeImage().AddPlain(FakeImage.Noise(bytes, 1)).WriteTo(_bed.Host.In("layout"), "v1");

        SysctrException e = await _bed.FailAsync(
            $"oci:{_bed.Host.In("layout")}:v1",
            $"{transport}{Disk}/a.tar",
            ErrorKind.Storage
        );

        Assert.Contains("No space left", e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(Disk));
    }
}
