// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Linux.Users;

namespace SystemContainers.Systemd.Journal;

/// <summary>journalctl(1)'s words for what units wrote, and what systemd wrote of them.</summary>
static class JournalMatches
{
    /// <summary>
    /// Before the container's name: the unit that takes to the journal what a payload writes to a path. A user's
    /// manager can't have it speak for the container's (systemd.exec(5), <c>LogExtraFields=</c>), so there its lines
    /// are asked for by its name.
    /// </summary>
    public const string LogUnit = "sysctr-log-";

    /// <summary>The words for units.</summary>
    /// <param name="units">Names; patterns where the system's manager has them.</param>
    /// <param name="user">Whose units; null for the system's.</param>
    public static IReadOnlyList<string> Of(IReadOnlyList<string> units, HostUser? user)
    {
        if (user is null)
        {
            return [.. units.SelectMany(u => new[] { "--unit", u })];
        }

        if (units.Any(u => u.Contains('*', StringComparison.Ordinal)))
        {
            return [.. units.SelectMany(u => new[] { "--user-unit", u })];
        }

        // --user-unit asks for messages of the caller's number alone, but processes of a container have many.
        string uid = user.Uid.ToString(CultureInfo.InvariantCulture);
        return
        [
            .. units
                .SelectMany(u =>
                    new[]
                    {
                        $"_SYSTEMD_OWNER_UID={uid}",
                        $"_SYSTEMD_USER_UNIT={u}",
                        $"_SYSTEMD_USER_UNIT={LogUnit}{u}",
                        "+",
                        $"_UID={uid}",
                        $"USER_UNIT={u}",
                        "+",
                    }
                )
                .SkipLast(1),
        ];
    }
}
