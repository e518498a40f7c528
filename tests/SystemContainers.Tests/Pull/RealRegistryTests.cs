// SPDX-License-Identifier: Apache-2.0

using System.Net.Http.Headers;
using System.Text;
using SystemContainers.Errors;
using SystemContainers.Linux.Processes;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Pull;

/// <summary>The real docker-registry, with images that umoci makes and skopeo pushes.</summary>
[Trait("needs", "programs")]
public sealed class RealRegistryTests : IDisposable
{
    private readonly PullingHost _host = new();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData("oci", "gzip", MediaTypes.OciConfig, MediaTypes.OciLayerGzip)]
    [InlineData("oci", "zstd", MediaTypes.OciConfig, MediaTypes.OciLayerZstd)]
    [InlineData("v2s2", "gzip", MediaTypes.DockerConfig, MediaTypes.DockerLayerGzip)]
    public async Task What_skopeo_pushes_is_pulled(
        string format,
        string compression,
        string configType,
        string layerType
    )
    {
        await using DockerRegistry registry = await DockerRegistry.StartAsync();
        string layout = await MakeImageAsync("amd64");
        await RunAsync(
            "skopeo",
            "copy",
            "--quiet",
            "--dest-tls-verify=false",
            "--format",
            format,
            "--dest-compress-format",
            compression,
            $"oci:{layout}:v1",
            $"docker://{registry.Host}/team/app:v1"
        );
        _host.Insecure(registry.Host);

        PulledImage pulled = await _host.PullAsync($"{registry.Host}/team/app:v1");

        string text = Encoding.UTF8.GetString(pulled.Manifest);
        Assert.Contains($"\"{configType}\"", text, StringComparison.Ordinal);
        Assert.Contains($"\"{layerType}\"", text, StringComparison.Ordinal);
        Assert.Equal(await InspectAsync(registry.Host, "team/app:v1", "{{.Digest}}"), pulled.ManifestDigest.ToString());
        Assert.Equal(["/bin/app"], pulled.Config.Run!.Cmd!);
        await HoldsFilesAsync(pulled, "one", "two");
    }

    [Fact]
    public async Task A_layout_of_umoci_gives_the_same_layers()
    {
        string layout = await MakeImageAsync("amd64");

        PulledImage pulled = await _host.PullAsync($"oci:{layout}:v1");

        await HoldsFilesAsync(pulled, "one", "two");
    }

    [Fact]
    public async Task A_password_is_wanted_and_the_right_one_is_taken()
    {
        await using DockerRegistry registry = await DockerRegistry.StartAsync(login: ("me", "s3cret"));
        string layout = await MakeImageAsync("amd64");
        await RunAsync(
            "skopeo",
            "copy",
            "--quiet",
            "--dest-tls-verify=false",
            "--dest-creds",
            "me:s3cret",
            $"oci:{layout}:v1",
            $"docker://{registry.Host}/app:v1"
        );
        _host.Insecure(registry.Host);

        SysctrException e = await _host.FailAsync($"{registry.Host}/app:v1", ErrorKind.Unauthorized);
        Assert.Contains("authentication required", e.Message, StringComparison.Ordinal);

        _host.Login(registry.Host, "me", "wrong");
        await _host.FailAsync($"{registry.Host}/app:v1", ErrorKind.Unauthorized);

        await RunAsync(
            "skopeo",
            "login",
            "--authfile",
            _host.In("auth.json"),
            "--tls-verify=false",
            "-u",
            "me",
            "-p",
            "s3cret",
            registry.Host
        );
        await HoldsFilesAsync(await _host.PullAsync($"{registry.Host}/app:v1"), "one", "two");
    }

    [Fact]
    public async Task Tls_of_a_private_ca_is_verified()
    {
        using TestCertificates certificates = new();
        await using DockerRegistry registry = await DockerRegistry.StartAsync(certificates);
        string layout = await MakeImageAsync("amd64");
        _host.Write($"certs.d/{registry.Host}/ca.crt", certificates.AuthorityPem);
        await RunAsync(
            "skopeo",
            "copy",
            "--quiet",
            "--dest-cert-dir",
            _host.In($"certs.d/{registry.Host}"),
            $"oci:{layout}:v1",
            $"docker://{registry.Host}/app:v1"
        );

        await HoldsFilesAsync(await _host.PullAsync($"{registry.Host}/app:v1"), "one", "two");

        File.Delete(_host.In($"certs.d/{registry.Host}/ca.crt"));
        await _host.FailAsync($"{registry.Host}/app:v1", ErrorKind.Unreachable);
    }

    [Fact]
    public async Task An_index_of_two_platforms_gives_each_its_own()
    {
        await using DockerRegistry registry = await DockerRegistry.StartAsync();
        List<(string Type, byte[] Bytes, string Platform)> manifests = [];
        foreach (string architecture in new[] { "amd64", "arm64" })
        {
            string layout = await MakeImageAsync(architecture);
            await RunAsync(
                "skopeo",
                "copy",
                "--quiet",
                "--dest-tls-verify=false",
                $"oci:{layout}:v1",
                $"docker://{registry.Host}/app:{architecture}"
            );
            manifests.Add(
                (MediaTypes.OciManifest, await RawAsync(registry.Host, "app:" + architecture), $"linux/{architecture}")
            );
        }

        using HttpClient http = new();
        using ByteArrayContent index = new(
            FakeImage.Index([.. manifests.Select(m => FakeImage.Descriptor(m.Type, m.Bytes, m.Platform))])
        );
        index.Headers.ContentType = new MediaTypeHeaderValue(MediaTypes.OciIndex);
        using HttpResponseMessage pushed = await http.PutAsync(
            new Uri($"http://{registry.Host}/v2/app/manifests/v1"),
            index
        );
        pushed.EnsureSuccessStatusCode();
        _host.Insecure(registry.Host);

        Assert.Equal(manifests[0].Bytes, (await _host.PullAsync($"{registry.Host}/app:v1")).Manifest);
        Assert.Equal(
            manifests[1].Bytes,
            (await _host.PullAsync($"{registry.Host}/app:v1", new Platform("arm64", "linux"))).Manifest
        );
        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            _host.PullAsync($"{registry.Host}/app:v1", new Platform("s390x", "linux"))
        );
        Assert.Equal(ErrorKind.NotFound, e.Kind);
        Assert.Contains("linux/amd64, linux/arm64", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        await using DockerRegistry registry = await DockerRegistry.StartAsync();
        _host.Insecure(registry.Host);

        SysctrException e = await _host.FailAsync($"{registry.Host}/app:v1", ErrorKind.NotFound);

        Assert.Contains("manifest unknown", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_range_is_honoured_by_the_real_registry()
    {
        await using DockerRegistry registry = await DockerRegistry.StartAsync();
        string layout = await MakeImageAsync("amd64", FakeImage.Noise(2_000_000));
        await RunAsync(
            "skopeo",
            "copy",
            "--quiet",
            "--dest-tls-verify=false",
            $"oci:{layout}:v1",
            $"docker://{registry.Host}/app:v1"
        );

        // A proxy before the real registry that cuts the first answer of each blob in the middle.
        using FakeRegistry proxy = new();
        using HttpClient http = new();
        proxy.Misbehave = r => Forward(http, registry.Host, r);
        _host.Insecure(proxy.Host);

        await HoldsFilesAsync(await _host.PullAsync($"{proxy.Host}/app:v1"), "one", "two");

        Assert.Contains(proxy.Requests, r => r.RangeStart > 900_000);
    }

    private static FakeResponse Forward(HttpClient http, string host, FakeRequest request)
    {
        using HttpRequestMessage message = new(HttpMethod.Get, $"http://{host}{request.Path}");
        foreach (string name in new[] { "accept", "range" })
        {
            if (request.Header(name) is { } value)
            {
                message.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using HttpResponseMessage answer = http.Send(message);
        using MemoryStream body = new();
        answer.Content.ReadAsStream().CopyTo(body);
        FakeResponse response = new(
            (int)answer.StatusCode,
            body.ToArray(),
            answer.Content.Headers.ContentType?.ToString()
        )
        {
            CutAfter = body.Length > 1_000_000 && request.Header("range") is null ? 1_000_000 : null,
        };
        if (answer.Content.Headers.ContentRange is { } range)
        {
            response.Headers["Content-Range"] = range.ToString();
        }

        return response;
    }

    /// <summary>An image of two layers, <c>/one</c> and <c>/two</c>, by umoci.</summary>
    private async Task<string> MakeImageAsync(string architecture, byte[]? content = null)
    {
        string layout = _host.In("image-" + architecture);
        await RunAsync("umoci", "init", "--layout", layout);
        await RunAsync("umoci", "new", "--image", layout + ":v1");
        string bundle = _host.In("bundle-" + architecture);
        await RunAsync("umoci", "unpack", "--image", layout + ":v1", bundle);
        foreach (string name in new[] { "one", "two" })
        {
            // Not umoci insert: version 0.4.7 writes a tar without padding and end.
            File.WriteAllBytes(
                Path.Combine(bundle, "rootfs", name),
                content ?? Encoding.UTF8.GetBytes(name + architecture)
            );
            await RunAsync("umoci", "repack", "--refresh-bundle", "--image", layout + ":v1", bundle);
        }

        await RunAsync(
            "umoci",
            "config",
            "--image",
            layout + ":v1",
            "--architecture",
            architecture,
            "--os",
            "linux",
            "--config.cmd",
            "/bin/app"
        );
        return layout;
    }

    /// <summary>The layers are tar archives of a file each.</summary>
    private async Task HoldsFilesAsync(PulledImage pulled, params string[] names)
    {
        Assert.Equal(names.Length, pulled.DiffIds.Count);
        foreach ((Digest diffId, string name) in pulled.DiffIds.Zip(names))
        {
            string file = _host.In(diffId.Short + ".tar");
            await File.WriteAllBytesAsync(file, _host.Sink.Layers[diffId]);
            Assert.Contains(name, (await RunAsync("tar", "-tf", file)).Split('\n'));
        }
    }

    private static async Task<byte[]> RawAsync(string host, string image) =>
        Encoding.UTF8.GetBytes(
            await RunAsync("skopeo", "inspect", "--raw", "--tls-verify=false", $"docker://{host}/{image}")
        );

    private static async Task<string> InspectAsync(string host, string image, string format) =>
        (
            await RunAsync("skopeo", "inspect", "--tls-verify=false", "--format", format, $"docker://{host}/{image}")
        ).Trim();

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        ProcessResult result = await ProcessRunner.RunAsync(program, arguments, default);
        Assert.True(result.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {result.Output}{result.Error}");
        return result.Output;
    }
}
