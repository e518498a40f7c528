// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Tests.Rooms;

/// <summary>What is asked of a graph of uses.</summary>
static class RoomOrder
{
    /// <summary>The rooms of one cycle, each using the next one and the last the first; null where there is
    /// none.</summary>
    public static IReadOnlyList<string>? Cycle(IReadOnlyCollection<(string From, string To)> uses)
    {
        ILookup<string, string> next = uses.ToLookup(u => u.From, u => u.To);
        HashSet<string> done = [];
        foreach (string room in uses.Select(u => u.From).Order(StringComparer.Ordinal))
        {
            if (Walk(room, []) is { } cycle)
            {
                return cycle;
            }
        }

        return null;

        List<string>? Walk(string room, List<string> path)
        {
            if (path.IndexOf(room) is >= 0 and int start)
            {
                return path[start..];
            }

            if (done.Contains(room))
            {
                return null;
            }

            path.Add(room);
            List<string>? found = next[room]
                .Order(StringComparer.Ordinal)
                .Select(to => Walk(to, path))
                .FirstOrDefault(c => c is not null);
            path.RemoveAt(path.Count - 1);
            done.Add(room);
            return found;
        }
    }

    /// <summary>The uses of a room that a list, which says each room after all that it uses, has later or not at
    /// all.</summary>
    public static IEnumerable<(string From, string To)> Against(
        IReadOnlyList<string> order,
        IEnumerable<(string From, string To)> uses
    )
    {
        Dictionary<string, int> place = order.Index().ToDictionary(r => r.Item, r => r.Index);
        return uses.Where(u =>
            !place.TryGetValue(u.From, out int from) || !place.TryGetValue(u.To, out int to) || to > from
        );
    }
}
