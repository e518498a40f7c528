// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Errors;
using SystemContainers.Linux.Users;

namespace SystemContainers.Settings.Ids;

/// <summary>What <c>--userns</c>, <c>--uidmap</c>, <c>--gidmap</c>, <c>--subuidname</c> and <c>--subgidname</c> say
/// together (podman-run(1)).</summary>
/// <param name="Mode">Whose users they are.</param>
sealed record UserNamespaceSetting(UserNamespaceMode Mode)
{
    private const string Uidmap = "uidmap";

    private const string Gidmap = "gidmap";

    /// <summary>Of <see cref="UserNamespaceMode.Auto"/>: what is fixed of it.</summary>
    public IReadOnlyList<IdRange> Uids { get; private init; } = [];

    /// <summary>The same of groups.</summary>
    public IReadOnlyList<IdRange> Gids { get; private init; } = [];

    private IReadOnlyList<string> UidMaps { get; init; } = [];

    private IReadOnlyList<string> GidMaps { get; init; } = [];

    /// <summary>Of <see cref="UserNamespaceMode.Auto"/>: how many ids; null for as many as the image needs. Of
    /// <see cref="UserNamespaceMode.KeepId"/> how many a user's at most; null for all.</summary>
    public uint? Size { get; private init; }

    /// <summary>Of <see cref="UserNamespaceMode.KeepId"/>: who the caller is inside, and the payload's user where no
    /// other is said; null for the same as outside.</summary>
    public uint? Uid { get; private init; }

    /// <summary>The same of the group.</summary>
    public uint? Gid { get; private init; }

    /// <summary>Whose subordinate users (subuid(5)); null where maps say it.</summary>
    public string? SubordinateUsers { get; private init; }

    /// <summary>Whose subordinate groups.</summary>
    public string? SubordinateGroups { get; private init; }

    /// <summary>Reads them; each has passed its check.</summary>
    /// <param name="mode">Of <c>--userns</c>; null where it was not said, as with the others.</param>
    /// <param name="uids">Of <c>--uidmap</c>.</param>
    /// <param name="gids">Of <c>--gidmap</c>.</param>
    /// <param name="users">Of <c>--subuidname</c>.</param>
    /// <param name="groups">Of <c>--subgidname</c>.</param>
    /// <exception cref="SysctrException">Usage: two contradict each other.</exception>
    public static UserNamespaceSetting Of(
        string? mode,
        IReadOnlyList<string> uids,
        IReadOnlyList<string> gids,
        string? users,
        string? groups
    )
    {
        bool maps = uids.Count + gids.Count > 0;
        bool names = users is not null || groups is not null;
        if (!maps && !names)
        {
            return mode != "private"
                ? mode is null
                    ? new(UserNamespaceMode.Host)
                    : ParseMode(mode)
                : throw new SettingFault("userns", mode, "nothing says what its ids are outside").ToException(
                    "add a map of users, 0:FIRST:COUNT, or write auto"
                );
        }

        if (mode is not (null or "private"))
        {
            throw new SettingFault(
                "userns",
                mode,
                "maps of users and groups, and names of subuid(5), are a namespace of their own"
            ).ToException("leave one of the two out");
        }

        if (maps && names)
        {
            throw new SettingFault(
                uids.Count > 0 ? Uidmap : Gidmap,
                null,
                "a name of subuid(5) says the same in another way"
            ).ToException("leave one of the two out");
        }

        UserNamespaceSetting said = new(UserNamespaceMode.Mapped)
        {
            UidMaps = uids.Count > 0 ? uids : gids,
            GidMaps = gids.Count > 0 ? gids : uids,
            SubordinateUsers = users ?? groups,
            SubordinateGroups = groups ?? users,
        };
        if (!names)
        {
            // One that a user's other ids fill up is whole where the user is known.
            RequireRoot(IdMapSetting.Fills(said.UidMaps, false) || HasRoot(Joined(said.UidMaps, false, null)), Uidmap);
            RequireRoot(IdMapSetting.Fills(said.GidMaps, true) || HasRoot(Joined(said.GidMaps, true, null)), Gidmap);
        }

        return said;
    }

    /// <summary>Of <see cref="UserNamespaceMode.Mapped"/> without names: what the maps make together.</summary>
    /// <param name="callers">Of a user's container the user's namespace, in whose ids the result is outside; null for
    /// the system's.</param>
    /// <exception cref="SysctrException">Usage: they are none, or the namespace has no root.</exception>
    public IdMap Maps(IdMap? callers)
    {
        IdMap map = new(
            Joined(UidMaps, ofGroups: false, callers?.Uids),
            Joined(GidMaps, ofGroups: true, callers?.Gids)
        );
        RequireRoot(HasRoot(map.Uids), Uidmap);
        RequireRoot(HasRoot(map.Gids), Gidmap);
        return map;
    }

    private static bool HasRoot(IReadOnlyList<IdRange> map) => map.Any(r => r.Inside == 0);

    private static void RequireRoot(bool isThere, string option)
    {
        if (!isThere)
        {
            throw new SettingFault(option, null, "the namespace has no root, whom the runtime needs").ToException(
                "map 0, too: 0:FIRST:COUNT"
            );
        }
    }

    private static IReadOnlyList<IdRange> Joined(
        IReadOnlyList<string> values,
        bool ofGroups,
        IReadOnlyList<IdRange>? callers
    )
    {
        try
        {
            return IdMapSetting.Join(values, ofGroups, callers);
        }
        catch (FormatException e)
        {
            throw new SettingFault(ofGroups ? Gidmap : Uidmap, null, e.Message).ToException(
                "each id stands in one map"
            );
        }
    }

    /// <summary>Reads a value of <c>--userns</c>.</summary>
    /// <exception cref="FormatException">Says what is wrong.</exception>
    public static UserNamespaceSetting ParseMode(string text)
    {
        string[] halves = text.Split(':', 2);
        string[] options = halves.Length == 2 ? halves[1].Split(',', StringSplitOptions.RemoveEmptyEntries) : [];
        return halves[0] switch
        {
            "host" or "" when halves.Length == 1 => new(UserNamespaceMode.Host),
            "private" when halves.Length == 1 => new(UserNamespaceMode.Mapped),
            "keep-id" => options.Aggregate(new UserNamespaceSetting(UserNamespaceMode.KeepId), WithKeepIdOption),
            "auto" => options.Aggregate(new UserNamespaceSetting(UserNamespaceMode.Auto), WithAutoOption),
            "nomap" => throw new FormatException(
                "nomap is for users' containers, and a user's has no namespace but the user's"
            ),
            "ns" or "container" => throw new FormatException(
                $"another's user namespace ({halves[0]}:) can't be had; maps that are the same have the same users"
            ),
            _ => throw new FormatException("it is host, keep-id, auto or private; options follow a colon"),
        };
    }

    private static UserNamespaceSetting WithKeepIdOption(UserNamespaceSetting setting, string option) =>
        option.Split('=', 2) switch
        {
            ["uid", var uid] => setting with { Uid = IdMapSetting.Number(uid) },
            ["gid", var gid] => setting with { Gid = IdMapSetting.Number(gid) },

            // How far the ids of a user reach; root has them all.
            ["size", var size] when IdMapSetting.Number(size) is > 0 and var count => setting with { Size = count },
            _ => throw new FormatException($"'{option}' is no option of keep-id; there are uid=, gid= and size="),
        };

    private static UserNamespaceSetting WithAutoOption(UserNamespaceSetting setting, string option) =>
        option.Split('=', 2) switch
        {
            ["size", var size] => setting with
            {
                Size = IdMapSetting.Number(size) is > 0 and var count
                    ? count
                    : throw new FormatException("size is 1 at least"),
            },
            ["uidmapping", var map] => setting with { Uids = [.. setting.Uids, IdMapSetting.Parse(map).Range] },
            ["gidmapping", var map] => setting with { Gids = [.. setting.Gids, IdMapSetting.Parse(map).Range] },
            _ => throw new FormatException(
                $"'{option}' is no option of auto; there are size=, uidmapping= and gidmapping="
            ),
        };

    /// <summary>A name of subuid(5).</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static string SubordinateName(string text) =>
        text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '@')
            ? text
            : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"'{text}' is no name of a user"));
}
