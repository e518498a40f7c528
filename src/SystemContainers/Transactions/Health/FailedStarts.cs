// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.State;
using SystemContainers.Systemd.Journal;
using SystemContainers.Target;

namespace SystemContainers.Transactions.Health;

/// <summary>
/// What deployments that did not become well wrote to the journal: <c>deployments/NAME/failed-N.journal</c>, or
/// <c>failed/NAME-failed-0.journal</c> of a container that was new, for nothing is left of that. The host's journal
/// forgets, and what failed at three in the morning is asked about at nine.
/// </summary>
sealed class FailedStarts(Host host)
{
    private const int MaxLines = 2000;
    private const int MaxBytes = 256 << 10;
    private const int MaxFiles = 3;

    /// <summary>Of all containers together that were new.</summary>
    private const int MaxFirst = 20;

    /// <summary>What there is where nothing was started.</summary>
    public static IReadOnlyDictionary<string, string> None { get; } = new Dictionary<string, string>();

    /// <summary>Keeps what the new deployments of a transaction have written; the last few of each container.</summary>
    /// <param name="changes">They were started.</param>
    /// <returns>The file of each container, as the host sees it. Where one can't be written, that is noted: it must not
    /// keep the old state from coming back.</returns>
    public async Task<IReadOnlyDictionary<string, string>> KeepAsync(
        IEnumerable<ContainerChange> changes,
        DateTimeOffset since
    )
    {
        Dictionary<string, string> kept = new(StringComparer.Ordinal);
        foreach (ContainerChange change in changes.Where(c => c.After is not null))
        {
            ContainerRecord failed = change.After!;
            try
            {
                kept.Add(failed.Name, await KeepAsync(failed, isNew: change.Before is null, since));
            }
            catch (Exception e) when (e is SysctrException or IOException or UnauthorizedAccessException)
            {
                host.Note($"warning: keeping the journal of {failed.MainUnit}: {e.Message}");
            }
        }

        return kept;
    }

    private async Task<string> KeepAsync(ContainerRecord failed, bool isNew, DateTimeOffset since)
    {
        DeploymentDirectory directory = host.Deployment(failed.Name, failed.Deployment);
        string file = isNew ? directory.FirstFailedJournal : directory.FailedJournal;
        string place = Path.GetDirectoryName(file)!;
        if (!Directory.Exists(place))
        {
            DurableFile.MakeDirectory(
                place,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
                (Libc.geteuid(), Libc.getegid())
            );
        }

        string[] units = [.. failed.UnitNames.Select(u => u.Replace("@.", "@*.", StringComparison.Ordinal))];
        byte[] journal = Encoding.UTF8.GetBytes(
            await UnitJournal.ReadAsync(units, host.User, MaxLines, since, "short-iso")
        );
        DurableFile.Write(
            file,
            journal.AsSpan(Math.Max(0, journal.Length - MaxBytes)),
            UnixFileMode.UserRead | UnixFileMode.UserWrite
        );
        IEnumerable<string> old = Directory
            .GetFiles(place, "*" + DeploymentDirectory.FailedJournalPattern)
            // A clock that was put back must not make the new one the oldest.
            .Where(f => f != file)
            .OrderByDescending(File.GetLastWriteTimeUtc)
            .Skip((isNew ? MaxFirst : MaxFiles) - 1);
        foreach (string former in old)
        {
            File.Delete(former);
        }

        return directory.StoreOnHost + file[directory.StoreHere.Length..];
    }
}
