// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using SystemContainers.Fleet.Etcd;
using Xunit;

namespace SystemContainers.Tests.Fleet.Etcd;

/// <summary>What a watch's stream tells, of an etcd and of what is none.</summary>
public sealed class EtcdClientTests
{
    private const string Created = """{"result":{"header":{"revision":"7"},"created":true}}""" + "\n";

    [Theory]
    [InlineData(Created + """{"result":{"header":{"revision":"8"},"events":[{"kv":{}}]}}""" + "\n", true)]
    [InlineData(Created + """{"result":{"canceled":true,"compact_revision":"9"}}""" + "\n", true)]
    [InlineData("""{"error":{"grpc_code":14,"message":"no leader"}}""" + "\n", false)]
    [InlineData(Created, false)]
    [InlineData("", false)]
    public async Task A_line_tells_of_a_change(string lines, bool changed) =>
        Assert.Equal(changed, await ReadAsync(lines));

    [Fact]
    public async Task A_line_without_an_end_is_not_read_to_it()
    {
        using MemoryStream stream = new(Encoding.UTF8.GetBytes(Created + new string('x', 10 << 20)));

        Assert.True(await EtcdClient.ReadChangeAsync(stream, TestContext.Current.CancellationToken));
        Assert.InRange(stream.Position, 1, 1 << 20);
    }

    [Fact]
    public async Task What_is_no_watch_is_told_apart() =>
        await Assert.ThrowsAsync<JsonException>(() => ReadAsync("<html>\n"));

    private static async Task<bool> ReadAsync(string lines)
    {
        using MemoryStream stream = new(Encoding.UTF8.GetBytes(lines));
        return await EtcdClient.ReadChangeAsync(stream, TestContext.Current.CancellationToken);
    }
}
