// SPDX-License-Identifier: Apache-2.0

using CsCheck;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Streams;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Pull;

/// <summary>Layers from a registry that cuts, lies and stalls.</summary>
public sealed class LayerTests : IDisposable
{
    private const string OciGzip = "application/vnd.oci.image.layer.v1.tar+gzip";

    private readonly FakeRegistry _registry = new();
    private readonly PullingHost _host = new();

    public LayerTests() => _host.Insecure(_registry.Host);

    public void Dispose()
    {
        _host.Dispose();
        _registry.Dispose();
    }

    /// <summary>The first bytes as each tool's documentation or source has them.</summary>
    [Theory]
    [InlineData("bzip2", "425A6839314159265359")]
    [InlineData("xz", "FD377A585A000004E6D6B446")]
    [InlineData("lzma", "5D00008000FFFFFFFFFFFFFFFF")]
    [InlineData("lzip", "4C5A495001")]
    [InlineData("lrzip", "4C525A490006")]
    [InlineData("lzop", "894C5A4F000D0A1A0A")]
    [InlineData("lz4", "04224D186440A7")]
    [InlineData("compress", "1F9D90")]
    [InlineData("zip", "504B030414000000")]
    [InlineData("7z", "377ABCAF271C0004")]
    public async Task A_compression_that_layers_can_not_have_is_named(string tool, string head)
    {
        byte[] plain = FakeImage.Noise(100);
        new FakeImage()
            .Add(plain, [.. Convert.FromHexString(head), .. plain], "application/vnd.oci.image.layer.v1.tar+gzip")
            .PushTo(_registry, "1");

        SysctrException e = await _host.FailAsync(_registry.Host + "/x:1", ErrorKind.Corrupt);

        Assert.Contains($"compressed with {tool}", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("BZh91AY")]
    [InlineData("]")]
    [InlineData("LZIP")]
    public async Task A_tar_whose_first_file_is_called_as_one_is_a_tar(string name)
    {
        byte[] plain = new Tar.TarBuilder().File(name, "x").Finished;
        FakeImage image = new FakeImage().AddPlain(plain).PushTo(_registry, "1");

        Assert.Equal([image.DiffId(0)], (await _host.PullAsync(_registry.Host + "/x:1")).DiffIds);
    }

    [Fact]
    public async Task A_layer_that_comes_a_byte_now_and_then_ends_the_pull()
    {
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(100_000)).PushTo(_registry, "1");
        _registry.Misbehave = r =>
            r.Path.EndsWith(image.Blob(0).ToString(), StringComparison.Ordinal)
                ? new FakeResponse(200, image.BlobBytes(0)) { Drip = TimeSpan.FromMilliseconds(20) }
                : null;

        // Never a stall: the next byte is always there in time.
        _host.Options = _host.Options with
        {
            StallTimeout = TimeSpan.FromSeconds(30),
            RateWindow = TimeSpan.FromMilliseconds(300),
        };

        SysctrException e = await _host.FailAsync(_registry.Host + "/x:1", ErrorKind.Unreachable);

        Assert.Contains("less than 1024 bytes a second", e.Message, StringComparison.Ordinal);
        Assert.Equal(3, _registry.BlobRequests(image.Blob(0)).Count);
    }

    [Trait("needs", "time")]
    [Fact]
    public async Task A_layer_at_just_the_least_rate_is_taken()
    {
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(200)).PushTo(_registry, "1");
        _registry.Misbehave = r =>
            r.Path.EndsWith(image.Blob(0).ToString(), StringComparison.Ordinal)
                ? new FakeResponse(200, image.BlobBytes(0)) { Drip = TimeSpan.FromMilliseconds(20) }
                : null;

        // Two windows, each of which a pause of the machine may take some of.
        _host.Options = _host.Options with
        {
            LeastRate = 5,
            RateWindow = TimeSpan.FromSeconds(2),
        };

        await _host.PullAsync(_registry.Host + "/x:1");

        Assert.Equal(image.Plains[0], _host.Sink.Layers[image.DiffId(0)]);
    }

    [Theory]
    [InlineData("/manifests/")]
    [InlineData("/blobs/")]
    public async Task What_just_keeps_to_the_rate_is_bounded_by_the_time_of_the_whole_pull(string path)
    {
        new FakeImage().AddPlain(FakeImage.Noise(100_000)).PushTo(_registry, "1");
        _registry.Misbehave = r =>
            r.Path.Contains(path, StringComparison.Ordinal)
                ? new FakeResponse(200, _registry.Behave(r).Body, "application/vnd.oci.image.manifest.v1+json")
                {
                    Drip = TimeSpan.FromMilliseconds(5),
                }
                : null;
        _host.Options = _host.Options with { LeastRate = 1, LongestPull = TimeSpan.FromMilliseconds(500) };

        SysctrException e = await _host.FailAsync(_registry.Host + "/x:1", ErrorKind.Unreachable);

        Assert.Contains("took longer than", e.Message, StringComparison.Ordinal);
    }

    [Trait("needs", "time")]
    [Fact]
    public async Task A_manifest_that_comes_a_byte_now_and_then_ends_the_pull()
    {
        _registry.Misbehave = static _ => new FakeResponse(200, new byte[100_000], "application/json")
        {
            Drip = TimeSpan.FromMilliseconds(20),
        };
        _host.Options = _host.Options with { StallTimeout = TimeSpan.FromSeconds(2) };

        SysctrException e = await _host.FailAsync(_registry.Host + "/x:1", ErrorKind.Unreachable);

        Assert.Contains("stalls", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gzip_zstd_and_plain_layers_arrive_as_they_were()
    {
        FakeImage image = new FakeImage()
            .AddGzip(FakeImage.Noise(700_000, 1))
            .AddZstd(FakeImage.Noise(600_000, 2))
            .AddPlain(FakeImage.Noise(500_000, 3))
            .AddGzip([])
            .AddZstd(new byte[3_000_000])
            .PushTo(_registry, "1");

        PulledImage pulled = await _host.PullAsync(_registry.Host + "/x:1");

        Assert.Equal(image.ManifestDigest, pulled.ManifestDigest);
        Assert.Equal(image.Manifest, pulled.Manifest);
        Assert.Equal(Digest.Sha256(image.Config), pulled.ConfigDigest);
        Assert.Equal(image.Config, pulled.ConfigBytes);
        Assert.Equal(["/bin/true"], pulled.Config.Run!.Cmd!);
        Assert.Equal(image.Plains.Select(p => Digest.Sha256(p)), pulled.DiffIds);
        for (int i = 0; i < image.Plains.Count; i++)
        {
            Assert.True(image.Plains[i].SequenceEqual(_host.Sink.Layers[image.DiffId(i)]));
        }
    }

    [Fact]
    public async Task Progress_tells_each_layer_to_its_last_byte()
    {
        FakeImage image = new FakeImage().AddGzip(FakeImage.Noise(300_000)).PushTo(_registry, "1");

        await _host.PullAsync(_registry.Host + "/x:1");

        string[] events = [.. _host.Progress.Events];
        int size = image.BlobBytes(0).Length;
        Assert.Equal($"trying {_registry.Host}/x:1", events[0]);
        Assert.Equal($"found {image.ManifestDigest} 1", events[1]);
        Assert.Equal($"started {image.Blob(0)} {size}", events[2]);
        Assert.Equal($"bytes {image.Blob(0)} {size}", events[^2]);
        Assert.Equal($"done {image.Blob(0)}", events[^1]);
    }

    [Fact]
    public async Task A_layer_that_is_there_is_not_fetched()
    {
        FakeImage image = new FakeImage()
            .AddGzip(FakeImage.Noise(1000, 1))
            .AddGzip(FakeImage.Noise(1000, 2))
            .PushTo(_registry, "1");
        _host.Sink.Layers[image.DiffId(0)] = image.Plains[0];

        await _host.PullAsync(_registry.Host + "/x:1");

        Assert.Empty(_registry.BlobRequests(image.Blob(0)));
        Assert.Single(_registry.BlobRequests(image.Blob(1)));
        Assert.Contains($"exists {image.Blob(0)}", _host.Progress.Events);
    }

    [Fact]
    public async Task A_layer_that_stands_twice_is_fetched_once()
    {
        byte[] plain = FakeImage.Noise(1000);
        FakeImage image = new FakeImage()
            .AddGzip(plain)
            .AddZstd(FakeImage.Noise(10))
            .AddPlain(plain)
            .PushTo(_registry, "1");

        PulledImage pulled = await _host.PullAsync(_registry.Host + "/x:1");

        Assert.Equal([image.DiffId(0), image.DiffId(1), image.DiffId(0)], pulled.DiffIds);
        Assert.Empty(_registry.BlobRequests(image.Blob(2)));
    }

    [Fact]
    public async Task A_cut_connection_goes_on_where_it_was()
    {
        FakeImage image = new FakeImage().AddGzip(FakeImage.Noise(3_000_000)).PushTo(_registry, "1");
        CutOnce(image, new FakeResponse(200, image.BlobBytes(0)) { CutAfter = 1_234_567 });

        await _host.PullAsync(_registry.Host + "/x:1");

        Assert.Equal(image.Plains[0], _host.Sink.Layers[image.DiffId(0)]);
        Assert.Equal([null, "bytes=1234567-"], _registry.BlobRequests(image.Blob(0)).Select(r => r.Header("range")));
    }

    [Fact]
    public async Task A_body_without_length_that_ends_early_goes_on_too()
    {
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(100_000)).PushTo(_registry, "1");
        CutOnce(image, new FakeResponse(200, image.BlobBytes(0)) { SaysLength = -1, CutAfter = 50_000 });

        await _host.PullAsync(_registry.Host + "/x:1");

        Assert.Equal(image.Plains[0], _host.Sink.Layers[image.DiffId(0)]);
    }

    [Trait("needs", "time")]
    [Fact]
    public async Task A_stalled_connection_is_given_up_and_goes_on()
    {
        _host.Options = _host.Options with { StallTimeout = TimeSpan.FromSeconds(2) };
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(300_000)).PushTo(_registry, "1");
        CutOnce(image, new FakeResponse(200, image.BlobBytes(0)) { CutAfter = 100_000, Hang = true });

        await _host.PullAsync(_registry.Host + "/x:1");

        Assert.Equal(image.Plains[0], _host.Sink.Layers[image.DiffId(0)]);
    }

    [Fact]
    public async Task A_server_that_ignores_range_starts_anew_and_the_digest_still_holds()
    {
        FakeImage image = new FakeImage().AddGzip(FakeImage.Noise(2_000_000)).PushTo(_registry, "1");
        int calls = 0;
        _registry.Misbehave = r =>
            !IsBlob(r, image) ? null
            : Interlocked.Increment(ref calls) == 1 ? new FakeResponse(200, image.BlobBytes(0)) { CutAfter = 999_999 }
            : new FakeResponse(200, image.BlobBytes(0));

        await _host.PullAsync(_registry.Host + "/x:1");

        Assert.Equal(2, calls);
        Assert.Equal(image.Plains[0], _host.Sink.Layers[image.DiffId(0)]);
    }

    [Theory]
    [InlineData("bytes 0-99999/100000")]
    [InlineData("bytes 50001-99999/100000")]
    [InlineData("bytes 50000-99999/100001")]
    [InlineData("items 50000-99999/100000")]
    [InlineData(null)]
    public async Task An_answer_for_another_range_is_refused(string? range)
    {
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(100_000)).PushTo(_registry, "1");
        _registry.Misbehave = r =>
        {
            if (!IsBlob(r, image))
            {
                return null;
            }

            if (r.Header("range") is null)
            {
                return new FakeResponse(200, image.BlobBytes(0)) { CutAfter = 50_000 };
            }

            FakeResponse wrong = new(206, image.BlobBytes(0)[50_000..]);
            if (range is not null)
            {
                wrong.Headers["Content-Range"] = range;
            }

            return wrong;
        };

        SysctrException e = await _host.FailAsync(_registry.Host + "/x:1", ErrorKind.Corrupt);

        Assert.Contains("from 50000 of 100000", e.Message, StringComparison.Ordinal);
        Assert.Empty(_host.Sink.Layers);
    }

    [Fact]
    public async Task A_connection_that_is_cut_each_time_ends_as_unreachable()
    {
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(100_000)).PushTo(_registry, "1");
        _registry.Misbehave = r =>
            IsBlob(r, image) && r.Header("range") is null ? new FakeResponse(200, image.BlobBytes(0)) { CutAfter = 10 }
            : IsBlob(r, image)
                ? new FakeResponse(206, image.BlobBytes(0)[(int)r.RangeStart..])
                {
                    Headers = { ["Content-Range"] = $"bytes {r.RangeStart}-99999/100000" },
                    CutAfter = 10,
                }
            : null;

        SysctrException e = await _host.FailAsync(_registry.Host + "/x:1", ErrorKind.Unreachable);

        Assert.Contains("of 100000", e.Message, StringComparison.Ordinal);
        Assert.Equal(_host.Options.MaxAttempts, _registry.BlobRequests(image.Blob(0)).Count);
    }

    [Fact]
    public async Task A_truncated_layer_is_corrupt()
    {
        FakeImage image = new FakeImage().AddGzip(FakeImage.Noise(100_000)).PushTo(_registry, "1");
        _registry.Blobs[image.Blob(0).ToString()] = image.BlobBytes(0)[..50_000];

        SysctrException e = await _host.FailAsync(_registry.Host + "/x:1", ErrorKind.Corrupt);

        Assert.Contains("50000", e.Message, StringComparison.Ordinal);
        Assert.Empty(_host.Sink.Layers);
    }

    [Fact]
    public async Task Other_bytes_of_the_same_length_are_corrupt()
    {
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(100_000)).PushTo(_registry, "1");
        byte[] other = [.. image.BlobBytes(0)];
        other[77_777] ^= 1;
        _registry.Blobs[image.Blob(0).ToString()] = other;

        SysctrException e = await _host.FailAsync(_registry.Host + "/x:1", ErrorKind.Corrupt);

        Assert.Contains(Digest.Sha256(other).ToString(), e.Message, StringComparison.Ordinal);
        Assert.Empty(_host.Sink.Layers);
    }

    [Fact]
    public async Task An_endless_body_is_not_read_endlessly()
    {
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(100_000)).PushTo(_registry, "1");
        _registry.Misbehave = r =>
            IsBlob(r, image) ? new FakeResponse(200, image.BlobBytes(0)) { Endless = true } : null;

        SysctrException e = await _host.FailAsync(_registry.Host + "/x:1", ErrorKind.Corrupt);

        Assert.Contains("more than the 100000 bytes", e.Message, StringComparison.Ordinal);
        Assert.Empty(_host.Sink.Layers);
    }

    [Fact]
    public async Task A_layer_whose_content_is_not_what_the_configuration_says_is_corrupt()
    {
        byte[] other = FakeImage.Gzip(FakeImage.Noise(1000, 2));
        FakeImage image = new FakeImage().Add(FakeImage.Noise(1000, 1), other, OciGzip).PushTo(_registry, "1");

        SysctrException e = await _host.FailAsync(_registry.Host + "/x:1", ErrorKind.Corrupt);

        Assert.Contains(image.DiffId(0).ToString(), e.Message, StringComparison.Ordinal);
        Assert.Empty(_host.Sink.Layers);
    }

    [Fact]
    public async Task A_gzip_that_was_cut_before_it_was_pushed_is_corrupt()
    {
        // Its digest is right, and the framework's inflater takes it for whole: only the diffID tells.
        byte[] plain = FakeImage.Noise(300_000);
        new FakeImage().Add(plain, FakeImage.Gzip(plain)[..150_000], OciGzip).PushTo(_registry, "1");

        await _host.FailAsync(_registry.Host + "/x:1", ErrorKind.Corrupt);

        Assert.Empty(_host.Sink.Layers);
    }

    [Fact]
    public async Task A_zstd_that_was_cut_before_it_was_pushed_is_corrupt()
    {
        byte[] plain = FakeImage.Noise(300_000);
        byte[] whole = new FakeImage().AddZstd(plain).BlobBytes(0);
        new FakeImage()
            .Add(plain, whole[..150_000], "application/vnd.oci.image.layer.v1.tar+zstd")
            .PushTo(_registry, "1");

        await _host.FailAsync(_registry.Host + "/x:1", ErrorKind.Corrupt);
    }

    [Fact]
    public async Task Garbage_for_a_gzip_is_corrupt()
    {
        byte[] garbage = [0x1f, 0x8b, .. FakeImage.Noise(1000)];
        new FakeImage().Add(FakeImage.Noise(1000), garbage, OciGzip).PushTo(_registry, "1");

        await _host.FailAsync(_registry.Host + "/x:1", ErrorKind.Corrupt);
    }

    [Fact]
    public async Task Bytes_behind_the_end_of_a_gzip_are_verified_too()
    {
        byte[] plain = FakeImage.Noise(1000);
        byte[] padded = [.. FakeImage.Gzip(plain), .. new byte[500_000]];
        FakeImage image = new FakeImage().Add(plain, padded, OciGzip).PushTo(_registry, "1");
        byte[] other = [.. padded];
        other[^1] = 1;
        _registry.Blobs[image.Blob(0).ToString()] = other;

        await _host.FailAsync(_registry.Host + "/x:1", ErrorKind.Corrupt);
        Assert.Empty(_host.Sink.Layers);

        _registry.Blobs[image.Blob(0).ToString()] = padded;
        await _host.PullAsync(_registry.Host + "/x:1");
        Assert.Equal(plain, _host.Sink.Layers[image.DiffId(0)]);
    }

    [Fact]
    public async Task One_layer_that_fails_ends_the_others_and_keeps_those_that_were_whole()
    {
        FakeImage image = new FakeImage()
            .AddPlain(FakeImage.Noise(1000, 1))
            .AddPlain(FakeImage.Noise(1000, 2))
            .PushTo(_registry, "1");
        TaskCompletionSource whole = new();
        ObservedSink sink = new(_host.Sink, whole);
        _registry.Misbehave = r =>
        {
            if (!r.Path.EndsWith(image.Blob(1).ToString(), StringComparison.Ordinal))
            {
                return null;
            }

            whole.Task.Wait();
            return new FakeResponse(200, FakeImage.Noise(1000, 3));
        };

        await Assert.ThrowsAsync<SysctrException>(() => _host.PullAsync(_registry.Host + "/x:1", sink: sink));

        Assert.Equal(image.DiffId(0), Assert.Single(_host.Sink.Layers).Key);
    }

    [Fact]
    public async Task Three_layers_are_fetched_at_once_and_no_more()
    {
        FakeImage image = new();
        for (int i = 0; i < 7; i++)
        {
            image.AddPlain(FakeImage.Noise(1000, i));
        }

        image.PushTo(_registry, "1");
        CrowdedSink sink = new(_host.Sink, wanted: 3);

        await _host.PullAsync(_registry.Host + "/x:1", sink: sink);

        Assert.Equal(3, sink.Most);
        Assert.Equal(7, _host.Sink.Layers.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Any_damage_in_a_compressed_stream_is_corrupt_or_harmless(bool zstd)
    {
        // Damage before the push: size and digest are right, so the decoder meets it.
        byte[] plain =
        [
            .. Enumerable
                .Range(0, 5000)
                .SelectMany(i => System.Text.Encoding.ASCII.GetBytes($"line {i * 7919 % 997}\n")),
        ];
        byte[] whole = zstd ? new FakeImage().AddZstd(plain).BlobBytes(0) : FakeImage.Gzip(plain);
        await Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte[1, 255], Gen.Int[0, 3])
            .CheckAsync(
                async change =>
                {
                    (int at, byte flip, int kind) = change;
                    byte[] damaged = kind == 0 ? whole[..at] : [.. whole];
                    if (kind != 0)
                    {
                        damaged[at] ^= flip;
                    }

                    await CorruptOrHarmlessAsync(plain, damaged);
                },
                iter: 300
            );
    }

    private static async Task CorruptOrHarmlessAsync(byte[] plain, byte[] blob)
    {
        Descriptor descriptor = new(OciGzip, Digest.Sha256(blob), blob.Length);
        VerifiedStream compressed = new(new MemoryStream(blob), descriptor, "test");
        using MemoryStream read = new();
        try
        {
            await using LayerStream layer = await LayerStream.OpenAsync(
                compressed,
                Digest.Sha256(plain),
                "test",
                default
            );
            await layer.CopyToAsync(read);
            Assert.Equal(plain, read.ToArray());
        }
        catch (SysctrException e)
        {
            Assert.Equal(ErrorKind.Corrupt, e.Kind);
        }
    }

    [Fact]
    public async Task A_pull_that_is_cancelled_ends_as_cancelled()
    {
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(1000)).PushTo(_registry, "1");
        using CancellationTokenSource stop = new();
        _registry.Misbehave = r =>
        {
            if (!IsBlob(r, image))
            {
                return null;
            }

            stop.Cancel();
            return new FakeResponse(200, image.BlobBytes(0)) { CutAfter = 10, Hang = true };
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _host.PullAsync(_registry.Host + "/x:1", cancellationToken: stop.Token)
        );
        Assert.Empty(_host.Sink.Layers);
    }

    [Fact]
    public async Task A_sink_that_does_not_read_to_the_verified_end_fails_the_pull()
    {
        new FakeImage().AddPlain(FakeImage.Noise(1000)).PushTo(_registry, "1");

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            _host.PullAsync(_registry.Host + "/x:1", sink: new LazySink())
        );

        Assert.Equal(ErrorKind.Failed, e.Kind);
    }

    private void CutOnce(FakeImage image, FakeResponse cut)
    {
        int calls = 0;
        _registry.Misbehave = r => IsBlob(r, image) && Interlocked.Increment(ref calls) == 1 ? cut : null;
    }

    private static bool IsBlob(FakeRequest request, FakeImage image) =>
        request.Path.EndsWith(image.Blob(0).ToString(), StringComparison.Ordinal);

    private sealed class ObservedSink(RecordingSink inner, TaskCompletionSource added) : ILayerSink
    {
        public bool HasLayer(Digest diffId) => inner.HasLayer(diffId);

        public async Task AddLayerAsync(Digest diffId, Stream plainTar, CancellationToken cancellationToken)
        {
            await inner.AddLayerAsync(diffId, plainTar, cancellationToken);
            added.TrySetResult();
        }
    }

    /// <summary>Lets nobody finish before as many are in it as are wanted.</summary>
    private sealed class CrowdedSink(RecordingSink inner, int wanted) : ILayerSink
    {
        private readonly TaskCompletionSource _crowded = new();
        private int _inside;

        public int Most { get; private set; }

        public bool HasLayer(Digest diffId) => inner.HasLayer(diffId);

        public async Task AddLayerAsync(Digest diffId, Stream plainTar, CancellationToken cancellationToken)
        {
            lock (_crowded)
            {
                Most = Math.Max(Most, ++_inside);
                if (_inside >= wanted)
                {
                    _crowded.TrySetResult();
                }
            }

            await _crowded.Task.WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);
            await inner.AddLayerAsync(diffId, plainTar, cancellationToken);
            lock (_crowded)
            {
                _inside--;
            }
        }
    }

    private sealed class LazySink : ILayerSink
    {
        public bool HasLayer(Digest diffId) => false;

        public async Task AddLayerAsync(Digest diffId, Stream plainTar, CancellationToken cancellationToken) =>
            await plainTar.ReadExactlyAsync(new byte[1000], cancellationToken);
    }
}
