// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Systemd;

/// <summary>The order of units that systemd's After= and Before= give.</summary>
static class UnitOrder
{
    /// <summary>As <see cref="Starting"/> the other way round; sockets and timers first, for a service that has ended
    /// must find nobody who starts it again.</summary>
    public static IReadOnlyList<string> Stopping(
        IReadOnlyList<string> units,
        Func<string, IEnumerable<string>> after
    ) => [.. units.Where(u => !IsService(u)), .. Starting([.. units.Where(IsService)], after).Reverse()];

    public static bool IsService(string unit) => unit.EndsWith(".service", StringComparison.Ordinal);

    /// <summary>Sorts units so that each comes behind those that it is to be started after; else they stay as they
    /// are.</summary>
    /// <param name="units">Names, each once.</param>
    /// <param name="after">
    /// What a unit is to be started after. systemd's property After has the Before= of the others in it, and only units
    /// that have a job count: an order by way of a third unit is none.
    /// </param>
    /// <returns>All of them. A circle is cut where it is closed, as systemd cuts it somewhere.</returns>
    public static IReadOnlyList<string> Starting(IReadOnlyList<string> units, Func<string, IEnumerable<string>> after)
    {
        HashSet<string> open = new(units, StringComparer.Ordinal);
        List<string> sorted = new(units.Count);
        foreach (string unit in units)
        {
            Visit(unit);
        }

        return sorted;

        void Visit(string unit)
        {
            if (open.Remove(unit))
            {
                HashSet<string> earlier = new(after(unit), StringComparer.Ordinal);
                foreach (string other in units.Where(earlier.Contains))
                {
                    Visit(other);
                }

                sorted.Add(unit);
            }
        }
    }
}
