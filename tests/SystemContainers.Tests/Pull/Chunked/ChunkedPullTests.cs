// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using SystemContainers.Chunked;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Tests.Fakes;
using Xunit;
using ZstdSharp;

namespace SystemContainers.Tests.Pull.Chunked;

/// <summary>An update of a zstd:chunked image: what travels, and what of it lies.</summary>
[Trait("needs", "root")]
public sealed class ChunkedPullTests : IDisposable
{
    private const int Files = 100;

    private readonly FakeRegistry _registry = new();
    private readonly PullingHost _host = new();
    private readonly ContentStore _store;

    public ChunkedPullTests()
    {
        _host.Insecure(_registry.Host);
        _store = ContentStore.Open(_host.In("store"));
    }

    public void Dispose()
    {
        _store.Dispose();
        _host.Dispose();
        _registry.Dispose();
    }

    [Fact]
    public async Task Of_an_update_only_what_changed_travels_and_the_layer_is_the_same()
    {
        await PullAsync(Image(changed: -1).PushTo(_registry, "1"), "1");
        FakeImage second = Image(changed: 42).PushTo(_registry, "2");

        await PullAsync(second, "2");

        // Noise: as many bytes compressed.
        ChunkedLayer layer = Layer(second);
        long sent = Ranges(second).Sum(r => r.End - r.Start);
        Assert.InRange(sent - layer.Toc.Length - layer.TarSplit.Length, 20_000, 20_000 * 1.2);
        Assert.DoesNotContain(Requests(second), r => r.Header("range") is null);
        Assert.Empty(_store.VerifyLayer(second.DiffId(0)));
        using ContentStore whole = ContentStore.Open(_host.In("whole"));
        await _host.PullAsync($"{_registry.Host}/x:2", sink: whole);
        whole.Commit();
        Assert.Equal(whole.ReadLayer(second.DiffId(0)).ToBytes(), _store.ReadLayer(second.DiffId(0)).ToBytes());
    }

    [Fact]
    public async Task An_update_of_an_update_knows_the_files_of_both()
    {
        await PullAsync(Image(-1).PushTo(_registry, "1"), "1");
        await PullAsync(Image(42).PushTo(_registry, "2"), "2");
        FakeImage third = Image(43).PushTo(_registry, "3");

        await PullAsync(third, "3");

        ChunkedLayer layer = Layer(third);
        Assert.InRange(
            Ranges(third).Sum(r => r.End - r.Start) - layer.Toc.Length - layer.TarSplit.Length,
            20_000,
            24_000
        );
    }

    /// <summary>Of a large file the chunks around the change; the sums of the others are found within the
    /// object.</summary>
    [Fact]
    public async Task Of_a_large_file_that_was_changed_in_its_midst_most_is_not_fetched()
    {
        string content = Encoding.Latin1.GetString(FakeImage.Noise(4_000_000, 3));
        await PullAsync(
            new FakeImage().AddChunked(new LayerTar().File("large", content).ToBytes()).PushTo(_registry, "1"),
            "1"
        );
        FakeImage second = new FakeImage()
            .AddChunked(
                new LayerTar()
                    .File("large", content[..2_000_000] + "inserted" + new string('\0', 5000) + content[2_000_000..])
                    .ToBytes()
            )
            .PushTo(_registry, "2");

        await PullAsync(second, "2");

        Assert.InRange(Ranges(second).Sum(r => r.End - r.Start), 1000, 600_000);
        Assert.DoesNotContain(Requests(second), r => r.Header("range") is null);
        Assert.Empty(_store.VerifyLayer(second.DiffId(0)));
    }

    [Fact]
    public async Task What_is_known_of_a_layer_goes_with_it()
    {
        FakeImage first = Image(-1).PushTo(_registry, "1");
        await PullAsync(first, "1");
        Assert.Single(Directory.GetFiles(_host.In("store/sums")));

        _store.Prune(new HashSet<Digest>(), new HashSet<Digest>());

        Assert.Empty(Directory.GetFiles(_host.In("store/sums")));
        FakeImage second = Image(42).PushTo(_registry, "2");
        await PullAsync(second, "2");
        Assert.Null(Assert.Single(Requests(second)).Header("range"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    [InlineData(2000)]
    public async Task What_is_known_and_was_altered_or_cut_is_not_counted_on(int at)
    {
        await PullAsync(Image(-1).PushTo(_registry, "1"), "1");
        string file = Assert.Single(Directory.GetFiles(_host.In("store/sums")));
        byte[] bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        bytes[at] ^= 1;
        await File.WriteAllBytesAsync(file, at == 0 ? bytes[..100] : bytes, TestContext.Current.CancellationToken);

        FakeImage second = Image(42).PushTo(_registry, "2");
        await PullAsync(second, "2");

        Assert.Empty(_store.VerifyLayer(second.DiffId(0)));
    }

    [Fact]
    public async Task An_object_that_was_altered_is_fetched_and_not_spread()
    {
        FakeImage first = Image(-1).PushTo(_registry, "1");
        await PullAsync(first, "1");
        LayerEntry entry = _store
            .ReadLayer(first.DiffId(0))
            .Entries.First(e => Encoding.UTF8.GetString(e.Name) == "usr/f7");
        await File.WriteAllTextAsync(_store.ObjectPath(entry.Object), "altered", TestContext.Current.CancellationToken);
        FakeImage second = Image(42, owner: 9).PushTo(_registry, "2");

        await PullAsync(second, "2");

        // The other owner makes another object of the same content.
        Assert.Empty(_store.VerifyLayer(second.DiffId(0)));
    }

    public static TheoryData<string, Action<IDictionary<string, string>>> Unusable =>
        new()
        {
            { "another sum of the table", a => a[Key("manifest-checksum")] = Digest.Sha256("x"u8).ToString() },
            { "no sum", a => a.Remove(Key("manifest-checksum")) },
            { "behind the blob", a => a[Key("manifest-position")] = "9999999999:100:100:1" },
            { "an overflow", a => a[Key("manifest-position")] = $"{long.MaxValue}:{long.MaxValue}:100:1" },
            { "a bomb", a => a[Key("manifest-position")] = Change(a[Key("manifest-position")], 2, "157286400") },
            { "more than fits", a => a[Key("manifest-position")] = Change(a[Key("manifest-position")], 2, "10") },
            { "gigabytes", a => a[Key("manifest-position")] = Change(a[Key("manifest-position")], 2, "9999999999") },
            { "another type", a => a[Key("manifest-position")] = Change(a[Key("manifest-position")], 3, "2") },
            { "no tar-split", a => a.Remove(Key("tarsplit-position")) },
            { "another tar-split", a => a[Key("tarsplit-position")] = "100:100:100" },
            {
                "a shorter tar-split",
                a => a[Key("tarsplit-position")] = Change(a[Key("tarsplit-position")], 2, "1000")
            },
            { "words", a => a[Key("tarsplit-position")] = "a:b:c" },
        };

    [Theory]
    [MemberData(nameof(Unusable), DisableDiscoveryEnumeration = true)]
    public async Task Where_the_annotations_say_what_is_not_so_the_layer_is_fetched_whole(
        string what,
        Action<IDictionary<string, string>> change
    )
    {
        await PullAsync(Image(-1).PushTo(_registry, "1"), "1");
        FakeImage second = Image(42, change: change).PushTo(_registry, "2");

        await PullAsync(second, "2");

        Assert.True(Requests(second).Any(r => r.Header("range") is null), what);
        Assert.Empty(_store.VerifyLayer(second.DiffId(0)));
    }

    public static TheoryData<string, Action<JsonObject>> WrongTables =>
        new()
        {
            { "an entry twice", toc => Entries(toc).Insert(2, Entries(toc)[1]!.DeepClone()) },
            { "an entry less", toc => Entries(toc).RemoveAt(3) },
            { "another order", toc => Swap(Entries(toc), 2, 3) },
            { "another size", toc => Entries(toc)[3]!["size"] = 20_001 },
            { "no end", toc => Entries(toc)[3]!["endOffset"] = 0 },
            { "behind the blob", toc => Entries(toc)[3]!["endOffset"] = 1L << 40 },
            { "negative", toc => Entries(toc)[3]!["offset"] = -5 },
            { "overlapping", toc => Entries(toc)[43]!["offset"] = (long)Entries(toc)[41]!["offset"]! },
            { "no digest", toc => Entries(toc)[3]!["digest"] = "md5:00" },
            { "a path out of it", toc => Entries(toc)[3]!["name"] = "../../etc/shadow" },
            { "version 2", toc => toc["version"] = 2 },
            { "no sum of the tar-split", toc => toc["tarSplitDigest"] = null },
            { "another sum of the tar-split", toc => toc["tarSplitDigest"] = Digest.Sha256("x"u8).ToString() },
            { "no entries", toc => toc["entries"] = null },
        };

    /// <summary>Whoever makes the image chooses the table, and its sum stands in the manifest.</summary>
    [Theory]
    [MemberData(nameof(WrongTables), DisableDiscoveryEnumeration = true)]
    public async Task Where_the_table_says_what_is_not_so_the_layer_is_fetched_whole(
        string what,
        Action<JsonObject> change
    )
    {
        await PullAsync(Image(-1).PushTo(_registry, "1"), "1");
        FakeImage second = WithTable(change).PushTo(_registry, "2");

        await PullAsync(second, "2");

        Assert.True(Requests(second).Any(r => r.Header("range") is null), what);
        Assert.Empty(_store.VerifyLayer(second.DiffId(0)));
    }

    /// <summary>What hashes to the sum of a table that lies is what the table says, and not the layer: that is asked
    /// for itself, and nothing of the table is kept.</summary>
    [Fact]
    public async Task Where_a_table_leads_to_another_content_the_layer_is_fetched_whole()
    {
        await PullAsync(Image(-1).PushTo(_registry, "1"), "1");
        FakeImage second = WithTable(toc => Entries(toc)[3]!["digest"] = (string)Entries(toc)[4]!["digest"]!)
            .PushTo(_registry, "2");

        await PullAsync(second, "2");

        Assert.Contains(
            _host.Progress.Events,
            e =>
                e.Contains("the image's configuration says", StringComparison.Ordinal)
                && e.EndsWith("it is fetched whole", StringComparison.Ordinal)
        );
        Assert.Single(Requests(second), r => r.Header("range") is null);
        Assert.Empty(_store.VerifyLayer(second.DiffId(0)));
        Assert.Single(Directory.GetFiles(_host.In("store/sums")));
    }

    [Fact]
    public async Task Where_a_range_is_of_other_bytes_the_layer_is_fetched_whole()
    {
        await PullAsync(Image(-1).PushTo(_registry, "1"), "1");
        FakeImage second = Image(42).PushTo(_registry, "2");
        _registry.Misbehave = r =>
            IsContent(second, r)
                ? FakeRegistry.Range(
                    [.. second.BlobBytes(0).Select(b => (byte)(b ^ 1))],
                    (int)r.RangeStart,
                    (int)r.RangeEnd!.Value
                )
                : null;

        await PullAsync(second, "2");

        Assert.Contains(_host.Progress.Events, e => e.EndsWith("it is fetched whole", StringComparison.Ordinal));
        Assert.Empty(_store.VerifyLayer(second.DiffId(0)));
    }

    /// <summary>The true reason is what the whole says.</summary>
    [Fact]
    public async Task A_blob_of_other_bytes_is_an_error_and_nothing_is_kept()
    {
        await PullAsync(Image(-1).PushTo(_registry, "1"), "1");
        FakeImage second = Image(42).PushTo(_registry, "2");
        byte[] wrong = [.. second.BlobBytes(0).Select(b => (byte)(b ^ 1))];
        _registry.Misbehave = r =>
            IsContent(second, r) ? FakeRegistry.Range(wrong, (int)r.RangeStart, (int)r.RangeEnd!.Value)
            : IsBlob(second, r) && r.Header("range") is null ? new FakeResponse(200, wrong)
            : null;

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            _host.PullAsync($"{_registry.Host}/x:2", sink: _store)
        );

        Assert.Equal(ErrorKind.Corrupt, e.Kind);
        Assert.False(_store.HasLayer(second.DiffId(0)));
    }

    /// <summary>Whoever gets an image of his onto the host first can say anything about its files.</summary>
    [Fact]
    public async Task A_layer_that_lies_about_its_files_does_not_hide_those_of_another()
    {
        JsonArray? honest = null;
        WithTable(toc => honest = Entries(toc).DeepClone().AsArray());
        FakeImage liar = WithTable(
                toc =>
                {
                    for (int i = 1; i <= Files; i++)
                    {
                        Entries(toc)[i]!["digest"] = (string)honest![1 + (i % Files)]!["digest"]!;
                    }
                },
                owner: 5
            )
            .PushTo(_registry, "1");
        await PullAsync(liar, "1");
        await PullAsync(Image(42, owner: 6).PushTo(_registry, "2"), "2");
        Assert.Equal(2, Directory.GetFiles(_host.In("store/sums")).Length);
        FakeImage third = Image(42, owner: 7).PushTo(_registry, "3");

        await PullAsync(third, "3");

        Assert.DoesNotContain(Requests(third), r => r.Header("range") is null || IsContent(third, r));
        Assert.Empty(_store.VerifyLayer(third.DiffId(0)));
    }

    /// <summary>A hint that can't be kept is no fault of the layer's.</summary>
    [Fact]
    public async Task A_layer_whose_sums_can_not_be_kept_is_committed()
    {
        await File.WriteAllTextAsync(_host.In("store/sums"), "no directory", TestContext.Current.CancellationToken);
        FakeImage image = Image(-1).PushTo(_registry, "1");

        await PullAsync(image, "1");

        Assert.True(_store.HasLayer(image.DiffId(0)));
        Assert.Empty(_store.VerifyLayer(image.DiffId(0)));
    }

    /// <summary>A byte a connection would take as many connections as bytes.</summary>
    [Fact]
    public async Task A_connection_that_is_cut_after_a_byte_again_and_again_ends_the_pull()
    {
        await PullAsync(Image(-1).PushTo(_registry, "1"), "1");
        FakeImage second = Image(42).PushTo(_registry, "2");
        _registry.Misbehave = r =>
            IsContent(second, r)
                ? Cut(FakeRegistry.Range(second.BlobBytes(0), (int)r.RangeStart, (int)r.RangeEnd!.Value), 1)
                : null;

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            _host.PullAsync($"{_registry.Host}/x:2", sink: _store)
        );

        Assert.Equal(ErrorKind.Unreachable, e.Kind);
        Assert.Contains("again and again", e.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, Func<FakeImage, FakeRequest, FakeResponse?>> Refusals =>
        new()
        {
            { "200", (image, _) => new FakeResponse(200, image.BlobBytes(0)) },
            {
                "another range",
                (image, r) => FakeRegistry.Range(image.BlobBytes(0), (int)r.RangeStart + 1, (int)r.RangeEnd!.Value)
            },
            {
                "a shorter range",
                (image, r) => FakeRegistry.Range(image.BlobBytes(0), (int)r.RangeStart, (int)r.RangeEnd!.Value - 1)
            },
            {
                "all that follows",
                (image, r) => FakeRegistry.Range(image.BlobBytes(0), (int)r.RangeStart, image.BlobBytes(0).Length)
            },
            {
                "of another blob",
                (image, r) => FakeRegistry.Range([.. image.BlobBytes(0), 0], (int)r.RangeStart, (int)r.RangeEnd!.Value)
            },
            {
                "no range",
                (image, r) => new FakeResponse(206, image.BlobBytes(0)[(int)r.RangeStart..(int)r.RangeEnd!.Value])
            },
            { "416", (_, _) => FakeRegistry.Error(416, "RANGE_INVALID", "invalid range") },
            { "501", (_, _) => FakeRegistry.Error(501, "UNSUPPORTED", "no") },
        };

    /// <summary>From the first range on, and in the midst of them.</summary>
    [Theory]
    [MemberData(nameof(Refusals), DisableDiscoveryEnumeration = true)]
    public async Task A_registry_that_serves_no_ranges_is_asked_for_the_whole(
        string what,
        Func<FakeImage, FakeRequest, FakeResponse?> answer
    )
    {
        await PullAsync(Image(-1).PushTo(_registry, "1"), "1");
        FakeImage second = Image(42).PushTo(_registry, "2");
        _registry.Misbehave = r => IsBlob(second, r) && r.Header("range") is not null ? answer(second, r) : null;
        await PullAsync(second, "2");
        FakeImage third = Image(43, owner: 7).PushTo(_registry, "3");
        _registry.Misbehave = r => IsContent(third, r) ? answer(third, r) : null;
        await PullAsync(third, "3");

        Assert.All([second, third], i => Assert.True(Requests(i).Count(r => r.Header("range") is null) == 1, what));
        Assert.Empty(_store.VerifyLayer(third.DiffId(0)));
    }

    [Fact]
    public async Task A_connection_that_is_cut_within_a_range_goes_on_where_it_was()
    {
        await PullAsync(Image(-1).PushTo(_registry, "1"), "1");
        FakeImage second = Image(42).PushTo(_registry, "2");
        int cuts = 2;
        _registry.Misbehave = r =>
            IsBlob(second, r) && r.RangeEnd - r.RangeStart > 500 && Interlocked.Decrement(ref cuts) >= 0
                ? Cut(FakeRegistry.Range(second.BlobBytes(0), (int)r.RangeStart, (int)r.RangeEnd!.Value), 300)
                : null;

        await PullAsync(second, "2");

        Assert.True(cuts <= 0);
        Assert.Contains(_host.Progress.Events, e => e.Contains("going on at byte", StringComparison.Ordinal));
        Assert.DoesNotContain(Requests(second), r => r.Header("range") is null);
        Assert.Empty(_store.VerifyLayer(second.DiffId(0)));
    }

    [Fact]
    public async Task A_connection_that_is_cut_before_each_byte_of_a_range_ends_the_pull()
    {
        await PullAsync(Image(-1).PushTo(_registry, "1"), "1");
        FakeImage second = Image(42).PushTo(_registry, "2");
        _registry.Misbehave = r =>
            IsContent(second, r)
                ? Cut(FakeRegistry.Range(second.BlobBytes(0), (int)r.RangeStart, (int)r.RangeEnd!.Value), 0)
                : null;

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            _host.PullAsync($"{_registry.Host}/x:2", sink: _store)
        );

        Assert.Equal(ErrorKind.Unreachable, e.Kind);
        Assert.False(_store.HasLayer(second.DiffId(0)));
        _registry.Misbehave = _ => null;
        await PullAsync(second, "2");
        Assert.Empty(_store.VerifyLayer(second.DiffId(0)));
    }

    [Fact]
    public async Task Where_most_of_it_changed_it_comes_whole()
    {
        await PullAsync(Image(-1).PushTo(_registry, "1"), "1");
        LayerTar tar = new();
        for (int i = 0; i < Files; i++)
        {
            tar.File($"usr/f{i}", Content(i == 5 ? 5 : i + 5000));
        }

        FakeImage second = new FakeImage().AddChunked(tar.ToBytes()).PushTo(_registry, "2");
        await PullAsync(second, "2");

        Assert.Single(Requests(second), r => r.Header("range") is null);
    }

    private static string Key(string name) => "io.github.containers.zstd-chunked." + name;

    private static string Change(string numbers, int which, string to) =>
        string.Join(':', numbers.Split(':').Select((n, i) => i == which ? to : n));

    private static JsonArray Entries(JsonObject toc) => toc["entries"]!.AsArray();

    private static void Swap(JsonArray entries, int one, int other)
    {
        JsonNode first = entries[one]!.DeepClone();
        entries[one] = entries[other]!.DeepClone();
        entries[other] = first;
    }

    private static string Content(int seed) => Encoding.Latin1.GetString(FakeImage.Noise(20_000, seed));

    private static FakeResponse Cut(FakeResponse response, int after)
    {
        FakeResponse cut = new(response.Status, response.Body) { CutAfter = after };
        foreach ((string name, string value) in response.Headers)
        {
            cut.Headers[name] = value;
        }

        return cut;
    }

    private static byte[] Plain(int changed, uint owner = 0)
    {
        LayerTar tar = new LayerTar().Dir("usr/");
        for (int i = 0; i < Files; i++)
        {
            tar.File($"usr/f{i}", Content(i == changed ? i + 1000 : i), uid: owner);
        }

        return tar.ToBytes();
    }

    private static FakeImage Image(int changed, uint owner = 0, Action<IDictionary<string, string>>? change = null) =>
        new FakeImage().AddChunked(Plain(changed, owner), change);

    /// <summary>An image whose table of contents is another one, as if whoever made it had chosen that.</summary>
    private static FakeImage WithTable(Action<JsonObject> change, uint owner = 0)
    {
        using MemoryStream target = new();
        ChunkedLayer layer = ChunkedWriter
            .Write(new MemoryStream(Plain(42, owner)), target, CancellationToken.None)
            .Layer!;
        byte[] blob = target.ToArray();
        using Decompressor unpack = new();
        using Compressor pack = new();
        JsonObject toc = JsonNode
            .Parse(unpack.Unwrap(blob.AsSpan((int)layer.Toc.Offset, (int)layer.Toc.Length)))!
            .AsObject();
        change(toc);
        byte[] json = Encoding.UTF8.GetBytes(toc.ToJsonString());
        byte[] packed = pack.Wrap(json).ToArray();
        byte[] tarSplit = blob[((int)layer.TarSplit.Offset - 8)..];
        byte[] made =
        [
            .. blob[..((int)layer.Toc.Offset - 4)],
            .. BitConverter.GetBytes(packed.Length),
            .. packed,
            .. tarSplit,
        ];
        ChunkedLayer told = new(
            Digest.Sha256(packed),
            new BlobPart(layer.Toc.Offset, packed.Length, json.Length),
            layer.TarSplit with
            {
                Offset = layer.Toc.Offset + packed.Length + 8,
            }
        );
        return new FakeImage().Add(Plain(42, owner), made, MediaTypes.OciLayerZstd).Annotate(0, told.ToAnnotations());
    }

    private static bool IsBlob(FakeImage image, FakeRequest request) =>
        request.Path.EndsWith($"/blobs/{image.Blob(0)}", StringComparison.Ordinal);

    private static bool IsContent(FakeImage image, FakeRequest request) =>
        IsBlob(image, request) && request.RangeEnd is { } end && end <= Layer(image).Toc.Offset - 8;

    private static ChunkedLayer Layer(FakeImage image)
    {
        JsonNode layer = JsonNode.Parse(image.Manifest)!["layers"]![0]!;
        return ChunkedLayer.Of(
            new Descriptor((string)layer["mediaType"]!, image.Blob(0), (long)layer["size"]!)
            {
                Annotations = layer["annotations"]!.AsObject().ToDictionary(a => a.Key, a => (string)a.Value!),
            }
        )!;
    }

    private IReadOnlyList<FakeRequest> Requests(FakeImage image) => _registry.BlobRequests(image.Blob(0));

    private IEnumerable<(long Start, long End)> Ranges(FakeImage image) =>
        Requests(image).Where(r => r.RangeEnd is not null).Select(r => (r.RangeStart, r.RangeEnd!.Value));

    private async Task PullAsync(FakeImage image, string tag)
    {
        await _host.PullAsync($"{_registry.Host}/x:{tag}", sink: _store);
        Assert.True(_store.HasLayer(image.DiffId(0)));
        _store.Commit();
    }
}
