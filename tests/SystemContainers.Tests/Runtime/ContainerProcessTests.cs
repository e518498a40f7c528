// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Runtime;
using Xunit;

namespace SystemContainers.Tests.Runtime;

public sealed class ContainerProcessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sysctr-process-").FullName;

    /// <summary>A command that ends tells systemd that it stops; that is not the payload's word.</summary>
    [Fact]
    public void A_command_does_not_speak_to_systemd_for_the_payload()
    {
        string config = Path.Combine(_folder, "config.json");
        File.WriteAllText(
            config,
            """{"process":{"args":["x"],"env":["A=1","NOTIFY_SOCKET=/run/notify","WATCHDOG_USEC=5","LISTEN_FDS=2","REMOTE_ADDR=::1"]}}"""
        );

        JsonObject document = ContainerProcess.Read(config);

        Assert.Equal("""["A=1"]""", document["process"]!["env"]!.ToJsonString());
    }

    [Fact]
    public void Secrets_among_the_variables_are_nobody_else_s()
    {
        JsonObject document = new() { ["process"] = new JsonObject { ["env"] = new JsonArray("PASSWORD=x") } };

        string file = ContainerProcess.Write(_folder, document, terminal: false, user: null);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    /// <summary>A start is under way: no defect, and the next try may do.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("{\"process\":")]
    public void A_container_that_is_being_started_anew_is_said_so(string? content)
    {
        string config = Path.Combine(_folder, "config.json");
        if (content is not null)
        {
            File.WriteAllText(config, content);
        }

        Assert.Equal(ErrorKind.Unit, Assert.Throws<SysctrException>(() => ContainerProcess.Read(config)).Kind);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
