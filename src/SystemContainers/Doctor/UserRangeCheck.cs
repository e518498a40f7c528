// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Doctor.Facts;
using SystemContainers.Linux.Users;
using SystemContainers.Settings.Ids;
using SystemContainers.State;

namespace SystemContainers.Doctor;

/// <summary>Whether containers of <c>--userns auto</c> have ids of their own. Older versions could give two the
/// same, and what a container has it keeps: its files have these owners.</summary>
static class UserRangeCheck
{
    private const string Name = "user";

    private const string Option = "userns";

    public static IReadOnlyList<DoctorFinding> Run(DoctorTarget target)
    {
        List<(string Name, IdMap Map, UserNamespaceSetting? Auto)> containers =
        [
            .. from record in target.Catalog.List(static _ => { })
            let map = IdMappings.OfFile(
                new DeploymentDirectory(target.Store, target.Store, record.Name, record.Deployment).ConfigFile
            )
            where map is not null
            select (record.Name, map, AutoOf(record)),
        ];
        List<DoctorFinding> findings = [];
        foreach ((string name, IdMap map, UserNamespaceSetting? auto) in containers.Where(c => c.Auto is not null))
        {
            string[] others =
            [
                .. containers
                    // Of two of auto it is told once.
                    .Where(o =>
                        o.Name != name
                        && (o.Auto is null || string.CompareOrdinal(name, o.Name) > 0)
                        && (
                            Overlap(map.Uids.Except(auto!.Uids), o.Map.Uids.Except(o.Auto?.Uids ?? []))
                            || Overlap(map.Gids.Except(auto.Gids), o.Map.Gids.Except(o.Auto?.Gids ?? []))
                        )
                    )
                    .Select(o => o.Name),
            ];
            if (others.Length > 0)
            {
                findings.Add(
                    DoctorFinding.Warning(
                        Name,
                        $"{name}, of --userns auto, has ids that {string.Join(", ", others)} {(others.Length == 1 ? "has" : "have")}, too: what leaves the one may change the other's files",
                        $"'sysctr update {name} --userns auto:size=COUNT' with more than it has ({map.Uids.Sum(r => r.Count)}) gives it others; its volumes keep their owners (chown(1))"
                    )
                );
            }
        }

        return findings;
    }

    private static bool Overlap(IEnumerable<IdRange> some, IEnumerable<IdRange> others) =>
        some.Any(s => others.Any(s.Shares));

    /// <summary>What was asked for by number, and may be anybody's; null for one of another kind.</summary>
    private static UserNamespaceSetting? AutoOf(ContainerRecord record)
    {
        try
        {
            return
                record.Options?.GetValueOrDefault(Option) is [.., var text]
                && UserNamespaceSetting.ParseMode(text) is { Mode: UserNamespaceMode.Auto } auto
                ? auto
                : null;
        }
        catch (FormatException)
        {
            // Of another version.
            return null;
        }
    }
}
