// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Composefs.Mounting;
using SystemContainers.Linux.Verity;
using Xunit;

namespace SystemContainers.Tests.Composefs.Mounting;

public sealed class ProvenImagesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sysctr-proven-").FullName;
    private readonly string _image;
    private readonly ProvenImages _known;

    public ProvenImagesTests()
    {
        _image = Path.Combine(_folder, "image");
        _known = new ProvenImages(
            Path.Combine(_folder, "known"),
            new Later(DateTimeOffset.UtcNow + TimeSpan.FromMinutes(1))
        );
        File.WriteAllText(_image, "an image");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void One_that_was_read_is_known()
    {
        VerityDigest digest = Read();
        using SafeFileHandle image = Open();

        Assert.False(_known.Has(image, digest));
        _known.Add(image, digest, ProvenImages.State(image));

        Assert.True(_known.Has(image, digest));
        Assert.True(new ProvenImages(Path.Combine(_folder, "known")).Has(image, digest));
        Assert.False(_known.Has(image, VerityHasher.Of("another"u8)));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(Path.Combine(_folder, "known"))
        );
    }

    public static TheoryData<string> Changes =>
        ["the same length", "another file", "a copy with its times", "the mode"];

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task One_that_was_changed_since_is_not(string change)
    {
        VerityDigest digest = Read();
        using (SafeFileHandle image = Open())
        {
            _known.Add(image, digest, ProvenImages.State(image));
        }

        DateTime written = File.GetLastWriteTimeUtc(_image);
        await TickAsync();
        switch (change)
        {
            case "the same length":
                await File.WriteAllTextAsync(_image, "an imagE", TestContext.Current.CancellationToken);
                break;
            case "another file":
                File.Move(_image, _image + "-before");
                await File.WriteAllTextAsync(_image, "an image", TestContext.Current.CancellationToken);
                break;
            case "a copy with its times":
                File.Copy(_image, _image + "-copy");
                File.SetLastWriteTimeUtc(_image + "-copy", written);
                File.Move(_image + "-copy", _image, overwrite: true);
                break;
            default:
                File.SetUnixFileMode(_image, UnixFileMode.UserRead);
                break;
        }

        File.SetLastWriteTimeUtc(_image, written);
        using SafeFileHandle now = Open();
        Assert.False(_known.Has(now, digest));
    }

    /// <summary>As an index of git has it: what changes twice within one tick of the clock has one time.</summary>
    [Fact]
    public void One_that_was_written_a_moment_ago_is_read_again()
    {
        using SafeFileHandle image = Open();
        ProvenImages now = new(
            Path.Combine(_folder, "known"),
            new Later(new DateTimeOffset(File.GetLastWriteTimeUtc(_image)) + TimeSpan.FromSeconds(0.5))
        );

        now.Add(image, Read(), ProvenImages.State(image));

        Assert.False(now.Has(image, Read()));
    }

    [Fact]
    public async Task One_that_changed_while_it_was_read_is_not_noted()
    {
        VerityDigest digest = Read();
        using SafeFileHandle image = Open();
        string before = ProvenImages.State(image);
        await TickAsync();
        File.SetUnixFileMode(_image, UnixFileMode.UserRead);

        _known.Add(image, digest, before);

        Assert.False(_known.Has(image, digest));
    }

    private VerityDigest Read() => VerityHasher.Of(File.ReadAllBytes(_image));

    private SafeFileHandle Open() => File.OpenHandle(_image);

    /// <summary>Deployments of one image have each their own file of it.</summary>
    [Fact]
    public void Two_files_of_one_content_are_both_known()
    {
        File.Copy(_image, _image + "-other");
        using SafeFileHandle one = Open();
        using SafeFileHandle other = File.OpenHandle(_image + "-other");
        foreach (SafeFileHandle image in (SafeFileHandle[])[one, other])
        {
            _known.Add(image, Read(), ProvenImages.State(image));
        }

        Assert.True(_known.Has(one, Read()));
        Assert.True(_known.Has(other, Read()));
    }

    /// <summary>Kernels before 6.13 note changes by a clock that goes on every few milliseconds.</summary>
    private static Task TickAsync() => Task.Delay(TimeSpan.FromMilliseconds(50), TestContext.Current.CancellationToken);

    /// <summary>A time at which the file's last change is no moment ago any more.</summary>
    private sealed class Later(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
