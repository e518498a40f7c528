// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Fsck.Findings;
using SystemContainers.Linux.Files;
using SystemContainers.State;
using SystemContainers.Store;
using SystemContainers.Target;
using SystemContainers.Transactions;

namespace SystemContainers.Fsck;

/// <summary>The deployments of one container, while nobody else works on it.</summary>
sealed class ContainerCheck(Host host, ContentStore store, bool content, FindingLog log)
{
    /// <summary>Deployments that were compared with their records.</summary>
    public int Deployments { get; private set; }

    /// <summary>Deployments with a rootfs that is not as its image says.</summary>
    public List<ContainerRecord> Damaged { get; } = [];

    /// <summary>Deployments without a record that can be read, whose copy of it can.</summary>
    public List<(string Name, int Number)> Lost { get; } = [];

    /// <summary>Deployments whose copy of the record is not what the record is.</summary>
    public List<(string Name, int Number)> Uncopied { get; } = [];

    /// <summary>Deployments whose config.json can't be used.</summary>
    public List<ContainerRecord> Unconfigured { get; } = [];

    /// <summary>Files of the host that are gone.</summary>
    public List<(ContainerRecord Record, InstalledFile File)> Missing { get; } = [];

    /// <summary>Files whose copies in a deployment are not as they were.</summary>
    public List<(ContainerRecord Record, InstalledFile File)> Altered { get; } = [];

    /// <summary>Every record that can be read, or whose copy can, by container.</summary>
    public static IReadOnlyList<ContainerRecord> ReadRecords(Host host) =>
        [
            .. from name in host.Catalog.DirectoryNames()
            from number in host.Catalog.Numbers(name)
            let record = TryRead(host, name, number) ?? TryReadCopy(host, name, number)
            where record is not null
            select record,
        ];

    /// <summary>Checks a container. The caller holds its lock, and knows of no intent that names it.</summary>
    public async Task RunAsync(string name)
    {
        DeploymentDirectory container = host.Deployment(name, 0);
        string? link = new FileInfo(container.CurrentLink).LinkTarget;
        IReadOnlyList<int> numbers = host.Catalog.Numbers(name);
        CheckEntries(container, numbers);
        if (link is null && Recovery.IsOnHost(host, name))
        {
            log.Error(
                FindingKind.DanglingCurrent,
                container.CurrentLink,
                "is missing, and the host has the units of a deployment",
                FsckAdvice.Repair
            );
        }
        else if (link is null && !await Recovery.IsRunningAsync(host, name))
        {
            log.Error(
                FindingKind.OrphanDeployment,
                container.ContainerHere,
                "has no current deployment",
                FsckAdvice.NextCall
            );
            return;
        }

        bool dangles = link is not null && (!int.TryParse(link, out int current) || !numbers.Contains(current));
        if (dangles)
        {
            log.Error(
                FindingKind.DanglingCurrent,
                container.CurrentLink,
                $"names {link}, which is not there",
                FsckAdvice.Repair
            );
        }

        foreach (int number in numbers)
        {
            CheckDeployment(name, number, isCurrent: link == number.ToString());
        }
    }

    private void CheckEntries(DeploymentDirectory container, IReadOnlyList<int> numbers)
    {
        HashSet<string> known = [.. numbers.Select(n => n.ToString()), "current", DeploymentDirectory.Previous];
        known.UnionWith(
            Directory
                .GetFiles(container.ContainerHere, DeploymentDirectory.FailedJournalPattern)
                .Select(f => Path.GetFileName(f))
        );
        foreach (
            string entry in Directory
                .EnumerateFileSystemEntries(container.ContainerHere)
                .Where(e => !known.Contains(Path.GetFileName(e)))
        )
        {
            if (Path.GetFileName(entry).StartsWith(DeploymentDirectory.StagedPrefix, StringComparison.Ordinal))
            {
                log.Error(
                    FindingKind.OrphanDeployment,
                    entry,
                    "was put together by a process that died",
                    FsckAdvice.NextCall
                );
            }
            else
            {
                bool ours = DurableFile.IsLeftover(Path.GetFileName(entry));
                log.Note(
                    FindingKind.Leftover,
                    entry,
                    ours ? "is what a killed process was writing" : "is nothing that sysctr keeps there",
                    ours ? FsckAdvice.Remove : null
                );
            }
        }
    }

    private void CheckDeployment(string name, int number, bool isCurrent)
    {
        DeploymentDirectory directory = host.Deployment(name, number);
        if (TryRead(host, name, number) is not { } record)
        {
            if (TryReadCopy(host, name, number) is not null)
            {
                Lost.Add((name, number));
                log.Error(FindingKind.BrokenRecord, directory.RecordFile, "can't be read", FsckAdvice.Repair);
            }
            else if (isCurrent)
            {
                log.Error(
                    FindingKind.BrokenRecord,
                    directory.RecordFile,
                    "can't be read, neither can its copy, and the deployment is in use",
                    AdviceWithoutRecord(directory)
                );
            }
            else
            {
                log.Error(
                    FindingKind.OrphanDeployment,
                    directory.Here,
                    "has no record that can be read",
                    FsckAdvice.Repair
                );
            }

            return;
        }

        Deployments++;
        if (!IsCopied(directory))
        {
            Uncopied.Add((name, number));
            log.Note(
                FindingKind.BrokenRecord,
                directory.RecordCopy,
                File.Exists(directory.RecordCopy)
                    ? "is not what info.json is"
                    : "is missing: info.json has no second copy",
                FsckAdvice.Repair
            );
        }

        RootfsCheck rootfs = new(host.Target, store, content, log);
        if (!rootfs.Run(record))
        {
            Damaged.Add(record);
        }

        if (rootfs.LacksConfig)
        {
            Unconfigured.Add(record);
        }

        HostCheck files = new(host.Target, log);
        files.CheckKept(record);
        if (isCurrent)
        {
            files.CheckHost(record);
        }

        Missing.AddRange(files.Missing.Select(f => (record, f)));
        Altered.AddRange(files.Altered.Select(f => (record, f)));
        CheckLeftovers(record, directory.Here);
    }

    /// <summary>Files that were being written; and a rootfs that was replaced while the container ran from
    /// it.</summary>
    private void CheckLeftovers(ContainerRecord record, string directory)
    {
        foreach (
            string entry in Directory
                .EnumerateFileSystemEntries(directory)
                .Where(e => DurableFile.IsLeftover(Path.GetFileName(e)))
        )
        {
            bool running = RootUsers.Any(entry);
            log.Note(
                FindingKind.Leftover,
                entry,
                running ? $"is what {record.Name} still runs from" : "is what was replaced, or never finished",
                running ? $"'sysctr restart {record.Name}', then 'sysctr fsck --repair' removes it" : FsckAdvice.Remove
            );
        }
    }

    /// <summary>What can't be mended has to be made anew: of which image, the history or another deployment
    /// says.</summary>
    private string AdviceWithoutRecord(DeploymentDirectory directory)
    {
        string name = directory.Name;
        string image =
            host.Catalog.Numbers(name)
                .Select(n => TryRead(host, name, n))
                .OfType<ContainerRecord>()
                .LastOrDefault()
                ?.Image
            ?? host.History.Read(name, last: null)
                .Select(e => (e.To ?? e.From)?.Image)
                .LastOrDefault(i => i is not null)
            ?? "IMAGE";
        string unit = host.Here(Path.Join(host.Paths.UnitDirectory, name + ".service"));
        return $"'systemctl {(host.Paths.TypedOptions is { } options ? options + " " : "")}disable --now {name}.service'; move {directory.ContainerHere}, {unit} and {unit}.d away; 'sysctr install --name {name} {image}'";
    }

    private static bool IsCopied(DeploymentDirectory directory)
    {
        try
        {
            return RegularFile
                .ReadAll(directory.RecordFile)
                .AsSpan()
                .SequenceEqual(RegularFile.ReadAll(directory.RecordCopy));
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static ContainerRecord? TryReadCopy(Host host, string name, int number)
    {
        try
        {
            return ContainerCatalog.Read(host.Deployment(name, number).RecordCopy, name, number);
        }
        catch (Exception e) when (e is SysctrException or IOException)
        {
            return null;
        }
    }

    /// <summary>A deployment's record; null where it can't be read, or is another's.</summary>
    internal static ContainerRecord? TryRead(Host host, string name, int number)
    {
        try
        {
            return host.Catalog.Find(name, number);
        }
        catch (Exception e) when (e is SysctrException or IOException)
        {
            return null;
        }
    }
}
