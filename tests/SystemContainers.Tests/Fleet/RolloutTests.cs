// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Fleet;
using SystemContainers.Fleet.Etcd;
using Xunit;

namespace SystemContainers.Tests.Fleet;

/// <summary>What a host reads out of etcd's answer.</summary>
public sealed class RolloutTests
{
    [Fact]
    public void Hosts_are_in_the_order_in_which_they_came()
    {
        Rollout rollout = Read(
            Host("b", 7, "waiting"),
            Alive("b"),
            Host("a", 9, "waiting"),
            Alive("a"),
            Host("c", 3, "switching"),
            Alive("c")
        );

        Assert.Equal(["c", "b", "a"], rollout.Hosts.Select(h => h.Id));
        Assert.Equal(["c", "b"], rollout.Before(rollout.Find("a")!).Select(h => h.Id));
        Assert.Empty(rollout.Holders);
    }

    [Theory]
    [InlineData("waiting", false, false)]
    [InlineData("preparing", false, false)]
    [InlineData("switching", true, false)]
    [InlineData("switching", false, true)]
    [InlineData("failed", true, true)]
    [InlineData("failed", false, true)]
    public void Failed_and_cut_off_hosts_hold_it(string state, bool alive, bool holds)
    {
        Rollout rollout = alive ? Read(Host("a", 1, state), Alive("a")) : Read(Host("a", 1, state));

        Assert.Equal(holds, rollout.Holders.Any());
    }

    [Fact]
    public void A_record_that_nobody_of_us_wrote_is_named() =>
        Assert.Equal(
            (ErrorKind.Corrupt, "if nobody needs it: etcdctl del key/hosts/x"),
            Assert.Throws<SysctrException>(() => Read(new KeyValue("key/hosts/x"u8.ToArray(), "yes"u8.ToArray())))
                is { } e
                ? (e.Kind, e.Hint)
                : default
        );

    [Fact]
    public void A_key_that_is_there_twice_counts_once() =>
        Assert.Equal(["a"], Read(Host("a", 1, "failed"), Host("a", 2, "waiting")).Holders.Select(h => h.Id));

    [Fact]
    public void A_range_below_a_prefix_ends_before_the_next_one()
    {
        KeyRange range = EtcdClient.Below("key/");

        Assert.Equal(("key/", "key0"), (Encoding.UTF8.GetString(range.Key), Encoding.UTF8.GetString(range.RangeEnd!)));
    }

    private static Rollout Read(params KeyValue[] pairs) =>
        Rollout.Read("key", new RangeResponse(new ResponseHeader(11), pairs));

    private static KeyValue Host(string id, long created, string state) =>
        new(
            Encoding.UTF8.GetBytes($"key/hosts/{id}"),
            Encoding.UTF8.GetBytes(
                $$"""{"host":"{{id}}.example","state":"{{state}}","since":"2026-11-24T10:00:00Z"}"""
            ),
            created,
            created
        );

    private static KeyValue Alive(string id) =>
        new(Encoding.UTF8.GetBytes($"key/alive/{id}"), "1"u8.ToArray(), Lease: 5);
}
