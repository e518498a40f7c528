// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Linux.Users;

namespace SystemContainers.Settings.Ids;

/// <summary>A value of <c>--uidmap</c> or <c>--gidmap</c>: <c>[FLAGS]INSIDE:OUTSIDE[:COUNT]</c>.</summary>
/// <param name="Extends">Flag <c>+</c>: it takes the place of what other values say of these ids.</param>
/// <param name="IsOfCaller">An at sign stands before OUTSIDE: it counts in the ids that the caller's namespace has
/// outside, the host's.</param>
sealed record IdMapSetting(IdRange Range, bool Extends, bool Users, bool Groups, bool IsOfCaller = false)
{
    private const int MostRanges = 340;

    /// <summary>Reads one.</summary>
    /// <exception cref="FormatException">Says what is wrong.</exception>
    public static IdMapSetting Parse(string text)
    {
        int flags = text.TakeWhile(c => !char.IsAsciiDigit(c) && c != ':').Count();
        string given = text[..flags];
        if (given.Any(c => c is not ('+' or 'u' or 'g')))
        {
            throw new FormatException($"'{given}' is no flag of a map; there are + u g");
        }

        string[] parts = text[flags..].Split(':');
        if (parts.Length is not (2 or 3))
        {
            throw new FormatException("it is INSIDE:OUTSIDE[:COUNT], an @ before OUTSIDE for an id of the host's");
        }

        bool isOfCaller = parts[1] is ['@', ..];
        IdRange range = new(
            Number(parts[0]),
            Number(isOfCaller ? parts[1][1..] : parts[1]),
            parts.Length == 3 ? Number(parts[2]) : 1
        );
        bool only = given.Contains('u', StringComparison.Ordinal) != given.Contains('g', StringComparison.Ordinal);
        return range.Count == 0 ? throw new FormatException("COUNT is 1 at least")
            : (ulong)range.Inside + range.Count > uint.MaxValue || (ulong)range.Outside + range.Count > uint.MaxValue
                ? throw new FormatException("it goes beyond the last id, 4294967294")
            : new IdMapSetting(
                range,
                given.Contains('+', StringComparison.Ordinal),
                !only || given.Contains('u', StringComparison.Ordinal),
                !only || given.Contains('g', StringComparison.Ordinal),
                isOfCaller
            );
    }

    /// <summary>Whether values make a map that a user's other ids fill up, as podman has it: the first takes the place
    /// of what is not said.</summary>
    public static bool Fills(IEnumerable<string> values, bool ofGroups) =>
        Of(values, ofGroups).FirstOrDefault() is { Extends: true };

    /// <summary>What several values make together, lowest inside first.</summary>
    /// <param name="values">Checked.</param>
    /// <param name="callers">Of a user's container the ids of the user's namespace: what is outside of the map is
    /// inside there, and ids that nothing is said of fill the map up where it extends (<see cref="Fills"/>). Null for
    /// the system's, whose ids are the host's.</param>
    /// <exception cref="FormatException">Two are about one id and neither extends; an id is not the user's; or there
    /// are more than the kernel takes.</exception>
    public static IReadOnlyList<IdRange> Join(
        IEnumerable<string> values,
        bool ofGroups,
        IReadOnlyList<IdRange>? callers = null
    )
    {
        string[] all = [.. values];
        List<IdRange> map = [];
        foreach (IdMapSetting value in Of(all, ofGroups).SelectMany(v => Resolved(v, callers)).OrderBy(v => v.Extends))
        {
            if (value.Extends)
            {
                map =
                [
                    .. map.SelectMany(r => Without(r, value.Range, r.Inside, value.Range.Inside))
                        .SelectMany(r => Without(r, value.Range, r.Outside, value.Range.Outside)),
                ];
            }
            else if (
                map.Any(r =>
                    IdRange.Overlap(r.Inside, r.Count, value.Range.Inside, value.Range.Count) || r.Shares(value.Range)
                )
            )
            {
                throw new FormatException(
                    $"two maps are about {value.Range.Inside}:{value.Range.Outside}:{value.Range.Count}; a + in front lets one take the place of the other"
                );
            }

            map.Add(value.Range);
        }

        if (callers is not null)
        {
            CheckHas(map, callers);
            if (Fills(all, ofGroups))
            {
                Fill(map, callers);
            }
        }

        map = Merged(map);
        return map.Count <= MostRanges
            ? map
            : throw new FormatException($"the kernel takes {MostRanges} ranges at most");
    }

    /// <exception cref="FormatException">It is none.</exception>
    public static uint Number(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number < uint.MaxValue
            ? number
            : throw new FormatException($"'{text}' is no number of a user or group");

    /// <summary>Lowest inside first, and one for two that go on from each other.</summary>
    private static List<IdRange> Merged(IEnumerable<IdRange> map)
    {
        List<IdRange> merged = [];
        foreach (IdRange range in map.OrderBy(r => r.Inside))
        {
            if (
                merged.LastOrDefault() is { } last
                && last.Inside + last.Count == range.Inside
                && last.Outside + last.Count == range.Outside
            )
            {
                merged[^1] = last with { Count = last.Count + range.Count };
            }
            else
            {
                merged.Add(range);
            }
        }

        return merged;
    }

    private static IEnumerable<IdMapSetting> Of(IEnumerable<string> values, bool ofGroups) =>
        values.Select(Parse).Where(v => ofGroups ? v.Groups : v.Users);

    /// <summary>A value in ids that the user's namespace has inside: neighbours of the host's need be none
    /// there.</summary>
    private static IEnumerable<IdMapSetting> Resolved(IdMapSetting value, IReadOnlyList<IdRange>? callers)
    {
        if (!value.IsOfCaller || callers is null)
        {
            yield return value;
            yield break;
        }

        IdRange asked = value.Range;
        ulong end = (ulong)asked.Outside + asked.Count;
        for (ulong at = asked.Outside; at < end;)
        {
            IdRange part =
                callers.FirstOrDefault(c => at >= c.Outside && at < (ulong)c.Outside + c.Count)
                ?? throw new FormatException($"the host's id {at} is none of the user's own and subordinate ones");
            uint count = (uint)Math.Min(end - at, (ulong)part.Outside + part.Count - at);
            yield return value with
            {
                Range = new IdRange(
                    asked.Inside + (uint)(at - asked.Outside),
                    part.Inside + (uint)(at - part.Outside),
                    count
                ),
            };
            at += count;
        }
    }

    /// <summary>A user's namespace has its root and the subordinate ids.</summary>
    private static void CheckHas(IReadOnlyList<IdRange> map, IReadOnlyList<IdRange> callers)
    {
        foreach (IdRange range in map)
        {
            ulong had = callers.Aggregate(
                0UL,
                (sum, c) =>
                    sum
                    + Math.Min((ulong)range.Outside + range.Count, (ulong)c.Inside + c.Count)
                    - Math.Min(
                        Math.Min((ulong)range.Outside + range.Count, (ulong)c.Inside + c.Count),
                        Math.Max(range.Outside, c.Inside)
                    )
            );
            if (had < range.Count)
            {
                throw new FormatException(
                    $"{range.Inside}:{range.Outside}:{range.Count} is about more ids than the user has: of a user's container OUTSIDE counts from 0, the user, and 1, the first subordinate one; @ID is one of the host's"
                );
            }
        }
    }

    /// <summary>Gives ids that are free outside to those that are free inside, from 0 on (podman: pkg/util/utils.go,
    /// fillIDMap).</summary>
    private static void Fill(List<IdRange> map, IReadOnlyList<IdRange> callers)
    {
        IdRange[] said = [.. map.OrderBy(r => r.Inside)];
        Queue<IdRange> free = new(
            callers
                .OrderBy(c => c.Inside)
                .SelectMany(c =>
                    said.Aggregate(
                        (IEnumerable<IdRange>)[new IdRange(0, c.Inside, c.Count)],
                        (left, taken) => left.SelectMany(l => Without(l, taken, l.Outside, taken.Outside))
                    )
                )
        );
        uint next = 0;
        foreach (IdRange taken in said)
        {
            while (next < taken.Inside && free.TryPeek(out IdRange? first))
            {
                Give(first, Math.Min(taken.Inside - next, first.Count));
            }

            next = taken.Inside + taken.Count;
        }

        while (free.TryPeek(out IdRange? first))
        {
            Give(first, first.Count);
        }

        void Give(IdRange from, uint count)
        {
            map.Add(new IdRange(next, from.Outside, count));
            next += count;
            free.Dequeue();
            if (count < from.Count)
            {
                free = new Queue<IdRange>([new IdRange(0, from.Outside + count, from.Count - count), .. free]);
            }
        }
    }

    /// <summary>What is left of a range when ids are taken out that begin at a place of it.</summary>
    private static IEnumerable<IdRange> Without(IdRange range, IdRange taken, uint from, uint takenFrom)
    {
        if (!IdRange.Overlap(from, range.Count, takenFrom, taken.Count))
        {
            yield return range;
            yield break;
        }

        if (takenFrom > from)
        {
            yield return range with
            {
                Count = takenFrom - from,
            };
        }

        ulong end = (ulong)takenFrom + taken.Count;
        if (end < (ulong)from + range.Count)
        {
            uint skipped = (uint)(end - from);
            yield return new IdRange(range.Inside + skipped, range.Outside + skipped, range.Count - skipped);
        }
    }
}
