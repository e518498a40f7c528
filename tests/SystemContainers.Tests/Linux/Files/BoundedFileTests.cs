// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Files;
using SystemContainers.Reference;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests.Linux.Files;

/// <summary>Files that an administrator writes are read as far as they are files.</summary>
public sealed class BoundedFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sysctr-bounded-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>systemd, podman and all of their kin take it so: a link to it takes a file away.</summary>
    [Fact]
    public void What_leads_to_dev_null_is_empty()
    {
        File.CreateSymbolicLink(_directory + "/masked", "/dev/null");

        Assert.Equal(0, BoundedFile.Read("/", _directory + "/masked", 10)?.Length);
        Assert.Equal("", BoundedFile.ReadText("/", "/dev/null", 10));
        Assert.Null(BoundedFile.Read(_directory, "/masked", 10));
        RegistriesConfPaths named = new("/dev/null", null, null, MainIsRequired: true);
        Assert.Single(RegistriesConfig.Load(named).Resolve("registry.example/a:1"));
    }

    [Theory]
    [InlineData("mkfifo")]
    [InlineData("mkdir")]
    [InlineData("ln -s /dev/zero")]
    public async Task Nothing_else_is_waited_for_or_read(string make)
    {
        (await Command.RunAsync("sh", "-c", $"{make} {_directory}/it")).MustSucceed();

        Assert.Throws<IOException>(() => BoundedFile.Read("/", _directory + "/it", 10));
    }

    [Fact]
    public void It_is_read_up_to_its_bound()
    {
        File.WriteAllText(_directory + "/it", "ten bytes.");

        Assert.Equal("ten bytes.", BoundedFile.ReadText("/", _directory + "/it", 10));
        Assert.Throws<IOException>(() => BoundedFile.Read("/", _directory + "/it", 9));
    }
}
