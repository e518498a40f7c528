// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Conversion;
using SystemContainers.Conversion.Files;
using SystemContainers.Errors;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests.Conversion;

/// <summary>Containers that podman has.</summary>
public sealed class PodmanContainerTests
{
    [Fact]
    public void The_command_that_created_it_is_translated()
    {
        ConvertedFiles files = PodmanContainer.Translate(
            "web",
            """[{"Name":"/web","ImageName":"reg.example.com/img:latest","Config":{"CreateCommand":["podman","run","-d","-e","A","-v","./x:/y","img","a b"],"Env":["A=1=2"],"Labels":{"PODMAN_SYSTEMD_UNIT":"web.service"}}}]""",
            null,
            isUser: false
        );

        Assert.Equal("web.container", files.All[0].Name);
        Assert.Equal("reg.example.com/img:latest", Assert.Single(RoundTrip.Read(files).Containers).Request.Image);
        Assert.Equal(["A=1=2"], RoundTrip.Settings(files).All("env"));
        Assert.Equal(["a b"], RoundTrip.Settings(files).All("command"));
        Assert.Contains(files.Findings, f => f.Text.Contains("web.service", StringComparison.Ordinal));
        Assert.Contains(files.Findings, f => f.Text.Contains("does not keep the directory", StringComparison.Ordinal));
        Assert.Equal("", RoundTrip.Lost(files));
    }

    [Theory]
    [InlineData("""[{"Name":"web","Config":{}}]""", ErrorKind.Usage, "over its API")]
    [InlineData("""[{"Name":"web","Config":{"CreateCommand":null}}]""", ErrorKind.Usage, "over its API")]
    [InlineData(
        """[{"Name":"web","Config":{"CreateCommand":["podman","start","x"]}}]""",
        ErrorKind.Usage,
        "makes no container"
    )]
    [InlineData("[]", ErrorKind.Corrupt, "what podman says")]
    [InlineData("{}", ErrorKind.Corrupt, "what podman says")]
    [InlineData("nonsense", ErrorKind.Corrupt, "what podman says")]
    public void What_podman_does_not_know_is_told(string inspected, ErrorKind kind, string why)
    {
        SysctrException e = Assert.Throws<SysctrException>(() =>
            PodmanContainer.Translate("web", inspected, null, isUser: false)
        );

        Assert.Equal(kind, e.Kind);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    /// <summary>It is created of an empty image, and never run.</summary>
    [Fact]
    [Trait("needs", "programs")]
    [Trait("needs", "root")]
    public async Task A_container_of_a_real_podman_is_translated()
    {
        await Packages.EnsureAsync();
        string name = $"sysctr-test-{Guid.NewGuid():N}";
        string empty = Path.GetTempFileName();
        File.WriteAllBytes(empty, new byte[1024]);
        try
        {
            await Command.MustAsync("podman", "import", "-q", empty, $"localhost/{name}");
            await Command.MustAsync(
                "podman",
                "create",
                "--name",
                name,
                "-p",
                "80:8080",
                "--env",
                "A=b c",
                "-v",
                $"{name}:/d",
                "--memory",
                "1g",
                $"localhost/{name}",
                "/bin/x",
                "50%"
            );

            ConvertedFiles files = await PodmanContainer.TranslateAsync(
                name,
                null,
                isUser: false,
                TestContext.Current.CancellationToken
            );

            Assert.Equal([name + ".container", name + ".volume"], files.All.Select(f => f.Name));
            Assert.Equal(["A=b c"], RoundTrip.Settings(files).All("env"));
            Assert.Equal(["/bin/x", "50%"], RoundTrip.Settings(files).All("command"));
            Assert.Equal(["80:8080"], RoundTrip.Settings(files).All("publish"));
            Assert.Equal(
                ErrorKind.NotFound,
                (
                    await Assert.ThrowsAsync<SysctrException>(() =>
                        PodmanContainer.TranslateAsync(name + "-no", null, isUser: false, default)
                    )
                ).Kind
            );
        }
        finally
        {
            await Command.RunAsync(["podman", "rm", "-f", "-v", name]);
            await Command.RunAsync(["podman", "rmi", "-f", $"localhost/{name}"]);
            await Command.RunAsync(["podman", "volume", "rm", name]);
            File.Delete(empty);
        }
    }
}
