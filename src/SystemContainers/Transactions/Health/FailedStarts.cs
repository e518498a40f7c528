// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.State;
using SystemContainers.Systemd.Journal;
using SystemContainers.Target;

namespace SystemContainers.Transactions.Health;

/// <summary>
/// What deployments that did not become well wrote to the journal: <c>deployments/NAME/failed-N.journal</c>. The host's
/// journal forgets, and what failed at three in the morning is asked about at nine.
/// </summary>
sealed class FailedStarts(Host host)
{
    private const int MaxLines = 2000;
    private const int MaxBytes = 256 << 10;
    private const int MaxFiles = 3;

    /// <summary>What there is where nothing was started.</summary>
    public static IReadOnlyDictionary<string, string> None { get; } = new Dictionary<string, string>();

    /// <summary>Keeps what the new deployments of a transaction have written; the last few of each container.</summary>
    /// <param name="changes">They were started.</param>
    /// <param name="since">When.</param>
    /// <returns>The file of each container, as the host sees it. Where one can't be written, that is noted: it must not
    /// keep the old state from coming back.</returns>
    public async Task<IReadOnlyDictionary<string, string>> KeepAsync(
        IEnumerable<ContainerChange> changes,
        DateTimeOffset since
    )
    {
        Dictionary<string, string> kept = new(StringComparer.Ordinal);
        foreach (ContainerRecord failed in changes.Select(c => c.After).OfType<ContainerRecord>())
        {
            try
            {
                kept.Add(failed.Name, await KeepAsync(failed, since));
            }
            catch (Exception e) when (e is SysctrException or IOException or UnauthorizedAccessException)
            {
                host.Note($"warning: keeping the journal of {failed.MainUnit}: {e.Message}");
            }
        }

        return kept;
    }

    private async Task<string> KeepAsync(ContainerRecord failed, DateTimeOffset since)
    {
        DeploymentDirectory directory = host.Deployment(failed.Name, failed.Deployment);
        string[] units = [.. failed.UnitNames.Select(u => u.Replace("@.", "@*.", StringComparison.Ordinal))];
        byte[] journal = Encoding.UTF8.GetBytes(
            await UnitJournal.ReadAsync(units, host.User, MaxLines, since, "short-iso")
        );
        DurableFile.Write(
            directory.FailedJournal,
            journal.AsSpan(Math.Max(0, journal.Length - MaxBytes)),
            UnixFileMode.UserRead | UnixFileMode.UserWrite
        );
        IEnumerable<string> old = Directory
            .GetFiles(directory.ContainerHere, DeploymentDirectory.FailedJournalPattern)
            .OrderByDescending(File.GetLastWriteTimeUtc)
            .Skip(MaxFiles);
        foreach (string file in old)
        {
            File.Delete(file);
        }

        return $"{Path.GetDirectoryName(directory.OnHost)}/{Path.GetFileName(directory.FailedJournal)}";
    }
}
