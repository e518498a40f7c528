// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Processes;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Pull;

/// <summary>Images in directories: the same checks as over the net.</summary>
public sealed class LayoutTests : IDisposable
{
    private readonly PullingHost _host = new();
    private readonly FakeImage _image = new FakeImage()
        .AddGzip(FakeImage.Noise(200_000, 1))
        .AddPlain(FakeImage.Noise(300, 2));

    public LayoutTests() => _image.WriteTo(Layout, "v1");

    private string Layout => _host.In("layout");

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task A_layout_is_read_by_tag_by_digest_and_without_either()
    {
        foreach (string suffix in new[] { ":v1", "", "@" + _image.ManifestDigest })
        {
            PulledImage pulled = await _host.PullAsync($"oci:{Layout}{suffix}");
            Assert.Equal(_image.ManifestDigest, pulled.ManifestDigest);
        }

        Assert.Equal(_image.Plains[0], _host.Sink.Layers[_image.DiffId(0)]);
        Assert.Equal(_image.Plains[1], _host.Sink.Layers[_image.DiffId(1)]);
    }

    [Fact]
    public async Task A_tag_that_is_not_there_is_not_found_and_says_what_there_is()
    {
        SysctrException e = await _host.FailAsync($"oci:{Layout}:v2", ErrorKind.NotFound);

        Assert.Contains("v1", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_that_is_not_there_is_not_found() =>
        await _host.FailAsync($"oci:{Layout}x:v1", ErrorKind.NotFound);

    /// <summary>What nobody may read, root neither: a file of the kernel's that is for writing alone.</summary>
    [Theory]
    [InlineData("oci:LAYOUT:v1")]
    [InlineData("dir:LAYOUT")]
    [InlineData("docker-archive:UNREADABLE")]
    [InlineData("oci-archive:UNREADABLE")]
    public async Task What_may_not_be_read_is_not_permitted(string image)
    {
        const string unreadable = "/proc/sys/vm/compact_memory";
        foreach (string name in (string[])["index.json", "manifest.json"])
        {
            File.Delete(Path.Combine(Layout, name));
            File.CreateSymbolicLink(Path.Combine(Layout, name), unreadable);
        }

        await _host.FailAsync(
            image
                .Replace("LAYOUT", Layout, StringComparison.Ordinal)
                .Replace("UNREADABLE", unreadable, StringComparison.Ordinal),
            ErrorKind.Permission
        );
    }

    [Fact]
    public async Task A_blob_that_is_not_there_is_not_found()
    {
        File.Delete(BlobPath(_image.Blob(0)));

        await _host.FailAsync($"oci:{Layout}:v1", ErrorKind.NotFound);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100_000)]
    [InlineData(-1)]
    public async Task A_blob_that_was_changed_is_corrupt(int at)
    {
        byte[] bytes = File.ReadAllBytes(BlobPath(_image.Blob(0)));
        if (at < 0)
        {
            bytes = bytes[..^1];
        }
        else
        {
            bytes[at] ^= 1;
        }

        File.WriteAllBytes(BlobPath(_image.Blob(0)), bytes);

        await _host.FailAsync($"oci:{Layout}:v1", ErrorKind.Corrupt);
        Assert.False(_host.Sink.HasLayer(_image.DiffId(0)));
    }

    [Fact]
    public async Task A_manifest_that_was_changed_is_corrupt()
    {
        File.AppendAllText(BlobPath(_image.ManifestDigest), " ");

        await _host.FailAsync($"oci:{Layout}:v1", ErrorKind.Corrupt);
    }

    [Fact]
    public async Task A_fifo_does_not_keep_us_waiting()
    {
        File.Delete(BlobPath(_image.Blob(1)));
        await ProcessRunner.RunAsync("mkfifo", [BlobPath(_image.Blob(1))], default);

        await _host.FailAsync($"oci:{Layout}:v1", ErrorKind.Unsafe);
    }

    [Fact]
    public async Task A_directory_for_a_blob_is_refused()
    {
        File.Delete(BlobPath(_image.Blob(1)));
        Directory.CreateDirectory(BlobPath(_image.Blob(1)));

        await _host.FailAsync($"oci:{Layout}:v1", ErrorKind.Unsafe);
    }

    [Theory]
    [InlineData("{", ErrorKind.Corrupt)]
    [InlineData("null", ErrorKind.Corrupt)]
    [InlineData("""{"schemaVersion":2,"manifests":[null]}""", ErrorKind.Corrupt)]
    [InlineData(
        """{"schemaVersion":2,"manifests":[{"mediaType":"x","digest":"sha256:../../../../etc/passwd","size":1}]}""",
        ErrorKind.Corrupt
    )]
    [InlineData("""{"schemaVersion":2,"manifests":[]}""", ErrorKind.NotFound)]
    public async Task A_hostile_index_is_refused(string index, ErrorKind kind)
    {
        File.WriteAllText(Path.Combine(Layout, "index.json"), index);

        await _host.FailAsync($"oci:{Layout}:v1", kind);
    }

    [Fact]
    public async Task An_index_of_more_than_four_mebibytes_is_refused()
    {
        using (FileStream file = File.Create(Path.Combine(Layout, "index.json")))
        {
            file.SetLength(5 << 20);
        }

        await _host.FailAsync($"oci:{Layout}:v1", ErrorKind.Unsafe);
    }

    [Fact]
    public async Task A_policy_for_its_path_holds()
    {
        _host.Write(
            "policy.json",
            "{\"default\":[{\"type\":\"insecureAcceptAnything\"}],\"transports\":{\"oci\":{\""
                + _host.Root
                + "\":[{\"type\":\"reject\"}]}}}"
        );

        await _host.FailAsync($"oci:{Layout}:v1", ErrorKind.Policy);
    }

    private string BlobPath(Digest digest) => Path.Combine(Layout, "blobs/sha256", digest.Hex);
}
