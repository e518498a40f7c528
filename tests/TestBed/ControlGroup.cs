// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.TestBed;

/// <summary>
/// A control group of one host, in every hierarchy that systemd uses for its own tree (cgroup v2, and v1's name=systemd
/// where the build machine mixes them): nspawn makes the host's tree below the group that it runs in.
/// </summary>
static class ControlGroup
{
    private static readonly string[] s_hierarchies =
    [
        .. new[] { "/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd" }.Where(h =>
            File.Exists(Path.Combine(h, "cgroup.procs"))
        ),
    ];

    /// <summary>Makes the groups; their directories.</summary>
    public static string[] Create(string name)
    {
        string[] groups = [.. s_hierarchies.Select(h => Path.Combine(h, name))];
        Array.ForEach(groups, g => Directory.CreateDirectory(g));
        return groups;
    }

    /// <summary>Ends what still runs in the groups and removes them with all below.</summary>
    public static Task RemoveAsync(string name) =>
        Command.MustAsync(
            "sh",
            [
                "-euc",
                """
                for group; do
                    [ -d "$group" ] || continue
                    ! [ -e "$group/cgroup.kill" ] || echo 1 > "$group/cgroup.kill"
                    # Killed processes leave their groups a little later.
                    for turn in $(seq 100); do
                        find "$group" -depth -type d -exec rmdir {} + 2>/dev/null && break
                        sleep 0.05
                    done
                done
                """,
                "remove",
                .. s_hierarchies.Select(h => Path.Combine(h, name)),
            ]
        );
}
