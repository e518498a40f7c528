// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Fleet.Etcd;
using Xunit;

namespace SystemContainers.Tests.Fleet.Etcd;

public sealed class LockReferenceTests
{
    [Theory]
    [InlineData("etcd:10.0.0.1:2379/rollout", null, "10.0.0.1:2379", "rollout", 1, 60)]
    [InlineData("etcd:a,b:1,c/web/blue?slots=3", null, "a:2379 b:1 c:2379", "web/blue", 3, 60)]
    [InlineData("etcd:https://a:1,b:2/web/?ttl=5&slots=2", "https", "a:1 b:2", "web", 2, 5)]
    [InlineData("etcd:https://a:1,https://b:2/web", "https", "a:1 b:2", "web", 1, 60)]
    [InlineData("etcd:http://[::1]:2379,[fe80::1]/web", "http", "[::1]:2379 [fe80::1]:2379", "web", 1, 60)]
    public void It_names_members_key_and_slots(
        string text,
        string? scheme,
        string endpoints,
        string key,
        int slots,
        int seconds
    )
    {
        LockReference reference = LockReference.Parse(text);

        Assert.Equal(scheme, reference.Scheme);
        Assert.Equal(endpoints, string.Join(' ', reference.Endpoints));
        Assert.Equal(
            (key, slots, TimeSpan.FromSeconds(seconds)),
            (reference.Key, reference.Slots, reference.TimeToLive)
        );
    }

    [Theory]
    [InlineData("consul:a:1/key")]
    [InlineData("etcd:a:1")]
    [InlineData("etcd:a:1/")]
    [InlineData("etcd:/key")]
    [InlineData("etcd:a:port/key")]
    [InlineData("etcd:me:secret@a:1/key")]
    [InlineData("etcd:a:1,/key")]
    [InlineData("etcd:a:1/key?slots=0")]
    [InlineData("etcd:a:1/key?slots=-1")]
    [InlineData("etcd:a:1/key?slots=2&slots=3")]
    [InlineData("etcd:a:1/key?slot=2")]
    [InlineData("etcd:a:1/key?ttl=1")]
    [InlineData("etcd:a:1/key?")]
    public void Anything_else_is_refused(string text) =>
        Assert.Equal(ErrorKind.Usage, Assert.Throws<SysctrException>(() => LockReference.Parse(text)).Kind);
}
