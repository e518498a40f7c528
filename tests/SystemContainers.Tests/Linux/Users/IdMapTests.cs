// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Users;
using Xunit;

namespace SystemContainers.Tests.Linux.Users;

public sealed class IdMapTests
{
    private static readonly IdMap s_map = IdMap.Of(
        1000,
        1001,
        [new IdRange(0, 100000, 10), new IdRange(0, 300000, 5)],
        [new IdRange(0, 200000, 10)]
    );

    [Theory]
    [InlineData(0, 1000)]
    [InlineData(1, 100000)]
    [InlineData(10, 100009)]
    [InlineData(11, 300000)]
    [InlineData(15, 300004)]
    public void The_user_is_root_and_the_ranges_follow(uint inside, uint outside)
    {
        Assert.Equal(outside, s_map.UidOutside(inside));
        Assert.Equal(inside, s_map.UidInside(outside));
    }

    [Fact]
    public void What_is_not_mapped_is_nobodys_outside()
    {
        Assert.Null(s_map.UidInside(1001));
        Assert.Null(s_map.UidInside(100010));
        Assert.Null(s_map.GidInside(1000));
        Assert.Equal(1001u, s_map.GidOutside(0));
    }

    /// <summary>As podman has it (pkg/util, GetKeepIDMapping): below the user the first subordinate ids, above it the
    /// rest.</summary>
    [Theory]
    [InlineData(1000u, uint.MaxValue, "0:100000:10 10:300000:5 1000:1000:1")]
    [InlineData(12u, uint.MaxValue, "0:100000:10 10:300000:2 12:1000:1 13:300002:3")]
    [InlineData(3u, uint.MaxValue, "0:100000:3 3:1000:1 4:100003:7 11:300000:5")]
    [InlineData(0u, uint.MaxValue, "0:1000:1 1:100000:10 11:300000:5")]
    [InlineData(3u, 5u, "0:100000:3 3:1000:1 4:100003:2")]
    [InlineData(3u, 2u, "0:100000:2 3:1000:1")]
    public void The_user_can_be_another_than_root(uint uid, uint size, string map)
    {
        IdMap kept = s_map.Keeping(uid, uid, size);

        Assert.Equal(map, string.Join(' ', kept.Then(s_map).Uids.Select(r => $"{r.Inside}:{r.Outside}:{r.Count}")));

        // And back: what the host has is what it was in the user's namespace.
        IdMap back = kept.Then(s_map).Then(s_map.Inverse);
        Assert.All(
            Enumerable.Range(0, 16).Where(id => kept.HasUid(id)),
            id => Assert.Equal(kept.UidOutside((uint)id), back.UidOutside((uint)id))
        );
    }

    [Fact]
    public void The_kernels_file_is_read() =>
        Assert.Equal(
            [new IdRange(0, 1000, 1), new IdRange(1, 100000, 65536)],
            IdMap.Parse("         0       1000          1\n         1     100000      65536\n")
        );

    [Fact]
    public void Ranges_are_the_users_by_name_or_number()
    {
        const string file =
            "alice:100000:65536\nbob:165536:65536\n1000:300000:10\nalice:broken:1\n# alice:1:1\nalice:400000:0\n";

        Assert.Equal(
            [new IdRange(0, 100000, 65536), new IdRange(0, 300000, 10)],
            SubordinateIds.Parse(file, "alice", 1000)
        );
        Assert.Equal([new IdRange(0, 165536, 65536)], SubordinateIds.Parse(file, "bob", 1001));
        Assert.Empty(SubordinateIds.Parse(file, "carol", 1002));
    }

    [Theory]
    [InlineData("passwd: files\n", null)]
    [InlineData("subid: files\n", null)]
    [InlineData("# subid: sss\nsubid:\tsss files # from the directory\n", "sss")]
    public void Ranges_are_where_nsswitch_says(string text, string? source) =>
        Assert.Equal(source, SubordinateIds.Source(text));

    [Fact]
    public void The_answer_of_getsubids_is_read() =>
        Assert.Equal(
            [new IdRange(0, 100000, 65536), new IdRange(0, 300000, 10)],
            SubordinateIds.ParseAnswer("0: alice 100000 65536\n1: alice 300000 10\n")
        );

    [Fact]
    public void A_namespace_of_one_id_has_nobody_else()
    {
        IdMap single = IdMap.Of(1000, 1001, [], []);

        Assert.Equal(
            (true, true, false, false),
            (single.IsSingle, single.HasUid(0), single.HasUid(1), single.HasGid(1001))
        );
        Assert.Equal((false, true, false), (s_map.IsSingle, s_map.HasUid(15), s_map.HasUid(16)));
    }
}
