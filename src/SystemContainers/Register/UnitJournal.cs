using System.Globalization;
using SystemContainers.Linux;
using SystemContainers.Linux.Users;

namespace SystemContainers.Register;

/// <summary>What units wrote to the journal, by journalctl(1).</summary>
static class UnitJournal
{
    /// <summary>The last lines of units, oldest first, with all that they have written until now.</summary>
    /// <param name="units">Names, or patterns such as <c>etcd@*.service</c>.</param>
    /// <param name="user">Whose units; null for the system's.</param>
    /// <param name="lines">How many at most.</param>
    /// <param name="since">Nothing older; null for no limit.</param>
    /// <param name="output">journalctl's <c>--output</c>: <c>cat</c> for the messages alone, <c>short-iso</c> with time and process.</param>
    /// <exception cref="Errors.SysctrException">Host: there is no journalctl.</exception>
    public static async Task<string> ReadAsync(IEnumerable<string> units, HostUser? user, int lines, DateTimeOffset? since = null, string output = "cat")
    {
        // The journal's daemon may not have read yet what a dead payload wrote last, and that is why it is asked.
        await ProcessRunner.RunAsync("journalctl", ["--sync"], CancellationToken.None);
        ProcessResult journal = await ProcessRunner.RunAsync(
            "journalctl",
            [
                .. JournalMatches.Of([.. units], user),
                "--lines", lines.ToString(CultureInfo.InvariantCulture), "--output", output, "--no-pager", "--quiet", "--all",
                .. since is { } time ? [$"--since=@{(time.ToUnixTimeMilliseconds() / 1e3).ToString("0.000", CultureInfo.InvariantCulture)}"] : Array.Empty<string>(),
            ],
            CancellationToken.None);
        return journal.Output;
    }
}
