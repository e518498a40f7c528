// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Processes;
using SystemContainers.Linux.Users;

namespace SystemContainers.Systemd.Journal;

/// <summary>The journals that units write to beside the system's own: LogNamespace= (systemd.exec(5)).</summary>
static class JournalNamespaces
{
    /// <summary>Those of units; none where all write to the system's journal, as nearly all do.</summary>
    /// <param name="units">Names; patterns name those that are loaded.</param>
    /// <param name="user">Whose units; a user's manager knows no such thing, but says so.</param>
    public static async Task<IReadOnlyList<string>> OfAsync(IReadOnlyList<string> units, HostUser? user)
    {
        if (user is not null)
        {
            return [];
        }

        ProcessResult result = await ProcessRunner.RunAsync(
            "systemctl",
            ["show", "--value", "--property=LogNamespace", "--", .. units],
            CancellationToken.None
        );
        return [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>journalctl's words for reading them all together with the system's.</summary>
    public static IReadOnlyList<string> Options(IReadOnlyList<string> namespaces) =>
        namespaces.Count == 0 ? [] : ["--namespace=*"];

    /// <summary>The same for units of a host whose systemd may not run.</summary>
    public static IReadOnlyList<string> OptionsFor(IReadOnlyList<string> units, bool booted, HostUser? user) =>
        booted ? Options(OfAsync(units, user).GetAwaiter().GetResult()) : [];
}
