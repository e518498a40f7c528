// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Linux.Processes;
using SystemContainers.Linux.Users;

namespace SystemContainers.Systemd.Journal;

/// <summary>What units wrote to the journal, by journalctl(1).</summary>
static class UnitJournal
{
    /// <summary>As many entries hold the last life of a unit, or the end of the last one.</summary>
    private const int MaxEntries = 400;

    private const int MaxBytes = 4 << 20;

    private static readonly TimeSpan s_unsynced = TimeSpan.FromMilliseconds(300);

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>The last lines of units, oldest first, with all that they have written until now.</summary>
    /// <param name="units">Names, or patterns such as <c>etcd@*.service</c>.</param>
    /// <param name="user">Whose units; null for the system's.</param>
    /// <param name="lines">How many at most.</param>
    /// <param name="since">Nothing older; null for no limit.</param>
    /// <param name="output">journalctl's <c>--output</c>: <c>cat</c> for the messages alone, <c>short-iso</c> with time
    /// and process.</param>
    /// <exception cref="Errors.SysctrException">Host: there is no journalctl.</exception>
    public static async Task<string> ReadAsync(
        IEnumerable<string> units,
        HostUser? user,
        int lines,
        DateTimeOffset? since = null,
        string output = "cat"
    )
    {
        return await ReadAsync(
            [.. units],
            user,
            [
                "--lines",
                lines.ToString(CultureInfo.InvariantCulture),
                "--output",
                output,
                .. since is { } time
                    ?
                    [
                        $"--since=@{(time.ToUnixTimeMilliseconds() / 1e3).ToString("0.000", CultureInfo.InvariantCulture)}",
                    ]
                    : Array.Empty<string>(),
            ]
        );
    }

    /// <summary>The last lines of a unit's last life.</summary>
    /// <param name="unit">Its name.</param>
    /// <param name="user">Whose unit; null for the system's.</param>
    /// <param name="ended">As <see cref="JournalExcerpt.Of"/>.</param>
    /// <param name="lines">How many at most.</param>
    /// <exception cref="Errors.SysctrException">Host: there is no journalctl.</exception>
    public static async Task<IReadOnlyList<string>> ExcerptAsync(string unit, HostUser? user, bool ended, int lines) =>
        JournalExcerpt.Of(
            await ReadAsync(
                [unit],
                user,
                ["--lines", MaxEntries.ToString(CultureInfo.InvariantCulture), .. JournalExcerpt.Options]
            ),
            ended,
            lines
        );

    /// <summary>Has the journal's daemon read what it was sent. One that hangs must not keep a roll-back from what is
    /// to be rolled back.</summary>
    /// <param name="which">The namespace, in words of journalctl(1).</param>
    private static async Task<bool> SyncAsync(IReadOnlyList<string> which)
    {
        using CancellationTokenSource limited = new(s_patience);
        try
        {
            return (await ProcessRunner.RunAsync("journalctl", [.. which, "--sync"], limited.Token)).ExitCode == 0;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task<string> ReadAsync(string[] units, HostUser? user, IReadOnlyList<string> options)
    {
        // The journal's daemon may not have read yet what a dead payload wrote last, and that is why it is asked.
        if (!await SyncAsync([]))
        {
            // Nobody but root may ask it to; a user can but give it time.
            await Task.Delay(s_unsynced);
        }

        IReadOnlyList<string> namespaces = await JournalNamespaces.OfAsync(units, user);
        foreach (string name in namespaces)
        {
            _ = await SyncAsync([$"--namespace={name}"]);
        }

        // An entry has as many bytes as a payload likes; the last ones tell.
        ProcessResult journal = await ProcessRunner.RunForEndAsync(
            "journalctl",
            [
                .. JournalMatches.Of(units, user),
                .. options,
                .. JournalNamespaces.Options(namespaces),
                "--no-pager",
                "--quiet",
                "--all",
            ],
            MaxBytes,
            patience: null,
            CancellationToken.None
        );
        return journal.Output;
    }
}
