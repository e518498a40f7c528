// SPDX-License-Identifier: Apache-2.0

using System.Runtime.ExceptionServices;
using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Linux.Files;

namespace SystemContainers.State;

/// <summary>What is installed: the records below <c>deployments/</c>. Reads only; needs no lock, for records are
/// replaced whole.</summary>
/// <param name="storeHere">The store as this process sees it.</param>
sealed class ContainerCatalog(string storeHere)
{
    private string Root => Path.Join(storeHere, "deployments");

    /// <summary>The names below <c>deployments/</c>, of installed containers and of what a dead process left.</summary>
    public IReadOnlyList<string> DirectoryNames() =>
        Directory.Exists(Root)
            ?
            [
                .. Directory
                    .GetDirectories(Root)
                    .Select(d => Path.GetFileName(d))
                    // What was discarded, and is about to go.
                    .Where(n => !DurableFile.IsLeftover(n) && n != Linux.Files.DirectoryNames.OfFileSystem)
                    .Order(StringComparer.Ordinal),
            ]
            : [];

    /// <summary>The numbers of a container's deployments, ascending.</summary>
    public IReadOnlyList<int> Numbers(string name) =>
        [.. Entries(name).Select(e => int.TryParse(e, out int number) ? number : -1).Where(n => n >= 0).Order()];

    /// <summary>The numbers of deployments that are being put together, or were when their process died.</summary>
    public IReadOnlyList<int> StagedNumbers(string name) =>
        [
            .. Entries(name)
                .Where(e => e.StartsWith(DeploymentDirectory.StagedPrefix, StringComparison.Ordinal))
                .Select(e => int.TryParse(e[DeploymentDirectory.StagedPrefix.Length..], out int number) ? number : -1)
                .Where(n => n >= 0),
        ];

    /// <summary>The number of the deployment that was in use before the current one; null where there was none, or it
    /// is gone.</summary>
    public int? Previous(string name) =>
        int.TryParse(new FileInfo(Path.Join(Root, name, DeploymentDirectory.Previous)).LinkTarget, out int number)
        && Numbers(name).Contains(number)
            ? number
            : null;

    /// <summary>The record of one deployment, in use or not; null where there is none of that number.</summary>
    /// <exception cref="SysctrException">Corrupt: its record can't be read.</exception>
    public ContainerRecord? Find(string name, int number) => Find(name, number.ToString(), number);

    private ContainerRecord? Find(string name, string directory, int number) =>
        Read(Path.Join(Root, name, directory, DeploymentDirectory.RecordName), name, number);

    /// <summary>What a deployment needs of the store, it needs without its record too.</summary>
    private ContainerRecord? FindCopy(string name, int number) =>
        Read(Path.Join(Root, name, number.ToString(), DeploymentDirectory.CopyName), name, number);

    /// <summary>Reads a record, or its copy.</summary>
    /// <returns>Null where there is no such file.</returns>
    /// <exception cref="SysctrException">Corrupt: it is not the record of that deployment.</exception>
    public static ContainerRecord? Read(string file, string name, int number)
    {
        try
        {
            ContainerRecord record = RecordDocument.Read(file, StateJson.Default.ContainerRecord);

            // A directory that somebody copied still says whose files and units it is about.
            return record.IsUsable && record.Name == name && record.Deployment == number
                ? record
                : throw new SysctrException(
                    ErrorKind.Corrupt,
                    $"reading {file}: it is not the record of deployment {number} of '{name}'",
                    "'sysctr fsck' says what is wrong"
                );
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The record of every container's current deployment, by name.</summary>
    /// <param name="unusable">Called for every unreadable record; null where the first one throws.</param>
    /// <exception cref="SysctrException">Corrupt: one can't be read, and nobody is told.</exception>
    public IReadOnlyList<ContainerRecord> List(Action<SysctrException>? unusable = null)
    {
        IReadOnlyList<string> names = DirectoryNames();
        (ContainerRecord? Record, ExceptionDispatchInfo? Fault)[] read = new (ContainerRecord?, ExceptionDispatchInfo?)[
            names.Count
        ];
        Parallel.For(
            0,
            names.Count,
            i =>
            {
                try
                {
                    read[i] = (Find(names[i]), null);
                }
                catch (Exception e)
                {
                    read[i] = (null, ExceptionDispatchInfo.Capture(e));
                }
            }
        );
        List<ContainerRecord> records = [];
        foreach ((ContainerRecord? record, ExceptionDispatchInfo? fault) in read)
        {
            if (record is not null)
            {
                records.Add(record);
            }
            else if (fault?.SourceException is SysctrException e && unusable is not null)
            {
                unusable(e);
            }
            else
            {
                fault?.Throw();
            }
        }

        return records;
    }

    /// <summary>The record of every deployment, in use, kept for a rollback, or put together and about to be
    /// used.</summary>
    public IReadOnlyList<ContainerRecord> All() => [.. DirectoryNames().SelectMany(All)];

    /// <summary>The record of every deployment that is put together and has not moved to its place.</summary>
    public IReadOnlyList<ContainerRecord> Staged() => [.. DirectoryNames().SelectMany(Staged)];

    private IEnumerable<ContainerRecord> Staged(string name) =>
        StagedNumbers(name)
            .Select(number => Find(name, $"{DeploymentDirectory.StagedPrefix}{number}", number))
            .OfType<ContainerRecord>();

    /// <summary>The staged ones first: one that gets its place meanwhile is seen there.</summary>
    private IEnumerable<ContainerRecord> All(string name)
    {
        ContainerRecord[] staged = [.. Staged(name)];
        return staged.Concat(
            Numbers(name).Select(number => Find(name, number) ?? FindCopy(name, number)).OfType<ContainerRecord>()
        );
    }

    /// <summary>The record of the container's current deployment; null where none of that name is installed.</summary>
    /// <exception cref="SysctrException">Corrupt: its record can't be read.</exception>
    public ContainerRecord? Find(string name)
    {
        while (Current(name) is { } link)
        {
            if (int.TryParse(link, out int number) && Find(name, number) is { } record)
            {
                return record;
            }

            // Unless another process has removed or switched it since: then what is there now counts.
            if (Current(name) == link)
            {
                throw new SysctrException(
                    ErrorKind.Corrupt,
                    $"reading {Path.Join(Root, name, "current")}: it names deployment {link}, which has no record",
                    "'sysctr fsck --repair' mends what can be mended"
                );
            }
        }

        return null;
    }

    /// <summary>Whether a container of that name has a current deployment.</summary>
    public bool IsInstalled(string name) => Current(name) is not null;

    /// <summary>As <see cref="Find(string)"/>, for a container that must be there.</summary>
    /// <exception cref="SysctrException">NotFound: it is not.</exception>
    public ContainerRecord Get(string name) =>
        Find(ContainerName.Check(name))
        ?? throw new SysctrException(
            ErrorKind.NotFound,
            $"there is no container '{name}'",
            "'sysctr list' shows what is installed"
        );

    private IEnumerable<string> Entries(string name)
    {
        string directory = Path.Join(Root, name);
        return Directory.Exists(directory) ? Directory.GetDirectories(directory).Select(d => Path.GetFileName(d)) : [];
    }

    private string? Current(string name) => new FileInfo(Path.Join(Root, name, "current")).LinkTarget;
}
