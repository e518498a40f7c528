// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using SystemContainers.Errors;
using SystemContainers.Network;
using SystemContainers.Prepared;
using SystemContainers.Settings;
using SystemContainers.State;
using SystemContainers.SystemdText;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Prepared;

/// <summary>A port that somebody listens at is known before anything is changed.</summary>
public sealed class TakenPortsTests
{
    [Theory]
    [InlineData("127.0.0.1:{0}:80", "bridge", true)]
    [InlineData("{0}:80", "bridge", true)]
    [InlineData("127.0.0.1:{0}:80", "host", false)]
    [InlineData("127.0.0.1:{0}:80/udp", "bridge", false)]
    [InlineData("127.0.0.2:{0}:80", "bridge", false)]
    [InlineData("127.0.0.1::80", "bridge", false)]
    [InlineData("203.0.113.7:{0}:80", "bridge", false)]
    public void What_is_taken_is_told_of(string port, string network, bool isTaken)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        string said = string.Format(CultureInfo.InvariantCulture, port, ((IPEndPoint)socket.LocalEndPoint!).Port);
        ContainerSettings settings = new(
            new Dictionary<string, IReadOnlyList<string>> { ["publish"] = [said], ["network"] = [network] }
        );

        (string Said, SysctrException Why)[] found = [.. TakenPorts.Find("web", settings, [], isUsers: false)];

        Assert.Equal(isTaken ? [(said, ErrorKind.Conflict)] : [], found.Select(f => (f.Said, f.Why.Kind)));

        // Its own it may have already, and another's the same call may take away.
        ContainerRecord declared = SampleRecord.Of("db") with
        {
            Declared = new Declaration("/etc/sysctr/containers.d/db.container", []),
            Options = settings.Values,
        };
        ContainerRecord installed = declared with { Declared = null };
        Assert.Empty(TakenPorts.Find("web", settings, [declared], isUsers: false));
        Assert.Empty(TakenPorts.Find("db", settings, [installed], isUsers: false));
        Assert.Equal(isTaken, TakenPorts.Find("web", settings, [installed], isUsers: false).Any());
    }

    /// <summary>As when the command was killed that would have taken it away: a start takes what it had.</summary>
    [Fact]
    [Trait("needs", "root")]
    public void What_a_container_had_that_has_ended_is_free()
    {
        string id = "ended-" + Guid.NewGuid().ToString("N");
        NetworkRecord record = new(
            id,
            NetworkNamespace.PathOf(id),
            new NetavarkInput(
                id,
                id,
                [PublishedPort.Parse("127.0.0.9:64001:80")],
                new Dictionary<string, NetavarkAttachment>(),
                new Dictionary<string, NetworkDefinition>()
            )
        );
        ContainerSettings settings = new(
            new Dictionary<string, IReadOnlyList<string>>
            {
                ["publish"] = ["127.0.0.9:64001:80"],
                ["network"] = ["bridge"],
            }
        );
        using (NetworkRecords.Lock())
        {
            NetworkRecords.Put(record);
        }

        try
        {
            Assert.Empty(TakenPorts.Find("web", settings, [], isUsers: false));
        }
        finally
        {
            NetworkRecords.Remove(id);
        }
    }
}
