// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Linux.Users;

namespace SystemContainers.Settings.Ids;

/// <summary>A value of <c>--uidmap</c> or <c>--gidmap</c>: <c>[FLAGS]INSIDE:OUTSIDE[:COUNT]</c>.</summary>
/// <param name="Range">The ids.</param>
/// <param name="Extends">Flag <c>+</c>: it takes the place of what other values say of these ids.</param>
/// <param name="Users">It is of users.</param>
/// <param name="Groups">It is of groups.</param>
sealed record IdMapSetting(IdRange Range, bool Extends, bool Users, bool Groups)
{
    private const int MostRanges = 340;

    /// <summary>Reads one.</summary>
    /// <exception cref="FormatException">Says what is wrong.</exception>
    public static IdMapSetting Parse(string text)
    {
        int flags = text.TakeWhile(c => !char.IsAsciiDigit(c) && c != ':').Count();
        string given = text[..flags];
        if (given.Contains('@', StringComparison.Ordinal) || text.Contains(":@", StringComparison.Ordinal))
        {
            throw new FormatException("'@' counts in the ids of a user who calls; for root write the host's number");
        }

        if (given.Any(c => c is not ('+' or 'u' or 'g')))
        {
            throw new FormatException($"'{given}' is no flag of a map; there are + u g");
        }

        string[] parts = text[flags..].Split(':');
        if (parts.Length is not (2 or 3))
        {
            throw new FormatException("it is INSIDE:OUTSIDE[:COUNT]");
        }

        IdRange range = new(Number(parts[0]), Number(parts[1]), parts.Length == 3 ? Number(parts[2]) : 1);
        bool only = given.Contains('u', StringComparison.Ordinal) != given.Contains('g', StringComparison.Ordinal);
        return range.Count == 0 ? throw new FormatException("COUNT is 1 at least")
            : (ulong)range.Inside + range.Count > uint.MaxValue || (ulong)range.Outside + range.Count > uint.MaxValue
                ? throw new FormatException("it goes beyond the last id, 4294967294")
            : new IdMapSetting(
                range,
                given.Contains('+', StringComparison.Ordinal),
                !only || given.Contains('u', StringComparison.Ordinal),
                !only || given.Contains('g', StringComparison.Ordinal)
            );
    }

    /// <summary>What several values make together, lowest inside first.</summary>
    /// <param name="values">Checked.</param>
    /// <param name="ofGroups">Whether the map is of groups.</param>
    /// <exception cref="FormatException">Two are about one id and neither extends; or there are more than the kernel
    /// takes.</exception>
    public static IReadOnlyList<IdRange> Join(IEnumerable<string> values, bool ofGroups)
    {
        List<IdRange> map = [];
        foreach (
            IdMapSetting value in values.Select(Parse).Where(v => ofGroups ? v.Groups : v.Users).OrderBy(v => v.Extends)
        )
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

        return map.Count <= MostRanges
            ? [.. map.OrderBy(r => r.Inside)]
            : throw new FormatException($"the kernel takes {MostRanges} ranges at most");
    }

    /// <summary>An id.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static uint Number(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number < uint.MaxValue
            ? number
            : throw new FormatException($"'{text}' is no number of a user or group");

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
