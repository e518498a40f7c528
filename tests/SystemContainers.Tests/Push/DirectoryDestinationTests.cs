// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.TestBed;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Push;

/// <summary>Copies into <c>dir:</c>: what it replaces is deleted, so nothing else may be taken for one.</summary>
public sealed class DirectoryDestinationTests : IDisposable
{
    private static readonly string s_blob = new('a', 64);

    private readonly CopyBed _bed = new();
    private readonly FakeImage _image = new FakeImage().AddGzip(FakeImage.Noise(3000, 1));

    public DirectoryDestinationTests() => _image.WriteTo(_bed.Host.In("layout"), "v1");

    private string Source => $"oci:{_bed.Host.In("layout")}:v1";

    private string Place => _bed.Host.In("mine");

    public void Dispose() => _bed.Dispose();

    /// <summary>A project has files of those names too.</summary>
    [Theory]
    [InlineData("1.2.3\n", "index.js")]
    [InlineData("1.2.3\n", "manifest.json")]
    [InlineData("Directory Transport Version: 1.1\n", "notes.txt")]
    [InlineData("Directory Transport Version: 1.1\n", "signature-key")]
    [InlineData("Directory Transport Version: 1.1\n", ".git/config")]
    [InlineData("Directory Transport Version: 2.0\n", "manifest.json")]
    [InlineData("", "manifest.json")]
    public async Task What_only_looks_like_an_image_is_left_alone(string version, string other)
    {
        Write("version", version);
        Write("manifest.json", "{}");
        Write(other, "mine");

        await _bed.FailAsync(Source, "dir:" + Place, ErrorKind.Conflict);

        Assert.Equal("mine", File.ReadAllText(Path.Combine(Place, other)));
        Assert.Equal(version, File.ReadAllText(Path.Combine(Place, "version")));
    }

    [Fact]
    public async Task What_the_transport_writes_is_replaced()
    {
        foreach (
            string name in (string[])
                [
                    "manifest.json",
                    "signature-1",
                    s_blob,
                    s_blob + ".manifest.json",
                    s_blob + "-signature-1",
                    "sha512-" + s_blob + s_blob,
                ]
        )
        {
            Write(name, "old");
        }

        Write("version", "Directory Transport Version: 1.0\n");

        await _bed.CopyAsync(Source, "dir:" + Place);

        Assert.Equal(_image.ManifestDigest, (await _bed.Host.PullAsync("dir:" + Place)).ManifestDigest);
        Assert.False(File.Exists(Path.Combine(Place, s_blob)));
    }

    /// <summary>What is mounted somewhere can't be exchanged for another directory (EBUSY): the image in it is
    /// replaced, and until then is what it was.</summary>
    [Fact]
    [Trait("needs", "root")]
    public async Task An_image_on_a_mount_is_replaced_in_place()
    {
        Directory.CreateDirectory(Place);
        await Command.MustAsync("mount", "-t", "tmpfs", "-o", "size=4m,mode=0750", "tmpfs", Place);
        try
        {
            FakeImage old = new FakeImage()
                .AddGzip(FakeImage.Noise(2000, 7))
                .AddGzip(FakeImage.Noise(10, 8))
                .WriteTo(_bed.Host.In("old"), "v1");
            await _bed.CopyAsync($"oci:{_bed.Host.In("old")}:v1", "dir:" + Place);
            Write("signature-1", "old");
            string[] before = [.. Directory.GetFiles(Place).Order(StringComparer.Ordinal)];
            File.Delete(
                Directory.GetFiles(_bed.Host.In("layout/blobs/sha256")).OrderBy(f => new FileInfo(f).Length).Last()
            );
            await Assert.ThrowsAsync<SysctrException>(() => _bed.CopyAsync(Source, "dir:" + Place));
            Assert.Equal(before, Directory.GetFiles(Place).Order(StringComparer.Ordinal));
            Assert.Equal(old.ManifestDigest, (await _bed.Host.PullAsync("dir:" + Place)).ManifestDigest);
            _image.WriteTo(_bed.Host.In("again"), "v1");

            await _bed.CopyAsync($"oci:{_bed.Host.In("again")}:v1", "dir:" + Place);

            Assert.Equal(_image.ManifestDigest, (await _bed.Host.PullAsync("dir:" + Place)).ManifestDigest);
            Assert.Equal(4, Directory.GetFiles(Place).Length);
            Assert.False(File.Exists(Path.Combine(Place, "signature-1")));
        }
        finally
        {
            await Command.MustAsync("umount", "--lazy", Place);
        }
    }

    [Fact]
    public async Task What_it_became_meanwhile_counts()
    {
        await _bed.CopyAsync(Source, "dir:" + Place);

        await Meanwhile(() => Write("letter", "mine"));

        Assert.Equal("mine", File.ReadAllText(Path.Combine(Place, "letter")));
    }

    [Fact]
    public async Task What_came_to_be_there_meanwhile_is_left_alone()
    {
        await Meanwhile(() => Write("letter", "mine"));

        Assert.Equal("mine", File.ReadAllText(Path.Combine(Place, "letter")));
        Assert.Empty(Directory.GetFileSystemEntries(_bed.Host.Root, ".mine*"));
    }

    /// <summary>What a copy into an empty directory leaves that does not end is no hindrance to the next one.</summary>
    [Fact]
    public async Task A_copy_that_did_not_end_is_done_again()
    {
        Directory.CreateDirectory(Place);
        string blob = Path.Combine(_bed.Host.In("layout"), "blobs/sha256", _image.Blob(0).Hex);
        byte[] right = File.ReadAllBytes(blob);
        File.WriteAllBytes(blob, FakeImage.Noise(right.Length, 5));
        await _bed.FailAsync(Source, "dir:" + Place, ErrorKind.Corrupt);
        Assert.False(File.Exists(Path.Combine(Place, "manifest.json")));
        File.WriteAllBytes(blob, right);

        await _bed.CopyAsync(Source, "dir:" + Place);

        Assert.Equal(_image.ManifestDigest, (await _bed.Host.PullAsync("dir:" + Place)).ManifestDigest);
    }

    /// <summary>A copy, during which something is done; it has to end in a conflict.</summary>
    private async Task Meanwhile(Action act)
    {
        using OciRegistry registry = new() { Fail = r => Act(r.Url!.AbsolutePath) };
        _image.PushTo(registry, "from", "v1");
        _bed.Host.Insecure(registry.Host);

        await _bed.FailAsync($"docker://{registry.Host}/from:v1", "dir:" + Place, ErrorKind.Conflict);

        int? Act(string path)
        {
            if (path.EndsWith(_image.Blob(0).ToString(), StringComparison.Ordinal))
            {
                act();
            }

            return null;
        }
    }

    private void Write(string name, string text)
    {
        string file = Path.Combine(Place, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
