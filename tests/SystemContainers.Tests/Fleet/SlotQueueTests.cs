// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Fleet;
using SystemContainers.Fleet.Etcd;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Fleet;

/// <summary>A server that is no etcd, or one that lies; with a real one it is in the RolloutTests of hosts.</summary>
public sealed class SlotQueueTests : IDisposable
{
    private readonly FakeRegistry _server = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _server.Dispose();

    /// <summary>As a gateway of gRPC answers that knows no such path.</summary>
    [Fact]
    public async Task What_knows_no_call_is_asked_once()
    {
        _server.Misbehave = static _ => Answer(404, """{"code":5,"message":"Not Found","details":[]}""");

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(EnterAsync);

        Assert.Equal(ErrorKind.NotFound, e.Kind);
        Assert.Single(_server.Requests);
    }

    [Fact]
    public async Task Leases_that_all_end_at_once_are_not_asked_for_without_end()
    {
        _server.Misbehave = static request =>
            request.Path.EndsWith("/range", StringComparison.Ordinal) ? Answer(200, """{"header":{"revision":"3"}}""")
            : request.Path.EndsWith("/grant", StringComparison.Ordinal) ? Answer(200, """{"ID":"7","TTL":"60"}""")
            : request.Path.EndsWith("/txn", StringComparison.Ordinal)
                ? Answer(404, """{"code":5,"message":"requested lease not found"}""")
            : Answer(200, "{}");

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(EnterAsync);

        Assert.Equal(ErrorKind.NotFound, e.Kind);
        Assert.InRange(_server.Requests.Count, 3, 40);
    }

    [Fact]
    public async Task A_lease_without_an_id_is_none()
    {
        _server.Misbehave = static request =>
            Answer(
                200,
                request.Path.EndsWith("/range", StringComparison.Ordinal) ? """{"header":{"revision":"3"}}""" : "{}"
            );

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(EnterAsync);

        Assert.Equal(ErrorKind.Failed, e.Kind);
        Assert.DoesNotContain(_server.Requests, r => r.Path.EndsWith("/txn", StringComparison.Ordinal));
    }

    /// <summary>Another changes what was read each time, or the server says so.</summary>
    [Fact]
    public async Task Who_never_gets_to_write_gives_up_after_the_time_that_was_set()
    {
        _server.Misbehave = static request =>
            request.Path.EndsWith("/grant", StringComparison.Ordinal)
                ? Answer(200, """{"ID":"7","TTL":"2"}""")
                : Answer(200, """{"header":{"revision":"3"},"succeeded":false}""");

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(EnterAsync);

        Assert.Equal(ErrorKind.Locked, e.Kind);
        Assert.Contains("changed too often", e.Message, StringComparison.Ordinal);
    }

    private async Task EnterAsync()
    {
        using FleetSemaphore semaphore = FleetSemaphore.Open(
            LockReference.Parse($"etcd:{_server.Host}/key?ttl=2"),
            new EtcdSettings()
        );
        await using SlotQueue queue = new(semaphore, "a", "a.example", static _ => { });
        await queue.EnterAsync(TimeSpan.FromSeconds(1), Cancellation);
    }

    private static FakeResponse Answer(int status, string json) =>
        new(status, Encoding.UTF8.GetBytes(json), "application/json");
}
