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

    /// <summary>The map of a new namespace: the caller is its root, the subordinate ids are the rest from 1
    /// on.</summary>
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

    /// <summary>The map back: what is outside is inside.</summary>
    public IdMap Inverse => new(Turned(Uids), Turned(Gids));

    /// <summary>What its ids are outside of another namespace that this one is in; those that the other has not are
    /// left out.</summary>
    public IdMap Then(IdMap other) => new(Through(Uids, other.Uids), Through(Gids, other.Gids));

    /// <summary>
    /// The map, as the user's namespace sees it, of one within it in which the user is somebody else than root
    /// (podman-run(1), <c>keep-id</c>): the ids below are the first subordinate ones, and those above the rest.
    /// </summary>
    /// <param name="uid">Who the user is there.</param>
    /// <param name="gid">The user's group there.</param>
    /// <param name="size">How many of the other ids it has at most.</param>
    public IdMap Keeping(uint uid, uint gid, uint size) => new(Keeping(Uids, uid, size), Keeping(Gids, gid, size));

    private static List<IdRange> Keeping(IReadOnlyList<IdRange> map, uint own, uint size)
    {
        uint others = (uint)Math.Min(size, map.Sum(r => (long)r.Count) - 1);
        uint below = Math.Min(own, others);
        List<IdRange> kept = [new IdRange(own, 0, 1)];
        if (below > 0)
        {
            kept.Insert(0, new IdRange(0, 1, below));
        }

        if (others > below)
        {
            kept.Add(new IdRange(own + 1, below + 1, others - below));
        }

        return kept;
    }

    private static IdRange[] Turned(IReadOnlyList<IdRange> map) =>
        [.. map.Select(r => new IdRange(r.Outside, r.Inside, r.Count)).OrderBy(r => r.Inside)];

    private static IdRange[] Through(IReadOnlyList<IdRange> map, IReadOnlyList<IdRange> other) =>
        [
            .. from r in map
            from o in other
            let start = Math.Max(r.Outside, o.Inside)
            let end = Math.Min((ulong)r.Outside + r.Count, (ulong)o.Inside + o.Count)
            where start < end
            orderby r.Inside + (start - r.Outside)
            select new IdRange(r.Inside + (start - r.Outside), o.Outside + (start - o.Inside), (uint)(end - start)),
        ];

    /// <summary>Reads a map file: lines of inside, outside, count.</summary>
    internal static IReadOnlyList<IdRange> Parse(string text) =>
        [
            .. from line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            let numbers = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(n => uint.Parse(n, CultureInfo.InvariantCulture))
                .ToArray()
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

    private static bool Has(IReadOnlyList<IdRange> map, long id) =>
        map.Any(r => id >= r.Inside && id - r.Inside < r.Count);

    private static uint Outside(IReadOnlyList<IdRange> map, uint id) =>
        map.FirstOrDefault(r => id >= r.Inside && id - r.Inside < r.Count) is { } range
            ? range.Outside + (id - range.Inside)
            : id;

    private static uint? Inside(IReadOnlyList<IdRange> map, uint id) =>
        map.FirstOrDefault(r => id >= r.Outside && id - r.Outside < r.Count) is { } range
            ? range.Inside + (id - range.Outside)
            : null;
}
