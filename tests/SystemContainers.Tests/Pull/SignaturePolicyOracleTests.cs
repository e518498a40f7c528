// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Processes;
using SystemContainers.Pull.Trust;
using SystemContainers.Reference;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Pull;

/// <summary>
/// The same policy.json and image given to skopeo: what it refuses, file or image, is refused here. Hosts are this
/// machine's address, whose last parts a wildcard can stand before as well as those of a name.
/// </summary>
[Trait("needs", "programs")]
public sealed class SignaturePolicyOracleTests : IDisposable
{
    private const string Accept = """[{"type":"insecureAcceptAnything"}]""";
    private const string Reject = """[{"type":"reject"}]""";

    private readonly FakeRegistry _registry = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("sysctr-oracle-").FullName;

    public SignaturePolicyOracleTests()
    {
        new FakeImage().PushTo(_registry, "1");
        _registry.Misbehave = static r => r.Path == "/v2/" ? new FakeResponse() : null;
    }

    private enum Verdict
    {
        FileRefused,
        Rejected,
        Accepted,
    }

    public void Dispose()
    {
        _registry.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task An_image_of_a_registry_is_judged_as_skopeo_judges_it()
    {
        string image = $"{_registry.Host}/team/app:1";
        string[] scopes =
        [
            "",
            _registry.Host,
            $"{_registry.Host}/team",
            $"{_registry.Host}/team/app",
            image,
            $"{_registry.Host}/tea",
            $"{_registry.Host}/team/app:2",
            "127.0.0.1",
            "127.0.0.1:1",
            "*.0.0.1",
            "*.0.1",
            "*.1",
            "*.127.0.0.1",
            "quay.io",
        ];
        int wildcards = 0;
        foreach ((string general, string special) in ((string, string)[])[(Accept, Reject), (Reject, Accept)])
        {
            foreach (string scope in scopes)
            {
                Verdict ours = Compare(
                    await SkopeoAsync("docker", scope, general, special, $"docker://{image}"),
                    "docker",
                    scope,
                    general,
                    special,
                    image
                );
                wildcards +=
                    scope.StartsWith("*.", StringComparison.Ordinal)
                    && ours == (special == Accept ? Verdict.Accepted : Verdict.Rejected)
                        ? 1
                        : 0;
            }
        }

        // So that not all of them were passed over by both: a wildcard holds a host with a port.
        Assert.Equal(6, wildcards);
    }

    [Fact]
    public async Task A_layout_is_judged_as_skopeo_judges_it()
    {
        string layout = Path.Combine(_directory, "images/app");
        Directory.CreateDirectory(Path.GetDirectoryName(layout)!);
        await RunAsync(
            "skopeo",
            "--insecure-policy",
            "copy",
            "--src-tls-verify=false",
            $"docker://{_registry.Host}/team/app:1",
            $"oci:{layout}:1"
        );
        string[] scopes =
        [
            "",
            layout,
            Path.Combine(_directory, "images"),
            _directory,
            "/",
            layout + "/",
            _directory + "//images",
            _directory + "/./images",
            layout + "/../app",
            "images/app",
            "app",
            layout[..^1],
            "*",
        ];
        foreach ((string general, string special) in ((string, string)[])[(Accept, Reject), (Reject, Accept)])
        {
            foreach (string scope in scopes)
            {
                Compare(
                    await SkopeoAsync("oci", scope, general, special, $"oci:{layout}:1"),
                    "oci",
                    scope,
                    general,
                    special,
                    $"oci:{layout}:1"
                );
            }
        }
    }

    [Theory]
    [InlineData("oci-archive", "x.tar")]
    [InlineData("oci-archive", "/x.tar")]
    [InlineData("docker-archive", "")]
    [InlineData("docker-archive", "/x.tar")]
    [InlineData("docker-archive", "docker.io/library/x:1")]
    [InlineData("dir", "/x")]
    [InlineData("dir", "x")]
    [InlineData("dir", "/x/")]
    [InlineData("dir", "/")]
    [InlineData("tarball", "/x")]
    [InlineData("docker-daemon", "docker.io/library/x:1")]
    [InlineData("docker-daemon", "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("containers-storage", "docker.io/library/x")]
    [InlineData("containers-storage", "[/var/lib/x]")]
    [InlineData("containers-storage", "[overlay@/var/lib/x]docker.io/library/x")]
    [InlineData("containers-storage", "[x]")]
    [InlineData("atomic", "example.com:5000/ns/x:1")]
    [InlineData("sif", "/x")]
    [InlineData("sif", "x")]
    [InlineData("unheard-of", "x")]
    public async Task A_file_with_scopes_of_other_transports_is_taken_or_refused_as_skopeo_does(
        string transport,
        string scope
    )
    {
        string image = $"{_registry.Host}/team/app:1";

        Compare(
            await SkopeoAsync(transport, scope, Accept, Reject, $"docker://{image}"),
            transport,
            scope,
            Accept,
            Reject,
            image
        );
    }

    private Verdict Compare(
        Verdict skopeo,
        string transport,
        string scope,
        string general,
        string special,
        string image
    )
    {
        Verdict ours;
        try
        {
            SignaturePolicy policy = SignaturePolicy.Load(Write(transport, scope, general, special));
            try
            {
                policy.Check(ImageReference.Parse(image));
                ours = Verdict.Accepted;
            }
            catch (SysctrException e) when (e.Kind == ErrorKind.Policy)
            {
                ours = Verdict.Rejected;
            }
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Policy)
        {
            ours = Verdict.FileRefused;
        }

        Assert.True(ours == skopeo, $"{transport} \"{scope}\" {special} in {general}: {ours} here, {skopeo} by skopeo");
        return ours;
    }

    private async Task<Verdict> SkopeoAsync(
        string transport,
        string scope,
        string general,
        string special,
        string source
    )
    {
        string target = Path.Combine(_directory, Guid.NewGuid().ToString("N"));
        ProcessResult result = await ProcessRunner.RunAsync(
            "skopeo",
            [
                "--policy",
                Write(transport, scope, general, special),
                "copy",
                "--src-tls-verify=false",
                source,
                "dir:" + target,
            ],
            TestContext.Current.CancellationToken
        );
        return result.ExitCode == 0 ? Verdict.Accepted
            : result.Error.Contains("rejected by policy", StringComparison.OrdinalIgnoreCase) ? Verdict.Rejected
            : result.Error.Contains("invalid policy", StringComparison.Ordinal) ? Verdict.FileRefused
            : throw new InvalidOperationException(result.Error);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        ProcessResult result = await ProcessRunner.RunAsync(program, arguments, TestContext.Current.CancellationToken);
        Assert.True(result.ExitCode == 0, result.Error);
    }

    private string Write(string transport, string scope, string general, string special)
    {
        string file = Path.Combine(_directory, "policy.json");
        File.WriteAllText(
            file,
            "{\"default\":" + general + ",\"transports\":{\"" + transport + "\":{\"" + scope + "\":" + special + "}}}"
        );
        return file;
    }
}
