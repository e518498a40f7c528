// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Runtime.Launch;
using Xunit;

namespace SystemContainers.Tests.Runtime.Launch;

/// <summary>Where a payload can't put a link in the way of its process id.</summary>
public sealed class PidFilePlaceTests : IDisposable
{
    private readonly string _base = Directory.CreateTempSubdirectory("sysctr-pid-").FullName;

    public PidFilePlaceTests()
    {
        Directory.CreateDirectory(_base + "/own/deep");
        Directory.CreateSymbolicLink(_base + "/alias", _base + "/own");
    }

    public void Dispose() => Directory.Delete(_base, recursive: true);

    [Theory]
    [InlineData("own", "rw", "own/x.pid")]
    [InlineData("own", "rbind", "own/deep/x.pid")]
    [InlineData("own", "rbind", "own/not-there/x.pid")]
    [InlineData("alias", "rw", "own/x.pid")]
    [InlineData("own", "rw", "alias/x.pid")]
    public void What_the_container_writes_to_is_none(string source, string option, string pidFile)
    {
        SysctrException e = Assert.Throws<SysctrException>(() => Require($"{_base}/{source}", option, pidFile));

        Assert.Equal(ErrorKind.Unsafe, e.Kind);
        Assert.Contains(pidFile, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("own", "ro", "own/x.pid")]
    [InlineData("own", "rw", "x.pid")]
    [InlineData("own", "rw", "owner/x.pid")]
    public void All_else_is_one(string source, string option, string pidFile) =>
        Require($"{_base}/{source}", option, pidFile);

    /// <summary>The last word of a mount counts, and a file may be given by itself.</summary>
    [Fact]
    public void What_is_given_to_write_in_another_way_is_refused()
    {
        JsonObject document = Document($"{_base}/own", "ro");
        document["mounts"]![0]!["options"]!.AsArray().Add("rw");

        Assert.Throws<SysctrException>(() => PidFilePlace.Require(document, "web", $"{_base}/own/x.pid"));
        Assert.Throws<SysctrException>(() => Require($"{_base}/own/x.pid", "rw", "own/x.pid"));
        Require($"{_base}/own", "rro", "own/x.pid");
    }

    /// <summary>Whoever has all of /run is asked for as what it is, a right.</summary>
    [Theory]
    [InlineData("/run")]
    [InlineData("/")]
    [InlineData("tmpfs")]
    public void The_usual_place_is_one_whatever_is_mounted(string source) =>
        PidFilePlace.Require(Document(source, "rw"), "web", "/run/container-web.pid");

    private void Require(string source, string option, string pidFile) =>
        PidFilePlace.Require(Document(source, option), "web", $"{_base}/{pidFile}");

    private static JsonObject Document(string source, string option) =>
        new()
        {
            ["mounts"] = new JsonArray(
                new JsonObject
                {
                    ["destination"] = "/data",
                    ["source"] = source,
                    ["options"] = new JsonArray("bind", option),
                }
            ),
        };
}
