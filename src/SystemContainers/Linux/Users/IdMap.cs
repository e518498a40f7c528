// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace SystemContainers.Linux.Users;

/// <summary>What the users and groups of a user namespace are outside of it (user_namespaces(7)).</summary>
/// <param name="Uids">Users, lowest inside first.</param>
/// <param name="Gids">Groups, lowest inside first.</param>
sealed record IdMap(IReadOnlyList<IdRange> Uids, IReadOnlyList<IdRange> Gids)
{
    /// <summary>The map of the namespace that this process is in.</summary>
    public static IdMap OfThisProcess() => new(Read("/proc/self/uid_map"), Read("/proc/self/gid_map"));

    /// <summary>The map of a new namespace: the caller is its root, the subordinate ids are the rest from 1 on.</summary>
    public static IdMap Of(uint uid, uint gid, IEnumerable<IdRange> uids, IEnumerable<IdRange> gids) =>
        new(Lined(uid, uids), Lined(gid, gids));

    /// <summary>Whether the namespace has no user but its root.</summary>
    public bool IsSingle => Uids is [{ Count: 1 }];

    /// <summary>Whether each id is the same inside and outside.</summary>
    public bool IsIdentity => Uids.Concat(Gids).All(r => r.Inside == r.Outside);

    /// <summary>Whether the namespace has this user.</summary>
    public bool HasUid(long uid) => Has(Uids, uid);

    /// <summary>Whether the namespace has this group.</summary>
    public bool HasGid(long gid) => Has(Gids, gid);

    /// <summary>The user outside for one inside; the same number where nobody outside is that user.</summary>
    public uint UidOutside(uint uid) => Outside(Uids, uid);

    /// <summary>The group outside for one inside.</summary>
    public uint GidOutside(uint gid) => Outside(Gids, gid);

    /// <summary>The user inside for one outside; null where it is none of the namespace's.</summary>
    public uint? UidInside(uint uid) => Inside(Uids, uid);

    /// <summary>The group inside for one outside; null where it is none of the namespace's.</summary>
    public uint? GidInside(uint gid) => Inside(Gids, gid);

    /// <summary>Reads a map file: lines of inside, outside, count.</summary>
    internal static IReadOnlyList<IdRange> Parse(string text) =>
    [
        .. from line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
           let numbers = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => uint.Parse(n, CultureInfo.InvariantCulture)).ToArray()
           select new IdRange(numbers[0], numbers[1], numbers[2]),
    ];

    private static IReadOnlyList<IdRange> Read(string file) => Parse(File.ReadAllText(file));

    private static List<IdRange> Lined(uint own, IEnumerable<IdRange> subordinate)
    {
        List<IdRange> map = [new IdRange(0, own, 1)];
        uint next = 1;
        foreach (IdRange range in subordinate)
        {
            map.Add(range with { Inside = next });
            next += range.Count;
        }

        return map;
    }

    private static bool Has(IReadOnlyList<IdRange> map, long id) => map.Any(r => id >= r.Inside && id - r.Inside < r.Count);

    private static uint Outside(IReadOnlyList<IdRange> map, uint id) =>
        map.FirstOrDefault(r => id >= r.Inside && id - r.Inside < r.Count) is { } range ? range.Outside + (id - range.Inside) : id;

    private static uint? Inside(IReadOnlyList<IdRange> map, uint id) =>
        map.FirstOrDefault(r => id >= r.Outside && id - r.Outside < r.Count) is { } range ? range.Inside + (id - range.Outside) : null;
}
