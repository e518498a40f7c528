// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Users;
using SystemContainers.Settings.Ids;
using Xunit;

namespace SystemContainers.Tests.Settings.Ids;

/// <summary>Maps of user namespaces, as podman-run(1) has --uidmap and --userns.</summary>
public sealed class IdMapSettingTests
{
    [Theory]
    [InlineData("0:1000000:65536", "0:1000000:65536")]
    [InlineData("5:9", "5:9:1")]
    [InlineData("0:1000000:65535 +70:10004:1", "0:1000000:70 70:10004:1 71:1000071:65464")]
    [InlineData("+70:10004 0:1000000:100", "0:1000000:70 70:10004:1 71:1000071:29")]
    [InlineData("0:100:10 +20:105:2", "0:100:5 7:107:3 20:105:2")]
    [InlineData("0:100:10 +0:500:10", "0:500:10")]
    [InlineData("u0:1:1 g0:2:1", "0:1:1")]
    [InlineData("ug0:1:1", "0:1:1")]
    [InlineData("+1000:@1000", "1000:1000:1")]
    public void Values_make_one_map_together(string values, string map) =>
        Assert.Equal(
            map,
            string.Join(
                ' ',
                IdMapSetting.Join(values.Split(' '), ofGroups: false).Select(r => $"{r.Inside}:{r.Outside}:{r.Count}")
            )
        );

    [Fact]
    public void A_flag_says_of_whom_a_map_is() =>
        Assert.Equal(2u, Assert.Single(IdMapSetting.Join(["u0:1:1", "g0:2:1"], ofGroups: true)).Outside);

    [Theory]
    [InlineData("0")]
    [InlineData("0:1:0")]
    [InlineData("0:1:2:3")]
    [InlineData("-1:1:2")]
    [InlineData("0:4294967295:1")]
    [InlineData("0:4294967290:10")]
    [InlineData("0:@:1")]
    [InlineData("@0:1:1")]
    [InlineData("x0:1:1")]
    [InlineData("")]
    public void What_is_no_map_is_refused(string value) =>
        Assert.Throws<FormatException>(() => IdMapSetting.Parse(value));

    [Theory]
    [InlineData("0:100:10 5:500:10")]
    [InlineData("0:100:10 20:105:1")]
    public void Two_maps_of_one_id_are_refused(string values) =>
        Assert.Throws<FormatException>(() => IdMapSetting.Join(values.Split(' '), ofGroups: false));

    [Theory]
    [InlineData("host", "Host")]
    [InlineData("keep-id", "KeepId")]
    [InlineData("keep-id:uid=200,gid=210", "KeepId")]
    [InlineData("auto", "Auto")]
    [InlineData("auto:size=2048,uidmapping=0:7:1", "Auto")]
    public void A_mode_has_its_options(string text, string mode) =>
        Assert.Equal(mode, UserNamespaceSetting.ParseMode(text).Mode.ToString());

    [Theory]
    [InlineData("nomap")]
    [InlineData("ns:/proc/1/ns/user")]
    [InlineData("container:other")]
    [InlineData("auto:size=0")]
    [InlineData("keep-id:uid=x")]
    [InlineData("host:x")]
    [InlineData("nobody")]
    public void Another_mode_is_refused(string text) =>
        Assert.Throws<FormatException>(() => UserNamespaceSetting.ParseMode(text));

    [Theory]
    [InlineData("private", "", "", null, "--userns=private")]
    [InlineData("auto", "0:1:1", "", null, "--userns=auto")]
    [InlineData(null, "0:1:1", "", "me", "subuid(5)")]
    [InlineData(null, "5:1:1", "", null, "no root")]
    [InlineData(null, "0:1:1", "1:1:1", null, "no root")]
    public void What_contradicts_itself_is_refused(
        string? mode,
        string uids,
        string gids,
        string? users,
        string said
    ) =>
        Assert.Contains(
            said,
            Assert
                .Throws<SysctrException>(() =>
                    UserNamespaceSetting.Of(
                        mode,
                        uids.Split(' ', StringSplitOptions.RemoveEmptyEntries),
                        gids.Split(' ', StringSplitOptions.RemoveEmptyEntries),
                        users,
                        null
                    )
                )
                .Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void One_map_serves_users_and_groups() =>
        Assert.Equal(
            7u,
            Assert.Single(UserNamespaceSetting.Of(null, ["0:7:10"], [], null, null).Maps(null).Gids).Outside
        );

    /// <summary>As podman's pkg/util/utils.go has it of a user 1000 with the subordinate ids 100000:65536: an @ is an
    /// id of the host's, a + of the first lets the rest be filled up, and other numbers count from the user
    /// on.</summary>
    [Theory]
    [InlineData("+1000:@1000", "0:1:1000 1000:0:1 1001:1001:64536")]
    [InlineData("+0:@100004:2", "0:5:2 2:0:5 7:7:65530")]
    [InlineData("+1000:@1000 +2000:@100000", "0:2:1000 1000:0:1 1001:1002:999 2000:1:1 2001:2001:63536")]
    [InlineData("0:1:10 +5:@1000", "0:1:5 5:0:1 6:7:4")]
    [InlineData("0:@99999:2", null)]
    [InlineData("0:@1000:2", null)]
    [InlineData("0:65530:100", null)]
    public void A_user_s_map_is_of_the_user_s_ids(string values, string? map)
    {
        IdRange[] callers = [new(0, 1000, 1), new(1, 100000, 65536)];

        string? made;
        try
        {
            made = string.Join(
                ' ',
                IdMapSetting
                    .Join(values.Split(' '), ofGroups: false, callers)
                    .Select(r => $"{r.Inside}:{r.Outside}:{r.Count}")
            );
        }
        catch (FormatException)
        {
            made = null;
        }

        Assert.Equal(map, made);
    }
}
