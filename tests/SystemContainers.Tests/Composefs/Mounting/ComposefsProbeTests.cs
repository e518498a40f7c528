// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Composefs.Mounting;
using Xunit;

namespace SystemContainers.Tests.Composefs.Mounting;

/// <summary>The kernel of the machine that tests, which can mount trees; where one can't is in the host
/// tests.</summary>
[Trait("needs", "root")]
public sealed class ComposefsProbeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sysctr-probe-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_tree_is_mounted_and_nothing_of_it_is_left_on_the_host()
    {
        Assert.Null(ComposefsProbe.Try(_folder).Obstacle);
        Assert.DoesNotContain(_folder, File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_folder, "place")));
    }

    /// <summary>A colon ends the path of a layer to overlayfs, so that it finds no objects.</summary>
    [Fact]
    public void What_fails_is_said() =>
        Assert.NotNull(ComposefsProbe.Try(Directory.CreateDirectory(Path.Combine(_folder, "a:b")).FullName).Obstacle);
}
