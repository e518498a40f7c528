// SPDX-License-Identifier: Apache-2.0

using System.Formats.Tar;
using System.Text.Json;
using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Bundle.RuntimeSpec;
using SystemContainers.Errors;
using SystemContainers.Linux.Processes;
using SystemContainers.Tests.Render;
using Xunit;

namespace SystemContainers.Tests.Bundle;

/// <summary>The conversion of the host's seccomp profile, against podman's own and rule by rule.</summary>
public sealed class SeccompFilterTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("render-seccomp-").FullName;

    public void Dispose()
    {
        // podman's monitor cleans up after the container in a process of its own, which we cannot wait for.
        for (int attempt = 0; Directory.Exists(_directory); attempt++)
        {
            try
            {
                Directory.Delete(_directory, recursive: true);
            }
            catch (IOException) when (attempt < 50)
            {
                Thread.Sleep(100);
            }
        }
    }

    [Fact]
    [Trait("needs", "programs")]
    public async Task It_is_what_podman_gives_a_container_with_the_same_capabilities()
    {
        HostFacts host = HostFacts.Read();
        string[] capabilities = [.. Capabilities.ContainerDefaults.Where(host.Capabilities.Contains)];

        JsonNode theirs = await PodmanConfigAsync();

        JsonNode ours = JsonSerializer.SerializeToNode(
            SeccompFilter.For(host, capabilities)!,
            RuntimeJson.Default.SeccompConfig
        )!;
        Assert.Equal(
            capabilities.Order(StringComparer.Ordinal),
            theirs["process"]!["capabilities"]!["bounding"]!
                .AsArray()
                .Select(c => (string)c!)
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal(theirs["linux"]!["seccomp"]!.ToJsonString(), ours.ToJsonString());
    }

    [Theory]
    [InlineData("""{"includes": {"caps": ["CAP_SYS_TIME"]}}""", false)]
    [InlineData("""{"includes": {"caps": ["CAP_CHOWN"]}}""", true)]
    [InlineData("""{"includes": {"caps": ["CAP_CHOWN", "CAP_SYS_TIME"]}}""", false)]
    [InlineData("""{"excludes": {"caps": ["CAP_CHOWN", "CAP_SYS_TIME"]}}""", false)]
    [InlineData("""{"excludes": {"caps": ["CAP_SYS_TIME"]}}""", true)]
    [InlineData("""{"includes": {"arches": ["arm64", "amd64"]}}""", true)]
    [InlineData("""{"includes": {"arches": ["arm64"]}}""", false)]
    [InlineData("""{"excludes": {"arches": ["amd64"]}}""", false)]
    [InlineData("""{"includes": {"minKernel": "6.1"}}""", true)]
    [InlineData("""{"includes": {"minKernel": "6.10"}}""", false)]
    [InlineData("""{"excludes": {"minKernel": "4.8"}}""", false)]
    [InlineData("""{"includes": {}, "excludes": {}}""", true)]
    public void Conditions_decide(string rule, bool kept)
    {
        JsonObject full = JsonNode.Parse(rule)!.AsObject();
        full["names"] = new JsonArray("read");
        full["action"] = "SCMP_ACT_ALLOW";
        HostFacts host = RenderRequests.Host with { SeccompProfile = Profile(full) };

        SeccompConfig filter = SeccompFilter.For(host, ["CAP_CHOWN"])!;

        Assert.Equal(kept ? 1 : 0, filter.Syscalls.Count);
    }

    [Fact]
    public void A_profile_that_does_not_parse_is_an_error_and_not_no_filter()
    {
        HostFacts host = RenderRequests.Host with
        {
            SeccompProfile = new SeccompFile("/etc/containers/seccomp.json", "{\"syscalls\": []}"u8.ToArray()),
        };

        SysctrException refused = Assert.Throws<SysctrException>(() => SeccompFilter.For(host, []));

        Assert.Equal(ErrorKind.Host, refused.Kind);
        Assert.Contains("/etc/containers/seccomp.json", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_profile_the_built_in_one_is_applied()
    {
        SeccompConfig filter = SeccompFilter.For(RenderRequests.Host, [])!;

        Assert.Equal("SCMP_ACT_ERRNO", filter.DefaultAction);
        Assert.Contains(filter.Syscalls, s => s.Action == "SCMP_ACT_ALLOW" && s.Names.Contains("execve"));
    }

    [Fact]
    public void A_kernel_without_seccomp_gets_no_built_in_filter_but_the_host_s_own_word_stands()
    {
        HostFacts host = RenderRequests.Host with { HasSeccomp = false };

        Assert.Null(SeccompFilter.For(host, []));
        Assert.NotNull(SeccompFilter.For(host with { SeccompProfile = Profile([]) }, []));
    }

    private static SeccompFile Profile(params JsonNode[] rules) =>
        new(
            "/usr/share/containers/seccomp.json",
            JsonSerializer.SerializeToUtf8Bytes(
                new JsonObject { ["defaultAction"] = "SCMP_ACT_ERRNO", ["syscalls"] = new JsonArray(rules) }
            )
        );

    /// <summary>The config.json that podman writes for a container that it prepares and does not run.</summary>
    private async Task<JsonNode> PodmanConfigAsync()
    {
        string tar = Path.Combine(_directory, "image.tar");
        await using (TarWriter writer = new(File.Create(tar)))
        {
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.Directory, "etc/"));
        }

        await PodmanAsync("import", tar, "localhost/seccomp");
        await PodmanAsync(
            "create",
            "--network",
            "host",
            "--ulimit",
            "host",
            "--name",
            "probe",
            "localhost/seccomp",
            "/bin/true"
        );
        // The runtime then fails, for there is no program; the configuration has been written by then.
        await PodmanAsync("init", "probe");
        string config = Directory.GetFiles(_directory, "config.json", SearchOption.AllDirectories).Single();
        JsonNode document = JsonNode.Parse(await File.ReadAllTextAsync(config))!;
        await PodmanAsync("rm", "--force", "probe");
        return document;
    }

    private async Task PodmanAsync(params string[] arguments) =>
        await ProcessRunner.RunAsync(
            "podman",
            [
                "--root",
                Path.Combine(_directory, "root"),
                "--runroot",
                Path.Combine(_directory, "run"),
                "--storage-driver",
                "vfs",
                "--cgroup-manager",
                "cgroupfs",
                .. arguments,
            ],
            CancellationToken.None
        );
}
