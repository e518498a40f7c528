// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Push;

/// <summary>Copies into <c>oci:</c> beside other copies, and after ones that did not end.</summary>
public sealed class LayoutDestinationTests : IDisposable
{
    private readonly CopyBed _bed = new();
    private readonly OciRegistry _registry = new();
    private readonly FakeImage _image = new FakeImage().AddGzip(FakeImage.Noise(3000, 1));
    private readonly FakeImage _other = new FakeImage().AddGzip(FakeImage.Noise(3000, 2));

    public LayoutDestinationTests()
    {
        _image.PushTo(_registry, "from", "v1");
        _other.WriteTo(_bed.Host.In("other"), "v1");
        _bed.Host.Insecure(_registry.Host);
    }

    private string Source => $"docker://{_registry.Host}/from:v1";

    private string Place => _bed.Host.In("place");

    public void Dispose()
    {
        Assert.Empty(_registry.Violations);
        _registry.Dispose();
        _bed.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_two_first_copies_both_are_there(bool directoryIsThere)
    {
        if (directoryIsThere)
        {
            Directory.CreateDirectory(Place);
        }

        Meanwhile(() =>
            _bed.CopyAsync($"oci:{_bed.Host.In("other")}:v1", $"oci:{Place}:second").GetAwaiter().GetResult()
        );

        await _bed.CopyAsync(Source, $"oci:{Place}:first");

        Assert.Equal(_image.ManifestDigest, (await _bed.Host.PullAsync($"oci:{Place}:first")).ManifestDigest);
        Assert.Equal(_other.ManifestDigest, (await _bed.Host.PullAsync($"oci:{Place}:second")).ManifestDigest);
        Assert.Empty(Directory.GetFileSystemEntries(_bed.Host.Root, ".place*"));
    }

    [Fact]
    public async Task What_came_to_be_there_meanwhile_is_left_alone()
    {
        Meanwhile(() =>
        {
            Directory.CreateDirectory(Place);
            File.WriteAllText(Path.Combine(Place, "letter"), "mine");
        });

        await _bed.FailAsync(Source, $"oci:{Place}:first", ErrorKind.Conflict);

        Assert.Equal([Path.Combine(Place, "letter")], Directory.GetFileSystemEntries(Place));
    }

    /// <summary>It may be a mount, or belong to somebody: it is written into, and not replaced.</summary>
    [Theory]
    [InlineData("oci:")]
    [InlineData("dir:")]
    public async Task An_empty_directory_stays(string transport)
    {
        const UnixFileMode Mode =
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute;
        Directory.CreateDirectory(Place);
        File.SetUnixFileMode(Place, Mode);
        string[] beside = [];
        Meanwhile(() => beside = Directory.GetFileSystemEntries(_bed.Host.Root, ".place*"));

        await _bed.CopyAsync(Source, transport + Place);

        Assert.Equal(_image.ManifestDigest, (await _bed.Host.PullAsync(transport + Place)).ManifestDigest);
        Assert.Equal(Mode, File.GetUnixFileMode(Place));
        Assert.Empty(beside);
    }

    [Fact]
    public async Task A_copy_that_did_not_end_is_done_again()
    {
        Directory.CreateDirectory(Place);
        byte[] right = _registry.Repository("from").Blobs[_image.Blob(0)];
        _registry.Repository("from").Blobs[_image.Blob(0)] = FakeImage.Noise(right.Length, 5);
        await _bed.FailAsync(Source, $"oci:{Place}:v1", ErrorKind.Corrupt);
        Assert.False(File.Exists(Path.Combine(Place, "index.json")));
        _registry.Repository("from").Blobs[_image.Blob(0)] = right;

        await _bed.CopyAsync(Source, $"oci:{Place}:v1");

        Assert.Equal(_image.ManifestDigest, (await _bed.Host.PullAsync($"oci:{Place}:v1")).ManifestDigest);
    }

    [Fact]
    public async Task What_a_killed_copy_left_in_a_layout_is_removed()
    {
        _other.WriteTo(Place, "old");
        Directory.CreateDirectory(Path.Combine(Place, "blobs/sha512"));
        string[] left =
        [
            .. new[] { "", "blobs/sha256", "blobs/sha512" }.Select(d => Path.Combine(Place, d, ".abc.sysctr-1-dead-1")),
        ];
        Array.ForEach(left, f => File.WriteAllText(f, "a part"));

        await _bed.CopyAsync(Source, $"oci:{Place}:v1");

        Assert.DoesNotContain(left, File.Exists);
        Assert.Equal(_other.ManifestDigest, (await _bed.Host.PullAsync($"oci:{Place}:old")).ManifestDigest);
    }

    /// <summary>Does something once, while the image's layer is fetched.</summary>
    private void Meanwhile(Action act)
    {
        int calls = 0;
        _registry.Fail = r =>
        {
            if (
                r.HttpMethod == "GET"
                && r.Url!.AbsolutePath.EndsWith(_image.Blob(0).ToString(), StringComparison.Ordinal)
                && Interlocked.Increment(ref calls) == 1
            )
            {
                act();
            }

            return null;
        };
    }
}
